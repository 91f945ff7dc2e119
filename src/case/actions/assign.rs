//! Giving a case to somebody, or to nobody when nobody is left, and who hears of it. Used by all the actions that
//! move a case.

use entity::kinds::RoleKind;

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::base::fault::Fault;
use crate::case::actions::{Draft, says_target};
use crate::case::clock::{after, begins_afresh};
use crate::case::dispatch::Target;
use crate::case::remind::{self, kinds};
use crate::case::step::By;
use crate::policy::Policies;
use crate::store::Tx;

impl Draft {
    /// Gives it to somebody: the accept clock begins, the new holder is told. The plan and finish clocks run on,
    /// but in a new round (`fresh`) and where [`begins_afresh`] says so.
    pub(super) fn assign(&mut self, target: &Target, policies: &Policies, fresh: bool) {
        let clocks = policies.at(target.level);
        let again = !fresh && begins_afresh(&self.next, target.level, self.now);
        let next = &mut self.next;
        next.holder_id = Some(target.person_id);
        next.organisation_id = target.organisation_id;
        next.level = target.level;
        let minutes = clocks.policy.accept_minutes;
        let accept_due = clocks.due(self.now, minutes);
        next.accept_due_at = Some(accept_due);
        next.arrive_due_at = None;
        next.paused_at = None;
        next.clocks_left = None;
        self.cancel.extend(kinds::OF_ONE_HOLDER);
        self.cancel.push(kinds::ARRIVE_CLOCK);
        let note = Some(says_target(target));
        self.event_by(By::System, None, "dispatched", None, None, note);
        self.tell(kinds::TASK, Some(target.person_id), "task");
        let clock = remind::clock(&self.next, kinds::ACCEPT_CLOCK, accept_due, minutes);
        self.reminders.push(clock);
        if fresh {
            self.begin_clocks(&clocks);
        } else if again {
            self.begin_clocks_again(&clocks);
        }
    }

    /// Nobody is left to ask: it waits, those who give work out are told, and a clock looks again.
    pub(super) async fn leave_unassigned(
        &mut self,
        tx: &Tx,
        policies: &Policies,
    ) -> Result<(), Fault> {
        self.next.holder_id = None;
        self.next.arrive_due_at = None;
        self.next.organisation_id = None;
        self.next.accept_due_at = None;
        self.cancel.extend(kinds::OF_ONE_HOLDER);
        self.event_by(By::System, None, "unassigned", None, None, None);
        self.tell_dispatchers(tx, "unassigned").await?;
        // Whoever looks for somebody does so day and night.
        let due = after(self.now, policies.at(self.next.level).policy.accept_minutes);
        self.reminders
            .push(remind::clock(&self.next, kinds::SEEK_CLOCK, due, 0));
        Ok(())
    }

    /// Those who may give a case out, and the administrators.
    pub(super) async fn tell_dispatchers(&mut self, tx: &Tx, what: &str) -> Result<(), Fault> {
        let mut asked = roles(Deed::DispatchCases).to_vec();
        asked.push(RoleKind::Administrator);
        let mut people: Vec<i64> = holders(tx.db(), &self.found.place.path, &asked, self.now)
            .await?
            .into_iter()
            .map(|held| held.person_id)
            .filter(|person| Some(*person) != self.next.holder_id)
            .collect();
        people.sort_unstable();
        people.dedup();
        for person in people {
            self.tell(kinds::UNASSIGNED, Some(person), what);
        }
        Ok(())
    }
}
