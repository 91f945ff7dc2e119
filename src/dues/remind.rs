//! What asks by itself. Once a day a clock begins each compound's plan; the plan walks over whoever owes, a
//! part at a time, and gives each of them one message for all their bills; an hour after that its proof is
//! written down. `command/serve.rs` joins the tables to the others'.

mod compose;
mod plan;
mod proof;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use entity::money::{DueEvent, DueResult};
use entity::{bill, due_notice, fee_policy, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Topic, Work};
use crate::dues::accrue;
use crate::dues::rule::{Rhythm, Slot};
use crate::fee::bill::left;
use crate::reminder::payload;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, enqueue};
use crate::store::{Store, Tx};

/// Clock: the next part of whoever owes in a compound.
const PLAN: &str = "dues.plan";
/// To somebody who owes.
const DUE: &str = "dues.due";
/// Clock: writes down what came of it.
const PROOF: &str = "dues.proof";
/// Clock: the next part of the bills that cost more for being late.
pub(super) const LATE: &str = "dues.late";
/// The plan of a day begins at this hour in China.
const HOUR: u32 = 10;
/// Compounds of one transaction.
const COMPOUNDS: usize = 200;
/// Rows of one statement.
const ROWS: usize = 1_000;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: PLAN,
        work: Work::Clock(|app, row| Box::pin(plan::plan(app, row))),
    },
    Kind {
        name: DUE,
        work: Work::Push(Topic::Dues, |app, rows| {
            Box::pin(compose::compose(app, rows))
        }),
    },
    Kind {
        name: PROOF,
        work: Work::Clock(|app, row| Box::pin(proof::prove(app, row))),
    },
    Kind {
        name: LATE,
        work: Work::Clock(|app, row| Box::pin(accrue::accrue(app, row))),
    },
];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "dues",
    every_hours: 24,
    run: begin_day,
}];

/// The key of somebody's reminder of a day: one message however many bills, and however many instances.
#[must_use]
pub fn key(compound_id: i64, person_id: i64, day: NaiveDate) -> String {
    format!("due:{compound_id}:{person_id}:{day}")
}

/// Begins the day of each compound that asks.
fn begin_day(store: &Store, now: Moment) -> BoxFuture<'_, Result<u64, Fault>> {
    Box::pin(async move {
        let asks = Condition::any()
            .add(fee_policy::COLUMN.remind_before.is_not_null())
            .add(fee_policy::COLUMN.remind_on.eq(true))
            .add(fee_policy::COLUMN.remind_every.is_not_null());
        let policies = fee_policy::Entity::find()
            .filter(asks)
            .order_by_asc(fee_policy::COLUMN.compound_id)
            .all(store.read())
            .await?;
        let day = china(now).date_naive();
        let mut count = 0;
        for part in policies.chunks(COMPOUNDS) {
            let mut tx = store.begin(now).await?;
            let mut clocks = Vec::new();
            for policy in part.iter().filter(|policy| Rhythm::from(*policy).asks()) {
                let mark = Mark {
                    compound_id: policy.compound_id,
                    day,
                    after: 0,
                };
                clocks.push(mark.clock(PLAN, at_ten(day).max(now)));
                if policy.late_daily > 0 {
                    clocks.push(mark.clock(LATE, at_ten(day).max(now)));
                }
            }
            count += u64::try_from(clocks.len()).unwrap_or(0);
            enqueue(&mut tx, clocks).await?;
            tx.commit().await?;
        }
        Ok(count)
    })
}

fn at_ten(day: NaiveDate) -> Moment {
    let ten = NaiveTime::from_hms_opt(HOUR, 0, 0).unwrap_or(NaiveTime::MIN);
    begin_of(day) + (ten - NaiveTime::MIN)
}

/// How far a compound's day is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) compound_id: i64,
    /// In China.
    pub(super) day: NaiveDate,
    /// People, or bills, up to this key are done.
    pub(super) after: i64,
}

impl Mark {
    pub(super) fn clock(self, kind: &'static str, due_at: Moment) -> NewReminder {
        let Self {
            compound_id,
            day,
            after,
        } = self;
        NewReminder {
            kind,
            dedupe_key: format!("{kind}:{compound_id}:{day}:{after}"),
            recipient_id: None,
            compound_id: Some(compound_id),
            subject: format!("place:{compound_id}"),
            payload: json!({ "compound": compound_id, "day": day.to_string(), "after": after }),
            due_at,
        }
    }

