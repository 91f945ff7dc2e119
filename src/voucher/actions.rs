//! Entering something into the books and agreeing to it. The second is never the first: that is a condition of the
//! statement. Called by the console; [`take_back`] by the command line, too.

use chrono::{Days, NaiveDate};
use entity::kinds::PhotoStage;
use entity::money::{VoucherKind, VoucherState};
use entity::{place, voucher};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::attachment::{Owner, give};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::worded::{Asks, worded};
use crate::ledger::floor::short;
use crate::ledger::post::{Draft, MOST, Transfer, post, reverse};
use crate::ledger::queries as ledger;
use crate::place::queries::compound_by_id;
use crate::store::Tx;
use crate::store::insert::insert_once;
use crate::voucher::queries::{SEES, booked_by_itself, no_such, waiting_reversal};
use crate::voucher::{MOST_WORDS, Move, remind, reversible, subject};

/// Days before and behind the one that somebody writes within which the platform's bill may show the same withdrawal.
const SHOWN_BEFORE: Days = Days::new(7);
const SHOWN_BEHIND: Days = Days::new(1);

/// Characters of a form's mark.
const MARK: usize = 32;

/// What is to be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A move of so many fen.
    Move(Move, i64),
    /// Taking an entry back.
    Reverse(i64),
}

/// What somebody enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVoucher {
    /// Whose books.
    pub compound_id: i64,
    /// What.
    pub what: What,
    /// The business day in China.
    pub day: NaiveDate,
    /// What it was, or why the entry is taken back.
    pub words: String,
    /// Picture of the slip, unfiled; a reversal needs none.
    pub proof_id: Option<i64>,
    /// Mark of the form, 6 to 32 letters and digits: the same form is one voucher.
    pub mark: String,
}

/// Enters something, which waits for a second person; the same form again gives the same voucher.
///
/// # Errors
/// `not_found`, `forbidden`; `invalid` for an amount, a day, words or a slip; `wrong_step` for an entry that is not
/// taken back here, and when nobody else could agree.
pub async fn ask(tx: &mut Tx, actor: &Actor, new: NewVoucher) -> Result<voucher::Model, Fault> {
    let place = allowed(tx, actor, Deed::TakeMoney, new.compound_id).await?;
    let by = actor.require_person()?;
    let words = checked(tx, &new)?;
    let transfers = match new.what {
        What::Move(one, amount) => vec![one.transfer(amount)],
        What::Reverse(entry_id) => mirrored(tx, &place, entry_id, new.day).await?,
    };
    let Some(row) = insert(tx, &new, &words, &transfers, by).await? else {
        return same_form(tx, &new, &words, by).await;
    };
    alone(tx, &row).await?;
    covered(tx, &row, &transfers).await?;
    if let Some(proof) = new.proof_id {
        let owner = Owner {
            subject: &subject(row.id),
            compound_id: Some(row.compound_id),
            stage: PhotoStage::Before,
            round: 0,
        };
        give(tx, actor, &[proof], &owner).await?;
    }
    let seconds = remind::seconds(tx, &place, by).await?;
    if seconds.is_empty() {
        return Err(Fault::wrong_step(
            "现在没有第二个管账的人能确认，没有提交。请管理员先任命业委会主任或物业经理。",
        ));
    }
    remind::ask_to_decide(tx, &row, seconds).await?;
    record(tx, actor, "voucher.ask", &row);
    Ok(row)
}

