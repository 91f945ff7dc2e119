//! What clocks do to a case: the holder who stays silent is reminded, then passed over to the next
//! level; what is not finished in time goes up; what nobody rates is closed. Each looks first
//! whether its clock still counts, so that it may be run twice.

use chrono::TimeDelta;
use entity::case;
use entity::kinds::CaseState;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::actions::{Again, Draft, detail};
use crate::case::clock::after;
use crate::case::queries::Found;
use crate::case::remind::{self, kinds};
use crate::case::step::{Action, By};
use crate::store::Tx;

/// Whether a clock that was set for `due` still is the one that counts. Databases keep
/// milliseconds, and so does the reminder.
fn counts(at: Option<Moment>, due: Moment) -> bool {
    at.is_some_and(|at| (at - due).abs() < TimeDelta::milliseconds(1))
}

/// Nobody accepted in time: put on record, the holder is reminded urgently, and a grace as long as
/// the clock begins; it counts from now, so that whoever was not told in time is not passed over
/// unheard. Answers whether the clock still counted.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn accept_breach(
    tx: &mut Tx,
    found: Found,
    due: Moment,
    minutes: i64,
) -> Result<bool, Fault> {
    if found.case.state != CaseState::Assigned || !counts(found.case.accept_due_at, due) {
        return Ok(false);
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act(Action::AcceptLate, "accept-late", None)?;
    draft.tell(kinds::OVERDUE, draft.next.holder_id, "accept");
    let grace = remind::grace(&draft.next, due, after(draft.now, minutes));
    draft.reminders.push(grace);
    draft.tell_groups("accept-late", due);
    draft.store(tx, &system, "case.accept-late").await?;
    Ok(true)
}

/// The grace is over as well: the next level gets it, the old holder is told. Where nobody is
/// above, somebody else of the level; else it stays, and those who give work out are told.
///
/// # Errors
/// As [`accept_breach`].
pub async fn pass_over(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    if found.case.state != CaseState::Assigned || !counts(found.case.accept_due_at, due) {
        return Ok(false);
    }
    let old = found.case.holder_id;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(old);
    let target = again
        .choose_above(&found.case)
        .or_else(|| again.choose(&found.case, found.case.level));
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.detail = detail(draft.next.level, target.is_some());
    if let Some(target) = target {
        // The record names who was passed over: they are not asked again in this round.
        draft.actor_id = old;
        draft.act(Action::PassOver, "passed-over", None)?;
        draft.actor_id = None;
        draft.assign(&target, again.policy, false);
        draft.tell(kinds::PASSED_OVER, old, "accept");
        draft.tell_reporter("moved");
    } else {
        draft.event("nobody-above", None, None, None);
        draft.tell(kinds::OVERDUE, old, "accept");
        draft.tell_dispatchers(tx, "silent").await?;
    }
    draft.store(tx, &system, "case.pass-over").await?;
    Ok(true)
}

/// Not finished in time: put on record, the holder is told, and the next level gets it.
///
/// # Errors
/// As [`accept_breach`].
pub async fn finish_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    let running = matches!(
        found.case.state,
        CaseState::Raised | CaseState::Assigned | CaseState::Accepted | CaseState::Arrived
    );
    if !running || !counts(found.case.finish_due_at, due) {
        return Ok(false);
    }
    let old = found.case.holder_id;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(old);
    let target = again.choose_above(&found.case).filter(|_| old.is_some());
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    // Both clocks may be due at once, and nobody promises their order.
    draft.note_late(Action::AcceptLate);
    draft.act(Action::FinishLate, "finish-late", None)?;
    draft.tell_groups("finish-late", due);
    draft.detail = detail(draft.next.level, target.is_some());
    if let Some(target) = target {
        draft.act(Action::Raise, "raised-level", None)?;
        draft.assign(&target, again.policy, true);
        draft.tell(kinds::PASSED_OVER, old, "finish");
        draft.tell_reporter("moved");
    } else {
        draft.tell(kinds::OVERDUE, old, "finish");
        draft.tell_dispatchers(tx, "overdue").await?;
    }
    draft.store(tx, &system, "case.finish-late").await?;
    Ok(true)
}

/// Looks again for somebody to take what nobody has. Answers whether it still is without anybody.
///
/// # Errors
/// As [`accept_breach`].
pub async fn seek(tx: &mut Tx, found: Found) -> Result<bool, Fault> {
    if found.case.state != CaseState::Raised {
        return Ok(false);
    }
    let again = Again::read(tx, &found).await?;
    let Some(target) = again.choose(&found.case, found.case.level) else {
        return Ok(true);
    };
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act(Action::Seek, "found", None)?;
    draft.assign(&target, again.policy, false);
    draft.tell_reporter("moved");
    draft.store(tx, &system, "case.found").await?;
    Ok(false)
}

/// Nobody rated in time: 评 is closed by the system.
///
/// # Errors
/// As [`accept_breach`].
pub async fn lapse(tx: &mut Tx, found: Found) -> Result<Option<case::Model>, Fault> {
    if found.case.state != CaseState::Finished {
        return Ok(None);
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    let note = "七天内未评价，自动结束".to_owned();
    draft.act(Action::Lapse, "lapsed", Some(note))?;
    draft.next.closed_at = Some(draft.now);
    Ok(Some(draft.store(tx, &system, "case.lapse").await?))
}
