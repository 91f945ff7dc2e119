//! What expenses set going: the word to whoever has to do the next step, again every few days until it lapses;
//! the clocks that end the publications; the message to every home. `command/serve.rs` joins the table to the
//! others'.

mod words;

use chrono::TimeDelta;
use entity::money::ExpenseState;
use entity::{binding, expense, reminder};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use crate::access::holders::holders;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::delivery::{Kind, Topic, Work};
use crate::expense::actions::publish::{Clocked, end_after, end_before, expire};
use crate::expense::queries::{self, Found};
use crate::expense::step::waits;
use crate::expense::subject;
use crate::person::binding::TIED;
use crate::person::queries as people;
use crate::reminder::payload::{self, number};
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::store::Tx;

/// To whoever has to do the next step.
const TASK: &str = "expense.task";
/// To whoever proposed it: what became of it.
const TOLD: &str = "expense.told";
/// To each person of the compound: something is published.
const PUBLISHED: &str = "expense.published";
/// Clock: the next part of the people is told.
const BROADCAST: &str = "expense.broadcast";
/// Clock: whoever has to do something is reminded, or the expense lapses.
const WAIT: &str = "expense.wait";
/// Clock: the first publication may be over.
const BEFORE_CLOCK: &str = "expense.before-clock";
/// Clock: the second publication is over.
const AFTER_CLOCK: &str = "expense.after-clock";
/// People of one part.
const PART: u64 = 1_000;

/// The publication before paying.
pub(super) const BEFORE: &str = "before";
/// The publication after paying.
pub(super) const AFTER: &str = "after";

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: TASK,
        work: Work::Push(Topic::Task, words::compose_task),
    },
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, words::compose_told),
    },
    Kind {
        name: PUBLISHED,
        work: Work::Push(Topic::News, words::compose_published),
    },
    Kind {
        name: BROADCAST,
        work: Work::Clock(tell_part),
    },
    Kind {
        name: WAIT,
        work: Work::Clock(|app, row| Box::pin(wait(app, row))),
    },
    Kind {
        name: BEFORE_CLOCK,
        work: Work::Clock(|app, row| Box::pin(end(app, row))),
    },
    Kind {
        name: AFTER_CLOCK,
        work: Work::Clock(|app, row| Box::pin(end(app, row))),
    },
];

/// Where an expense stood when something was put down about it.
fn mark(row: &expense::Model) -> Value {
    json!({
        "expense": row.id, "round": row.round, "state": row.state.to_value(),
        "done": row.reviews_done,
    })
}

fn item(kind: &'static str, key: &str, row: &expense::Model, due: Moment) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("expense:{}:{}:{key}", row.id, row.round),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: mark(row),
        due_at: due,
    }
}

/// Puts down what follows from where an expense stands now.
pub(super) async fn follow(tx: &mut Tx, found: &Found) -> Result<(), Fault> {
    let row = &found.expense;
    let now = tx.now();
    let key = format!("{}:{}", row.state.to_value(), row.reviews_done);
    match row.state {
        ExpenseState::Reviewing | ExpenseState::Filing | ExpenseState::Payable => {
            ask(tx, found).await?;
            let days = TimeDelta::days(i64::from(found.rules.remind_days));
            let clock = item(WAIT, &format!("{key}:wait"), row, now + days);
            enqueue(tx, vec![clock]).await?;
        }
        ExpenseState::Publishing => {
            let until = row.publish_until.unwrap_or(now);
            enqueue(tx, vec![item(BEFORE_CLOCK, &key, row, until)]).await?;
        }
        ExpenseState::Paid => {
            let until = row.after_until.unwrap_or(now);
            enqueue(tx, vec![item(AFTER_CLOCK, &key, row, until)]).await?;
        }
        _ => {}
    }
    if matches!(
        row.state,
        ExpenseState::Publishing
            | ExpenseState::Payable
            | ExpenseState::Paid
            | ExpenseState::Refused
            | ExpenseState::Expired
    ) {
        tell(tx, row, &[row.proposed_by], TOLD, "told").await?;
    }
    Ok(())
}

/// Asks whoever may do the next step; nobody who may not be the one.
async fn ask(tx: &mut Tx, found: &Found) -> Result<(), Fault> {
    let row = &found.expense;
    let roles = queries::asked(found);
    let holders = holders(tx.db(), &found.place.path, &roles, tx.now()).await?;
    let mut asked = Vec::new();
    for person in holders.iter().map(|holder| holder.person_id) {
        if person == row.proposed_by || asked.contains(&person) {
            continue;
        }
        let twice = row.state != ExpenseState::Payable
            && queries::has_reviewed(tx.db(), row, person).await?;
        if !twice {
            asked.push(person);
        }
    }
    tell(tx, row, &asked, TASK, "task").await
}

