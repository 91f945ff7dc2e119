//! How the work on a case ends: 办结 when it is done, 无法办结 when it cannot be. Both are published and
//! may be rated; only what was done counts as solved.

use entity::case;
use entity::kinds::{CaseState, ContentKind};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::case::actions::staff::{held, take};
use crate::case::actions::{Draft, require_text};
use crate::case::clock::{FEEDBACK_MINUTES, RATING_DAYS, after, after_days};
use crate::case::publish;
use crate::case::queries::{self, Found};
use crate::case::remind::{self, kinds};
use crate::case::step::{Action, By};
use crate::case::{BOARD, subject};
use crate::moderation::{self, Submission};
use crate::store::Tx;

/// Says that it is done and how (办结): 办, and at once 督 and 示.
///
/// # Errors
/// As [`super::accept`]; `invalid` without words.
pub async fn finish(tx: &mut Tx, actor: &Actor, id: i64, text: &str) -> Result<case::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let text = require_text("text", text, || {
        format!("请写下办理结果，例如：办结 {id} 电梯已恢复运行")
    })?;
    end(tx, actor, found, text, Action::Finish).await
}

/// Says that it cannot be done and why (无法办结). The resident may ask for the next level all the same.
///
/// # Errors
/// As [`super::accept`]; `invalid` without a reason.
pub async fn give_up(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：无法办结 {id} 房屋结构不允许加装")
    })?;
    end(tx, actor, found, reason, Action::GiveUp).await
}

async fn end(
    tx: &mut Tx,
    actor: &Actor,
    found: Found,
    text: String,
    action: Action,
) -> Result<case::Model, Fault> {
    let solved = action == Action::Finish;
    let board = published(tx, &found, &text, solved).await?;
    let content = board_content(actor, &found.case, board.clone());
    let helpers = queries::helpers(tx.db(), found.case.id).await?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    if draft.next.state == CaseState::Assigned {
        take(&mut draft)?;
    }
    draft.next.public_text = Some(board);
    draft.next.result = Some(text.clone());
    let (name, what) = match solved {
        true => ("finished", "finished"),
        false => ("given-up", "given-up"),
    };
    draft.act(action, name, Some(text))?;
    let now = tx.now();
    draft.next.finished_at = Some(now);
    draft.cancel.extend(kinds::OF_ONE_HOLDER);
    draft.tell_reporter(what);
    ask_for_rating(&mut draft);
    draft.reminders.push(remind::photos(&draft.next, now));
    for helper in helpers.iter().filter(|helper| helper.is_present()) {
        draft.tell(kinds::HELPED, Some(helper.person_id), what);
    }
    let case = draft.store(tx, actor, "case.finish").await?;
    // Everybody reads the board: what stands there is looked at first.
    moderation::submit(tx, content).await?;
    Ok(case)
}

/// The words to the reporter ask for a rating, once; to be called right behind them. One clock looks whether
/// they have arrived, the other ends it when nobody answers.
pub(super) fn ask_for_rating(draft: &mut Draft) {
    let asked = draft
        .reminders
        .last()
        .map(|reminder| reminder.dedupe_key.clone());
    draft.reminders.push(remind::feedback(
        &draft.next,
        draft.next.reporter_id,
        &asked.unwrap_or_default(),
        after(draft.now, FEEDBACK_MINUTES),
    ));
    draft.reminders.push(remind::clock(
        &draft.next,
        kinds::LAPSE,
        after_days(draft.now, RATING_DAYS),
        0,
    ));
}

/// What is handed in for the board.
pub(super) fn board_content(actor: &Actor, case: &case::Model, board: String) -> Submission {
    Submission {
        subject: subject(case.id),
        part: BOARD.to_owned(),
        compound_id: case.compound_id,
        place_id: case.place_id,
        kind: ContentKind::Text,
        content: board,
        author_id: actor.person_id(),
    }
}

/// The words for the board, without anything personal.
pub(super) async fn published(
    tx: &Tx,
    found: &Found,
    result: &str,
    solved: bool,
) -> Result<String, Fault> {
    let case = &found.case;
    let both = format!("{result}\n{}", publish::simplified(result));
    let mut names = queries::names_in(tx.db(), case.compound_id, &both).await?;
    names.push(queries::name_of(tx.db(), Some(case.reporter_id)).await?);
    names.push(queries::name_of(tx.db(), case.holder_id).await?);
    let place = queries::building_says(tx.db(), &found.place).await?;
    Ok(publish::text(case.kind, &place, result, solved, &names))
}
