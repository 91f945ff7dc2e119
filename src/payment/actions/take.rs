//! Cash and bank transfers (现金, 转账), taken in by staff: paid the moment they are written down, by
//! whom and with what proof. A form that is sent twice is one payment.

use entity::money::{PayWay, PaymentState};
use entity::{bill, payment, receipt};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{MOST_WORDS, book, donated, give_proof, home_of, meant};
use crate::access::permit::{Deed, require};
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::payment::allocate::is_paid_twice;
pub use crate::payment::check_amount;
use crate::payment::{MOST_BILLS, remind, subject};
use crate::store::Tx;
use crate::store::insert::insert_once;

/// Characters of a form's mark.
const MARK: usize = 32;

/// What was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTaken {
    /// For which home.
    pub home_id: i64,
    /// Cash or transfer.
    pub way: PayWay,
    /// Fen.
    pub amount: i64,
    /// Bills that are meant; none: the oldest first.
    pub bills: Vec<i64>,
    /// The donation that it is; then the home is the compound and there are no bills.
    pub donation: Option<i64>,
    /// The person who paid, if known: who is told.
    pub payer_id: Option<i64>,
    /// The slip of the transfer, as a picture or a PDF, unfiled; a transfer needs one.
    pub proof_id: Option<i64>,
    /// Words to it.
    pub note: String,
    /// Mark of the form, 6 to 32 letters and digits: the same form is one payment.
    pub mark: String,
}

/// Takes in cash or a transfer; the same form again gives the same payment.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid` for an amount or a transfer without proof, `wrong_step` when
/// nothing of what is meant is owed.
pub async fn take(
    tx: &mut Tx,
    dice: &Dice,
    actor: &Actor,
    new: NewTaken,
) -> Result<payment::Model, Fault> {
    let home = home_of(tx, new.home_id).await?;
    require(actor, Deed::TakeMoney, &home.path)?;
    let by = actor.require_person()?;
    check(&new)?;
    let compound_id = home
        .compound_id
        .ok_or_else(|| Fault::not_found("没有找到这一户。"))?;
    check_bills(tx, new.home_id, &new.bills).await?;
    if let Some(id) = new.donation {
        donated::is_of(tx, id, compound_id, new.amount).await?;
    }
    let now = tx.now();
    let note = clean(&new.note);
    let row = payment::ActiveModel {
        compound_id: Set(compound_id),
        home_id: Set(home.id),
        payer_id: Set(new.payer_id),
        account_id: Set(None),
        way: Set(new.way),
        state: Set(PaymentState::Paid),
        amount: Set(new.amount),
        bills: Set(json!(new.bills)),
        donation_id: Set(new.donation),
        out_trade_no: Set(Some(format!("{:.MARK$}", new.mark))),
        proof_id: Set(new.proof_id),
        note: Set(Some(note).filter(|note| !note.is_empty())),
        recorded_by: Set(Some(by)),
        asked: Set(0),
        paid_at: Set(Some(now)),
        day: Set(Some(china(now).date_naive())),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let conflict = OnConflict::column(payment::Column::OutTradeNo)
        .do_nothing()
        .to_owned();
    let Some(row) = insert_once(tx, row, conflict).await? else {
        return same_form(tx, &new, by).await;
    };
    if let Some(proof) = new.proof_id {
        give_proof(tx, actor, compound_id, &subject(row.id), proof).await?;
    }
    let receipt = credit(tx, dice, &row).await?;
    let entry = audit::Entry {
        action: "payment.take",
        subject: subject(row.id),
        compound_id: Some(compound_id),
        detail: Some(json!({ "fen": row.amount, "home": home.id })),
    };
    audit::record(tx, actor, entry);
    remind::tell_payer(tx, &row, remind::Told::Received, receipt.id).await?;
    Ok(row)
}

/// What it pays: the donation, or the home's bills.
async fn credit(tx: &mut Tx, dice: &Dice, row: &payment::Model) -> Result<receipt::Model, Fault> {
    if let Some(id) = row.donation_id {
        let done = donated::credit(tx, dice, row, id).await?;
        return done.ok_or_else(|| Fault::wrong_step("这笔捐款已经记过账了，请刷新后再看。"));
    }
    let bills = book::payable(tx, row).await?;
    if is_paid_twice(&meant(row), &book::owed(&bills)) {
        return Err(Fault::wrong_step(
            "这些账单已经交清了，没有记账。请刷新后再看。",
        ));
    }
    book::book(tx, dice, row, &bills, 0).await
}

fn check(new: &NewTaken) -> Result<(), Fault> {
    if !matches!(new.way, PayWay::Cash | PayWay::Transfer) {
        return Err(Fault::invalid("way", "请选现金或银行转账。"));
    }
    check_amount(new.amount)?;
    if new.way == PayWay::Transfer && new.proof_id.is_none() {
        return Err(Fault::invalid("proof", "银行转账请附上回单或截图。"));
    }
    if new.note.chars().count() > MOST_WORDS {
        let most = format!("说明太长了，请控制在{MOST_WORDS}字以内。");
        return Err(Fault::invalid("note", most));
    }
    let fine = new.mark.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fine || !(6..=MARK).contains(&new.mark.len()) {
        return Err(Fault::invalid("mark", "页面开得太久了，请刷新后再填。"));
    }
    Ok(())
}

/// Whether the bills that are meant are the home's.
pub(super) async fn check_bills(
    tx: &Tx,
    home_id: i64,
    ids: &[i64],
) -> Result<Vec<bill::Model>, Fault> {
    if ids.len() > MOST_BILLS {
        let most = format!("一次最多交{MOST_BILLS}张账单。");
        return Err(Fault::invalid("bills", most));
    }
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids.iter().copied()))
        .filter(bill::COLUMN.home_id.eq(home_id))
        .all(tx.db())
        .await?;
    if ids.iter().all(|id| bills.iter().any(|bill| bill.id == *id)) {
        return Ok(bills);
    }
    Err(Fault::not_found(
        "没有找到这张账单，请回复“账单”看现在的账单。",
    ))
}

/// The payment of a form that came before; another form under the same mark is refused.
async fn same_form(tx: &Tx, new: &NewTaken, by: i64) -> Result<payment::Model, Fault> {
    let row = payment::Entity::find()
        .filter(payment::COLUMN.out_trade_no.eq(new.mark.as_str()))
        .one(tx.db())
        .await?;
    let same = |row: &payment::Model| {
        (row.home_id, row.amount, row.way, row.recorded_by)
            == (new.home_id, new.amount, new.way, Some(by))
            && (row.payer_id, meant(row)) == (new.payer_id, new.bills.clone())
            && row.donation_id == new.donation
            && row.note.as_deref().unwrap_or_default() == clean(&new.note)
    };
    row.filter(same)
        .ok_or_else(|| Fault::wrong_step("这张表已经交过了，请刷新页面再填新的。"))
}
