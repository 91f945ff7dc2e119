//! What donations are used for. Money out of what is there longest, and only by an expense that has been
//! through its whole chain and is paid; goods out of one donation. The shares of a use are its exact sum, so
//! that every yuan is followed. Locks go in one order: expense, donations as they came.

use chrono::NaiveDate;
use entity::kinds::{DonationKind, PhotoStage};
use entity::money::{EntryKind, ExpenseState};
use entity::{donation_use, donation_use_share, expense, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::audit::{self, Entry};
use crate::access::permit::{Deed, may};
use crate::access::{Actor, named};
use crate::attachment::{Owner, give};
use crate::base::clock::china;
use crate::base::dates;
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::fund::rows::{Pool, draw};
use crate::giving::actions::public_words;
use crate::giving::queries::{drive_by_id, no_such_drive};
use crate::giving::{FREE, MOST_PIECES, MOST_WORDS, amount_says, remind, use_subject};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::check_amount;
use crate::reminder;
use crate::store::Tx;
use crate::store::insert::{insert_chunked, insert_once};

/// Characters of a form's mark.
const MARK: std::ops::RangeInclusive<usize> = 6..=32;
/// Reminders that are stored by one statement.
const TOGETHER: usize = 500;

/// A use to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUse {
    /// Out of which drive; none: out of what was given for none.
    pub drive_id: Option<i64>,
    /// Money or goods.
    pub kind: DonationKind,
    /// What for, in words for everybody.
    pub what: String,
    /// Which day; not to come.
    pub day: NaiveDate,
    /// Of money fen, of goods pieces.
    pub amount: i64,
    /// The expense by which the money left; for money alone.
    pub expense_id: Option<i64>,
    /// The donation whose goods are used; for goods alone.
    pub donation_id: Option<i64>,
    /// Picture of it, or a PDF, unfiled.
    pub proof_id: Option<i64>,
    /// Mark of the form, 6 to 32 letters and digits: the same form is one use.
    pub mark: String,
}

