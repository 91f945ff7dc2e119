//! What the one who filed may do while it is open: 补充 催办 撤回. 评价 and 重开 are in `feedback`.

use entity::case;

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::case::actions::helper::{helps, note};
use crate::case::actions::{Draft, require_text};
use crate::case::clock::{NUDGE_MINUTES, after};
use crate::case::queries::{Found, no_such, visible};
use crate::case::remind::kinds;
use crate::case::step::{Action, By};
use crate::store::Tx;

/// A case that the actor filed.
pub(super) async fn own(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let person = actor.person_id().ok_or_else(|| no_such(id))?;
    let found = visible(tx.db(), actor, id).await?;
    if found.case.reporter_id == person {
        return Ok(found);
    }
    Err(Fault::forbidden(format!(
        "只有提出诉求 #{id} 的人可以这样操作。"
    )))
}

/// Adds words to a case (补充); the holder is told. Whoever helps with it may do so, too.
///
/// # Errors
/// `not_found`, `forbidden` when somebody else filed it and they do not help, `invalid` for no words, `wrong_step` when
/// it is over.
pub async fn supplement(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
) -> Result<case::Model, Fault> {
    let text = require_text("text", text, || {
        format!("请写下要补充的内容，例如：补充 {id} 水更大了")
    });
    if let Some(found) = helps(tx, actor, id).await? {
        return note(tx, actor, found, text?, "noted").await;
    }
    let found = own(tx, actor, id).await?;
    let text = text?;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.act(Action::Supplement, "supplemented", Some(text))?;
    draft.tell(kinds::SUPPLEMENTED, draft.next.holder_id, "supplemented");
    draft.store(tx, actor, "case.supplement").await
}

/// Presses (催办): at most once in ten minutes; the holder is told at once.
///
/// # Errors
/// As [`supplement`]; `too_many` when pressed just now.
pub async fn nudge(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    let now = tx.now();
    if let Some(last) = found.case.nudged_at {
        let again = after(last, NUDGE_MINUTES);
        if again > now {
            let seconds = u32::try_from((again - now).num_seconds().max(1)).unwrap_or(1);
            return Err(Fault {
                detail: format!(
                    "刚刚已经催过，办理人会尽快处理。{}分钟后可以再催。",
                    seconds.div_ceil(60)
                )
                .into(),
                ..Fault::too_many(seconds)
            });
        }
    }
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.next.nudges = draft.next.nudges.saturating_add(1);
    draft.next.nudged_at = Some(now);
    draft.act(Action::Nudge, "nudged", None)?;
    if draft.next.holder_id.is_some() {
        draft.tell(kinds::NUDGED, draft.next.holder_id, "nudged");
    } else {
        draft.tell_dispatchers(tx, "unassigned").await?;
    }
    draft.store(tx, actor, "case.nudge").await
}

/// Takes it back (撤回), as long as it is not finished.
///
/// # Errors
/// As [`supplement`].
pub async fn withdraw(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<case::Model, Fault> {
    let found = own(tx, actor, id).await?;
    if found.case.joiners > 0 {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 还有{}位邻居在等，先不撤回，会接着办。不想再收到进展请回复“退订”。",
            found.case.joiners
        )));
    }
    let reason = Some(crate::base::text::clean(reason)).filter(|reason| !reason.is_empty());
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.note_ask_late();
    draft.act(Action::Withdraw, "withdrawn", reason)?;
    draft.end_mediation(tx).await?;
    draft.next.closed_at = Some(tx.now());
    draft.cancel.extend(kinds::ALL);
    draft.tell(kinds::WITHDRAWN, draft.next.holder_id, "withdrawn");
    draft.store(tx, actor, "case.withdraw").await
}
