//! What the pushes of a case say. Each reads the case as it is now: what is no longer so is not
//! said. Several about one case become one message. Called by delivery through the table of kinds.

use chrono::TimeDelta;
use entity::kinds::{CaseState, Level};
use entity::reminder;
use serde_json::Value;

use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::{self, Found};
use crate::case::remind::card::buttons;
use crate::case::remind::kinds;
use crate::case::step::OPEN;
use crate::case::{category, kind_says, level_says, state_says};
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
        message(app, &found, lines, recipient).await
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
        state: state_says(case.state).to_owned(),
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
    let what = reminder
        .payload
        .get("what")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if reminder.kind == kinds::PROGRESS {
        return progress(app, found, reminder, what).await;
    }
    let case = &found.case;
    let id = case.id;
    let open = OPEN.contains(&case.state);
    let theirs = open && case.holder_id == reminder.recipient_id;
    let waits = theirs && case.state == CaseState::Assigned;
    let hint = next_hint(case.state, id);
    let task = |text: String| Line {
        text,
        hint: hint.clone(),
        template: "task",
        urgent: true,
        at: reminder.due_at,
    };
    let news = |text: String, urgent: bool| Line {
        text,
        hint: format!("回复“进度 {id}”看全程。"),
        template: "progress",
        urgent,
        at: reminder.due_at,
    };
    let line = match (reminder.kind.as_str(), what) {
        (kinds::TASK, _) if waits => Some(task_line(app, found, reminder).await?),
        (kinds::OVERDUE, "accept") if waits => Some(task(format!(
            "诉求 #{id} 已超过响应时限，请马上接单，否则会转给上一级。"
        ))),
        (kinds::OVERDUE, "finish") if theirs => {
            Some(task(format!("诉求 #{id} 已超过办结时限，请尽快办理。")))
        }
        (kinds::NUDGED, _) if theirs => Some(task(format!(
            "居民在催办诉求 #{id}（第{}次）：{}",
            case.nudges,
            shorten(&case.text, TEXT_SHOWN)
        ))),
        (kinds::SUPPLEMENTED, _) if theirs => {
            let words = last_note(app, id, "supplemented").await?;
            Some(Line {
                urgent: is_fresh(found, reminder.created_at),
                ..task(format!(
                    "诉求 #{id} 有补充：{}",
                    shorten(&words, TEXT_SHOWN)
                ))
            })
        }
        (kinds::PASSED_OVER, why) if case.holder_id != reminder.recipient_id => {
            let (text, urgent) = match why {
                "accept" => (format!("诉求 #{id} 没有及时接单，已转给上一级办理。"), true),
                "finish" => (format!("诉求 #{id} 超过办结时限，已上报上一级办理。"), true),
                _ => (format!("诉求 #{id} 已转给别人办理，您不用再处理。"), false),
            };
            Some(news(text, urgent))
        }
        (kinds::UNASSIGNED, "unassigned") if case.state == CaseState::Raised => Some(Line {
            hint: format!("请回复“接单 {id}”。"),
            ..task(format!(
                "诉求 #{id} 还没有人可接：{}。也可以回复“转派 {id} 姓名”。",
                shorten(&case.text, TEXT_SHOWN)
            ))
        }),
        (kinds::UNASSIGNED, "silent") if case.state == CaseState::Assigned => Some(Line {
            hint: format!("回复“转派 {id} 姓名”。"),
            ..task(format!("诉求 #{id} 一直没有人响应，也没有上一级可转。"))
        }),
        (kinds::UNASSIGNED, "overdue") if open => Some(Line {
            hint: format!("回复“进度 {id}”查看。"),
            ..task(format!(
                "诉求 #{id} 超过办结时限，也没有上一级可转。可以回复“转派 {id} 姓名”换人。"
            ))
        }),
        (kinds::WITHDRAWN, _) if case.state == CaseState::Withdrawn => {
            Some(news(format!("诉求 #{id} 已由居民撤回，不用再办。"), false))
        }
        (kinds::REVIEWED, _) => case.rating.map(|score| {
            let words = case.rating_text.as_deref().unwrap_or_default();
            let words = if words.is_empty() {
                "。".to_owned()
            } else {
                format!("：{}", shorten(words, TEXT_SHOWN))
            };
            news(format!("诉求 #{id} 得到{score}分评价{words}"), false)
        }),
        _ => None,
    };
    Ok(line)
}

