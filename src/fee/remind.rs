//! What makes bills by itself: the clock of the month, and the reminder that goes on with a run that was
//! begun by hand; and what whoever keeps the fees is told of homes that were sold. `command/serve.rs` joins the
//! tables to the others'.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Datelike, TimeDelta, Timelike};
use entity::money::{RunState, SaleState};
use entity::{bill_run, bill_sale, fee_item, fee_policy, reminder};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use tokio::time::timeout;

use crate::access::Actor;
use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::delivery::{Kind, Message, Topic, kind::Work};
use crate::fee::actions::run::{go_on, run, run_of};
use crate::fee::actions::sale;
use crate::fee::sales;
use crate::place::queries as places;
use crate::reminder::payload;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::store::{Store, Tx};

/// A run that was begun by hand.
const RUN: &str = "fee.run";
/// To whoever keeps the fees: a home was sold within a month that was billed.
const SALE: &str = "fee.sale";
/// Homes of one transaction that looks for sales.
const SOLD: usize = 200;
/// Bills are made from this hour of the first of the month on, in China. A compound's first bills are made on
/// one of the first three days; later ones on any day, if nobody was there to make them on the first.
const HOUR: u32 = 6;
const LAST_DAY: u32 = 3;
/// A run that nobody has moved for so long is taken up again.
const LEFT: TimeDelta = TimeDelta::minutes(10);
/// A run may take longer than a reminder may be held: the clock waits so long, then comes back.
const WAIT: Duration = Duration::from_secs(20);
/// Until it comes back.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: RUN,
        work: Work::Clock(|app, row| Box::pin(work(app, row))),
    },
    Kind {
        name: SALE,
        work: Work::Push(Topic::Task, compose_sale),
    },
];

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
    let of = |key: &str| payload::number(row, key);
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
    if let Ok(Ok(Err(fault))) = timeout(WAIT, task).await {
        return Ok(after(&fault, app.clock.now(), compound_id, month));
    }
    let found = run_of(app.store.read(), compound_id, month).await?;
    Ok(
        match found.is_some_and(|run| run.state == RunState::Running) {
            true => Verdict::Later(app.clock.now() + AGAIN),
            false => Verdict::Done,
        },
    )
}

/// What becomes of a run that met a fault.
fn after(fault: &Fault, now: Moment, compound_id: i64, month: Month) -> Verdict {
    match fault.code {
        // Somebody else has changed the same rows, or the database has no time: nothing is wrong.
        Code::Busy | Code::Conflict => Verdict::Later(now + AGAIN),
        // A figure that no bill can be made of: it says of which home, people see it among what was not
        // sent, and once that is mended and the run started again it goes on from there.
        Code::Invalid | Code::NotFound | Code::WrongStep => {
            tracing::error!(compound_id, %month, ?fault, "bills were not made to their end");
            Verdict::Fail(format!("{}：{}", month.says(), fault.detail))
        }
        _ => {
            tracing::warn!(compound_id, %month, ?fault, "making bills will be tried again");
            Verdict::Retry(fault.to_string())
        }
    }
}

/// Asks whoever keeps the fees of a compound to look at a sale; again when it was corrected before.
pub(super) async fn ask_about_sale(
    tx: &mut Tx,
    row: &bill_sale::Model,
    before: Option<Moment>,
) -> Result<(), Fault> {
    let Some(compound) = places::compound_by_id(tx.db(), row.compound_id).await? else {
        return Ok(());
    };
    let keep = holders(tx.db(), &compound.path, roles(Deed::KeepFees), tx.now()).await?;
    let people: BTreeSet<i64> = keep.iter().map(|holder| holder.person_id).collect();
    let times = before.map_or(0, |at| at.timestamp_millis());
    let item = |person: i64| NewReminder {
        kind: SALE,
        dedupe_key: format!("fee:sale:{}:{times}:{person}", row.id),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: format!("sale:{}", row.id),
        payload: json!({ "sale": row.id }),
        due_at: tx.now(),
    };
    let items = people.into_iter().map(item).collect();
    enqueue(tx, items).await
}

