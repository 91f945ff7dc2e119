//! The one way to paid. Whoever learns that an order was paid (notification, query, the platform's
//! bill) comes here: what is said is held against our row, and takes effect once.

use chrono::DateTime;
use entity::money::{PayWay, PaymentState, RefundCause};
use entity::payment;
use sea_orm::{Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{book, donated, keep, locked, meant, refund};
use crate::access::Actor;
use crate::access::audit;
use crate::base::clock::{Moment, china};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::fund::tell::paid_by_another;
use crate::payment::allocate::is_paid_twice;
use crate::payment::{remind, subject};
use crate::reminder::enqueue;
use crate::store::Tx;
use crate::wechat::pay::{Expected, Mismatch, Transaction};

/// Money that came in, by the platform's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The platform's number of it.
    pub transaction_id: String,
    /// When, UTC.
    pub at: Moment,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is credited now.
    Now,
    /// It was credited before, or is on its way back already.
    Before,
    /// It pays nothing and goes back.
    SentBack,
}

/// What came of something that the platform said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It was money.
    Settled(Settled),
    /// The order is not paid.
    NotPaid,
    /// It does not fit our order: nothing is credited, somebody has to look. The reason, for people.
    Refused(String),
}

/// Follows what the platform says of one of our orders, whoever asked.
///
/// # Errors
/// The database's.
pub async fn take_in(
    tx: &mut Tx,
    dice: &Dice,
    merchant: &str,
    said: &Transaction,
) -> Result<Followed, Fault> {
    let (known, another) = orders(tx, said).await?;
    let Some(known) = known else {
        return Ok(Followed::Refused("没有这个订单号".to_owned()));
    };
    if known.merchant.as_deref() != Some(merchant) {
        return Ok(Followed::Refused("订单是另一个收款账户的".to_owned()));
    }
    let order = Expected {
        app_id: known.app_id.as_deref().unwrap_or_default(),
        mch_id: known.mch_id.as_deref().unwrap_or_default(),
        out_trade_no: known.out_trade_no.as_deref().unwrap_or_default(),
        total: known.amount,
    };
    match said.pays(&order) {
        Ok(()) => {}
        Err(Mismatch::State) => return Ok(Followed::NotPaid),
        Err(wrong) => return Ok(Followed::Refused(mismatch_says(wrong).to_owned())),
    }
    let Some(transaction_id) = said.transaction_id.clone() else {
        return Ok(Followed::NotPaid);
    };
    if another {
        let words = "这个微信支付订单号已经用于另一笔缴费";
        return Ok(Followed::Refused(words.to_owned()));
    }
    let at = said
        .success_at
        .and_then(|at| DateTime::from_timestamp(at, 0));
    let paid = Paid {
        transaction_id,
        at: at.unwrap_or_else(|| tx.now()),
    };
    settle_locked(tx, dice, known, &paid)
        .await
        .map(Followed::Settled)
}

const fn mismatch_says(wrong: Mismatch) -> &'static str {
    match wrong {
        Mismatch::AppId => "应用编号不是我们下单时的",
        Mismatch::MchId => "商户号不是我们下单时的",
        Mismatch::OutTradeNo => "订单号不一样",
        Mismatch::State => "订单没有付款",
        Mismatch::Total => "金额和订单不一样",
        Mismatch::Currency => "币种不是人民币",
        Mismatch::TransactionId => "没有微信支付订单号",
    }
}

