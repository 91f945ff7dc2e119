//! What the reporter of a case is told of it.

use entity::kinds::{CaseState, Outcome};
use entity::{account, case, reminder};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{Brief, Line, TEXT_SHOWN, is_fresh, is_joiners, last_note, number};
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
    let same_round = number(reminder, "round") == Some(i64::from(case.round));
    let same_holder = number(reminder, "holder") == case.holder_id;
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
        "merged" | "filed-for" | "mediation" => Some(beginning(case, what)),
        "moved" | "reopened" => passed_on(case, what, &holder),
        "asked" => asked(app, case, &holder).await?,
        "reopen-declined" if case.state != CaseState::ReopenRequested => {
            Some(declined(app, case).await?)
        }
        _ => under_way(app, case, reminder, (what, &holder)).await?,
    };
    Ok(said.map(|said| Line {
        text: said.text,
        hint: said.hint,
        brief: said.brief,
        template: "progress",
        urgent: is_fresh(found, reminder.created_at),
        at: reminder.created_at,
    }))
}

/// What is said of one thing that has happened.
struct Said {
    text: String,
    brief: Brief,
    hint: String,
}

impl Said {
    /// With the way to the rest of it.
    fn tracked(case: &case::Model, text: String, brief: Brief) -> Self {
        let hint = format!("回复“进度 {}”查看。", case.id);
        Self { text, brief, hint }
    }
}

/// What whoever has it does with it; none when it is no longer so.
async fn under_way(
    app: &App,
    case: &case::Model,
    reminder: &reminder::Model,
    (what, holder): (&str, &str),
) -> Result<Option<Said>, Fault> {
    let id = case.id;
    let (text, brief) = match what {
        "accepted" => (
            format!("诉求 #{id} 已由{holder}接单。"),
            Brief::State(format!("{}{holder}已接单", level_says(case.level))),
        ),
        "arrived" => (
            format!("诉求 #{id}：{holder}已到场。"),
            Brief::State(format!("{holder}已到现场")),
        ),
        "planned" => {
            let plan = shorten(case.plan.as_deref().unwrap_or_default(), TEXT_SHOWN);
            (
                format!("诉求 #{id} 的办理方案：{plan}"),
                Brief::News(format!("方案：{plan}")),
            )
        }
        "paused" => match pause(app, case, reminder).await? {
            Some(said) => said,
            None => return Ok(None),
        },
        "graded" => (graded_says(case), Brief::News(grade_brief(case))),
        "resumed" if case.state != CaseState::Paused => {
            let until = promised(case).map(|(clock, due)| format!("，{due}前{}", clock.says()));
            let until = until.unwrap_or_else(|| "办理".to_owned());
            (
                format!("诉求 #{id} 已恢复办理。"),
                Brief::State(format!("已恢复{until}")),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Said::tracked(case, text, brief)))
}

/// Who is asked to take it over; none when nobody is any more.
async fn asked(app: &App, case: &case::Model, holder: &str) -> Result<Option<Said>, Fault> {
    let Some(asked) = case.asked_level else {
        return Ok(None);
    };
    let next = queries::name_of(app.store.read(), case.asked_id).await?;
    let (id, asked, level) = (case.id, level_says(asked), level_says(case.level));
    let text = format!("诉求 #{id} 已请{asked}{next}接手；对方接单前仍由{holder}办理（{level}）。");
    let brief = Brief::News(format!("已请{asked}{next}接手"));
    Ok(Some(Said::tracked(case, text, brief)))
}

/// That it is not opened again, and why.
async fn declined(app: &App, case: &case::Model) -> Result<Said, Fault> {
    let id = case.id;
    let reason = last_note(app, id, "reopen-declined").await?;
    let reason = shorten(&reason, TEXT_SHOWN);
    Ok(Said {
        text: format!(
            "诉求 #{id} 没有重开，上一级的答复：{reason}\n仍不满意可以向社区或街道反映，或另提一件诉求。"
        ),
        brief: Brief::News(format!("没有重开：{reason}")),
        hint: format!("没重开，原因见“进度 {id}”"),
    })
}

/// Who has it now, after it was passed on or opened again.
fn passed_on(case: &case::Model, what: &str, holder: &str) -> Option<Said> {
    let (id, level) = (case.id, level_says(case.level));
    let (text, brief) = match (what, case.state) {
        ("moved", CaseState::Finished) => return None,
        ("moved", CaseState::Raised) => (
            format!("诉求 #{id} 正在重新找人办理，已通知管理人员。"),
            "正在重新找人办理".to_owned(),
        ),
        ("moved", _) => (
            format!("诉求 #{id} 现在由{holder}办理（{level}）。"),
            format!("已转{level}{holder}"),
        ),
        (_, CaseState::Raised) => (
            format!("诉求 #{id} 已重开，正在找人办理，已通知管理人员。"),
            "已重开，正在找人办理".to_owned(),
        ),
        _ => (
            format!("诉求 #{id} 已重开，现在由{holder}办理（{level}）。"),
            format!("已重开，由{level}{holder}办理"),
        ),
    };
    Some(Said::tracked(case, text, Brief::News(brief)))
}

/// That it stands and why. Who is told in the morning of a pause that has ended by then reads the reason all the
/// same. None when the record does not know the pause.
async fn pause(
    app: &App,
    case: &case::Model,
    reminder: &reminder::Model,
) -> Result<Option<(String, Brief)>, Fault> {
    let events = queries::events(app.store.read(), case.id).await?;
    let paused = events
        .into_iter()
        .rfind(|event| event.action == "paused" && event.at <= reminder.created_at);
    Ok(paused.map(|event| pause_says(case, event.at, event.note.as_deref().unwrap_or_default())))
}

/// The same, of the pause that began at a moment.
fn pause_says(case: &case::Model, began: Moment, reason: &str) -> (String, Brief) {
    let (id, reason) = (case.id, shorten(reason, TEXT_SHOWN));
    if case.state == CaseState::Paused && counts(case.paused_at, began) {
        let until = case
            .pause_until
            .map(|until| format!("最迟{}接着办。", say(until)));
        let until = until.unwrap_or_default();
        (
            format!("诉求 #{id} 暂停办理，原因：{reason}。{until}恢复后会告诉您。"),
            Brief::News(format!("暂停：{reason}")),
        )
    } else {
        (
            format!("诉求 #{id} {}起暂停过，原因：{reason}。", say(began)),
            Brief::News(format!("暂停过：{reason}")),
        )
    }
}

/// What others have done about it: merged it, written it down, sent it to mediation.
fn beginning(case: &case::Model, what: &str) -> Said {
    let id = case.id;
    let (text, hint) = match what {
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
    };
    Said {
        text,
        brief: Brief::Hint,
        hint,
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
        brief: Brief::Hint,
        template: "progress",
        urgent: false,
        at: reminder.created_at,
    })
}