    /// What a clock was set for; none when it is not of today: each day has its own.
    pub(super) fn of(row: &reminder::Model, now: Moment) -> Option<Self> {
        let number = |name: &str| payload::number(row, name);
        let mark = Self {
            compound_id: number("compound")?,
            day: day_in(row)?,
            after: number("after")?,
        };
        (mark.day == china(now).date_naive()).then_some(mark)
    }
}

fn day_in(row: &reminder::Model) -> Option<NaiveDate> {
    row.payload.get("day")?.as_str()?.parse().ok()
}

/// One message to somebody, and the clock that writes down what came of it.
fn to_one(mark: Mark, person_id: i64, bills: &[(i64, Slot)], at: Moment) -> [NewReminder; 2] {
    let (compound_id, day) = (mark.compound_id, mark.day);
    let dedupe_key = key(compound_id, person_id, day);
    let slots: Vec<Value> = bills
        .iter()
        .map(|(id, slot)| json!([id, slot.name()]))
        .collect();
    let payload = json!({ "compound": compound_id, "day": day.to_string(), "bills": slots });
    let proof = NewReminder {
        kind: PROOF,
        dedupe_key: format!("proof-{dedupe_key}"),
        recipient_id: None,
        compound_id: Some(compound_id),
        subject: format!("place:{compound_id}"),
        payload: json!({ "of": dedupe_key }),
        due_at: at + TimeDelta::hours(1),
    };
    let message = NewReminder {
        kind: DUE,
        dedupe_key,
        recipient_id: Some(person_id),
        compound_id: Some(compound_id),
        // All of a compound's reminders to somebody are one message.
        subject: format!("dues:{compound_id}"),
        payload,
        due_at: at,
    };
    [message, proof]
}

/// The bills that a reminder was planned for.
fn slots_in(row: &reminder::Model) -> Vec<(i64, Slot)> {
    let bills = row.payload.get("bills").and_then(Value::as_array);
    let one = |pair: &Value| {
        let slot = Slot::parse(pair.get(1)?.as_str()?)?;
        Some((pair.get(0)?.as_i64()?, slot))
    };
    bills.into_iter().flatten().filter_map(one).collect()
}

/// Something to be written down about a bill.
struct Noted<'a> {
    bill: &'a bill::Model,
    slot: Slot,
    day: NaiveDate,
    event: DueEvent,
    result: Option<DueResult>,
    channel: Option<String>,
    words: Option<String>,
}

impl<'a> Noted<'a> {
    fn planned(bill: &'a bill::Model, slot: Slot, day: NaiveDate) -> Self {
        Self {
            bill,
            slot,
            day,
            event: DueEvent::Planned,
            result: None,
            channel: None,
            words: None,
        }
    }

    fn ended(bill: &'a bill::Model, slot: Slot, day: NaiveDate, result: DueResult) -> Self {
        Self {
            event: DueEvent::Ended,
            result: Some(result),
            ..Self::planned(bill, slot, day)
        }
    }
}

/// Writes it down, each thing once.
async fn note(tx: &Tx, all: Vec<Noted<'_>>) -> Result<(), Fault> {
    let now = tx.now();
    let rows: Vec<due_notice::ActiveModel> = all
        .into_iter()
        .map(|one| due_notice::ActiveModel {
            compound_id: Set(one.bill.compound_id),
            bill_id: Set(one.bill.id),
            home_id: Set(one.bill.home_id),
            person_id: Set(one.bill.payer_id),
            day: Set(one.day),
            slot: Set(one.slot.name()),
            event: Set(one.event),
            result: Set(one.result),
            channel: Set(one.channel),
            amount: Set(left(one.bill)),
            words: Set(one.words),
            created_at: Set(now),
            ..Default::default()
        })
        .collect();
    use due_notice::Column::{BillId, Event, Slot as SlotColumn};
    for part in rows.chunks(ROWS) {
        due_notice::Entity::insert_many(part.to_vec())
            .on_conflict(
                OnConflict::columns([BillId, SlotColumn, Event])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
