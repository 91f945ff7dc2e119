//! What the platform says of a refund, whoever asked: the answer when it was sent, a notification, its
//! bill of a day. Called by `send`, `notice` and `reconcile`.

use chrono::DateTime;
use entity::money::RefundState;
use entity::{payment, refund};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{handed_out, record};
use crate::access::Actor;
use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::post;
use crate::payment::actions::settle::{Followed, Settled};
use crate::payment::actions::{home_of, locked};
use crate::payment::remind;
use crate::store::Tx;
use crate::wechat::pay::{self, RefundStatus};

/// Follows what the platform says of a refund, whoever asked.
///
/// # Errors
/// The database's.
pub async fn heard(tx: &mut Tx, merchant: &str, said: &pay::Refund) -> Result<Followed, Fault> {
    let known = refund::Entity::find()
        .filter(refund::COLUMN.out_refund_no.eq(&said.out_refund_no))
        .one(tx.db())
        .await?;
    let Some(known) = known else {
        return Ok(Followed::Refused("没有这个退款单号".to_owned()));
    };
    let Some(payment_id) = known.payment_id else {
        return Ok(Followed::Refused("这笔退款不是微信支付的".to_owned()));
    };
    let paid = locked(tx, payment_id).await?;
    // As it is now: somebody may have paid it out while the payment was waited for.
    let known = refund::Entity::find_by_id(known.id)
        .one(tx.db())
        .await?
        .unwrap_or(known);
    if let Some(wrong) = differs(&known, &paid, merchant, said) {
        return Ok(Followed::Refused(wrong.to_owned()));
    }
    let state = match &said.status {
        RefundStatus::Success => RefundState::Done,
        RefundStatus::Closed => RefundState::Closed,
        RefundStatus::Abnormal => RefundState::Abnormal,
        RefundStatus::Processing | RefundStatus::Other(_) => RefundState::Sent,
    };
    if state == RefundState::Done && paid_by_people(&known) {
        return Ok(Followed::Refused(
            "已由人工付给对方，平台又退了一次，请向对方收回".to_owned(),
        ));
    }
    let moment = |at: i64| DateTime::from_timestamp(at, 0);
    let at = said.success_at.and_then(moment);
    let over = matches!(state, RefundState::Done | RefundState::Closed);
    let next = refund::Model {
        state,
        refund_id: Some(said.refund_id.clone()),
        sent_at: known.sent_at.or(said.created_at.and_then(moment)),
        done_at: over.then(|| at.unwrap_or_else(|| tx.now())),
        ..known.clone()
    };
    if become_so(tx, &next).await? {
        follow_up(tx, &paid, &next).await?;
        return Ok(Followed::Settled(Settled::Now));
    }
    // A notification was quicker than the answer, and did not say when it was taken.
    if known.sent_at.is_none() && next.sent_at.is_some() {
        refund::Entity::update_many()
            .set(refund::ActiveModel {
                sent_at: Set(next.sent_at),
                ..Default::default()
            })
            .filter(refund::COLUMN.id.eq(next.id))
            .exec(tx.db())
            .await?;
    }
    Ok(Followed::Settled(Settled::Before))
}

/// Whether people have paid a refund out, from elsewhere than what lies at the platform.
#[must_use]
pub fn paid_by_people(row: &refund::Model) -> bool {
    let from = row.paid_from.as_deref();
    row.state == RefundState::Done && from.is_some_and(|from| from != Account::Wechat.code())
}

fn differs(
    known: &refund::Model,
    paid: &payment::Model,
    merchant: &str,
    said: &pay::Refund,
) -> Option<&'static str> {
    if paid.merchant.as_deref() != Some(merchant) {
        Some("退款是另一个收款账户的")
    } else if paid.out_trade_no.as_deref() != Some(&said.out_trade_no) {
        Some("退款的订单号不一样")
    } else if said.refund != known.amount || said.total != paid.amount {
        Some("退款金额不一样")
    } else {
        None
    }
}

/// Whether the row changes to this; from where it may.
async fn become_so(tx: &Tx, next: &refund::Model) -> Result<bool, Fault> {
    let from: &[RefundState] = match next.state {
        RefundState::Sent => &[RefundState::Approved],
        RefundState::Abnormal => &[RefundState::Approved, RefundState::Sent],
        // What was abnormal, and what was given to people for it, turns out to be over.
        RefundState::Done => &[
            RefundState::Approved,
            RefundState::Sent,
            RefundState::Abnormal,
            RefundState::Granted,
        ],
        _ => &[
            RefundState::Approved,
            RefundState::Sent,
            RefundState::Abnormal,
        ],
    };
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(next.state),
            refund_id: Set(next.refund_id.clone()),
            sent_at: Set(next.sent_at),
            updated_at: Set(tx.now()),
            done_at: Set(next.done_at),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(next.id))
        .filter(refund::COLUMN.state.is_in(from.iter().copied()))
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

async fn follow_up(tx: &mut Tx, paid: &payment::Model, row: &refund::Model) -> Result<(), Fault> {
    match row.state {
        RefundState::Done => {
            post(tx, None, &[handed_out(tx, row, Account::Wechat)]).await?;
            record(tx, &Actor::system(), "refund.done", row);
            remind::tell_payer(tx, paid, remind::Told::Refunded, row.id).await
        }
        RefundState::Abnormal | RefundState::Closed => {
            record(tx, &Actor::system(), "refund.stuck", row);
            let home = home_of(tx, paid.home_id).await?;
            let about = remind::ToMend::Refund(row.id, row.state);
            remind::ask_to_mend(tx, about, row.compound_id, &home.path).await
        }
        _ => Ok(()),
    }
}

/// The payment of a refund that was sent to the platform, locked.
pub(super) async fn sent(tx: &Tx, row: &refund::Model) -> Result<payment::Model, Fault> {
    let id = row.payment_id;
    locked(
        tx,
        id.ok_or_else(|| Fault::internal("a refund of no payment was sent"))?,
    )
    .await
}

/// The platform will not do it: somebody has to.
pub(super) async fn give_up(tx: &mut Tx, row: &refund::Model) -> Result<(), Fault> {
    let paid = sent(tx, row).await?;
    let next = refund::Model {
        state: RefundState::Abnormal,
        ..row.clone()
    };
    if become_so(tx, &next).await? {
        follow_up(tx, &paid, &next).await?;
    }
    Ok(())
}
