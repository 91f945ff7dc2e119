//! What becomes of a case whose holder may not work there any more: it goes back to dispatch. Called by
//! the clock of `remind/holder.rs`.

use entity::kinds::CaseState;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, load_staff};
use crate::base::fault::Fault;
use crate::case::actions::mediated::is_mediated;
use crate::case::actions::{Again, Draft, detail};
use crate::case::queries::Found;
use crate::case::step::{Action, By, row};
use crate::store::Tx;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vacated {
    /// It was given to somebody else, or waits for somebody.
    Moved,
    /// Its holder may still work there, or it is over.
    Kept,
    /// The parties talk: until they have ended there is nothing for a holder to do. That is not for ever, since a
    /// mediation in which nothing happens goes to somebody else and then ends.
    Mediated,
}

/// Gives a case to somebody else whose holder has lost the role for its place, or has left. Whoever is
/// asked to take it over gets it; else, of a closed building, whoever gives work out there; else dispatch looks, as for a
/// new one. What was late stays late.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn vacate(tx: &mut Tx, found: Found) -> Result<Vacated, Fault> {
    let Some(old) = found.case.holder_id else {
        return Ok(Vacated::Kept);
    };
    if !row(Action::Vacate).from.contains(&found.case.state) {
        return Ok(Vacated::Kept);
    }
    let holder = load_staff(tx.db(), old, tx.now()).await?;
    if holder.is_some_and(|holder| may(&holder, Deed::WorkCases, &found.place.path)) {
        return Ok(Vacated::Kept);
    }
    if found.case.state == CaseState::Paused && is_mediated(tx, found.case.id).await? {
        return Ok(Vacated::Mediated);
    }
    let mut again = Again::read(tx, &found).await?;
    again.without.push(old);
    // Nobody answers for a closed building any more: whoever gives work out there sees to what is left of it.
    let closed = found.place.closed_at;
    let giver = closed.and_then(|_| again.dispatcher(&found.case));
    let target = again
        .person(found.case.asked_id)
        .or(giver)
        .or_else(|| again.choose(&found.case, found.case.level))
        .or_else(|| again.choose_above(&found.case));
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.act_to(Action::Vacate, "holder-gone", None, target.is_some())?;
    draft.detail = detail(draft.next.level, target.is_some());
    if draft.next.paused_at.is_some() {
        draft.resume_clocks(tx).await?;
    }
    match &target {
        Some(target) => draft.assign(target, &again.ground.policies, false),
        None => draft.leave_unassigned(tx, &again.ground.policies).await?,
    }
    draft.tell_reporter("moved");
    draft.store(tx, &system, "case.vacate").await?;
    Ok(Vacated::Moved)
}
