//! Sends a refund to the platform, and asks how it stands until it is over. Called by a clock of
//! `payment::remind`.

use chrono::TimeDelta;
use entity::money::RefundState;
use entity::{payment, refund};
use sea_orm::EntityTrait;

use super::hear::{give_up, heard, sent};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::payment::actions::settle::Followed;
use crate::payment::actions::{client, home_of};
use crate::payment::{cause_says, remind};
use crate::reminder::Verdict;
use crate::wechat::pay::{self, Action, Client, PayError, RefundOf, RefundOrder};

/// Seconds after which a refund is asked for again, by how old it is.
const PATIENCE: &[(i64, i64)] = &[(300, 30), (3_600, 300), (86_400, 1_800), (i64::MAX, 21_600)];
/// While it fits nothing, the merchant has no money or is not configured, seconds.
const LONG: i64 = 3_600;

/// Sends a refund, or asks how it stands; when to look again.
///
/// # Errors
/// The database's.
pub async fn send(app: &App, id: i64) -> Result<Verdict, Fault> {
    let db = app.store.read();
    let row = refund::Entity::find_by_id(id).one(db).await?;
    let Some(row) = row else {
        return Ok(Verdict::Drop);
    };
    if !matches!(row.state, RefundState::Approved | RefundState::Sent) {
        return Ok(Verdict::Drop);
    }
    let Some(payment_id) = row.payment_id else {
        return Ok(Verdict::Drop);
    };
    let paid = payment::Entity::find_by_id(payment_id).one(db).await?;
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
    let said = match answer(app, client, &row, &paid).await {
        Ok(said) => said,
        Err(error) => return not_sent(app, &row, &error).await,
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let followed = heard(&mut tx, client.merchant().name(), &said).await?;
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

/// What the platform answers: to the refund, or to a question after one that it has.
async fn answer(
    app: &App,
    client: &Client,
    row: &refund::Model,
    paid: &payment::Model,
) -> Result<pay::Refund, PayError> {
    let now = app.clock.now().timestamp();
    let answer = match row.state {
        RefundState::Sent => client.query_refund(&row.out_refund_no, now).await,
        _ => {
            let order = refund_order(app, row, paid, client.merchant().name());
            client.refund(&order, now).await
        }
    };
    match answer {
        // The number may be known with other words, of a try without an answer before our address changed: what
        // the platform has is true, and is not to be given back by hand besides.
        Err(refusal) if matches!(refusal.action(), Action::Fix | Action::Alarm) => {
            match client.query_refund(&row.out_refund_no, now).await {
                Err(error) if error.action() == Action::Absent => Err(refusal),
                known => known,
            }
        }
        other => other,
    }
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
        reason: Some(cause_says(row.cause).to_owned()),
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
            let paid = sent(&tx, row).await?;
            let home = home_of(&tx, paid.home_id).await?;
            let about = remind::ToMend::Refund(row.id, row.state);
            remind::ask_to_mend(&mut tx, about, row.compound_id, &home.path).await?;
            tx.commit().await?;
            Ok(Verdict::Later(now + TimeDelta::seconds(LONG)))
        }
        _ => {
            let mut tx = app.store.begin(now).await?;
            give_up(&mut tx, row).await?;
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
        assert!(PATIENCE.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    }
}