/// The clock that runs now for what the resident waits for, and when it ends: `11月21日 14:30`.
fn promised(case: &case::Model) -> Option<(Clock, String)> {
    let mut clocks = [Clock::Plan, Clock::Finish].into_iter();
    clocks.find_map(|clock| {
        let due = clock.runs(case.state).then(|| clock.due(case)).flatten()?;
        Some((clock, say(due)))
    })
}

/// One sentence: how grave, and by when what.
fn graded_says(case: &case::Model) -> String {
    let (id, grade) = (case.id, grade_says(case.grade));
    let until = promised(case).map(|(clock, due)| format!("，会在{due}前{}", clock.says()));
    format!("诉求 #{id} 定为{grade}{}。", until.unwrap_or_default())
}

/// The same in as few letters as a template's field holds.
fn grade_brief(case: &case::Model) -> String {
    let grade = grade_says(case.grade);
    match promised(case) {
        Some((Clock::Plan, due)) => format!("{grade}，方案{due}前"),
        Some((clock, due)) => format!("定为{grade}，{due}前{}", clock.says()),
        None => format!("定为{grade}"),
    }
}

/// How it ended, in words that fit the end, and the question for a rating: asked only of somebody who has
/// an account to answer with.
async fn ended(app: &App, case: &case::Model, reporter: Option<i64>) -> Result<Said, Fault> {
    let id = case.id;
    let result = shorten(case.result.as_deref().unwrap_or_default(), TEXT_SHOWN);
    let (said, brief, again) = match case.outcome {
        Some(Outcome::Unsolved) => (
            format!("诉求 #{id} 未能解决：{result}"),
            format!("原因：{result}"),
            format!("不同意请回复“重开 {id} 原因”，由上一级决定。"),
        ),
        _ => (
            format!("诉求 #{id} 已办结：{result}"),
            format!("结果：{result}"),
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
    let (text, hint) = if accounts > 0 {
        (
            format!("{said}{again}"),
            format!("请回复“评价 {id} 5”打分。"),
        )
    } else {
        (said, "如有疑问请联系社区。".to_owned())
    };
    Ok(Said {
        text,
        brief: Brief::End(brief),
        hint,
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
        let brief = |words: &str| Brief::News(words.to_owned());
        let stands = "诉求 #12 暂停办理，原因：等配件。恢复后会告诉您。".to_owned();
        assert_eq!(
            pause_says(&case, began, "等配件"),
            (stands, brief("暂停：等配件"))
        );
        let over = "诉求 #12 9月21日 22:13起暂停过，原因：等配件。".to_owned();
        let over = (over, brief("暂停过：等配件"));
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
        assert_eq!(grade_brief(&case), "定为重大，9月21日 22:13前办结");
        case.plan_due_at = case.finish_due_at.take();
        case.grade = Grade::Complex;
        assert_eq!(
            graded_says(&case),
            "诉求 #12 定为特殊复杂，会在9月21日 22:13前给出方案。"
        );
        assert_eq!(grade_brief(&case), "特殊复杂，方案9月21日 22:13前");
        case.state = CaseState::Paused;
        assert_eq!(graded_says(&case), "诉求 #12 定为特殊复杂。");
        assert_eq!(grade_brief(&case), "定为特殊复杂");
    }

    /// A template's `thing` field holds 20 characters (protocols.md §2.4); what comes behind is lost. The longest
    /// moments are those of October to December.
    #[test]
    fn a_grade_fits_a_template() {
        let mut case = crate::case::step::tests::filed();
        let late = crate::base::clock::from_ms(1_795_000_000_000);
        for (grade, plan, finish) in [
            (Grade::Ordinary, None, late),
            (Grade::Major, None, late),
            (Grade::Complex, late, None),
        ] {
            (case.grade, case.plan_due_at, case.finish_due_at) = (grade, plan, finish);
            let brief = grade_brief(&case);
            assert!(brief.contains("月18日"), "{brief}");
            assert!(brief.chars().count() <= 20, "{brief}");
        }
    }
}
