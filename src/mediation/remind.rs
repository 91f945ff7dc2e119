//! What mediator and parties are told: each message reads the mediation as it is now, and says to a
//! party nothing of another but the text that both are asked about. `command/serve.rs` joins the
//! table to the others'.

mod clocks;
mod sentence;
mod telling;

use chrono::TimeDelta;
use entity::{mediation, mediation_session, reminder};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::remind::kinds::{MEDIATION_CASE_OVER, MEDIATOR_GONE};
use crate::delivery::{Kind, Lines, Message, Says, Topic, Work};
use crate::mediation::queries::{by_id, is_ahead, parties};
use crate::mediation::{STEP_DAYS, centre_says, state_says, subject};
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, NewReminder};

pub use telling::Telling;

/// To the mediator.
const TASK: &str = "mediation.task";
/// To a party.
const PARTY: &str = "mediation.party";
/// Clock: does it go on?
const CLOCK: &str = "mediation.clock";

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: TASK,
        work: Work::Push(Topic::Task, compose),
    },
    Kind {
        name: PARTY,
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: CLOCK,
        work: Work::Clock(clocks::look),
    },
    Kind {
        name: MEDIATOR_GONE,
        work: Work::Clock(clocks::mediator_gone),
    },
    Kind {
        name: MEDIATION_CASE_OVER,
        work: Work::Clock(clocks::case_over),
    },
];

/// The one clock of a mediation: from its opening to its end it looks whether something happens.
#[must_use]
pub fn clock(row: &mediation::Model) -> NewReminder {
    NewReminder {
        kind: CLOCK,
        dedupe_key: format!("{}:{CLOCK}", subject(row.id)),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "mediation": row.id }),
        due_at: row.updated_at + TimeDelta::days(STEP_DAYS),
    }
}

/// A push to a person, due then.
#[must_use]
pub fn push(row: &mediation::Model, what: Telling, person_id: i64, due: Moment) -> NewReminder {
    let kind = if person_id == row.mediator_id {
        TASK
    } else {
        PARTY
    };
    NewReminder {
        kind,
        dedupe_key: format!(
            "mediation:{}:{}:{person_id}:{}:{}",
            row.id,
            what.name(),
            row.version,
            due.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "mediation": row.id, "what": what.name(), "version": row.version }),
        due_at: due,
    }
}

/// The same about a meeting.
#[must_use]
pub fn session(
    row: &mediation::Model,
    session: &mediation_session::Model,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    let mut item = push(row, what, person_id, due);
    item.dedupe_key = format!("{}:{}", item.dedupe_key, session.id);
    if let Some(payload) = item.payload.as_object_mut() {
        payload.insert("session".to_owned(), json!(session.id));
    }
    item
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some(id) = number(last, "mediation") else {
            return Ok(None);
        };
        let Some(row) = by_id(app.store.read(), id).await? else {
            return Ok(None);
        };
        let mut lines = Lines::new();
        for one in reminders {
            if let Some(line) = line(app, &row, one).await? {
                lines.add(line);
            }
        }
        let Some((text, newest)) = lines.told() else {
            return Ok(None);
        };
        let default = match may_look(app, &row, last.recipient_id).await? {
            true => format!("回复“我的调解 {id}”查看"),
            // Who led it before can look at it no more.
            false => "不用您再主持".to_owned(),
        };
        Ok(Some(Message {
            template: if last.kind == TASK {
                "task"
            } else {
                "progress"
            },
            title: format!("调解 #{id} {}", newest.head),
            place: format!("{}调解中心", centre_says(row.centre)),
            state: state_says(row.state).to_owned(),
            at: newest.at.unwrap_or(last.due_at),
            text: format!("{text}\n{default}。"),
            hint: newest.hint.unwrap_or(default),
            url: None,
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// Whether somebody leads it or is a party.
async fn may_look(app: &App, row: &mediation::Model, who: Option<i64>) -> Result<bool, Fault> {
    if who == Some(row.mediator_id) {
        return Ok(true);
    }
    let all = parties(app.store.read(), row.id).await?;
    Ok(all.iter().any(|party| Some(party.person_id) == who))
}

/// One thing to be told: the whole sentence, and what a template has room for.
struct Line {
    text: String,
    head: String,
    hint: Option<String>,
    at: Option<Moment>,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
}

/// One thing; none when it no longer holds.
async fn line(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
) -> Result<Option<Line>, Fault> {
    let Some(what) = Telling::of(reminder) else {
        return Ok(None);
    };
    // What was for whoever leads it is not for whoever led it.
    if reminder.kind == TASK && reminder.recipient_id != Some(row.mediator_id) {
        return Ok(None);
    }
    let meeting = match what {
        Telling::Called | Telling::Eve => meeting_of(app, reminder).await?,
        _ => None,
    };
    let Some(text) = sentence::of(app, row, reminder, what, meeting.as_ref()).await? else {
        return Ok(None);
    };
    let id = row.id;
    let hint = match what {
        Telling::Proposed | Telling::AskedAgain => Some(format!("看协议回复“我的调解 {id}”")),
        Telling::IsItKept => Some(format!("回复“履行 {id} 是”或“否”")),
        _ => None,
    };
    Ok(Some(Line {
        text,
        head: match &meeting {
            Some(session) => format!("{}{}", what.head(), session.venue),
            None => what.head().to_owned(),
        },
        hint,
        at: meeting.map(|session| session.at),
    }))
}

/// The meeting that a reminder is about, if it is still to come.
async fn meeting_of(
    app: &App,
    reminder: &reminder::Model,
) -> Result<Option<mediation_session::Model>, Fault> {
    let Some(id) = number(reminder, "session") else {
        return Ok(None);
    };
    let session = mediation_session::Entity::find_by_id(id)
        .one(app.store.read())
        .await?;
    Ok(session.filter(|session| is_ahead(session, app.clock.now())))
}
