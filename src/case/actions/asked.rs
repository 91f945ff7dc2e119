//! 首接负责制: whoever has accepted a case keeps it until somebody else accepts: of the next level, or whom they
//! have named. Here is what those do who are asked to take it over (接单, 退单), and the clock that asks further up
//! while they are silent.

use entity::case;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::above;
use crate::case::actions::{Again, Draft, detail, require_text, says_target};
use crate::case::clock::begins_afresh;
use crate::case::dispatch::Target;
use crate::case::queries::Found;
use crate::case::remind::{self, counts, kinds};
use crate::case::step::{Action, By, KEPT, apply};
use crate::policy::Policies;
use crate::policy::queries::policies;
use crate::store::Tx;

/// Whether who is asked was named by the holder (转派), at their own level or below: nobody is asked in their place.
/// Who is asked on the way up always stands higher.
#[must_use]
pub fn is_offered(case: &case::Model) -> bool {
    let level = case.asked_level.filter(|_| case.asked_id.is_some());
    level.is_some_and(|level| level <= case.level)
}

impl Draft {
    /// Asks somebody to take it over; the reporter is told that, and who has it until then.
    pub(super) fn ask_to_take(&mut self, target: &Target, policies: &Policies) {
        let clocks = policies.at(target.level);
        let due = clocks.due(self.now, clocks.policy.accept_minutes);
        self.ask(target, due, kinds::ASKED, kinds::ASK_CLOCK);
        self.tell_reporter("asked");
    }

    /// Asks somebody to take it over, or to decide whether it is opened again; `clock` and `kind` say
    /// which. Whoever has it keeps it until they answer.
    pub(super) fn ask(
        &mut self,
        target: &Target,
        due: Moment,
        kind: &'static str,
        clock: &'static str,
    ) {
        let next = &mut self.next;
        next.asked_id = Some(target.person_id);
        next.asked_organisation_id = target.organisation_id;
        next.asked_level = Some(target.level);
        next.asked_due_at = Some(due);
        self.cancel.extend(kinds::OF_ASKED);
        let note = Some(says_target(target));
        self.event_by(By::System, None, "asked", None, None, note);
        self.tell(kind, Some(target.person_id), "asked");
        self.reminders
            .push(remind::clock(&self.next, clock, due, 0));
    }

    /// Whoever was asked and is no longer is told, unless they know.
    pub(super) fn end_asking(&mut self) {
        let was = self.found.case.asked_id;
        if was.is_none() || self.next.asked_id == was {
            return;
        }
        self.cancel.extend(kinds::OF_ASKED);
        if was != self.actor_id && was != self.next.holder_id {
            self.tell(kinds::PASSED_OVER, was, "asked");
        }
    }

    /// Puts on record that who is asked has not answered in time though no worker has looked yet.
    pub(super) fn note_ask_late(&mut self) {
        let past = self.next.asked_due_at.is_some_and(|due| due < self.now);
        if past
            && !self.next.silent_later
            && apply(&mut self.next, Action::AskLate, By::System, true).is_ok()
        {
            self.event_by(By::System, None, "asked-late", None, None, None);
        }
    }
}

/// Takes it over (接单): from now on it lies with the actor, at their level, and with its clocks when that level has
/// not had it before.
pub(super) async fn take_over(
    tx: &mut Tx,
    actor: &Actor,
    found: Found,
) -> Result<case::Model, Fault> {
    let policies = policies(tx.db(), &found.place.path, found.case.grade).await?;
    let old = found.case.holder_id;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.note_ask_late();
    let passed = match is_offered(&draft.next) {
        true => "handed-over",
        false => "taken-over",
    };
    let (level, organisation) = (draft.next.asked_level, draft.next.asked_organisation_id);
    draft.act(Action::TakeOver, "taken-over", None)?;
    if draft.next.paused_at.is_some() {
        draft.resume_clocks(tx).await?;
    }
    let level = level.unwrap_or(draft.next.level);
    let afresh = begins_afresh(&draft.next, level, draft.now);
    let next = &mut draft.next;
    next.holder_id = actor.person_id();
    next.organisation_id = organisation;
    next.level = level;
    next.accept_due_at = None;
    draft.cancel.extend(kinds::OF_ONE_HOLDER);
    if afresh {
        draft.begin_clocks_again(&policies.at(level));
    }
    draft.begin_arrive(tx).await?;
    draft.tell(kinds::PASSED_OVER, old, passed);
    draft.tell_reporter("moved");
    draft.store(tx, actor, "case.take-over").await
}

