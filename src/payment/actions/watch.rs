//! Asks the platform about orders that nobody has told us the end of, closes those that were not paid in
//! time, sends refunds and asks after them. Called by the clocks of `remind.rs` and by the payer's return.

use chrono::TimeDelta;
use entity::money::{PaymentState, RefundState};
use entity::{payment, refund};
use sea_orm::EntityTrait;

use super::settle::{Followed, take_in};
use super::{client, keep, locked, refund as refunds};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::payment::remind;
use crate::reminder::Verdict;
use crate::store::Tx;
use crate::wechat::pay::{Action, PayError, RefundOf, RefundOrder, TradeState};

/// Seconds after the order at which the platform is asked (protocols.md §5.5).
pub const ASKS: [i64; 5] = [30, 60, 300, 600, 1_800];
/// Looks of one account's payers in a minute that ask the platform: whoever presses on gets the row.
const ASKS_PER_MINUTE: u32 = 30;
/// The platform closes an order by itself; we ask it to a little later.
const AFTER_END: i64 = 5;
/// Seconds after which a refund is asked for again, by how old it is.
const PATIENCE: &[(i64, i64)] = &[(300, 30), (3_600, 300), (86_400, 1_800), (i64::MAX, 21_600)];
/// While the platform is not to be had, or the merchant is not configured, seconds.
const AGAIN: i64 = 60;
const LONG: i64 = 3_600;

/// What the platform knows of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It said so, and it was followed.
    Followed(Followed),
    /// It is closed there.
    Closed,
    /// It was never heard of.
    Absent,
    /// It did not say.
    Silent,
}

