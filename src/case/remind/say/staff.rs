//! What those who work on a case are told of it, and those who give work out.

use entity::kinds::{CaseState, Grade};
use entity::{case, reminder};

use super::ask::{asked_line, help_line, need_line, task_line};
use super::{Brief, Line, TEXT_SHOWN, holder_says, is_fresh, last_note, number};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::joiner;
use crate::case::queries;
use crate::case::remind::{JOINED_RATED, kinds};
use crate::case::shield::Seen;
use crate::case::step::OPEN;
use crate::policy::grade_says;

/// The line of a reminder about `what`; none when it is no longer so.
pub(super) async fn line(
    app: &App,
    seen: &Seen,
    reminder: &reminder::Model,
    what: &str,
) -> Result<Option<Line>, Fault> {
    let found = &seen.found;
    let case = &found.case;
    let id = case.id;
    let standing = Standing { case, reminder };
    let (open, theirs) = (standing.is_open(), standing.is_theirs());
    Ok(match reminder.kind.as_str() {
        kinds::TASK if theirs && case.state == CaseState::Assigned => {
            Some(task_line(app, seen, reminder).await?)
        }
        kinds::OVERDUE if theirs => standing.overdue(what),
        kinds::NUDGED if theirs => Some(standing.task(format!(
            "居民在催办诉求 #{id}（第{}次）：{}",
            case.nudges,
            shorten(&case.text, TEXT_SHOWN)
        ))),
        kinds::SUPPLEMENTED if theirs => {
            let words = seen.words(&last_note(app, id, what).await?);
            Some(Line {
                urgent: is_fresh(found, reminder.created_at),
                ..standing.supplemented(what, &words)
            })
        }
        kinds::PASSED_OVER => {
            let holder = holder_says(app, case).await?;
            standing.passed_over(what, holder.as_deref())
        }
        kinds::UNASSIGNED => standing.unassigned(what),
        kinds::ASKED | kinds::REOPEN_ASKED if case.asked_id == reminder.recipient_id => {
            asked_line(app, seen, reminder).await?
        }
        kinds::HELP_ASKED if open => help_line(app, found, reminder).await?,
        kinds::NEED if open && !theirs => Some(need_line(app, found, reminder).await?),
        kinds::HELPER if theirs => match what {
            "joined" => {
                let name = last_note(app, id, "helper-joined").await?;
                let text = format!("{name}来助力诉求 #{id}。");
                Some(standing.news(text, format!("{name}来助力"), true))
            }
            "left" => {
                let name = last_note(app, id, "helper-left").await?;
                let text = format!("{name}不再助力诉求 #{id}。");
                Some(standing.news(text, format!("{name}不再助力"), false))
            }
            _ => None,
        },
        kinds::HELPED if !open => Some(standing.helped(what)),
        kinds::JOINED if theirs => Some(standing.joined()),
        kinds::MEDIATED if theirs => Some(Line {
            hint: format!("调解不成，回复“进度 {id}”"),
            ..standing.task(format!(
                "诉求 #{id} 调解不成，时限接着计，请接着办或告诉居民其他途径。{}",
                next_hint(case.state, id)
            ))
        }),
        kinds::WITHDRAWN if case.state == CaseState::Withdrawn => {
            let text = format!("诉求 #{id} 已由居民撤回，不用再办。");
            Some(standing.news(text, "居民已撤回，不用再办".to_owned(), false))
        }
        kinds::REVIEWED => {
            let said = rated(app, seen, reminder, what).await?;
            said.map(|(text, brief)| standing.news(text, brief, false))
        }
        _ => None,
    })
}

