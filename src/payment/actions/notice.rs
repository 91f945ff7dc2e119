//! What the platform tells us: written down first, once for each of its numbers, then followed from the
//! row. What does not fit our orders is refused and shown to whoever keeps the money; nothing is
//! credited by it.

use entity::money::NoticeState;
use entity::{fee_policy, payment, payment_notice, refund};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use serde_json::{Value, json};

use super::settle::{Followed, take_in};
use super::{client, refund as refunds};
use crate::app::App;
use crate::base::fault::Fault;
use crate::payment::remind;
use crate::place::queries as places;
use crate::store::Tx;
use crate::store::insert::insert_once;
use crate::wechat::pay::{Notification, Refund, RefundStatus, TradeState, Transaction, What};

/// Most characters of the platform's number and of its event that are kept.
const MOST_ID: usize = 64;
/// Most characters of our number of an order; ours have fewer.
const MOST_NUMBER: usize = 32;

/// Writes a notification down, with the clock that follows it should this program end before. None when
/// it came before.
///
/// # Errors
/// The database's; then the platform has to be told that we have not got it.
pub async fn receive(app: &App, merchant: &str, said: &Notification) -> Result<Option<i64>, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let known = !matches!(said.what, What::Unknown);
    let compound_id = compound_of(&tx, merchant, &said.what).await?;
    let number = order_of(&said.what).map(|number| number.chars().take(MOST_NUMBER).collect());
    let row = payment_notice::ActiveModel {
        merchant: Set(merchant.to_owned()),
        notice_id: Set(said.id.chars().take(MOST_ID).collect()),
        kind: Set(said.event_type.chars().take(MOST_ID).collect()),
        compound_id: Set(compound_id),
        out_trade_no: Set(number),
        body: Set(write(&said.what)),
        // There is nothing to follow in what nobody here knows.
        state: Set(match known {
            true => NoticeState::Received,
            false => NoticeState::Done,
        }),
        created_at: Set(tx.now()),
        done_at: Set((!known).then(|| tx.now())),
        ..Default::default()
    };
    let mut conflict = OnConflict::columns([
        payment_notice::Column::Merchant,
        payment_notice::Column::NoticeId,
    ]);
    let stored = insert_once(&tx, row, conflict.do_nothing().to_owned()).await?;
    let Some(row) = stored else {
        return Ok(None);
    };
    if known {
        remind::follow_notice(&mut tx, row.id).await?;
    } else {
        tracing::warn!(
            event = row.kind,
            "WeChat Pay told something that nobody here knows"
        );
    }
    tx.commit().await?;
    Ok(known.then_some(row.id))
}

/// Follows a notification from its row; once, whoever is first.
///
/// # Errors
/// The database's; then it is followed again.
pub async fn follow(app: &App, id: i64) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let row = payment_notice::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    let Some(row) = row.filter(|row| row.state == NoticeState::Received) else {
        return Ok(());
    };
    let followed = match read(app, &row) {
        Some(What::Transaction(said)) => take_in(&mut tx, &app.dice, &row.merchant, &said).await?,
        Some(What::Refund(said)) => refunds::heard(&mut tx, &row.merchant, &said).await?,
        Some(What::Unknown) | None => Followed::Refused("通知的内容不完整".to_owned()),
    };
    let error = match followed {
        Followed::Refused(reason) => Some(reason),
        // A success that is none is as wrong as a wrong amount.
        Followed::NotPaid if row.kind == "TRANSACTION.SUCCESS" => {
            Some("通知说已付款，内容却不是".to_owned())
        }
        Followed::NotPaid | Followed::Settled(_) => None,
    };
    // The row is ours until the end: nobody reads it before, and nothing can be in conflict.
    let done = payment_notice::Entity::update_many()
        .set(payment_notice::ActiveModel {
            state: Set(match error {
                None => NoticeState::Done,
                Some(_) => NoticeState::Refused,
            }),
            error: Set(error.clone()),
            done_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(payment_notice::COLUMN.id.eq(id))
        .filter(payment_notice::COLUMN.state.eq(NoticeState::Received));
    tx.at_end(done.into_query());
    if let Some(reason) = error {
        tracing::warn!(
            notice = id,
            reason,
            "a notification of WeChat Pay does not fit"
        );
        tell(&mut tx, &row).await?;
    }
    tx.commit().await
}

/// Whoever keeps the money of the compound that it is about.
async fn tell(tx: &mut Tx, row: &payment_notice::Model) -> Result<(), Fault> {
    let Some(compound_id) = row.compound_id else {
        tracing::error!(notice = row.id, "a notification is about no compound");
        return Ok(());
    };
    let Some(compound) = places::by_id(tx.db(), compound_id).await? else {
        return Ok(());
    };
    let about = remind::ToMend::Notice(row.id);
    remind::ask_to_mend(tx, about, compound.id, &compound.path).await
}

/// Our number of the order that something is about.
fn order_of(what: &What) -> Option<&str> {
    match what {
        What::Transaction(said) => Some(&said.out_trade_no),
        What::Refund(said) => Some(&said.out_trade_no),
        What::Unknown => None,
    }
}

/// The compound that something is about: that of the order, of the refund, or of the receiving account.
async fn compound_of(tx: &Tx, merchant: &str, what: &What) -> Result<Option<i64>, Fault> {
    let order = payment::Entity::find()
        .filter(
            payment::COLUMN
                .out_trade_no
                .eq(order_of(what).unwrap_or_default()),
        )
        .filter(payment::COLUMN.merchant.eq(merchant))
        .one(tx.db())
        .await?;
    if let Some(order) = order {
        return Ok(Some(order.compound_id));
    }
    if let What::Refund(said) = what {
        let back = refund::Entity::find()
            .filter(refund::COLUMN.out_refund_no.eq(said.out_refund_no.as_str()))
            .one(tx.db())
            .await?;
        if let Some(back) = back {
            return Ok(Some(back.compound_id));
        }
    }
    let policy = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.merchant.eq(merchant))
        .one(tx.db())
        .await?;
    Ok(policy.map(|policy| policy.compound_id))
}