/// The second person's word. With yes it is in the books.
///
/// # Errors
/// `not_found`; `forbidden` without the right, and for whoever entered it; `conflict` when it is decided, or the
/// entry was taken back meanwhile; `invalid` when the money is not there any more.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    granted: bool,
) -> Result<voucher::Model, Fault> {
    let row = voucher::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(|| no_such(id))?;
    let place = allowed(tx, actor, Deed::KeepMoney, row.compound_id)
        .await
        .map_err(|fault| match fault.code {
            Code::NotFound => no_such(id),
            _ => fault,
        })?;
    let by = actor.require_person()?;
    let (state, action) = match granted {
        true => (VoucherState::Granted, "voucher.grant"),
        false => (VoucherState::Refused, "voucher.refuse"),
    };
    let done = voucher::Entity::update_many()
        .set(voucher::ActiveModel {
            state: Set(state),
            decided_by: Set(Some(by)),
            decided_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(voucher::COLUMN.id.eq(id))
        .filter(voucher::COLUMN.state.eq(VoucherState::Asked))
        .filter(voucher::COLUMN.asked_by.ne(by))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(match row.asked_by == by {
            true => Fault::forbidden("这是您自己记的，要由另一个人确认。"),
            false => Fault::plain(Code::Conflict),
        });
    }
    if granted {
        book(tx, &place, &row, by).await?;
    }
    let row = voucher::Model {
        state,
        decided_by: Some(by),
        decided_at: Some(tx.now()),
        ..row
    };
    record(tx, actor, action, &row);
    Ok(row)
}

/// Takes an entry back that people have entered; its new key. For an operator at the command line, who needs no
/// second person.
///
/// # Errors
/// `not_found` when the compound has no such entry; `wrong_step` for one that is put right elsewhere; `invalid` for
/// a day or a reason, and when the money is not there any more; `conflict` when it was taken back already.
pub async fn take_back(
    tx: &mut Tx,
    actor: &Actor,
    place: &place::Model,
    entry_id: i64,
    (day, reason): (NaiveDate, &str),
) -> Result<i64, Fault> {
    not_later(tx, day)?;
    let reason = checked_words(reason, true)?;
    let transfers = mirrored(tx, place, entry_id, day).await?;
    enough(tx, place.id, day, &transfers).await?;
    let memo = format!("冲销分录 #{entry_id}：{reason}");
    let key = turn_back(tx, actor.person_id(), place.id, entry_id, (day, memo)).await?;
    let entry = audit::Entry {
        action: "ledger.reverse",
        subject: format!("place:{}", place.id),
        compound_id: Some(place.id),
        detail: Some(json!({ "entry": entry_id, "reason": reason })),
    };
    audit::record(tx, actor, entry);
    Ok(key)
}

/// The compound, if the actor may do it there: who sees its vouchers is told that they may not, for anybody else
/// there is nothing.
async fn allowed(tx: &Tx, actor: &Actor, deed: Deed, id: i64) -> Result<place::Model, Fault> {
    let none = || Fault::not_found("没有找到这个小区，请写小区的编号，例如 GY。");
    let place = compound_by_id(tx.db(), id).await?.ok_or_else(none)?;
    let sees = SEES.iter().any(|sees| may(actor, *sees, &place.path));
    match (may(actor, deed, &place.path), sees) {
        (true, _) => Ok(place),
        (false, true) => Err(Fault::forbidden("您没有这项权限。")),
        (false, false) => Err(none()),
    }
}

/// Whether it can be; its words.
fn checked(tx: &Tx, new: &NewVoucher) -> Result<String, Fault> {
    if let What::Move(_, amount) = new.what {
        if !(1..=MOST).contains(&amount) {
            return Err(Fault::invalid("amount", "金额要大于0，例如 161.10。"));
        }
        if new.proof_id.is_none() {
            return Err(Fault::invalid(
                "proof",
                "请附上回单、合同或收据，照片或PDF都可以。",
            ));
        }
    }
    not_later(tx, new.day)?;
    let fine = new.mark.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fine || !(6..=MARK).contains(&new.mark.len()) {
        return Err(Fault::invalid("mark", "页面开得太久了，请刷新后再填。"));
    }
    checked_words(&new.words, matches!(new.what, What::Reverse(_)))
}

fn not_later(tx: &Tx, day: NaiveDate) -> Result<(), Fault> {
    match day > china(tx.now()).date_naive() {
        true => Err(Fault::invalid("day", "日期不能是以后的日子。")),
        false => Ok(()),
    }
}

/// The words, which stand in the books for good.
fn checked_words(text: &str, is_reason: bool) -> Result<String, Fault> {
    let asks = Asks {
        field: "words",
        most: MOST_WORDS,
        missing: match is_reason {
            true => "请写为什么冲销，例如：金额录错了。",
            false => "请写是什么钱，例如：电梯广告费2026年第4季度。",
        },
        number: "账簿改不了，请不要写手机号、证件号这样的长号码。",
    };
    worded(text, asks)
}

/// What is booked when an entry is taken back, which may be done on that day.
async fn mirrored(
    tx: &Tx,
    place: &place::Model,
    entry_id: i64,
    day: NaiveDate,
) -> Result<Vec<Transfer>, Fault> {
    let booked = ledger::by_id(tx.db(), entry_id).await?;
    let booked = booked.filter(|one| one.entry.compound_id == place.id);
    let booked = booked.ok_or_else(|| Fault::not_found("账簿里没有这一笔。"))?;
    reversible(&booked.entry)?;
    if ledger::reversal_of(tx.db(), entry_id).await?.is_some() {
        return Err(taken_back());
    }
    if day < booked.entry.day {
        let says = format!("日期不能早于原来那一笔的{}。", booked.entry.day);
        return Err(Fault::invalid("day", says));
    }
    let back = booked.transfers.iter().map(|one| Transfer {
        debit: one.credit,
        credit: one.debit,
        amount: one.amount,
    });
    Ok(back.collect())
}

fn taken_back() -> Fault {
    Fault::new(Code::Conflict, "这一笔已经冲销过了，请刷新后再看。")
}

/// Stores the row unless the form came before; none then.
async fn insert(
    tx: &Tx,
    new: &NewVoucher,
    words: &str,
    transfers: &[Transfer],
    by: i64,
) -> Result<Option<voucher::Model>, Fault> {
    let (kind, sides, entry_id) = match new.what {
        What::Move(one, _) => (one.kind, Some((one.debit, one.credit)), None),
        What::Reverse(entry_id) => (VoucherKind::Reversal, None, Some(entry_id)),
    };
    let row = voucher::ActiveModel {
        compound_id: Set(new.compound_id),
        kind: Set(kind),
        debit: Set(sides.map(|(debit, _)| debit.code().to_owned())),
        credit: Set(sides.map(|(_, credit)| credit.code().to_owned())),
        amount: Set(transfers.iter().map(|one| one.amount).sum()),
        day: Set(new.day),
        words: Set(words.to_owned()),
        proof_id: Set(new.proof_id),
        entry_id: Set(entry_id),
        state: Set(VoucherState::Asked),
        mark: Set(new.mark.clone()),
        asked_by: Set(by),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let conflict = OnConflict::column(voucher::Column::Mark)
        .do_nothing()
        .to_owned();
    insert_once(tx, row, conflict).await
}

/// The voucher of a form that came before; another form under the same mark is refused.
async fn same_form(
    tx: &Tx,
    new: &NewVoucher,
    words: &str,
    by: i64,
) -> Result<voucher::Model, Fault> {
    let row = voucher::Entity::find()
        .filter(voucher::COLUMN.mark.eq(new.mark.as_str()))
        .one(tx.db())
        .await?;
    let same = |row: &voucher::Model| {
        let what = match new.what {
            What::Move(one, amount) => Move::of(row) == Some(one) && row.amount == amount,
            What::Reverse(entry_id) => row.entry_id == Some(entry_id),
        };
        what && (row.compound_id, row.day, row.asked_by) == (new.compound_id, new.day, by)
            && row.words == words
    };
    row.filter(same)
        .ok_or_else(|| Fault::wrong_step("这张表已经交过了，请刷新页面再填新的。"))
}

/// Whether nobody else has asked for the same reversal.
async fn alone(tx: &Tx, row: &voucher::Model) -> Result<(), Fault> {
    let Some(entry_id) = row.entry_id else {
        return Ok(());
    };
    match waiting_reversal(tx.db(), entry_id).await? {
        Some(first) if first.id != row.id => Err(Fault::wrong_step(format!(
            "这一笔的冲销已经有人申请过（记账 #{}），在等另一个人确认。",
            first.id
        ))),
        _ => Ok(()),
    }
}

/// Whether what is taken is there; and what the platform's bill has shown is not entered once more. The first locks the
/// accounts, so that the comparison that books the same at this moment is seen, or sees us.
async fn covered(tx: &Tx, row: &voucher::Model, transfers: &[Transfer]) -> Result<(), Fault> {
    enough(tx, row.compound_id, row.day, transfers).await?;
    if row.entry_id.is_some() {
        return Ok(());
    }
    let days = (
        row.day.checked_sub_days(SHOWN_BEFORE).unwrap_or(row.day),
        row.day.checked_add_days(SHOWN_BEHIND).unwrap_or(row.day),
    );
    for moved in transfers {
        if let Some(entry) = booked_by_itself(tx.db(), row.compound_id, *moved, days).await? {
            return Err(Fault::wrong_step(format!(
                "这笔提现对账时已经自动记过了（分录 #{entry}），不用再记。"
            )));
        }
    }
    Ok(())
}

/// Whether what is taken is there, on that day and ever since.
async fn enough(
    tx: &Tx,
    compound_id: i64,
    day: NaiveDate,
    transfers: &[Transfer],
) -> Result<(), Fault> {
    match short(tx, compound_id, day, transfers).await? {
        None => Ok(()),
        Some(short) => Err(Fault::invalid(
            "amount",
            format!(
                "{}，没有记。请核对金额和日期，有漏记的请先记。",
                short.says()
            ),
        )),
    }
}

/// Books what was agreed to.
async fn book(
    tx: &mut Tx,
    place: &place::Model,
    row: &voucher::Model,
    by: i64,
) -> Result<(), Fault> {
    if let Some(entry_id) = row.entry_id {
        let transfers = mirrored(tx, place, entry_id, row.day).await?;
        covered(tx, row, &transfers).await?;
        let memo = format!("记账 #{} 冲销分录 #{entry_id}：{}", row.id, row.words);
        turn_back(tx, Some(by), place.id, entry_id, (row.day, memo)).await?;
        return Ok(());
    }
    let one = Move::of(row)
        .ok_or_else(|| Fault::internal("a voucher of accounts between which nothing moves"))?;
    let transfers = vec![one.transfer(row.amount)];
    covered(tx, row, &transfers).await?;
    let entry = Draft {
        compound_id: row.compound_id,
        day: row.day,
        cause: format!("{}:booked", subject(row.id)),
        kind: one.entry_kind(),
        memo: format!("记账 #{} {}：{}", row.id, one.says, row.words),
        reverses: None,
        transfers,
    };
    post(tx, Some(by), &[entry]).await.map(drop)
}

async fn turn_back(
    tx: &mut Tx,
    by: Option<i64>,
    compound_id: i64,
    entry_id: i64,
    (day, memo): (NaiveDate, String),
) -> Result<i64, Fault> {
    let done = reverse(tx, by, compound_id, entry_id, day, memo).await;
    done.map_err(|fault| match fault.code {
        Code::Conflict => taken_back(),
        _ => fault,
    })
}

fn record(tx: &Tx, actor: &Actor, action: &str, row: &voucher::Model) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({ "fen": row.amount })),
    };
    audit::record(tx, actor, entry);
}
