//! What the reporter of a case is told of it.

use entity::kinds::{CaseState, Outcome};
use entity::{account, case, reminder};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{Line, TEXT_SHOWN, is_fresh, is_joiners, last_note, number};
use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::clock::Clock;
use crate::case::queries::{self, Found};
use crate::case::remind::{asks_for_rating, counts};
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
    let same_round = number(&reminder.payload, "round") == Some(i64::from(case.round));
    let same_holder = number(&reminder.payload, "holder") == case.holder_id;
    let joiners = is_joiners(found, reminder);
    let over = match case.state {
        CaseState::Withdrawn => true,
        // That the reporter has rated it already is no reason not to tell the others of the end.
        CaseState::Reviewed => what != "reopen-declined" && !(joiners && asks_for_rating(what)),
        _ => false,
    };
    if !same_round || !same_holder || over {
        return Ok(None);
    }
    let holder = queries::name_of(app.store.read(), case.holder_id).await?;
    if joiners {
        return Ok(joined(found, reminder, what, &holder));
    }
    let said = match what {
        "finished" | "given-up" if case.state == CaseState::Finished => {
            Some(ended(app, case, reminder.recipient_id).await?)
        }
        _ => under_way(app, case, reminder, (what, &holder)).await?,
    };
    Ok(said.map(|(text, hint)| Line {
        text,
        hint,
        template: "progress",
        urgent: is_fresh(found, reminder.created_at),
        at: reminder.created_at,
    }))
}

/// What has happened, and what can be done next; none when it is no longer so.
async fn under_way(
    app: &App,
    case: &case::Model,
    reminder: &reminder::Model,
    (what, holder): (&str, &str),
) -> Result<Option<(String, String)>, Fault> {
    let id = case.id;
    let track = format!("回复“进度 {id}”查看。");
    Ok(Some(match what {
        "accepted" => (format!("诉求 #{id} 已由{holder}接单。"), track),
        "arrived" => (format!("诉求 #{id}：{holder}已到场。"), track),
        "planned" => {
            let plan = shorten(case.plan.as_deref().unwrap_or_default(), TEXT_SHOWN);
            (format!("诉求 #{id} 的办理方案：{plan}"), track)
        }
        "paused" => match pause(app, case, reminder).await? {
            Some(said) => (said, track),
            None => return Ok(None),
        },
        "graded" => (graded_says(case), track),
        "merged" | "filed-for" | "mediation" => beginning(case, what),
        "resumed" if case.state != CaseState::Paused => (format!("诉求 #{id} 已恢复办理。"), track),
        "moved" | "reopened" => return Ok(passed_on(case, what, holder).map(|text| (text, track))),
        "asked" => {
            let Some(asked) = case.asked_level else {
                return Ok(None);
            };
            let next = queries::name_of(app.store.read(), case.asked_id).await?;
            let (asked, level) = (level_says(asked), level_says(case.level));
            let text = format!(
                "诉求 #{id} 已请{asked}{next}接手；对方接单前仍由{holder}办理（{level}）。"
            );
            (text, track)
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
        _ => return Ok(None),
    }))
}

/// Who has it now, after it was passed on or opened again.
fn passed_on(case: &case::Model, what: &str, holder: &str) -> Option<String> {
    let (id, level) = (case.id, level_says(case.level));
    Some(match (what, case.state) {
        ("moved", CaseState::Finished) => return None,
        ("moved", CaseState::Raised) => {
            format!("诉求 #{id} 正在重新找人办理，已通知管理人员。")
        }
        ("moved", _) => format!("诉求 #{id} 现在由{holder}办理（{level}）。"),
        (_, CaseState::Raised) => {
            format!("诉求 #{id} 已重开，正在找人办理，已通知管理人员。")
        }
        _ => format!("诉求 #{id} 已重开，现在由{holder}办理（{level}）。"),
    })
}

/// That it stands and why. Who is told in the morning of a pause that has ended by then reads the reason all the
/// same. None when the record does not know the pause.
async fn pause(
    app: &App,
    case: &case::Model,
    reminder: &reminder::Model,
) -> Result<Option<String>, Fault> {
    let events = queries::events(app.store.read(), case.id).await?;
    let paused = events
        .into_iter()
        .rfind(|event| event.action == "paused" && event.at <= reminder.created_at);
    Ok(paused.map(|event| pause_says(case, event.at, event.note.as_deref().unwrap_or_default())))
}

/// The same, of the pause that began at a moment.
fn pause_says(case: &case::Model, began: Moment, reason: &str) -> String {
    let (id, reason) = (case.id, shorten(reason, TEXT_SHOWN));
    if case.state == CaseState::Paused && counts(case.paused_at, began) {
        let until = case
            .pause_until
            .map(|until| format!("最迟{}接着办。", say(until)));
        let until = until.unwrap_or_default();
        format!("诉求 #{id} 暂停办理，原因：{reason}。{until}恢复后会告诉您。")
    } else {
        format!("诉求 #{id} {}起暂停过，原因：{reason}。", say(began))
    }
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
        what if asks_for_rating(what)
            && matches!(case.state, CaseState::Finished | CaseState::Reviewed) =>
        {
            let end = match case.outcome {
                Some(Outcome::Unsolved) => "未能解决",
                _ => "已办结",
            };
            (
                format!("您加入的诉求 #{id} {end}。"),
                format!("请回复“评价 {id} 5”打分。"),
            )
        }
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
    use chrono::TimeDelta;
    use entity::kinds::Grade;

    use super::*;

    #[test]
    fn a_pause_that_has_ended_is_told_with_its_reason() {
        let mut case = crate::case::step::tests::filed();
        let began = crate::base::clock::from_ms(1_790_000_000_000).unwrap();
        case.state = CaseState::Paused;
        case.paused_at = Some(began);
        assert_eq!(
            pause_says(&case, began, "等配件"),
            "诉求 #12 暂停办理，原因：等配件。恢复后会告诉您。"
        );
        let over = "诉求 #12 9月21日 22:13起暂停过，原因：等配件。";
        // It stands again, for another reason.
        case.paused_at = Some(began + TimeDelta::hours(1));
        assert_eq!(pause_says(&case, began, "等配件"), over);
        case.state = CaseState::Arrived;
        case.paused_at = None;
        assert_eq!(pause_says(&case, began, "等配件"), over);
    }

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