/// What is kept of a notification: all that is needed to follow it, and nothing of who paid.
fn write(what: &What) -> Value {
    match what {
        What::Transaction(said) => json!({
            "appid": said.app_id,
            "mchid": said.mch_id,
            "out_trade_no": said.out_trade_no,
            "transaction_id": said.transaction_id,
            "trade_state": trade_word(&said.state),
            "success_at": said.success_at,
            "total": said.total,
            "payer_total": said.payer_total,
            "currency": said.currency,
        }),
        What::Refund(said) => json!({
            "refund_id": said.refund_id,
            "out_refund_no": said.out_refund_no,
            "transaction_id": said.transaction_id,
            "out_trade_no": said.out_trade_no,
            "refund_status": refund_word(&said.status),
            "success_at": said.success_at,
            "total": said.total,
            "refund": said.refund,
        }),
        What::Unknown => json!({}),
    }
}

fn trade_word(state: &TradeState) -> &str {
    match state {
        TradeState::Success => "SUCCESS",
        TradeState::Refund => "REFUND",
        TradeState::NotPay => "NOTPAY",
        TradeState::Closed => "CLOSED",
        TradeState::Other(other) => other,
    }
}

fn refund_word(status: &RefundStatus) -> &str {
    match status {
        RefundStatus::Success => "SUCCESS",
        RefundStatus::Closed => "CLOSED",
        RefundStatus::Processing => "PROCESSING",
        RefundStatus::Abnormal => "ABNORMAL",
        RefundStatus::Other(other) => other,
    }
}

/// The notification again; none when the row holds less than was written.
fn read(app: &App, row: &payment_notice::Model) -> Option<What> {
    // A merchant that is gone from the settings cannot be answered for.
    client(app, Some(&row.merchant))?;
    let text = |name: &str| row.body.get(name)?.as_str().map(str::to_owned);
    let number = |name: &str| row.body.get(name).and_then(Value::as_i64);
    if let Some(status) = text("refund_status") {
        return Some(What::Refund(Refund {
            refund_id: text("refund_id")?,
            out_refund_no: text("out_refund_no")?,
            transaction_id: text("transaction_id")?,
            out_trade_no: text("out_trade_no")?,
            status: match status.as_str() {
                "SUCCESS" => RefundStatus::Success,
                "CLOSED" => RefundStatus::Closed,
                "PROCESSING" => RefundStatus::Processing,
                "ABNORMAL" => RefundStatus::Abnormal,
                _ => RefundStatus::Other(status),
            },
            account: None,
            created_at: None,
            success_at: number("success_at"),
            total: number("total")?,
            refund: number("refund")?,
            payer_refund: None,
        }));
    }
    let state = text("trade_state")?;
    Some(What::Transaction(Transaction {
        app_id: text("appid")?,
        mch_id: text("mchid")?,
        out_trade_no: text("out_trade_no")?,
        transaction_id: text("transaction_id"),
        state: match state.as_str() {
            "SUCCESS" => TradeState::Success,
            "REFUND" => TradeState::Refund,
            "NOTPAY" => TradeState::NotPay,
            "CLOSED" => TradeState::Closed,
            _ => TradeState::Other(state),
        },
        state_words: String::new(),
        success_at: number("success_at"),
        openid: None,
        attach: None,
        total: number("total"),
        payer_total: number("payer_total"),
        currency: text("currency"),
    }))
}
