//! What a card in WeCom shows of a case: its buttons for whoever is to do something, one sentence
//! for everybody else. Read from the case as it is now. Called by delivery through the table of
//! kinds and by `web/work.rs` when a card is pressed.

use entity::kinds::{CaseState, Outcome};
use entity::reminder;

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::clock;
use crate::case::queries::{self, Found};
use crate::case::step::OPEN;
use crate::case::{case_says, kind_says, shield};
use crate::delivery::{Button, Message, cards};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, Verdict};

/// What a person may do to a case now, by pressing.
pub(super) async fn buttons(
    app: &App,
    found: &Found,
    person_id: i64,
) -> Result<Vec<Button>, Fault> {
    let case = &found.case;
    let labels: &[&'static str] = if case.asked_id == Some(person_id) {
        match case.state {
            CaseState::ReopenRequested => &["同意重开", "驳回重开"],
            _ => &["接单", "退单"],
        }
    } else if !OPEN.contains(&case.state) {
        &[]
    } else if case.holder_id == Some(person_id) {
        match case.state {
            CaseState::Assigned => &["接单", "转派"],
            CaseState::Accepted => &["到场", "办结", "转派"],
            CaseState::Arrived => &["办结", "转派"],
            CaseState::Paused => &["恢复"],
            _ => &[],
        }
    } else {
        let works = reaches(app, found, person_id, Deed::WorkCases).await?;
        let gives = reaches(app, found, person_id, Deed::DispatchCases).await?;
        match case.state {
            CaseState::Raised if works && gives => &["接单", "转派"],
            CaseState::Raised if works => &["接单"],
            // Nobody moves: whoever gives work out may give it to somebody else.
            CaseState::Raised | CaseState::Assigned if gives && is_stuck(found) => &["转派"],
            _ => &[],
        }
    };
    let button = |label: &&'static str| Button {
        label,
        command: format!("{label} {}", case.id),
    };
    Ok(labels.iter().map(button).collect())
}

/// Whether a role of the person covers the deed at the case's place.
async fn reaches(app: &App, found: &Found, person_id: i64, deed: Deed) -> Result<bool, Fault> {
    let path = &found.place.path;
    let all = holders(app.store.read(), path, roles(deed), app.clock.now()).await?;
    Ok(all.iter().any(|holder| holder.person_id == person_id))
}

fn is_stuck(found: &Found) -> bool {
    let case = &found.case;
    let late = case.accept_late || case.silent_later || case.finish_late;
    case.state == CaseState::Raised || late
}

/// How things stand, in a few words, for somebody who has nothing to do any more.
fn over(case: &entity::case::Model, holder: &str) -> String {
    match case.state {
        CaseState::Raised => "正在重新找人办理".to_owned(),
        CaseState::Assigned => format!("已转给 {holder}"),
        CaseState::Accepted | CaseState::Arrived | CaseState::Paused => {
            format!("已由 {holder} 接单")
        }
        CaseState::Finished | CaseState::Reviewed if case.outcome == Some(Outcome::Unsolved) => {
            "未能解决，已结束".to_owned()
        }
        CaseState::Finished => format!("已由 {holder} 办结"),
        CaseState::Reviewed if case.rating.is_none() => "已办结，未评价".to_owned(),
        CaseState::Reviewed => "已办结并评价".to_owned(),
        CaseState::ReopenRequested => "居民申请重开".to_owned(),
        CaseState::Withdrawn => "居民已撤回".to_owned(),
        CaseState::Merged => "已并入同一件诉求".to_owned(),
    }
}

/// What the card of this person shows; none when there is no such case.
///
/// # Errors
/// The database's.
pub async fn face(app: &App, case_id: i64, person_id: i64) -> Result<Option<Message>, Fault> {
    let db = app.store.read();
    let Some(found) = queries::by_id(db, case_id).await? else {
        return Ok(None);
    };
    let buttons = buttons(app, &found, person_id).await?;
    let seen = shield::for_person(db, Some(person_id), found, app.clock.now()).await?;
    let Found { case, place } = &seen.found;
    let holder = queries::name_of(db, case.holder_id).await?;
    let sentence = over(case, &holder);
    let asked = case
        .asked_due_at
        .filter(|_| case.asked_id == Some(person_id));
    let due = asked.or(clock::next(case).map(|(_, due)| due));
    Ok(Some(Message {
        template: "task",
        title: format!(
            "#{} {} {}",
            case.id,
            kind_says(case.kind),
            shorten(&case.text, 20)
        ),
        place: queries::place_says(db, place).await?,
        state: case_says(case).to_owned(),
        at: due.or(case.finish_due_at).unwrap_or(case.updated_at),
        text: shorten(&case.text, 80),
        hint: sentence,
        url: None,
        urgent: false,
        buttons,
    }))
}

/// Brings the cards about a case up to date.
pub(super) fn refresh<'a>(
    app: &'a App,
    row: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some(case_id) = payload::number(row, "case") else {
            return Ok(Verdict::Drop);
        };
        let mut verdict = Verdict::Done;
        for card in cards::of(app, &row.subject).await? {
            let Some(message) = face(app, case_id, card.person_id).await? else {
                continue;
            };
            let shown = cards::show(app, &card, &message).await?;
            if matches!(shown, Verdict::Later(_) | Verdict::Retry(_)) {
                verdict = shown;
            }
        }
        Ok(verdict)
    })
}
