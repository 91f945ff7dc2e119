//! What clocks do to a case: the holder who stays silent is reminded, then passed over to the next
//! level; who does not arrive is reminded, and those who give work out are told; for what is not
//! finished or planned in time the next level is asked. Each looks first
//! whether its clock still counts, so that it may be run twice.

use entity::kinds::CaseState;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::actions::{Again, Draft, detail, is_offered};
use crate::case::clock::Clock;
use crate::case::queries::Found;
use crate::case::remind::{self, counts, kinds};
use crate::case::step::{Action, By};
use crate::policy::queries::calendar_of;
use crate::store::Tx;

/// Nobody accepted in time: put on record, the holder is reminded urgently, and a grace as long as
/// the clock begins; it counts from now, so that whoever was not told in time is not passed over
/// unheard, and in the hours of the case's clocks. Answers whether the clock still counted.
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
    let calendar = calendar_of(tx.db(), found.case.calendar_id).await?;
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act(Action::AcceptLate, "accept-late", None)?;
    draft.tell(kinds::OVERDUE, draft.next.holder_id, "accept");
    let grace = remind::grace(&draft.next, due, calendar.due(draft.now, minutes));
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
        draft.assign(&target, &again.ground.policies, false);
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

/// Not on the scene in time: put on record, the holder is reminded, those who give work out are told.
/// It stays where it is: somebody else would be there later still.
///
/// # Errors
/// As [`accept_breach`].
pub async fn arrive_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    if found.case.state != CaseState::Accepted || !counts(found.case.arrive_due_at, due) {
        return Ok(false);
    }
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act(Action::ArriveLate, "arrive-late", None)?;
    draft.tell(kinds::OVERDUE, draft.next.holder_id, "arrive");
    draft.tell_dispatchers(tx, "arrive").await?;
    draft.store(tx, &system, "case.arrive-late").await?;
    Ok(true)
}

/// Not finished in time: put on record, the holder is told, and the next level is asked to take it over;
/// whoever has not even accepted it loses it at once.
///
/// # Errors
/// As [`accept_breach`].
pub async fn finish_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    overdue(tx, found, Clock::Finish, due).await
}

/// No plan in time: the same.
///
/// # Errors
/// As [`accept_breach`].
pub async fn plan_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    overdue(tx, found, Clock::Plan, due).await
}

async fn overdue(tx: &mut Tx, found: Found, clock: Clock, due: Moment) -> Result<bool, Fault> {
    if !clock.runs(found.case.state) || !counts(clock.due(&found.case), due) {
        return Ok(false);
    }
    let old = found.case.holder_id;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(old);
    let asked = found.case.asked_id.is_some() && !is_offered(&found.case);
    let target = again
        .choose_above(&found.case)
        .filter(|_| old.is_some() && !asked);
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    // Several clocks may be due at once, and nobody promises their order.
    for other in [Clock::Accept, Clock::Arrive, Clock::Plan, Clock::Finish] {
        if other != clock {
            draft.note_late(other);
        }
    }
    let (late, name) = clock.late();
    draft.act(late, name, None)?;
    draft.tell_groups(name, due);
    draft.detail = detail(draft.next.level, target.is_some());
    match target {
        Some(target) if draft.next.state == CaseState::Assigned => {
            draft.act(Action::PassOver, "raised-level", None)?;
            draft.assign(&target, &again.ground.policies, false);
            draft.tell(kinds::PASSED_OVER, old, clock.name());
            draft.tell_reporter("moved");
        }
        Some(target) => {
            draft.act(Action::Raise, "raised-level", None)?;
            draft.ask_to_take(&target, &again.ground.policies);
            draft.tell(kinds::OVERDUE, old, "raised");
        }
        None => {
            draft.tell(kinds::OVERDUE, old, clock.name());
            if !asked {
                draft.tell_dispatchers(tx, clock.name()).await?;
            }
        }
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
    draft.assign(&target, &again.ground.policies, false);
    draft.tell_reporter("moved");
    draft.store(tx, &system, "case.found").await?;
    Ok(false)
}