/// How it was rated: by who filed it, in the round of the reminder, since a new one begins without a rating;
/// or by somebody who has joined. In one sentence, and as a template says it.
async fn rated(
    app: &App,
    seen: &Seen,
    reminder: &reminder::Model,
    what: &str,
) -> Result<Option<(String, String)>, Fault> {
    let (db, id) = (app.store.read(), seen.found.case.id);
    let words = |words: &str| match words {
        "" => "。".to_owned(),
        words => format!("：{}", shorten(&seen.words(words), TEXT_SHOWN)),
    };
    if let Some(row) = what.strip_prefix(JOINED_RATED) {
        let row = joiner::by_id(db, id, row.parse().unwrap_or_default()).await?;
        return Ok(row.and_then(|row| {
            let words = words(row.rating_text.as_deref().unwrap_or_default());
            let score = row.rating?;
            Some((
                format!("加入诉求 #{id} 的邻居评了{score}分{words}"),
                format!("邻居评了{score}分{words}"),
            ))
        }));
    }
    let round = number(reminder, "round");
    let reviewed = queries::events(db, id)
        .await?
        .into_iter()
        .rfind(|event| event.action == "reviewed" && Some(i64::from(event.round)) == round)
        .and_then(|event| event.note);
    Ok(reviewed.map(|note| {
        let (score, said) = note.split_once('：').unwrap_or((note.as_str(), ""));
        let words = words(said);
        (
            format!("诉求 #{id} 得到{score}评价{words}"),
            format!("得到{score}{words}"),
        )
    }))
}

/// How a case stands for whom a reminder goes to.
struct Standing<'a> {
    case: &'a case::Model,
    reminder: &'a reminder::Model,
}

