//! What expenses set going: the word to whoever has to do the next step, again every few days until it lapses;
//! the clocks that end the publications; the notice that every home gets (`notice::official`).
//! `command/serve.rs` joins the table to the others'.

mod words;

use chrono::TimeDelta;
use entity::money::ExpenseState;
use entity::{expense, reminder};
use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use crate::access::holders::holders;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::delivery::{Kind, Topic, Work};
use crate::expense::actions::publish::{Clocked, end_after, end_before, expire};
use crate::expense::queries::{self, Found};
use crate::expense::step::waits;
use crate::expense::{anchor, subject};
use crate::notice::official;
use crate::person::queries as people;
use crate::reminder::payload::number;
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::store::Tx;
use crate::wechat::http::percent;

/// To whoever has to do the next step.
const TASK: &str = "expense.task";
/// To whoever proposed it: what became of it.
const TOLD: &str = "expense.told";
/// Clock: whoever has to do something is reminded, or the expense lapses.
const WAIT: &str = "expense.wait";
/// Clock: the first publication may be over.
const BEFORE_CLOCK: &str = "expense.before-clock";
/// Clock: the second publication is over.
const AFTER_CLOCK: &str = "expense.after-clock";

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
        ExpenseState::Closed => official::over(tx, &about(row, AFTER)).await?,
        // Nothing comes of it: whoever has not heard of it need not.
        ExpenseState::Refused | ExpenseState::Withdrawn | ExpenseState::Expired => {
            official::withdraw(tx, &about(row, BEFORE)).await?;
        }
        _ => {}
    }
    if row.state == ExpenseState::Filing {
        official::over(tx, &about(row, BEFORE)).await?;
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

/// Has every home of the compound told of a publication.
pub(super) async fn announce(
    tx: &mut Tx,
    author_id: i64,
    found: &Found,
    which: &'static str,
) -> Result<(), Fault> {
    let row = &found.expense;
    let (title, body) = words::published(row, which);
    let code = percent(&found.place.code);
    let notice = official::Published {
        author_id,
        place: &found.place,
        about: about(row, which),
        replaces: None,
        version: 1,
        title,
        body,
        path: format!("/board/{code}/expenses#{}", anchor(row.id)),
    };
    official::publish(tx, notice).await
}

/// How a publication of an expense is named as what a notice tells of: a round has its own.
fn about(row: &expense::Model, which: &str) -> String {
    format!("{}:{}:{which}", subject(row.id), row.round)
}

/// Notes that somebody has seen an expense that is published.
pub(super) async fn seen(tx: &Tx, row: &expense::Model, person_id: i64) -> Result<(), Fault> {
    for which in [BEFORE, AFTER] {
        official::seen(tx, &about(row, which), person_id).await?;
    }
    Ok(())
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
