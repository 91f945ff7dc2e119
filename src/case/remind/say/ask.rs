//! What those are told from whom something is wanted: take it, take it over, open it again, help, look after a
//! neighbour.

use entity::kinds::{CaseState, Grade, Level};
use entity::{case, reminder};

use super::{Brief, Line, TEXT_SHOWN, holder_says, last_note, number};
use crate::app::App;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::actions::is_offered;
use crate::case::behalf::NAMELESS;
use crate::case::queries::{self, Found};
use crate::case::shield::{HIDDEN, Seen};
use crate::case::{category, kind_says, level_says};
use crate::policy::grade_says;

/// What else the holder should know: without a name, met by many, perhaps the same as another.
fn beside(seen: &Seen, reminder: &reminder::Model) -> String {
    let case = &seen.found.case;
    let mut more = String::new();
    if case.anonymous {
        more.push_str(&format!("提出人：{NAMELESS}。"));
    } else if seen.is_hidden() {
        more.push_str(&format!("提出人：{HIDDEN}。"));
    }
    if case.households > 1 {
        more.push_str(&format!("已有{}户遇到。", case.households));
    }
    if let Some(other) = number(reminder, "alike") {
        let id = case.id;
        more.push_str(&format!(
            "可能和 #{other} 是同一件事，是的话回复“合并 {id} {other}”。"
        ));
    }
    more
}

/// A case to take.
pub(super) async fn task_line(
    app: &App,
    seen: &Seen,
    reminder: &reminder::Model,
) -> Result<Line, Fault> {
    let found = &seen.found;
    let case = &found.case;
    let id = case.id;
    let place = queries::place_says(app.store.read(), &found.place).await?;
    let urgent = reminder.payload.get("emergency").is_some();
    let returned = returned(app, case).await?;
    let head = match (urgent, case.round > 1, case.level) {
        (true, ..) => "【紧急】诉求".to_owned(),
        _ if returned.is_some() => "退回的诉求".to_owned(),
        (_, true, _) => "重开的诉求".to_owned(),
        (.., Level::Compound) => "新诉求".to_owned(),
        (.., level) => format!("转到{}的诉求", level_says(level)),
    };
    let about = case
        .category
        .as_deref()
        .and_then(category::says)
        .map(str::to_owned);
    let grade = (case.grade != Grade::Ordinary).then(|| grade_says(case.grade).to_owned());
    let about: Vec<String> = about.into_iter().chain(grade).collect();
    let about = match about.is_empty() {
        true => String::new(),
        false => format!("（{}）", about.join("，")),
    };
    let (why, or) = match returned {
        Some(why) => (
            format!("退单原因：{}。", shorten(&seen.words(&why), 60)),
            format!("，或回复“转派 {id} 姓名”"),
        ),
        None => (String::new(), String::new()),
    };
    let due = case.accept_due_at.unwrap_or(reminder.due_at);
    let more = beside(seen, reminder);
    Ok(Line {
        text: format!(
            "{head} #{id}：{}{about} {}。地点：{place}。{why}{more}请在{}前接单{or}。",
            kind_says(case.kind),
            shorten(&case.text, TEXT_SHOWN),
            say(due)
        ),
        hint: format!("回复“接单 {id}”。"),
        brief: Brief::Hint,
        template: "task",
        urgent: true,
        at: due,
    })
}

/// Why it was given back, when that is how it came to whoever gives work out.
async fn returned(app: &App, case: &case::Model) -> Result<Option<String>, Fault> {
    if case.updated_at == case.created_at {
        return Ok(None);
    }
    let events = queries::events(app.store.read(), case.id).await?;
    let mut latest = events.into_iter().rev();
    let dispatched = latest.find(|event| event.action == "dispatched");
    let before = latest.next().filter(|event| event.action == "refused");
    Ok(dispatched.and(before).and_then(|event| event.note))
}