/// Asks the platform about an order, and follows what it says.
///
/// # Errors
/// The database's.
pub async fn ask(app: &App, row: &payment::Model) -> Result<Known, Fault> {
    let Some(client) = client(app, row.merchant.as_deref()) else {
        return Ok(Known::Silent);
    };
    let number = row.out_trade_no.as_deref().unwrap_or_default();
    let now = app.clock.now().timestamp();
    let said = match client.query_by_out_trade_no(number, now).await {
        Ok(said) => said,
        Err(error) if error.action() == Action::Absent => return Ok(Known::Absent),
        Err(error) => {
            tracing::warn!(%error, payment = row.id, "WeChat Pay did not say how an order stands");
            return Ok(Known::Silent);
        }
    };
    if said.state == TradeState::Closed {
        return Ok(Known::Closed);
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    let followed = take_in(&mut tx, &app.dice, client.merchant().name(), &said).await?;
    if let Followed::Refused(reason) = &followed {
        tracing::error!(
            payment = row.id,
            reason,
            "an order at WeChat Pay does not fit ours"
        );
        let home = super::home_of(&tx, row.home_id).await?;
        let about = remind::ToMend::Payment(row.id);
        remind::ask_to_mend(&mut tx, about, row.compound_id, &home.path).await?;
    }
    tx.commit().await?;
    Ok(Known::Followed(followed))
}

/// The payer is back from the payment window: asks, if the order is open and the payer has not asked all the time.
/// The payment as it is then.
///
/// # Errors
/// The database's.
pub async fn returned(app: &App, row: payment::Model) -> Result<payment::Model, Fault> {
    let key = format!("payment-ask:{}", row.account_id.unwrap_or_default());
    if row.state != PaymentState::Open || !app.limiter.take(&key, ASKS_PER_MINUTE).await {
        return Ok(row);
    }
    ask(app, &row).await?;
    Ok(payment::Entity::find_by_id(row.id)
        .one(app.store.write())
        .await?
        .unwrap_or(row))
}

/// One look at an order: asks, or closes it when its time is over; when to look again.
///
/// # Errors
/// The database's.
pub async fn watch(app: &App, id: i64) -> Result<Verdict, Fault> {
    let Some(row) = by_id(app, id).await? else {
        return Ok(Verdict::Drop);
    };
    if is_over(&row) {
        return Ok(Verdict::Drop);
    }
    let now = app.clock.now();
    if row.expires_at.is_none_or(|end| now >= end) {
        return close(app, id).await;
    }
    count(app, id).await?;
    Ok(match ask(app, &row).await? {
        Known::Followed(Followed::Settled(_)) => Verdict::Done,
        Known::Closed => {
            shut(app, id).await?;
            Verdict::Done
        }
        _ => Verdict::Later(next_look(&row, now)),
    })
}

/// The next of the times at which an order is looked at.
fn next_look(row: &payment::Model, now: Moment) -> Moment {
    let times = ASKS
        .iter()
        .map(|at| row.created_at + TimeDelta::seconds(*at));
    let end = row.expires_at.unwrap_or(now) + TimeDelta::seconds(AFTER_END);
    times
        .filter(|at| *at > now && *at < end)
        .min()
        .unwrap_or_else(|| end.max(now + TimeDelta::seconds(1)))
}

/// Closes an order: at the platform first. When somebody was faster, it is paid.
///
/// # Errors
/// The database's.
pub async fn close(app: &App, id: i64) -> Result<Verdict, Fault> {
    let Some(row) = by_id(app, id).await? else {
        return Ok(Verdict::Drop);
    };
    if is_over(&row) {
        return Ok(Verdict::Drop);
    }
    let now = app.clock.now();
    let Some(client) = client(app, row.merchant.as_deref()) else {
        tracing::error!(
            merchant = row.merchant,
            "an order cannot be closed: its merchant is not configured"
        );
        return Ok(Verdict::Later(now + TimeDelta::seconds(LONG)));
    };
    let number = row.out_trade_no.as_deref().unwrap_or_default();
    // What never fits is asked about ever more rarely, not every minute for ever.
    let age = (now - row.created_at).num_seconds();
    let later = Verdict::Later(now + TimeDelta::seconds((age / 8).clamp(AGAIN, LONG * 6)));
    match client.close(number, now.timestamp()).await {
        Ok(()) => shut(app, id).await?,
        Err(error) => match error.action() {
            Action::Absent | Action::Renew => shut(app, id).await?,
            Action::Paid | Action::Query => {
                return Ok(match ask(app, &row).await? {
                    Known::Followed(Followed::Settled(_)) => Verdict::Done,
                    _ => later,
                });
            }
            _ => {
                tracing::warn!(%error, payment = id, "an order could not be closed");
                return Ok(later);
            }
        },
    }
    Ok(Verdict::Done)
}

async fn by_id(app: &App, id: i64) -> Result<Option<payment::Model>, Fault> {
    Ok(payment::Entity::find_by_id(id)
        .one(app.store.read())
        .await?)
}

const fn is_over(row: &payment::Model) -> bool {
    matches!(row.state, PaymentState::Paid | PaymentState::Closed)
}

async fn shut(app: &App, id: i64) -> Result<(), Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    close_row(&tx, id).await?;
    tx.commit().await
}

/// Says in the row that the order is closed, unless it is over already.
pub(super) async fn close_row(tx: &Tx, id: i64) -> Result<(), Fault> {
    let was = locked(tx, id).await?;
    if is_over(&was) {
        return Ok(());
    }
    let next = payment::Model {
        state: PaymentState::Closed,
        updated_at: tx.now(),
        ..was.clone()
    };
    keep(tx, &was, &next).await
}

async fn count(app: &App, id: i64) -> Result<(), Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let was = locked(&tx, id).await?;
    if is_over(&was) {
        return Ok(());
    }
    let next = payment::Model {
        asked: was.asked + 1,
        ..was.clone()
    };
    keep(&tx, &was, &next).await?;
    tx.commit().await
}

