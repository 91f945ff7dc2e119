//! The clock of the day: each morning at half past ten, when the platform's bills are ready, yesterday is
//! compared for every receiving account that a compound names. `command/serve.rs` joins the table.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use entity::money::ReconState;
use entity::{fee_policy, payment, reconciliation, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use tokio::time::timeout;

use super::store::{Claim, ask_for_day, claim, let_go};
use super::{Failure, Wanted, run};
use crate::app::App;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::reminder::payload;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::store::Store;

/// Compares a day of an account.
pub const RECONCILE: &str = "payment.reconcile";
/// Minutes after China's midnight: bills are ready after ten.
const READY: i64 = 10 * 60 + 30;
/// The platform is asked again after so long, and for so long: then the next morning's plan asks.
const AGAIN: TimeDelta = TimeDelta::minutes(30);
const GIVE_UP: TimeDelta = TimeDelta::hours(23);
/// Days that are looked back upon: a day is tried on so many mornings.
pub const DAYS_BACK: u64 = 7;
/// The clock waits so long for the work, then comes back after [`SOON`].
const WAIT: Duration = Duration::from_secs(20);
const SOON: TimeDelta = TimeDelta::seconds(30);

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "reconcile",
    every_hours: 24,
    run: |store, now| Box::pin(plan(store, now)),
}];

/// Puts the last days down for each account that is in use or was lately, where they are not compared yet:
/// also those in which nobody was there to do it.
async fn plan(store: &Store, now: Moment) -> Result<u64, Fault> {
    let today = china(now).date_naive();
    let back = |days: u64| today.checked_sub_days(Days::new(days));
    let days: Vec<NaiveDate> = (1..=DAYS_BACK).filter_map(back).collect();
    let Some(first) = days.last() else {
        return Ok(0);
    };
    let merchants = merchants(store, *first).await?;
    let done: Vec<(String, NaiveDate)> = reconciliation::Entity::find()
        .select_only()
        .column(reconciliation::Column::Merchant)
        .column(reconciliation::Column::Day)
        .filter(reconciliation::COLUMN.day.gte(*first))
        .filter(reconciliation::COLUMN.state.ne(ReconState::Waiting))
        .into_tuple()
        .all(store.read())
        .await?;
    let due = begin_of(today) + TimeDelta::minutes(READY);
    let mut items = Vec::new();
    for merchant in &merchants {
        for day in &days {
            if !done.contains(&(merchant.clone(), *day)) {
                items.push(NewReminder {
                    kind: RECONCILE,
                    // Each morning anew: what was given up yesterday is not given up for good.
                    dedupe_key: format!("reconcile:{merchant}:{day}:{today}"),
                    recipient_id: None,
                    compound_id: None,
                    subject: format!("reconcile:{merchant}"),
                    payload: json!({ "merchant": merchant, "day": day }),
                    due_at: due,
                });
            }
        }
    }
    let count = items.len() as u64;
    let mut tx = store.begin(now).await?;
    enqueue(&mut tx, items).await?;
    tx.commit().await?;
    Ok(count)
}

/// Accounts that a compound names, and those that took money since this day.
async fn merchants(store: &Store, since: NaiveDate) -> Result<BTreeSet<String>, Fault> {
    let named: Vec<Option<String>> = fee_policy::Entity::find()
        .select_only()
        .column(fee_policy::Column::Merchant)
        .into_tuple()
        .all(store.read())
        .await?;
    let used: Vec<Option<String>> = payment::Entity::find()
        .select_only()
        .column(payment::Column::Merchant)
        .distinct()
        .filter(payment::COLUMN.merchant.is_not_null())
        .filter(payment::COLUMN.day.gte(since))
        .into_tuple()
        .all(store.read())
        .await?;
    Ok(named.into_iter().chain(used).flatten().collect())
}

/// Obeys it. A large bill takes longer than a reminder may be held: the work goes on beside it, under a claim
/// in the day's row, and the clock comes back to see whether it is done.
pub fn obey<'a>(app: &'a App, row: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let text = |name: &str| payload::word(row, name);
        let day = text("day").and_then(|day| day.parse::<NaiveDate>().ok());
        let (Some(merchant), Some(day)) = (text("merchant"), day) else {
            return Ok(Verdict::Drop);
        };
        let now = app.clock.now();
        match claim(&app.store, merchant, day, now).await? {
            Claim::Done => return Ok(Verdict::Done),
            Claim::Others => return Ok(Verdict::Later(now + SOON)),
            Claim::Ours => {}
        }
        let Some(client) = app.pay.get(merchant).cloned() else {
            let_go(&app.store, merchant, day, now).await?;
            let why = "配置里没有这个收款账户".to_owned();
            return give_up(app, row, (merchant, day), why).await;
        };
        let (store, dice, name) = (app.store.clone(), app.dice.clone(), merchant.to_owned());
        let task = tokio::spawn(async move {
            let wanted = Wanted {
                merchant: &name,
                day,
                actor_id: None,
            };
            let done = run(&store, &dice, now, &client, wanted).await;
            if done.is_err() {
                let_go(&store, &name, day, now).await?;
            }
            done
        });
        let Ok(ended) = timeout(WAIT, task).await else {
            return Ok(Verdict::Later(now + SOON));
        };
        match ended {
            Ok(Ok(outcome)) => {
                tracing::info!(merchant, %day, open = outcome.open.len(), "a day was reconciled");
                Ok(Verdict::Done)
            }
            Ok(Err(Failure::Ours(fault))) => Err(fault),
            Ok(Err(failure)) if now - row.due_at < GIVE_UP => {
                tracing::warn!(merchant, %day, %failure, "a day could not be reconciled yet");
                Ok(Verdict::Later(now + AGAIN))
            }
            Ok(Err(failure)) => give_up(app, row, (merchant, day), failure.to_string()).await,
            Err(_) => Ok(Verdict::Retry("对账时出错".to_owned())),
        }
    })
}

/// Not this morning any more. Whoever keeps the money learns of it, once; what no morning will try again stands among
/// what was not sent.
async fn give_up(
    app: &App,
    row: &reminder::Model,
    (merchant, day): (&str, NaiveDate),
    why: String,
) -> Result<Verdict, Fault> {
    tracing::warn!(merchant, %day, why, "a day was not reconciled this time");
    let mut tx = app.store.begin(app.clock.now()).await?;
    ask_for_day(&mut tx, merchant, day).await?;
    tx.commit().await?;
    let planned = china(row.due_at).date_naive();
    let last = day.checked_add_days(Days::new(DAYS_BACK));
    Ok(match last.is_some_and(|last| planned < last) {
        true => Verdict::Drop,
        false => Verdict::Fail(why),
    })
}