impl Standing<'_> {
    fn is_open(&self) -> bool {
        OPEN.contains(&self.case.state)
    }

    /// Whether they hold it.
    fn is_theirs(&self) -> bool {
        self.is_open() && self.case.holder_id == self.reminder.recipient_id
    }

    /// Something to do.
    fn task(&self, text: String) -> Line {
        Line {
            text,
            hint: next_hint(self.case.state, self.case.id),
            brief: Brief::Hint,
            template: "task",
            urgent: true,
            at: self.reminder.due_at,
        }
    }

    /// Something to know; `brief` is how a template says it.
    fn news(&self, text: String, brief: String, urgent: bool) -> Line {
        Line {
            text,
            hint: format!("回复“进度 {}”看全程。", self.case.id),
            brief: Brief::News(brief),
            template: "progress",
            urgent,
            at: self.reminder.due_at,
        }
    }

    /// To the holder: a clock has run out.
    fn overdue(&self, clock: &str) -> Option<Line> {
        let (case, id) = (self.case, self.case.id);
        Some(match clock {
            "accept" if case.state == CaseState::Assigned => self.task(format!(
                "诉求 #{id} 已超过响应时限，请马上接单，否则会转给上一级。"
            )),
            "arrive" if case.state == CaseState::Accepted => {
                self.task(format!("诉求 #{id} 已超过到场时限，请马上到现场。"))
            }
            "plan" if case.plan_due_at.is_some() => Line {
                hint: format!("回复“方案 {id} 内容”。"),
                ..self.task(format!("诉求 #{id} 已超过方案时限，请尽快告诉居民怎么办。"))
            },
            "pause" if case.state != CaseState::Paused => self.task(format!(
                "诉求 #{id} 暂停到期，时限接着计，请接着办。还要等请再回复“暂停 {id} 天数 原因”，例如：暂停 {id} 5天 等配件。"
            )),
            "finish" => self.task(format!("诉求 #{id} 已超过办结时限，请尽快办理。")),
            "raised" => self.task(format!(
                "诉求 #{id} 已超过时限，已请上一级接手；对方接单前仍由您负责，请继续办理。"
            )),
            "not-taken" => self.task(format!(
                "诉求 #{id} 对方没有接手，仍由您负责，请继续办理。"
            )),
            "kept" => self.task(format!(
                "诉求 #{id} 上一级没有人接手，仍由您负责，请继续办理。"
            )),
            _ => return None,
        })
    }

    /// To the holder: more words.
    fn supplemented(&self, what: &str, words: &str) -> Line {
        let said = match what {
            "noted" => "助力人说明",
            "proposed" => "助力人建议的方案",
            _ => "有补充",
        };
        let words = shorten(words, TEXT_SHOWN);
        self.task(format!("诉求 #{} {said}：{words}", self.case.id))
    }

    /// To whom it was with, or who was asked: somebody else has it now (`holder`), or nobody yet.
    fn passed_over(&self, why: &str, holder: Option<&str>) -> Option<Line> {
        let (case, id) = (self.case, self.case.id);
        if why == "asked" && case.asked_id != self.reminder.recipient_id {
            let text = format!("诉求 #{id} 已另行安排，不用您接手了。");
            return Some(self.news(text, "已另行安排，不用您接手".to_owned(), false));
        }
        if case.holder_id == self.reminder.recipient_id {
            return None;
        }
        let now = match holder {
            Some(holder) => format!("已转{holder}"),
            None => "正在重新找人办理".to_owned(),
        };
        let (text, late) = match why {
            "taken-over" => (format!("诉求 #{id} 已由上一级接手，您不用再办。"), None),
            "accept" => (
                format!("诉求 #{id} 没有及时接单，已转给上一级办理。"),
                Some("没及时接单"),
            ),
            "finish" => (
                format!("诉求 #{id} 超过办结时限，已上报上一级办理。"),
                Some("办结超时"),
            ),
            "plan" => (
                format!("诉求 #{id} 超过方案时限，已上报上一级办理。"),
                Some("方案超时"),
            ),
            _ => (format!("诉求 #{id} 已转给别人办理，您不用再处理。"), None),
        };
        let brief = match late {
            Some(late) => format!("{late}，{now}"),
            None => now,
        };
        Some(self.news(text, brief, late.is_some()))
    }

    /// To those who give work out: nobody has it, nobody moves, or many have met it.
    fn unassigned(&self, why: &str) -> Option<Line> {
        let (case, id, open) = (self.case, self.case.id, self.is_open());
        let words = shorten(&case.text, TEXT_SHOWN);
        let hand_over = format!("回复“转派 {id} 姓名”。");
        let look = format!("回复“进度 {id}”查看。");
        let (hint, text) = match why {
            "unassigned" if case.state == CaseState::Raised => (
                format!("请回复“接单 {id}”。"),
                format!("诉求 #{id} 还没有人可接：{words}。也可以回复“转派 {id} 姓名”。"),
            ),
            "silent" if case.state == CaseState::Assigned => (
                hand_over,
                format!("诉求 #{id} 一直没有人响应，也没有上一级可转。"),
            ),
            "asked-silent" if open && case.asked_id.is_some() => (
                hand_over,
                format!("诉求 #{id} 请上级接手，一直没有人响应，仍由原办理人负责。"),
            ),
            "arrive" if case.state == CaseState::Accepted => (
                look,
                format!("诉求 #{id} 接单后没有按时到场，请过问。可以回复“转派 {id} 姓名”换人。"),
            ),
            // `overdue` is what reminders say that were written before there were plans to be late with.
            "finish" | "plan" | "overdue" if open => {
                let clock = if why == "plan" { "方案" } else { "办结" };
                (
                    look,
                    format!(
                        "诉求 #{id} 超过{clock}时限，也没有上一级可转。可以回复“转派 {id} 姓名”换人。"
                    ),
                )
            }
            "grade-asked" if open && case.grade != Grade::Complex => (
                look,
                format!(
                    "诉求 #{id} 的办理人请您确认是否特殊复杂：{words}。同意请回复“定级 {id} 特殊复杂”；确认前仍按{}计时。",
                    grade_says(case.grade)
                ),
            ),
            "mediation-stalled" if case.state == CaseState::Paused => (
                look,
                format!("诉求 #{id} 的调解一直没有进展，请过问；再没有进展会改由别人主持。"),
            ),
            "swarm" if open => (
                format!("已有{}户，回复“进度 {id}”", case.households),
                format!(
                    "【多户反映】诉求 #{id} 已有{}户遇到：{words}。请优先协调，需要时回复“转派 {id} 姓名”。",
                    case.households
                ),
            ),
            _ => return None,
        };
        Some(Line {
            hint,
            ..self.task(text)
        })
    }

    /// To who helped: it is over.
    fn helped(&self, how: &str) -> Line {
        let id = self.case.id;
        let (text, brief) = match how {
            "finished" => (
                format!("诉求 #{id} 已办结，谢谢您的助力。"),
                "已办结，谢谢您的助力",
            ),
            _ => (
                format!("诉求 #{id} 未能解决，已结束办理，谢谢您的助力。"),
                "已结束办理，谢谢您的助力",
            ),
        };
        self.news(text, brief.to_owned(), false)
    }

    /// To the holder: so many homes have met it.
    fn joined(&self) -> Line {
        let (id, homes) = (self.case.id, self.case.households);
        let text = format!("诉求 #{id} 已有{homes}户遇到，办好会一起告诉他们。");
        let hint = format!("已有{homes}户，回复“进度 {id}”");
        Line {
            hint: hint.clone(),
            ..self.news(text, hint, false)
        }
    }
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
