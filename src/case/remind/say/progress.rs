//! What the reporter of a case is told of it.

use entity::kinds::{CaseState, Outcome};
use entity::{account, case, reminder};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{Brief, Line, TEXT_SHOWN, is_fresh, is_joiners, last_note, number};
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
    let same_round = number(&reminder.payload, "round") == Some(i64::from(case.round));
    let same_holder = number(&reminder.payload, "holder") == case.holder_id;
    let over = match case.state {
        CaseState::Withdrawn => true,
        CaseState::Reviewed => what != "reopen-declined",
        _ => false,
    };
    if !same_round || !same_holder || over {
        return Ok(None);
    }
    let holder = queries::name_of(app.store.read(), case.holder_id).await?;
    if is_joiners(found, reminder) {
        return Ok(joined(found, reminder, what, &holder));
    }
    let said = match what {
        "finished" | "given-up" if case.state == CaseState::Finished => {
            Some(ended(app, case, reminder.recipient_id).await?)
        }
        "reopened" | "reopen-declined" => again(app, case, what, &holder).await?,
        "moved" | "asked" => moved(app, case, what, &holder).await?,
        "merged" | "filed-for" | "mediation" => Some(beginning(case, what)),
        _ => work(app, case, what, &holder).await?,
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

/// What whoever has it does with it.
async fn work(
    app: &App,
    case: &case::Model,
    what: &str,
    holder: &str,
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
        "paused" if case.state == CaseState::Paused => {
            let reason = last_note(app, id, "paused").await?;
            let reason = shorten(&reason, TEXT_SHOWN);
            (
                format!("诉求 #{id} 暂停办理，原因：{reason}。恢复后会告诉您。"),
                Brief::News(format!("暂停：{reason}")),
            )
        }
        "graded" => (graded_says(case), Brief::News(grade_brief(case))),
        "resumed" if case.state != CaseState::Paused => {
            let until = promised(case).map(|(clock, due)| format!("，{due}前{}", clock.says()));
            (
                format!("诉求 #{id} 已恢复办理。"),
                Brief::State(format!(
                    "已恢复{}",
                    until.unwrap_or_else(|| "办理".to_owned())
                )),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Said::tracked(case, text, brief)))
}

/// Who has it now, or is asked to.
async fn moved(
    app: &App,
    case: &case::Model,
    what: &str,
    holder: &str,
) -> Result<Option<Said>, Fault> {
    let (id, level) = (case.id, level_says(case.level));
    let (text, brief) = match (what, case.asked_level) {
        ("moved", _) if case.state == CaseState::Raised => (
            format!("诉求 #{id} 正在重新找人办理，已通知管理人员。"),
            "正在重新找人办理".to_owned(),
        ),
        ("moved", _) if case.state != CaseState::Finished => (
            format!("诉求 #{id} 现在由{holder}办理（{level}）。"),
            format!("已转{level}{holder}"),
        ),
        ("asked", Some(asked)) => {
            let next = queries::name_of(app.store.read(), case.asked_id).await?;
            let asked = level_says(asked);
            (
                format!(
                    "诉求 #{id} 已请{asked}{next}接手；对方接单前仍由{holder}办理（{level}）。"
                ),
                format!("已请{asked}{next}接手"),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Said::tracked(case, text, Brief::News(brief))))
}

/// What has become of the wish that it is opened again.
async fn again(
    app: &App,
    case: &case::Model,
    what: &str,
    holder: &str,
) -> Result<Option<Said>, Fault> {
    let (id, level) = (case.id, level_says(case.level));
    Ok(match what {
        "reopened" if case.state == CaseState::Raised => Some(Said::tracked(
            case,
            format!("诉求 #{id} 已重开，正在找人办理，已通知管理人员。"),
            Brief::News("已重开，正在找人办理".to_owned()),
        )),
        "reopened" => Some(Said::tracked(
            case,
            format!("诉求 #{id} 已重开，现在由{holder}办理（{level}）。"),
            Brief::News(format!("已重开，由{level}{holder}办理")),
        )),
        _ if case.state == CaseState::ReopenRequested => None,
        _ => {
            let reason = last_note(app, id, "reopen-declined").await?;
            let reason = shorten(&reason, TEXT_SHOWN);
            Some(Said {
                text: format!(
                    "诉求 #{id} 没有重开，上一级的答复：{reason}\n仍不满意可以向社区或街道反映，或另提一件诉求。"
                ),
                brief: Brief::News(format!("没有重开：{reason}")),
                hint: format!("没重开，原因见“进度 {id}”"),
            })
        }
    })
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