async fn task_line(app: &App, found: &Found, reminder: &reminder::Model) -> Result<Line, Fault> {
    let case = &found.case;
    let id = case.id;
    let place = queries::place_says(app.store.read(), &found.place).await?;
    let urgent = reminder.payload.get("emergency").is_some();
    let head = match (urgent, case.round > 1, case.level) {
        (true, ..) => "【紧急】诉求".to_owned(),
        (_, true, _) => "重开的诉求".to_owned(),
        (.., Level::Compound) => "新诉求".to_owned(),
        (.., level) => format!("转到{}的诉求", level_says(level)),
    };
    let about = case
        .category
        .as_deref()
        .and_then(category::says)
        .map(|says| format!("（{says}）"))
        .unwrap_or_default();
    let due = case.accept_due_at.unwrap_or(reminder.due_at);
    Ok(Line {
        text: format!(
            "{head} #{id}：{}{about} {}。地点：{place}。请在{}前接单。",
            kind_says(case.kind),
            shorten(&case.text, TEXT_SHOWN),
            say(due)
        ),
        hint: format!("回复“接单 {id}”。"),
        template: "task",
        urgent: true,
        at: due,
    })
}

/// What the holder does next.
fn next_hint(state: CaseState, id: i64) -> String {
    match state {
        CaseState::Assigned => format!("回复“接单 {id}”。"),
        CaseState::Accepted => format!("到现场后回复“到场 {id}”。"),
        CaseState::Arrived => format!("办好回复“办结 {id} 结果”"),
        CaseState::Paused => format!("可以继续时回复“恢复 {id}”。"),
        _ => format!("回复“进度 {id}”查看。"),
    }
}

fn is_fresh(found: &Found, at: Moment) -> bool {
    at - found.case.created_at < TimeDelta::minutes(AWAKE_MINUTES)
}

/// To the reporter. Said as long as it is true: what somebody did who no longer has the case, or in
/// an earlier round, is not.
async fn progress(
    app: &App,
    found: &Found,
    reminder: &reminder::Model,
    what: &str,
) -> Result<Option<Line>, Fault> {
    let case = &found.case;
    let id = case.id;
    let same_round = number(&reminder.payload, "round") == Some(i64::from(case.round));
    let same_holder = number(&reminder.payload, "holder") == case.holder_id;
    let over = matches!(case.state, CaseState::Withdrawn | CaseState::Reviewed);
    if !same_round || !same_holder || over {
        return Ok(None);
    }
    let holder = queries::name_of(app.store.read(), case.holder_id).await?;
    let track = format!("回复“进度 {id}”查看。");
    let (text, hint) = match what {
        "accepted" => (format!("诉求 #{id} 已由{holder}接单。"), track),
        "arrived" => (format!("诉求 #{id}：{holder}已到场。"), track),
        "planned" => {
            let plan = shorten(case.plan.as_deref().unwrap_or_default(), TEXT_SHOWN);
            (format!("诉求 #{id} 的办理方案：{plan}"), track)
        }
        "paused" if case.state == CaseState::Paused => {
            let reason = last_note(app, id, "paused").await?;
            let reason = shorten(&reason, TEXT_SHOWN);
            (
                format!("诉求 #{id} 暂停办理，原因：{reason}。恢复后会告诉您。"),
                track,
            )
        }
        "resumed" if case.state != CaseState::Paused => (format!("诉求 #{id} 已恢复办理。"), track),
        "moved" if case.state == CaseState::Raised => (
            format!("诉求 #{id} 正在重新找人办理，已通知管理人员。"),
            track,
        ),
        "moved" if case.state != CaseState::Finished => {
            let level = level_says(case.level);
            (format!("诉求 #{id} 现在由{holder}办理（{level}）。"), track)
        }
        "finished" if case.state == CaseState::Finished => {
            let result = shorten(case.result.as_deref().unwrap_or_default(), TEXT_SHOWN);
            (
                format!("诉求 #{id} 已办结：{result}\n没办好请回复“重开 {id} 原因”。"),
                format!("请回复“评价 {id} 5”打分。"),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Line {
        text,
        hint,
        template: "progress",
        urgent: is_fresh(found, reminder.created_at),
        at: reminder.created_at,
    }))
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

    /// A template's `thing` field holds 20 characters (protocols.md §2.4); what comes behind is lost.
    #[test]
    fn what_to_do_next_fits_a_card() {
        for state in [
            CaseState::Assigned,
            CaseState::Accepted,
            CaseState::Arrived,
            CaseState::Paused,
            CaseState::Finished,
        ] {
            let hint = next_hint(state, 1_000_000);
            assert!(hint.chars().count() <= 20, "{hint}");
        }
    }
}
