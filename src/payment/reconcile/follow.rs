//! What the platform knows and we do not: followed by the same actions as a notification would be, each in a
//! transaction of its own.

use entity::money::DifferenceKind;
use entity::payment;
use sea_orm::{EntityTrait, QueryFilter};

use super::Wanted;
use super::compare::{Compared, Difference};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::payment::actions::refund::heard;
use crate::payment::actions::settle::{Followed, Settled, take_in};
use crate::store::{Store, Tx};
use crate::wechat::pay::{Refund, RefundStatus, TradeRow, TradeState, Transaction};

pub(super) async fn follow(
    store: &Store,
    dice: &Dice,
    now: Moment,
    wanted: Wanted<'_>,
    compared: &mut Compared,
) -> Result<(), Fault> {
    for difference in &mut compared.differences {
        let Some(row) = &difference.row else {
            continue;
        };
        let followed = match one(store, dice, now, wanted, row, difference).await {
            Ok(followed) => followed,
            // One row that cannot be followed leaves the others alone, and becomes a task.
            Err(fault) => {
                let reference = &difference.reference;
                tracing::error!(
                    reference,
                    ?fault,
                    "what the bill says could not be followed"
                );
                continue;
            }
        };
        difference.solved = match followed {
            Followed::Settled(Settled::Now) => Some("对账时补记入账"),
            Followed::Settled(Settled::SentBack) => Some("对账时发现，已退回"),
            Followed::Settled(Settled::Before) => Some("已经入账或已退回"),
            Followed::NotPaid | Followed::Refused(_) => None,
        };
    }
    Ok(())
}

async fn one(
    store: &Store,
    dice: &Dice,
    now: Moment,
    wanted: Wanted<'_>,
    row: &TradeRow,
    difference: &Difference,
) -> Result<Followed, Fault> {
    let mut tx = store.begin(now).await?;
    let followed = match difference.kind {
        DifferenceKind::TheirsOnly => {
            take_in(&mut tx, dice, wanted.merchant, &transaction(row)).await?
        }
        DifferenceKind::RefundTheirsOnly => match refund(&tx, row, difference).await? {
            Some(said) => heard(&mut tx, wanted.merchant, &said).await?,
            None => Followed::NotPaid,
        },
        _ => Followed::NotPaid,
    };
    tx.commit().await?;
    Ok(followed)
}

fn transaction(row: &TradeRow) -> Transaction {
    Transaction {
        app_id: row.app_id.clone(),
        mch_id: row.mch_id.clone(),
        out_trade_no: row.out_trade_no.clone(),
        transaction_id: Some(row.transaction_id.clone()),
        // The bill has only what was paid.
        state: TradeState::Success,
        state_words: String::new(),
        success_at: Some(row.at),
        openid: None,
        attach: None,
        total: Some(row.total),
        payer_total: None,
        currency: Some("CNY".to_owned()),
    }
}

/// As the platform would tell it; none while it is under way. The bill does not repeat the order's amount.
async fn refund(tx: &Tx, row: &TradeRow, difference: &Difference) -> Result<Option<Refund>, Fault> {
    if row.refund_status.as_deref() != Some("SUCCESS") {
        return Ok(None);
    }
    let paid = payment::Entity::find()
        .filter(payment::COLUMN.out_trade_no.eq(row.out_trade_no.as_str()))
        .one(tx.db())
        .await?;
    let parts = (
        row.refund_id.clone(),
        row.out_refund_no.clone(),
        difference.theirs,
        paid,
    );
    let (Some(refund_id), Some(out_refund_no), Some(amount), Some(paid)) = parts else {
        return Ok(None);
    };
    Ok(Some(Refund {
        refund_id,
        out_refund_no,
        transaction_id: row.transaction_id.clone(),
        out_trade_no: row.out_trade_no.clone(),
        status: RefundStatus::Success,
        account: None,
        created_at: Some(row.at),
        success_at: Some(row.at),
        total: paid.amount,
        refund: amount,
        payer_refund: None,
    }))
}