/// The order that it is about, locked, and whether the platform's number of it is on another one: in one look,
/// since every payment comes by here.
async fn orders(tx: &Tx, said: &Transaction) -> Result<(Option<payment::Model>, bool), Fault> {
    let mut wanted =
        Condition::any().add(payment::COLUMN.out_trade_no.eq(said.out_trade_no.as_str()));
    if let Some(id) = &said.transaction_id {
        wanted = wanted.add(payment::COLUMN.transaction_id.eq(id.as_str()));
    }
    let rows = payment::Entity::find()
        .filter(wanted)
        .order_by_asc(payment::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    let is_it = |row: &payment::Model| {
        row.way == PayWay::Wechat && row.out_trade_no.as_deref() == Some(&said.out_trade_no)
    };
    let (it, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_it);
    let another = others
        .iter()
        .any(|row| row.transaction_id.is_some() && row.transaction_id == said.transaction_id);
    Ok((it.into_iter().next(), another))
}

/// Makes an order paid, once: credited to its bills, in the books, with a receipt, and the payer told.
/// What comes a second time, or for an order that was closed, goes back, and of what comes for bills so much as
/// somebody else has paid of them meanwhile.
///
/// # Errors
/// The database's; then nothing of it has happened.
pub async fn settle(tx: &mut Tx, dice: &Dice, id: i64, paid: &Paid) -> Result<Settled, Fault> {
    let row = locked(tx, id).await?;
    settle_locked(tx, dice, row, paid).await
}

async fn settle_locked(
    tx: &mut Tx,
    dice: &Dice,
    mut row: payment::Model,
    paid: &Paid,
) -> Result<Settled, Fault> {
    match row.state {
        PaymentState::Paid if row.transaction_id.as_deref() == Some(&paid.transaction_id) => {
            return Ok(Settled::Before);
        }
        PaymentState::Paid => return send_back(tx, dice, &row, paid, RefundCause::Duplicate).await,
        PaymentState::Closed => return send_back(tx, dice, &row, paid, RefundCause::Late).await,
        PaymentState::Created => {
            // Only we know an order before it is open; the platform knows this one.
            let opened = payment::Model {
                state: PaymentState::Open,
                updated_at: tx.now(),
                ..row.clone()
            };
            keep(tx, &row, &opened).await?;
            row = opened;
        }
        PaymentState::Open => {}
    }
    let next = payment::Model {
        state: PaymentState::Paid,
        transaction_id: Some(paid.transaction_id.clone()),
        paid_at: Some(paid.at),
        day: Some(china(paid.at).date_naive()),
        updated_at: tx.now(),
        ..row.clone()
    };
    keep(tx, &row, &next).await?;
    if let Some(id) = next.donation_id {
        return credit(tx, dice, &next, paid, id).await;
    }
    let bills = book::payable(tx, &next).await?;
    if is_paid_twice(&meant(&next), &book::owed(&bills)) {
        record(tx, &next, "payment.paid");
        return send_back(tx, dice, &next, paid, RefundCause::Duplicate).await;
    }
    let back = book::paid_by_others(&next, &bills);
    let receipt = book::book(tx, dice, &next, &bills, back).await?;
    record(tx, &next, "payment.paid");
    remind::tell_payer(tx, &next, remind::Told::Received, receipt.id).await?;
    if back > 0 {
        refund::owe(tx, dice, &next, paid, RefundCause::Duplicate, back).await?;
    }
    Ok(Settled::Now)
}

/// Gives what was paid to its donation; what comes for one that is not promised any more goes back.
async fn credit(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    paid: &Paid,
    donation_id: i64,
) -> Result<Settled, Fault> {
    record(tx, row, "payment.paid");
    let Some(receipt) = donated::credit(tx, dice, row, donation_id).await? else {
        let cause = donated::why_not(tx, donation_id).await?;
        return send_back(tx, dice, row, paid, cause).await;
    };
    remind::tell_payer(tx, row, remind::Told::Received, receipt.id).await?;
    // Who promised it has given it, whoever has paid.
    let donor = paid_by_another(tx, donation_id, row.payer_id).await?;
    enqueue(tx, donor.into_iter().collect()).await?;
    Ok(Settled::Now)
}

async fn send_back(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    paid: &Paid,
    cause: RefundCause,
) -> Result<Settled, Fault> {
    let new = refund::owe(tx, dice, row, paid, cause, row.amount).await?;
    Ok(match new {
        true => Settled::SentBack,
        false => Settled::Before,
    })
}

fn record(tx: &Tx, row: &payment::Model, action: &str) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(serde_json::json!({ "fen": row.amount })),
    };
    audit::record(tx, &Actor::system(), entry);
}
