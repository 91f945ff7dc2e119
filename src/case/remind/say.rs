//! What the pushes of a case say: in `staff` to those who work on it, in `progress` to the reporter, in `ask`
//! to those from whom an answer is wanted. Each reads the case as it is now: what is no longer so is not
//! said. Several about one case become one message. Called by delivery through the table of kinds.

mod ask;
mod progress;
mod staff;

use chrono::TimeDelta;
use entity::{case, reminder};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::{self, Found};
use crate::case::remind::card::buttons;
use crate::case::remind::kinds;
use crate::case::shield::{self, Seen};
use crate::case::{case_says, category, kind_says, level_says};
use crate::delivery::{Button, Lines, Message, Says};
use crate::reminder::BoxFuture;
use crate::reminder::payload::{number, word};

/// Minutes after filing in which the reporter is told of progress at night, too: whoever filed just
/// now is awake and waits; what comes later can wait for the morning.
const AWAKE_MINUTES: i64 = 60;
const TEXT_SHOWN: usize = 120;

/// One sentence of a message and what goes with it.
struct Line {
    text: String,
    hint: String,
    brief: Brief,
    template: &'static str,
    urgent: bool,
    at: Moment,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
}

/// What a template shows of a line: none of its fields takes the text, and each of them 20 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Brief {
    /// The hint: what to do next.
    Hint,
    /// What has happened, in the hint's place; the state says it, too.
    State(String),
    /// What has happened, or what somebody wrote, in the hint's place; nothing else on the template says it.
    News(String),
    /// How it ended, in the place of what was filed; the hint stays.
    End(String),
}

/// The hint of a template: what the last line says, unless the state says that as well and a line before it has
/// something that would be lost.
fn template_hint(lines: &[Line]) -> Option<String> {
    let last = lines.last()?;
    let own = match &last.brief {
        Brief::Hint | Brief::End(_) => &last.hint,
        Brief::News(words) => words,
        Brief::State(words) => {
            let mut before = lines.iter().rev();
            let news = before.find_map(|line| match &line.brief {
                Brief::News(words) => Some(words),
                _ => None,
            });
            news.unwrap_or(words)
        }
    };
    Some(own.clone())
}

pub(super) fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(id) = reminders.last().and_then(|last| number(last, "case")) else {
            return Ok(None);
        };
        let Some(found) = queries::by_id(app.store.read(), id).await? else {
            return Ok(None);
        };
        let recipient = reminders.last().and_then(|last| last.recipient_id);
        let (db, now) = (app.store.read(), app.clock.now());
        let seen = shield::for_person(db, recipient, found.clone(), now).await?;
        let mut lines = Lines::new();
        for reminder in reminders {
            if let Some(line) = line(app, &seen, reminder).await? {
                lines.add(line);
            }
        }
        let joined = reminders.iter().any(|one| is_joiners(&found, one));
        let buttons = match recipient {
            Some(person) if lines.any(|line| line.template == "task") => {
                buttons(app, &found, person).await?
            }
            _ => Vec::new(),
        };
        let Some(message) = message(app, &seen.found, lines, buttons).await? else {
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
    lines: Lines<Line>,
    buttons: Vec<Button>,
) -> Result<Option<Message>, Fault> {
    let urgent = lines.any(|line| line.urgent);
    let hint = template_hint(lines.as_slice());
    let (Some(hint), Some((text, last))) = (hint, lines.told()) else {
        return Ok(None);
    };
    let case = &found.case;
    let text = format!("{text}\n{}", last.hint);
    let title = match last.brief {
        Brief::End(words) => format!("#{} {words}", case.id),
        _ => format!(
            "#{} {} {}",
            case.id,
            kind_says(case.kind),
            shorten(&case.text, 20)
        ),
    };
    Ok(Some(Message {
        template: last.template,
        title,
        place: queries::place_says(app.store.read(), &found.place).await?,
        state: case_says(case).to_owned(),
        at: last.at,
        hint,
        text,
        url: None,
        urgent,
        buttons,
    }))
}

async fn line(app: &App, seen: &Seen, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let what = word(reminder, "what").unwrap_or_default();
    match reminder.kind.as_str() {
        kinds::PROGRESS => progress::progress(app, &seen.found, reminder, what).await,
        _ => staff::line(app, seen, reminder, what).await,
    }
}

/// Who has it and where that is, as a template says it: `社区吴静`; none while nobody has it.
async fn holder_says(app: &App, case: &case::Model) -> Result<Option<String>, Fault> {
    let name = queries::name_of(app.store.read(), case.holder_id).await?;
    Ok((!name.is_empty()).then(|| format!("{}{name}", level_says(case.level))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_state_tells_hides_nothing_that_was_written() {
        let line = |brief: Brief| Line {
            text: String::new(),
            hint: "下一步".to_owned(),
            brief,
            template: "progress",
            urgent: false,
            at: Moment::UNIX_EPOCH,
        };
        let state = |words: &str| line(Brief::State(words.to_owned()));
        let news = |words: &str| line(Brief::News(words.to_owned()));
        let end = || line(Brief::End("结果：修好了".to_owned()));
        let table = [
            (vec![state("已接单"), state("已到场")], "已到场"),
            (vec![news("方案：换灯"), state("已到场")], "方案：换灯"),
            (vec![news("方案：换灯"), news("暂停：等货")], "暂停：等货"),
            (vec![news("方案：换灯"), end()], "下一步"),
            (vec![line(Brief::Hint)], "下一步"),
        ];
        for (lines, shown) in table {
            assert_eq!(template_hint(&lines).as_deref(), Some(shown));
        }
        assert_eq!(template_hint(&[]), None);
    }
}
