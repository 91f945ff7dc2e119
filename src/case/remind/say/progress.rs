//! What the reporter of a case is told of it.

use entity::kinds::{CaseState, Outcome};
use entity::{account, case, reminder};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{Line, TEXT_SHOWN, is_fresh, is_joiners, last_note, number};
use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::clock::Clock;
use crate::case::queries::{self, Found};
use crate::case::{case_says, level_says};
use crate::policy::grade_says;

/// To the reporter. Said as long as it is true: what somebody did who no longer has the case, or in
/// an earlier round, is not.
pub(super) async fn progress(
    app: &App,
    found: &Found,
    reminder: &reminder::Model,
    what: &str,
) -> Result<Option<Line>, Fault> {
    let case = &found.case;
    let id = case.id;
    let same_round = number(reminder, "round") == Some(i64::from(case.round));
    let same_holder = number(reminder, "holder") == case.holder_id;
    let over = match case.state {
        CaseState::Withdrawn => true,
        CaseState::Reviewed => what != "reopen-declined",
        _ => false,
    };
    if !same_round || !same_holder || over {
        return Ok(None);
    }
    let holder = queries::name_of(app.store.read(), case.holder_id).await?;
    let track = format!("回复“进度 {id}”查看。");
    if is_joiners(found, reminder) {
        return Ok(joined(found, reminder, what, &holder));
    }
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
        "graded" => (graded_says(case), track),
        "merged" | "filed-for" | "mediation" => beginning(case, what),
        "resumed" if case.state != CaseState::Paused => (format!("诉求 #{id} 已恢复办理。"), track),
        "moved" if case.state == CaseState::Raised => (
            format!("诉求 #{id} 正在重新找人办理，已通知管理人员。"),
            track,
        ),
        "moved" if case.state != CaseState::Finished => {
            let level = level_says(case.level);
            (format!("诉求 #{id} 现在由{holder}办理（{level}）。"), track)
        }
        "asked" => match case.asked_level {
            Some(asked) => {
                let next = queries::name_of(app.store.read(), case.asked_id).await?;
                let (asked, level) = (level_says(asked), level_says(case.level));
                let text = format!(
                    "诉求 #{id} 已请{asked}{next}接手；对方接单前仍由{holder}办理（{level}）。"
                );
                (text, track)
            }
            None => return Ok(None),
        },
        "reopened" if case.state == CaseState::Raised => (
            format!("诉求 #{id} 已重开，正在找人办理，已通知管理人员。"),
            track,
        ),
        "reopened" => {
            let level = level_says(case.level);
            (
                format!("诉求 #{id} 已重开，现在由{holder}办理（{level}）。"),
                track,
            )
        }
        "reopen-declined" if case.state != CaseState::ReopenRequested => {
            let reason = last_note(app, id, "reopen-declined").await?;
            let reason = shorten(&reason, TEXT_SHOWN);
            (
                format!(
                    "诉求 #{id} 没有重开，上一级的答复：{reason}\n仍不满意可以向社区或街道反映，或另提一件诉求。"
                ),
                format!("没重开，原因见“进度 {id}”"),
            )
        }
        "finished" | "given-up" if case.state == CaseState::Finished => {
            ended(app, case, reminder.recipient_id).await?
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

/// What others have done about it: merged it, written it down, sent it to mediation.
fn beginning(case: &case::Model, what: &str) -> (String, String) {
    let id = case.id;
    match what {
        "merged" => {
            let into = case.merged_into.unwrap_or(id);
            (
                format!("诉求 #{id} 和 #{into} 是同一件事，已并在一起办，进展会告诉您。"),
                format!("已并入，回复“进度 {into}”"),
            )
        }
        "filed-for" => {
            let text = shorten(&case.text, TEXT_SHOWN);
            (
                format!("工作人员已替您提交诉求 #{id}：{text}"),
                format!("已替您提交，回复“进度 {id}”"),
            )
        }
        _ => (
            format!("诉求 #{id} 已转调解，调解员会联系您。调解期间暂停计时。"),
            format!("已转调解，回复“进度 {id}”"),
        ),
    }
}

/// To somebody who has joined: how it stands, and nothing that others wrote.
fn joined(found: &Found, reminder: &reminder::Model, what: &str, holder: &str) -> Option<Line> {
    let case = &found.case;
    let id = case.id;
    let track = format!("回复“进度 {id}”查看。");
    let (text, hint) = match what {
        "merged" | "filed-for" => return None,
        "accepted" => (format!("您加入的诉求 #{id} 已由{holder}接单。"), track),
        "arrived" => (format!("您加入的诉求 #{id}：{holder}已到场。"), track),
        "planned" => (format!("您加入的诉求 #{id} 已有办理方案。"), track),
        "finished" | "given-up" if case.state == CaseState::Finished => (
            format!("您加入的诉求 #{id} 现在是“{}”。", case_says(case)),
            format!("请回复“评价 {id} 5”打分。"),
        ),
        _ => (
            format!("您加入的诉求 #{id} 现在是“{}”。", case_says(case)),
            track,
        ),
    };
    Some(Line {
        text,
        hint,
        template: "progress",
        urgent: false,
        at: reminder.created_at,
    })
}

/// One sentence: how grave, and by when what.
fn graded_says(case: &case::Model) -> String {
    let (id, grade) = (case.id, grade_says(case.grade));
    let promised = [Clock::Plan, Clock::Finish]
        .iter()
        .filter(|clock| clock.runs(case.state))
        .find_map(|clock| Some(format!("，会在{}前{}", say(clock.due(case)?), clock.says())))
        .unwrap_or_default();
    format!("诉求 #{id} 定为{grade}{promised}。")
}

/// How it ended, in words that fit the end, and the question for a rating: asked only of somebody who has
/// an account to answer with.
async fn ended(
    app: &App,
    case: &case::Model,
    reporter: Option<i64>,
) -> Result<(String, String), Fault> {
    let id = case.id;
    let result = shorten(case.result.as_deref().unwrap_or_default(), TEXT_SHOWN);
    let (said, again) = match case.outcome {
        Some(Outcome::Unsolved) => (
            format!("诉求 #{id} 未能解决：{result}"),
            format!("不同意请回复“重开 {id} 原因”，由上一级决定。"),
        ),
        _ => (
            format!("诉求 #{id} 已办结：{result}"),
            format!("没办好请回复“重开 {id} 原因”。"),
        ),
    };
    let again = if case.reopen_asked_at.is_some() || case.reopened {
        String::new()
    } else {
        format!("\n{again}")
    };
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(reporter))
        .count(app.store.read())
        .await?;
    Ok(if accounts > 0 {
        (
            format!("{said}{again}"),
            format!("请回复“评价 {id} 5”打分。"),
        )
    } else {
        (said, "如有疑问请联系社区。".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use entity::kinds::Grade;

    use super::*;

    #[test]
    fn a_grade_is_told_with_what_it_promises() {
        let mut case = crate::case::step::tests::filed();
        case.state = CaseState::Arrived;
        case.finish_due_at = crate::base::clock::from_ms(1_790_000_000_000);
        case.grade = Grade::Major;
        assert_eq!(
            graded_says(&case),
            "诉求 #12 定为重大，会在9月21日 22:13前办结。"
        );
        case.plan_due_at = case.finish_due_at.take();
        case.grade = Grade::Complex;
        assert_eq!(
            graded_says(&case),
            "诉求 #12 定为特殊复杂，会在9月21日 22:13前给出方案。"
        );
        case.state = CaseState::Paused;
        assert_eq!(graded_says(&case), "诉求 #12 定为特殊复杂。");
    }
}
