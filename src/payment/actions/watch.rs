//! Asks the platform about orders that nobody has told us the end of, and closes those that were not paid in
//! time. Called by the clocks of `remind.rs` and by the payer's return.

use chrono::TimeDelta;
use entity::money::PaymentState;
use entity::payment;
use sea_orm::EntityTrait;

use super::settle::{Followed, take_in};
use super::{client, keep, locked};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::payment::remind;
use crate::reminder::Verdict;
use crate::store::Tx;
use crate::wechat::pay::{Action, TradeState};

/// Seconds after the order at which the platform is asked (protocols.md §5.5).
pub const ASKS: [i64; 5] = [30, 60, 300, 600, 1_800];
/// Looks of one account's payers in a minute that ask the platform: whoever presses on gets the row.
const ASKS_PER_MINUTE: u32 = 30;
/// The platform closes an order by itself; we ask it to a little later.
const AFTER_END: i64 = 5;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_rarer() {
        assert!(ASKS.is_sorted());
    }
}