fn compose_sale<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let db = app.store.read();
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let id = payload::number(last, "sale");
        let row = sales::by_id(db, id.unwrap_or_default()).await?;
        let Some(row) = row.filter(|row| row.state == SaleState::Waiting) else {
            return Ok(None);
        };
        let (compound, home) = (
            places::by_id(db, row.compound_id).await?,
            places::by_id(db, row.home_id).await?,
        );
        let (Some(compound), Some(home)) = (compound, home) else {
            return Ok(None);
        };
        let place = places::name_of(db, &home).await?;
        let month = Month::from_number(row.month).map_or_else(String::new, Month::says);
        let url = format!(
            "{}/console/bills/sales?compound={}",
            app.settings.server.public_url,
            crate::wechat::http::percent(&compound.code)
        );
        let sum = Fen(row.amount);
        let hint = "在工作台的“账单”里看“过户”".to_owned();
        Ok(Some(Message {
            template: "task",
            title: format!("{month}账单要按过户更正"),
            text: format!(
                "{place} 换了业主，{month}的账单已经出了，有 {sum} 元要改记给另一位业主。核对后按一下就更正：{url}"
            ),
            place,
            state: "待更正".to_owned(),
            at: last.due_at,
            hint,
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// Notes homes that were sold within a month that was billed; how many are new.
async fn look_for_sales(store: &Store, now: Moment) -> Result<u64, Fault> {
    let homes: Vec<(i64, Month)> = sales::sold(store.read(), None, now)
        .await?
        .into_iter()
        .collect();
    let mut count = 0;
    for some in homes.chunks(SOLD) {
        let mut tx = store.begin(now).await?;
        count += sale::note(&mut tx, &some.iter().copied().collect()).await?;
        tx.commit().await?;
    }
    Ok(count)
}

/// Makes the month's bills where they are due, goes on with runs that were left, and looks for homes that were
/// sold.
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
        Ok(count + look_for_sales(store, now).await?)
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
    let month = Month::of(local.date_naive());
    if begun {
        // Who has had bills before gets them on any day, if the first was missed.
        let before: Vec<i64> = bill_run::Entity::find()
            .select_only()
            .column(bill_run::Column::CompoundId)
            .distinct()
            .filter(bill_run::COLUMN.month.lt(month.number()))
            .into_tuple()
            .all(db)
            .await?;
        due.extend(unbilled(db, before, month).await?);
    }
    if begun && local.day() <= LAST_DAY {
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
        let all = billing.into_iter().chain(policies).collect();
        due.extend(unbilled(db, all, month).await?);
    }
    Ok(due.into_iter().collect())
}

/// Those of the compounds that have no run of the month.
async fn unbilled<C: ConnectionTrait>(
    db: &C,
    compounds: Vec<i64>,
    month: Month,
) -> Result<Vec<(i64, Month)>, Fault> {
    let begun: BTreeSet<i64> = bill_run::Entity::find()
        .select_only()
        .column(bill_run::Column::CompoundId)
        .filter(bill_run::COLUMN.month.eq(month.number()))
        .into_tuple::<i64>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let left = compounds.into_iter().filter(|id| !begun.contains(id));
    Ok(left.map(|id| (id, month)).collect())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_run_that_met_somebody_else_waits_and_one_that_cannot_go_on_is_seen() {
        let now = DateTime::UNIX_EPOCH;
        let month = Month::parse("2026-11").unwrap_or(Month::of(china(now).date_naive()));
        let table = [
            (Fault::plain(Code::Busy), "later"),
            (Fault::plain(Code::Conflict), "later"),
            (Fault::invalid("after", "3-2-501的“热水”不对。"), "fail"),
            (Fault::wrong_step("x"), "fail"),
            (Fault::internal("x"), "retry"),
            (Fault::plain(Code::Outside), "retry"),
        ];
        for (fault, wanted) in table {
            let said = match after(&fault, now, 1, month) {
                Verdict::Later(at) if at > now => "later",
                Verdict::Fail(text) if text.contains("2026年11月") => "fail",
                Verdict::Retry(_) => "retry",
                _ => "else",
            };
            assert_eq!(said, wanted, "{fault:?}");
        }
    }
}