/// A push to those of the people who can be reached: who has no account learns it at the console.
async fn tell(
    tx: &mut Tx,
    row: &expense::Model,
    persons: &[i64],
    kind: &'static str,
    name: &str,
) -> Result<(), Fault> {
    let now = tx.now();
    let reached = people::with_account(tx.db(), persons).await?;
    let items = reached.into_iter().map(|person| NewReminder {
        recipient_id: Some(person),
        ..item(
            kind,
            &format!(
                "{}:{}:{name}:{person}:{}",
                row.state.to_value(),
                row.reviews_done,
                now.timestamp_millis()
            ),
            row,
            now,
        )
    });
    enqueue(tx, items.collect()).await
}

/// The clock that tells everybody of the compound of a publication.
pub(super) async fn broadcast(
    tx: &mut Tx,
    row: &expense::Model,
    which: &'static str,
) -> Result<(), Fault> {
    let first = part(row, which, 0, tx.now());
    enqueue(tx, vec![first]).await
}

fn part(row: &expense::Model, which: &str, after: i64, due: Moment) -> NewReminder {
    let mut one = item(BROADCAST, &format!("{which}:after:{after}"), row, due);
    one.payload = json!({ "expense": row.id, "which": which, "after": after });
    one
}

fn tell_part<'a>(
    app: &'a App,
    clock: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let which = payload::word(clock, "which");
        let (Some(id), Some(after), Some(which)) =
            (number(clock, "expense"), number(clock, "after"), which)
        else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let Some(row) = expense::Entity::find_by_id(id).one(tx.db()).await? else {
            return Ok(Verdict::Drop);
        };
        let found = binding::Entity::find()
            .select_only()
            .column(binding::Column::PersonId)
            .distinct()
            .filter(binding::COLUMN.compound_id.eq(row.compound_id))
            .filter(binding::COLUMN.state.is_in(TIED))
            .filter(binding::COLUMN.person_id.gt(after))
            .order_by_asc(binding::Column::PersonId)
            .limit(PART)
            .into_tuple::<Option<i64>>()
            .all(tx.db())
            .await?;
        let found: Vec<i64> = found.into_iter().flatten().collect();
        // As old as the publication: what is told late of it is news no more.
        let due = clock.due_at;
        let to_one = |person: &i64| {
            let mut one = item(PUBLISHED, &format!("{which}:person:{person}"), &row, due);
            one.payload = json!({ "expense": row.id, "which": which });
            one.recipient_id = Some(*person);
            one
        };
        let mut told: Vec<NewReminder> = found.iter().map(to_one).collect();
        if let Some(last) = found.last() {
            told.push(part(&row, which, *last, due));
        }
        enqueue(&mut tx, told).await?;
        tx.commit().await?;
        Ok(Verdict::Done)
    })
}

/// Whether an expense stands as it did when something was put down about it.
fn stands(row: &expense::Model, put: &reminder::Model) -> bool {
    mark(row) == put.payload
}

/// Reminds whoever has to do the next step, or lets the expense lapse.
async fn wait(app: &App, clock: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(clock, "expense") else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    let Some(found) = queries::by_id(tx.db(), id).await? else {
        return Ok(Verdict::Drop);
    };
    if !waits(found.expense.state) || !stands(&found.expense, clock) {
        return Ok(Verdict::Drop);
    }
    let left = match expire(&mut tx, id).await {
        // Somebody does something at this moment.
        Err(fault) if fault.code == Code::Conflict => {
            return Ok(Verdict::Later(now + TimeDelta::minutes(1)));
        }
        left => left?,
    };
    let verdict = match left {
        Some(found) => {
            ask(&mut tx, &found).await?;
            Verdict::Later(now + TimeDelta::days(i64::from(found.rules.remind_days)))
        }
        None => Verdict::Done,
    };
    tx.commit().await?;
    Ok(verdict)
}

/// Ends a publication.
async fn end(app: &App, clock: &reminder::Model) -> Result<Verdict, Fault> {
    let round = number(clock, "round").and_then(|round| i32::try_from(round).ok());
    let (Some(id), Some(round)) = (number(clock, "expense"), round) else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    let done = match clock.kind.as_str() {
        BEFORE_CLOCK => end_before(&mut tx, id, round).await,
        _ => end_after(&mut tx, id, round).await,
    };
    match done {
        Ok(Clocked::Done) => {
            tx.commit().await?;
            Ok(Verdict::Done)
        }
        Ok(Clocked::Over) => Ok(Verdict::Drop),
        Ok(Clocked::Later(at)) => Ok(Verdict::Later(at)),
        Err(fault) if fault.code == Code::Conflict => {
            Ok(Verdict::Later(now + TimeDelta::minutes(1)))
        }
        Err(fault) => Err(fault),
    }
}
