//! What makes bills by itself: the clock of the month, and the reminder that goes on with a run that was
//! begun by hand. `command/serve.rs` joins the tables to the others'.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Datelike, TimeDelta, Timelike};
use entity::money::RunState;
use entity::{bill_run, fee_item, fee_policy, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::access::Actor;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::delivery::{Kind, kind::Work};
use crate::fee::actions::run::{go_on, run, run_of};
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::store::{Store, Tx};

/// A run that was begun by hand.
const RUN: &str = "fee.run";
/// Bills are made from this hour of the first of the month on, in China, and on the two days after it where
/// nobody was there to make them.
const HOUR: u32 = 6;
const LAST_DAY: u32 = 3;
/// A run that nobody has moved for so long is taken up again.
const LEFT: TimeDelta = TimeDelta::minutes(10);
/// A run may take longer than a reminder may be held: the clock waits so long, then comes back.
const WAIT: Duration = Duration::from_secs(20);
/// Until it comes back.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: RUN,
    work: Work::Clock(|app, row| Box::pin(work(app, row))),
}];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "bills",
    every_hours: HOUR as i64,
    run: make,
}];

/// Lets a run that was begun go on.
///
/// # Errors
/// The database's.
pub async fn start(tx: &mut Tx, run: &bill_run::Model) -> Result<(), Fault> {
    let item = NewReminder {
        kind: RUN,
        dedupe_key: format!("fee:run:{}:{}", run.id, tx.now().timestamp_millis()),
        recipient_id: None,
        compound_id: Some(run.compound_id),
        subject: format!("place:{}", run.compound_id),
        payload: json!({ "compound": run.compound_id, "month": run.month }),
        due_at: tx.now(),
    };
    enqueue(tx, vec![item]).await
}

fn meant(row: &reminder::Model) -> Option<(i64, Month)> {
    let of = |key: &str| row.payload.get(key).and_then(Value::as_i64);
    let month = i32::try_from(of("month")?).ok()?;
    Some((of("compound")?, Month::from_number(month)?))
}

async fn work(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some((compound_id, month)) = meant(row) else {
        return Ok(Verdict::Done);
    };
    let (store, now) = (app.store.clone(), app.clock.now());
    // Goes on by itself when it takes longer; the next look finds how far it is.
    let task =
        tokio::spawn(async move { go_on(&store, now, compound_id, month, &mut |_| {}).await });
    match timeout(WAIT, task).await {
        Ok(Ok(Err(fault))) if fault.code == Code::Busy => {
            return Ok(Verdict::Later(app.clock.now() + AGAIN));
        }
        // It says of which home, and stands in the log; started again it goes on from there.
        Ok(Ok(Err(fault))) => {
            tracing::error!(compound_id, %month, ?fault, "bills were not made to their end");
            return Ok(Verdict::Done);
        }
        Ok(Ok(Ok(_)) | Err(_)) | Err(_) => {}
    }
    let found = run_of(app.store.read(), compound_id, month).await?;
    Ok(
        match found.is_some_and(|run| run.state == RunState::Running) {
            true => Verdict::Later(app.clock.now() + AGAIN),
            false => Verdict::Done,
        },
    )
}

/// Makes the month's bills where they are due, and goes on with runs that were left.
fn make(store: &Store, now: Moment) -> BoxFuture<'_, Result<u64, Fault>> {
    Box::pin(async move {
        let mut count = 0;
        for (compound_id, month) in due(store, now).await? {
            match run(
                store,
                &Actor::system(),
                now,
                compound_id,
                month,
                &mut |_| {},
            )
            .await
            {
                Ok(run) => count += u64::try_from(run.bills).unwrap_or(0),
                // One compound's wrong figure keeps no other one waiting.
                Err(fault) => {
                    tracing::error!(compound_id, %month, ?fault, "bills were not made to their end");
                }
            }
        }
        Ok(count)
    })
}

/// Whose bills of which month are to be made.
async fn due(store: &Store, now: Moment) -> Result<Vec<(i64, Month)>, Fault> {
    let db = store.read();
    let runs = bill_run::Entity::find()
        .filter(bill_run::COLUMN.state.eq(RunState::Running))
        .filter(bill_run::COLUMN.updated_at.lte(now - LEFT))
        .all(db)
        .await?;
    let mut due: BTreeSet<(i64, Month)> = runs
        .iter()
        .filter_map(|run| Some((run.compound_id, Month::from_number(run.month)?)))
        .collect();
    let local = china(now);
    let begun = local.day() > 1 || local.hour() >= HOUR;
    if begun && local.day() <= LAST_DAY {
        let month = Month::of(local.date_naive());
        let billing: Vec<i64> = fee_item::Entity::find()
            .select_only()
            .column(fee_item::Column::CompoundId)
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        let policies: Vec<i64> = fee_policy::Entity::find()
            .select_only()
            .column(fee_policy::Column::CompoundId)
            .into_tuple()
            .all(db)
            .await?;
        for compound_id in billing.into_iter().chain(policies) {
            if run_of(db, compound_id, month).await?.is_none() {
                due.insert((compound_id, month));
            }
        }
    }
    Ok(due.into_iter().collect())
}
