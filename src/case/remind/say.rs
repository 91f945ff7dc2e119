//! What the pushes of a case say: here to those who work on it, in `progress` to the reporter, in `ask`
//! to those from whom an answer is wanted. Each reads the case as it is now: what is no longer so is not
//! said. Several about one case become one message. Called by delivery through the table of kinds.

mod ask;
mod progress;

use chrono::TimeDelta;
use entity::kinds::CaseState;
use entity::reminder;

use self::ask::{asked_line, help_line, task_line};
use self::progress::progress;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::{self, Found};
use crate::case::remind::card::buttons;
use crate::case::remind::kinds;
use crate::case::step::OPEN;
use crate::case::{case_says, category, kind_says};
use crate::delivery::{Lines, Message, Says};
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
    template: &'static str,
    urgent: bool,
    at: Moment,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
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
        let mut lines = Lines::new();
        for reminder in reminders {
            if let Some(line) = line(app, &found, reminder).await? {
                lines.add(line);
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
    lines: Lines<Line>,
    recipient: Option<i64>,
) -> Result<Option<Message>, Fault> {
    let urgent = lines.any(|line| line.urgent);
    let asks = lines.any(|line| line.template == "task");
    let Some((text, last)) = lines.told() else {
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

async fn line(app: &App, found: &Found, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let what = word(reminder, "what").unwrap_or_default();
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
        (kinds::OVERDUE, "arrive") if theirs && case.state == CaseState::Accepted => {
            Some(task(format!("诉求 #{id} 已超过到场时限，请马上到现场。")))
        }
        (kinds::OVERDUE, "plan") if theirs && case.plan_due_at.is_some() => Some(Line {
            hint: format!("回复“方案 {id} 内容”。"),
            ..task(format!("诉求 #{id} 已超过方案时限，请尽快告诉居民怎么办。"))
        }),
        (kinds::OVERDUE, "finish") if theirs => {
            Some(task(format!("诉求 #{id} 已超过办结时限，请尽快办理。")))
        }
        (kinds::OVERDUE, "raised") if theirs => Some(task(format!(
            "诉求 #{id} 已超过时限，已请上一级接手；对方接单前仍由您负责，请继续办理。"
        ))),
        (kinds::OVERDUE, "kept") if theirs => Some(task(format!(
            "诉求 #{id} 上一级没有人接手，仍由您负责，请继续办理。"
        ))),
        (kinds::NUDGED, _) if theirs => Some(task(format!(
            "居民在催办诉求 #{id}（第{}次）：{}",
            case.nudges,
            shorten(&case.text, TEXT_SHOWN)
        ))),
        (kinds::SUPPLEMENTED, what) if theirs => {
            let words = last_note(app, id, what).await?;
            let said = match what {
                "noted" => "助力人说明",
                "proposed" => "助力人建议的方案",
                _ => "有补充",
            };
            Some(Line {
                urgent: is_fresh(found, reminder.created_at),
                ..task(format!(
                    "诉求 #{id} {said}：{}",
                    shorten(&words, TEXT_SHOWN)
                ))
            })
        }
        (kinds::PASSED_OVER, "asked") if case.asked_id != reminder.recipient_id => Some(news(
            format!("诉求 #{id} 已另行安排，不用您接手了。"),
            false,
        )),
        (kinds::PASSED_OVER, why) if case.holder_id != reminder.recipient_id => {
            let (text, urgent) = match why {
                "taken-over" => (format!("诉求 #{id} 已由上一级接手，您不用再办。"), false),
                "accept" => (format!("诉求 #{id} 没有及时接单，已转给上一级办理。"), true),
                "finish" => (format!("诉求 #{id} 超过办结时限，已上报上一级办理。"), true),
                "plan" => (format!("诉求 #{id} 超过方案时限，已上报上一级办理。"), true),
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
        (kinds::UNASSIGNED, "asked-silent") if open && case.asked_id.is_some() => Some(Line {
            hint: format!("回复“转派 {id} 姓名”。"),
            ..task(format!(
                "诉求 #{id} 请上级接手，一直没有人响应，仍由原办理人负责。"
            ))
        }),
        (kinds::ASKED | kinds::REOPEN_ASKED, _) if case.asked_id == reminder.recipient_id => {
            asked_line(app, found, reminder).await?
        }
        (kinds::HELP_ASKED, _) if open => help_line(app, found, reminder).await?,
        (kinds::HELPER, "joined") if theirs => {
            let name = last_note(app, id, "helper-joined").await?;
            Some(news(format!("{name}来助力诉求 #{id}。"), true))
        }
        (kinds::HELPER, "left") if theirs => {
            let name = last_note(app, id, "helper-left").await?;
            Some(news(format!("{name}不再助力诉求 #{id}。"), false))
        }
        (kinds::HELPED, "finished") if !open => {
            Some(news(format!("诉求 #{id} 已办结，谢谢您的助力。"), false))
        }
        (kinds::HELPED, _) if !open => Some(news(
            format!("诉求 #{id} 未能解决，已结束办理，谢谢您的助力。"),
            false,
        )),
        (kinds::UNASSIGNED, "arrive") if case.state == CaseState::Accepted => Some(Line {
            hint: format!("回复“进度 {id}”查看。"),
            ..task(format!(
                "诉求 #{id} 接单后没有按时到场，请过问。可以回复“转派 {id} 姓名”换人。"
            ))
        }),
        // `overdue` is what reminders say that were written before there were plans to be late with.
        (kinds::UNASSIGNED, "finish" | "plan" | "overdue") if open => {
            let clock = if what == "plan" { "方案" } else { "办结" };
            Some(Line {
                hint: format!("回复“进度 {id}”查看。"),
                ..task(format!(
                    "诉求 #{id} 超过{clock}时限，也没有上一级可转。可以回复“转派 {id} 姓名”换人。"
                ))
            })
        }
        (kinds::UNASSIGNED, "swarm") if open => Some(Line {
            hint: format!("已有{}户，回复“进度 {id}”", case.households),
            ..task(format!(
                "【多户反映】诉求 #{id} 已有{}户遇到：{}。请优先协调，需要时回复“转派 {id} 姓名”。",
                case.households,
                shorten(&case.text, TEXT_SHOWN)
            ))
        }),
        (kinds::JOINED, _) if theirs => Some(Line {
            hint: format!("已有{}户，回复“进度 {id}”", case.households),
            ..news(
                format!(
                    "诉求 #{id} 已有{}户遇到，办好会一起告诉他们。",
                    case.households
                ),
                false,
            )
        }),
        (kinds::MEDIATED, _) if theirs => Some(Line {
            hint: format!("回复“恢复 {id}”接着办。"),
            ..task(format!("诉求 #{id} 调解不成，请接着办或告诉居民其他途径。"))
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