/// Sends a refund, or asks how it stands; when to look again.
///
/// # Errors
/// The database's.
pub async fn send_refund(app: &App, id: i64) -> Result<Verdict, Fault> {
    let db = app.store.read();
    let row = refund::Entity::find_by_id(id).one(db).await?;
    let Some(row) = row else {
        return Ok(Verdict::Drop);
    };
    if !matches!(row.state, RefundState::Approved | RefundState::Sent) {
        return Ok(Verdict::Drop);
    }
    let paid = by_id(app, row.payment_id).await?;
    let Some(paid) = paid else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let Some(client) = client(app, paid.merchant.as_deref()) else {
        tracing::error!(
            merchant = paid.merchant,
            "a refund cannot be sent: its merchant is not configured"
        );
        return Ok(Verdict::Later(now + TimeDelta::seconds(LONG)));
    };
    let merchant = client.merchant().name();
    let answer = match row.state {
        RefundState::Sent => {
            client
                .query_refund(&row.out_refund_no, now.timestamp())
                .await
        }
        _ => {
            let order = refund_order(app, &row, &paid, merchant);
            client.refund(&order, now.timestamp()).await
        }
    };
    let answer = match answer {
        // The number may be known with other words, of a try without an answer before our address changed: what
        // the platform has is true, and is not to be given back by hand besides.
        Err(refusal) if matches!(refusal.action(), Action::Fix | Action::Alarm) => match client
            .query_refund(&row.out_refund_no, now.timestamp())
            .await
        {
            Err(error) if error.action() == Action::Absent => Err(refusal),
            known => known,
        },
        other => other,
    };
    let said = match answer {
        Ok(said) => said,
        Err(error) => return not_sent(app, &row, &error).await,
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let followed = refunds::heard(&mut tx, merchant, &said).await?;
    tx.commit().await?;
    if let Followed::Refused(reason) = followed {
        tracing::error!(
            refund = id,
            reason,
            "a refund at WeChat Pay does not fit ours"
        );
        return Ok(Verdict::Later(now + TimeDelta::seconds(LONG)));
    }
    let after = refund::Entity::find_by_id(id).one(db).await?;
    let open = after.is_some_and(|row| row.state == RefundState::Sent);
    Ok(match open {
        true => Verdict::Later(now + pause(&row, now)),
        false => Verdict::Done,
    })
}

fn refund_order(
    app: &App,
    row: &refund::Model,
    paid: &payment::Model,
    merchant: &str,
) -> RefundOrder {
    let id = row.transaction_id.as_ref().or(paid.transaction_id.as_ref());
    RefundOrder {
        of: RefundOf::TransactionId(id.cloned().unwrap_or_default()),
        out_refund_no: row.out_refund_no.clone(),
        reason: Some(crate::payment::cause_says(row.cause).to_owned()),
        notify_url: Some(format!(
            "{}/wechat/pay/{merchant}/refund",
            app.settings.server.public_url
        )),
        refund: row.amount,
        total: paid.amount,
    }
}

/// How long until a refund is looked at again.
fn pause(row: &refund::Model, now: Moment) -> TimeDelta {
    let age = (now - row.created_at).num_seconds();
    let found = PATIENCE.iter().find(|(most, _)| age < *most);
    TimeDelta::seconds(found.map_or(LONG, |(_, pause)| *pause))
}

/// The platform did not take a refund: repeated with the same number, or told to whoever keeps the
/// money.
async fn not_sent(app: &App, row: &refund::Model, error: &PayError) -> Result<Verdict, Fault> {
    tracing::warn!(%error, refund = row.id, "a refund was not taken by WeChat Pay");
    let now = app.clock.now();
    match error.action() {
        // What was not asked for yet is asked for again; what was, may not be known for a moment.
        Action::Repeat | Action::Slower | Action::Query | Action::Later | Action::Paid => {
            Ok(Verdict::Later(now + pause(row, now)))
        }
        Action::Absent if row.state == RefundState::Sent => {
            Ok(Verdict::Later(now + pause(row, now)))
        }
        Action::Funds | Action::Config => {
            let mut tx = app.store.begin(now).await?;
            let paid = locked(&tx, row.payment_id).await?;
            let home = super::home_of(&tx, paid.home_id).await?;
            let about = remind::ToMend::Refund(row.id, row.state);
            remind::ask_to_mend(&mut tx, about, row.compound_id, &home.path).await?;
            tx.commit().await?;
            Ok(Verdict::Later(now + TimeDelta::seconds(LONG)))
        }
        _ => {
            let mut tx = app.store.begin(now).await?;
            refunds::give_up(&mut tx, row).await?;
            tx.commit().await?;
            Ok(Verdict::Done)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_rarer() {
        assert!(ASKS.is_sorted());
        assert!(PATIENCE.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    }
}