/// Writes a use down, takes what it needs from the donations, and tells whoever gave them. The same form again
/// gives the same use.
///
/// # Errors
/// `forbidden` for who does not run drives there or, for money, does not keep it; `not_found`; `invalid` for
/// words, an amount, a day, or an expense that is not paid or not so large; `wrong_step` when so much is not
/// left, or the form came before with something else in it.
pub async fn spend(
    tx: &mut Tx,
    actor: &Actor,
    compound: &place::Model,
    new: NewUse,
) -> Result<donation_use::Model, Fault> {
    let money = new.kind == DonationKind::Money;
    let able = may(actor, Deed::RunDrives, &compound.path)
        && (!money || may(actor, Deed::KeepMoney, &compound.path));
    if !able {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    let by = actor.require_person()?;
    let what = checked(tx, &new).await?;
    if let Some(id) = new.drive_id {
        let drive = drive_by_id(tx.db(), id).await?;
        let own = drive.filter(|drive| drive.compound_id == compound.id);
        own.ok_or_else(|| no_such_drive(id))?;
    }
    // Whoever comes twice with one form waits here for the first.
    if let Some(before) = by_mark(tx, &new.mark).await? {
        return same_form(tx, before, (compound.id, &new, &what), by).await;
    }
    if money {
        covers(tx, compound.id, &new).await?;
    }
    let pool = Pool {
        compound_id: compound.id,
        drive_id: new.drive_id,
        kind: new.kind,
        only: new.donation_id.filter(|_| !money),
    };
    let Some(parts) = draw(tx, pool, new.amount).await? else {
        return Err(too_much(tx, pool, &new).await?);
    };
    let Some(row) = put(tx, compound.id, &new, what, by).await? else {
        return Err(twice());
    };
    let shares = parts
        .iter()
        .map(|(donation_id, part)| donation_use_share::ActiveModel {
            use_id: Set(row.id),
            donation_id: Set(*donation_id),
            compound_id: Set(row.compound_id),
            amount: Set(*part),
            ..Default::default()
        });
    insert_chunked(tx.db(), shares.collect::<Vec<_>>()).await?;
    if let Some(proof) = new.proof_id {
        let owner = Owner {
            subject: &use_subject(row.id),
            compound_id: Some(row.compound_id),
            stage: PhotoStage::After,
            round: 0,
        };
        give(tx, actor, &[proof], &owner).await?;
    }
    if money {
        post(tx, Some(by), &[entry(&row)]).await?;
    }
    record(tx, actor, &row);
    tell(tx, &row, &parts).await?;
    Ok(row)
}

/// What it was used for, without names of residents; the rest of the form is right.
async fn checked(tx: &Tx, new: &NewUse) -> Result<String, Fault> {
    let plain = new.mark.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || !MARK.contains(&new.mark.len()) {
        return Err(Fault::invalid("mark", "页面开得太久了，请刷新后再填。"));
    }
    match new.kind {
        DonationKind::Money => check_amount(new.amount)?,
        DonationKind::Goods if !(1..=MOST_PIECES).contains(&new.amount) => {
            let says = format!("件数要在1到{MOST_PIECES}之间。");
            return Err(Fault::invalid("amount", says));
        }
        DonationKind::Goods => {}
    }
    dates::day("day", new.day)?;
    if new.day > china(tx.now()).date_naive() {
        return Err(Fault::invalid("day", "日期还没有到，请写实际使用的日期。"));
    }
    let what = public_words(
        "what",
        &new.what,
        MOST_WORDS,
        "请写用在哪里，例如：给12位独居老人买棉被。",
    )?;
    let names = named::residents_named(tx.db(), &what, tx.now()).await?;
    match (new.kind, new.expense_id, new.donation_id) {
        (DonationKind::Money, Some(_), None) | (DonationKind::Goods, None, Some(_)) => {
            Ok(redact(&what, &names))
        }
        (DonationKind::Money, ..) => Err(Fault::invalid(
            "expense",
            "捐款要走支出审批：请写已支付的那笔支出的编号。",
        )),
        (DonationKind::Goods, ..) => {
            Err(Fault::invalid("donation", "请写用的是哪一笔捐物的编号。"))
        }
    }
}

async fn by_mark(tx: &Tx, mark: &str) -> Result<Option<donation_use::Model>, Fault> {
    Ok(donation_use::Entity::find()
        .filter(donation_use::COLUMN.mark.eq(mark))
        .one(tx.db())
        .await?)
}

/// The use that was written by this form, if it says the same in every word.
async fn same_form(
    tx: &Tx,
    before: donation_use::Model,
    (compound_id, new, what): (i64, &NewUse, &str),
    by: i64,
) -> Result<donation_use::Model, Fault> {
    let of = match new.donation_id {
        None => None,
        Some(_) => {
            donation_use_share::Entity::find()
                .filter(donation_use_share::COLUMN.use_id.eq(before.id))
                .one(tx.db())
                .await?
        }
    };
    let place = (before.compound_id, before.drive_id, before.recorded_by);
    let same = place == (compound_id, new.drive_id, by)
        && (before.kind, before.amount, before.expense_id)
            == (new.kind, new.amount, new.expense_id)
        && (before.day, before.what.as_str()) == (new.day, what)
        && of.map(|share| share.donation_id) == new.donation_id;
    match same {
        true => Ok(before),
        false => Err(twice()),
    }
}

fn twice() -> Fault {
    Fault::wrong_step("这张表已经交过了，请刷新页面再填新的。")
}

/// Whether the expense is paid and large enough: locked, so that two uses do not have the same yuan of it.
async fn covers(tx: &Tx, compound_id: i64, new: &NewUse) -> Result<(), Fault> {
    let row = expense::Entity::find_by_id(new.expense_id.unwrap_or_default())
        .lock_exclusive()
        .one(tx.db())
        .await?;
    let none = || Fault::invalid("expense", "本小区没有这个编号的支出，请核对。");
    let row = row.filter(|row| row.compound_id == compound_id);
    let row = row.ok_or_else(none)?;
    if !matches!(row.state, ExpenseState::Paid | ExpenseState::Closed) {
        return Err(Fault::invalid(
            "expense",
            "这笔支出还没有支付。捐款要走完三审两公开一备案，支付以后再登记用途。",
        ));
    }
    let taken: Vec<i64> = donation_use::Entity::find()
        .select_only()
        .column(donation_use::Column::Amount)
        .filter(donation_use::COLUMN.expense_id.eq(row.id))
        .into_tuple()
        .all(tx.db())
        .await?;
    let left = row.amount - taken.iter().sum::<i64>();
    match new.amount <= left {
        true => Ok(()),
        false => Err(Fault::invalid(
            "amount",
            format!(
                "支出 #{} 还能登记 {}，不能更多。",
                row.id,
                amount_says(DonationKind::Money, left)
            ),
        )),
    }
}

/// How much there is, for whoever wanted more.
async fn too_much(tx: &Tx, pool: Pool, new: &NewUse) -> Result<Fault, Fault> {
    let rows = entity::donation::Entity::find()
        .filter(pool.there())
        .all(tx.db())
        .await?;
    let there: i64 = rows.iter().map(crate::fund::left).sum();
    Ok(Fault::wrong_step(format!(
        "没有这么多可以用：现在还剩{}。请减少后再登记。",
        amount_says(new.kind, there)
    )))
}

async fn put(
    tx: &Tx,
    compound_id: i64,
    new: &NewUse,
    what: String,
    by: i64,
) -> Result<Option<donation_use::Model>, Fault> {
    let row = donation_use::ActiveModel {
        compound_id: Set(compound_id),
        drive_id: Set(new.drive_id),
        kind: Set(new.kind),
        what: Set(what),
        day: Set(new.day),
        amount: Set(new.amount),
        expense_id: Set(new.expense_id),
        proof_id: Set(new.proof_id),
        recorded_by: Set(by),
        mark: Set(new.mark.clone()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let conflict = OnConflict::column(donation_use::Column::Mark)
        .do_nothing()
        .to_owned();
    insert_once(tx, row, conflict).await
}

/// What was kept for its use becomes income when it is used: the month that shows the expense shows it, too.
fn entry(row: &donation_use::Model) -> Draft {
    let of = match row.drive_id {
        Some(id) => format!("活动 #{id}"),
        None => FREE.to_owned(),
    };
    Draft {
        compound_id: row.compound_id,
        day: china(row.created_at).date_naive(),
        cause: format!("{}:used", use_subject(row.id)),
        kind: EntryKind::Income,
        memo: format!("捐款使用 #{}（{of}）", row.id),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Donated,
            credit: Account::IncomeDonation,
            amount: row.amount,
        }],
    }
}

fn record(tx: &Tx, actor: &Actor, row: &donation_use::Model) {
    let entry = Entry {
        action: "donation.use",
        subject: use_subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({ "fen": row.amount, "expense": row.expense_id })),
    };
    audit::record(tx, actor, entry);
}

/// Tells each donor whose donation is in it, once.
async fn tell(tx: &mut Tx, row: &donation_use::Model, parts: &[(i64, i64)]) -> Result<(), Fault> {
    let ids: Vec<i64> = parts.iter().map(|(id, _)| *id).collect();
    for some in ids.chunks(TOGETHER) {
        let items = remind::used(tx, row, some).await?;
        reminder::enqueue(tx, items).await?;
    }
    Ok(())
}