/// Does not take it over (退单): on the way up the next one is asked; the holder keeps it all the while.
pub(super) async fn turn_down(
    tx: &mut Tx,
    actor: &Actor,
    found: Found,
    reason: &str,
) -> Result<(case::Model, Option<String>), Fault> {
    let id = found.case.id;
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：退单 {id} 不归街道管")
    })?;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(actor.person_id());
    again.without.extend(found.case.holder_id);
    let floor = found.case.asked_level.unwrap_or(found.case.level);
    let offered = is_offered(&found.case);
    let target = again.choose(&found.case, floor).filter(|_| !offered);
    let holder = found.case.holder_id;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.note_ask_late();
    draft.act(Action::TurnDown, "refused", Some(reason))?;
    draft.detail = detail(floor, target.is_some());
    match &target {
        Some(target) => draft.ask_to_take(target, &again.ground.policies),
        None if offered => draft.tell(kinds::OVERDUE, holder, "not-taken"),
        None => draft.tell(kinds::OVERDUE, holder, "kept"),
    }
    let case = draft.store(tx, actor, "case.turn-down").await?;
    Ok((case, target.as_ref().map(says_target)))
}

/// Who is asked has not answered in time: put on record, and the level above them is asked; where nobody
/// is above, somebody else of the level; else they stay asked, and those who give work out are told. The
/// holder keeps it all the while. Answers whether the clock still counted.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn ask_breach(tx: &mut Tx, found: Found, due: Moment) -> Result<bool, Fault> {
    let (asked, level) = (found.case.asked_id, found.case.asked_level);
    let (Some(level), true) = (level, KEPT.contains(&found.case.state)) else {
        return Ok(false);
    };
    if asked.is_none() || !counts(found.case.asked_due_at, due) {
        return Ok(false);
    }
    if is_offered(&found.case) {
        return offer_breach(tx, found).await;
    }
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(asked);
    again.without.extend(found.case.holder_id);
    let target = above(level)
        .and_then(|floor| again.choose(&found.case, floor))
        .or_else(|| again.choose(&found.case, level));
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    // The record names who was silent: they are not asked again in this round.
    draft.actor_id = asked;
    draft.act(Action::AskLate, "passed-over", None)?;
    draft.actor_id = None;
    draft.detail = detail(level, target.is_some());
    match &target {
        Some(target) => draft.ask_to_take(target, &again.ground.policies),
        None => {
            draft.next.asked_due_at = None;
            draft.event("nobody-above", None, None, None);
            draft.tell_dispatchers(tx, "asked-silent").await?;
        }
    }
    draft.store(tx, &system, "case.ask-late").await?;
    Ok(true)
}

/// Whoever the holder has named has not answered in time: they are asked no longer, and the holder, who has it
/// all the while, is told.
async fn offer_breach(tx: &mut Tx, found: Found) -> Result<bool, Fault> {
    let (asked, holder) = (found.case.asked_id, found.case.holder_id);
    let system = Actor::system();
    let mut draft = Draft::new(tx, &system, By::System, found);
    draft.actor_id = asked;
    draft.act(Action::OfferLate, "not-taken", None)?;
    draft.actor_id = None;
    draft.tell(kinds::OVERDUE, holder, "not-taken");
    draft.store(tx, &system, "case.offer-late").await?;
    Ok(true)
}
