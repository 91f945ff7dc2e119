//! What the pushes of a case say: in `staff` to those who work on it, in `progress` to the reporter, in `ask`
//! to those from whom an answer is wanted. Each reads the case as it is now: what is no longer so is not
//! said. Several about one case become one message. Called by delivery through the table of kinds.

mod ask;
mod progress;
mod staff;

use chrono::TimeDelta;
use entity::reminder;
use serde_json::Value;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::{self, Found};
use crate::case::remind::card::buttons;
use crate::case::remind::kinds;
use crate::case::{case_says, category, kind_says};
use crate::delivery::Message;
use crate::reminder::BoxFuture;

/// Minutes after filing in which the reporter is told of progress at night, too: whoever filed just
/// now is awake and waits; what comes later can wait for the morning.
const AWAKE_MINUTES: i64 = 60;
const TEXT_SHOWN: usize = 120;

/// One sentence of a message and what goes with it.
struct Line {
    text: String,
    hint: String,
    template: &'static str,
    urgent: bool,
    at: Moment,
}

pub(super) fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(id) = reminders
            .last()
            .and_then(|last| number(&last.payload, "case"))
        else {
            return Ok(None);
        };
        let Some(found) = queries::by_id(app.store.read(), id).await? else {
            return Ok(None);
        };
        let mut lines: Vec<Line> = Vec::new();
        for reminder in reminders {
            if let Some(line) = line(app, &found, reminder).await?
                && lines.iter().all(|other| other.text != line.text)
            {
                lines.push(line);
            }
        }
        let recipient = reminders.last().and_then(|last| last.recipient_id);
        let joined = reminders.iter().any(|one| is_joiners(&found, one));
        let Some(message) = message(app, &found, lines, recipient).await? else {
            return Ok(None);
        };
        Ok(Some(if joined {
            without_words(app, &found, message).await?
        } else {
            message
        }))
    })
}

/// Whether it goes to somebody who has joined: progress is told to the reporter and to them.
fn is_joiners(found: &Found, reminder: &reminder::Model) -> bool {
    reminder.kind == kinds::PROGRESS && reminder.recipient_id != Some(found.case.reporter_id)
}

/// The message with nothing of what the reporter wrote, and no nearer place than the building.
async fn without_words(app: &App, found: &Found, message: Message) -> Result<Message, Fault> {
    let case = &found.case;
    let about = case.category.as_deref().and_then(category::says);
    Ok(Message {
        title: format!(
            "#{} {} {}",
            case.id,
            kind_says(case.kind),
            about.unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
        place: queries::near(app.store.read(), &found.place).await?,
        ..message
    })
}

async fn message(
    app: &App,
    found: &Found,
    lines: Vec<Line>,
    recipient: Option<i64>,
) -> Result<Option<Message>, Fault> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let text = texts.join("\n");
    let urgent = lines.iter().any(|line| line.urgent);
    let asks = lines.iter().any(|line| line.template == "task");
    let Some(last) = lines.into_iter().next_back() else {
        return Ok(None);
    };
    let case = &found.case;
    let buttons = match recipient {
        Some(person) if asks => buttons(app, found, person).await?,
        _ => Vec::new(),
    };
    let text = format!("{text}\n{}", last.hint);
    Ok(Some(Message {
        template: last.template,
        title: format!(
            "#{} {} {}",
            case.id,
            kind_says(case.kind),
            shorten(&case.text, 20)
        ),
        place: queries::place_says(app.store.read(), &found.place).await?,
        state: case_says(case).to_owned(),
        at: last.at,
        hint: last.hint,
        text,
        url: None,
        urgent,
        buttons,
    }))
}

fn number(payload: &Value, name: &str) -> Option<i64> {
    payload.get(name).and_then(Value::as_i64)
}

async fn line(app: &App, found: &Found, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let what = reminder.payload.get("what").and_then(Value::as_str);
    let what = what.unwrap_or_default();
    match reminder.kind.as_str() {
        kinds::PROGRESS => progress::progress(app, found, reminder, what).await,
        _ => staff::line(app, found, reminder, what).await,
    }
}

fn is_fresh(found: &Found, at: Moment) -> bool {
    at - found.case.created_at < TimeDelta::minutes(AWAKE_MINUTES)
}

async fn last_note(app: &App, case_id: i64, action: &str) -> Result<String, Fault> {
    Ok(queries::events(app.store.read(), case_id)
        .await?
        .into_iter()
        .rfind(|event| event.action == action)
        .and_then(|event| event.note)
        .unwrap_or_default())
}