/// A case to take over, or to open again. None when that is decided.
pub(super) async fn asked_line(
    app: &App,
    seen: &Seen,
    reminder: &reminder::Model,
) -> Result<Option<Line>, Fault> {
    let found = &seen.found;
    let case = &found.case;
    let id = case.id;
    let db = app.store.read();
    let holder = queries::name_of(db, case.holder_id).await?;
    let place = queries::place_says(db, &found.place).await?;
    let due = case.asked_due_at.unwrap_or(reminder.due_at);
    let about = format!(
        "{} {}。地点：{place}",
        kind_says(case.kind),
        shorten(&case.text, TEXT_SHOWN)
    );
    let level = level_says(case.asked_level.unwrap_or(case.level));
    let whose = match is_offered(case) {
        true => format!("{holder}请您"),
        false => format!("请{level}"),
    };
    let (text, hint) = match case.state {
        CaseState::ReopenRequested => {
            let reason = seen.words(&last_note(app, id, "reopen-asked").await?);
            let result = shorten(case.result.as_deref().unwrap_or_default(), 60);
            (
                format!(
                    "居民申请重开诉求 #{id}：{}。{about}。{holder}的办理结果：{result}。请在{}前决定，回复“同意重开 {id}”或“驳回重开 {id} 理由”；到时没有答复就重开并派给您。",
                    shorten(&reason, 60),
                    say(due)
                ),
                hints::decide(id),
            )
        }
        CaseState::Accepted | CaseState::Arrived | CaseState::Paused => (
            format!(
                "{whose}接手诉求 #{id}：{about}。请在{}前接单，接单前仍由{holder}办理；不接请回复“退单 {id} 原因”。",
                say(due)
            ),
            hints::take_over(id),
        ),
        _ => return Ok(None),
    };
    Ok(Some(Line {
        text,
        hint,
        brief: Brief::Hint,
        template: "task",
        urgent: true,
        at: due,
    }))
}

/// A case to help with. None when whoever is invited has come or said no.
pub(super) async fn help_line(
    app: &App,
    found: &Found,
    reminder: &reminder::Model,
) -> Result<Option<Line>, Fault> {
    let case = &found.case;
    let id = case.id;
    let db = app.store.read();
    let Some(person) = reminder.recipient_id else {
        return Ok(None);
    };
    let waits = queries::helper(db, id, person)
        .await?
        .is_some_and(|helper| helper.joined_at.is_none() && helper.left_at.is_none());
    if !waits {
        return Ok(None);
    }
    let holder = queries::name_of(db, case.holder_id).await?;
    let place = queries::place_says(db, &found.place).await?;
    Ok(Some(Line {
        text: format!(
            "{holder}请您助力诉求 #{id}：{} {}。地点：{place}。不便请回复“退出助力 {id}”。",
            kind_says(case.kind),
            shorten(&case.text, TEXT_SHOWN)
        ),
        hint: hints::help(id),
        brief: Brief::Hint,
        template: "task",
        urgent: true,
        at: reminder.due_at,
    }))
}

/// What a home needs, to whoever answers for it beside the holder: it stays the holder's.
pub(super) async fn need_line(
    app: &App,
    found: &Found,
    reminder: &reminder::Model,
) -> Result<Line, Fault> {
    let case = &found.case;
    let place = queries::place_says(app.store.read(), &found.place).await?;
    let urgent = match reminder.payload.get("emergency") {
        Some(_) => "【紧急】",
        None => "",
    };
    let id = case.id;
    Ok(Line {
        text: format!(
            "{urgent}您负责的{place}有人求助 #{id}：{}。您是这一户的管家，请一同关心。",
            shorten(&case.text, TEXT_SHOWN)
        ),
        hint: hints::need(holder_says(app, case).await?),
        brief: Brief::Hint,
        template: "task",
        urgent: true,
        at: reminder.due_at,
    })
}

/// What is to be done, in as few letters as a template's field holds.
mod hints {
    pub(super) fn decide(id: i64) -> String {
        format!("回复“同意重开 {id}”。")
    }

    pub(super) fn take_over(id: i64) -> String {
        format!("请接手：回复“接单 {id}”。")
    }

    pub(super) fn need(holder: Option<String>) -> String {
        match holder {
            Some(holder) => format!("请一同关心，由{holder}办理"),
            None => "请一同关心，正在找人办理".to_owned(),
        }
    }

    pub(super) fn help(id: i64) -> String {
        format!("回复“助力 {id}”。")
    }
}

#[cfg(test)]
mod tests {
    use super::hints;

    /// A template's `thing` field holds 20 characters (protocols.md §2.4); what comes behind is lost.
    #[test]
    fn what_is_wanted_fits_a_card() {
        for hint in [hints::decide, hints::take_over, hints::help] {
            let hint = hint(1_000_000);
            assert!(hint.chars().count() <= 20, "{hint}");
        }
        for holder in [None, Some("职能部门欧阳小雨".to_owned())] {
            let hint = hints::need(holder);
            assert!(hint.chars().count() <= 20, "{hint}");
        }
    }
}
