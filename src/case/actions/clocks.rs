//! What the actions share about clocks: setting them, stopping them, noting what was missed; and the
//! one action that is about clocks alone, 定级.

use entity::case;
use entity::kinds::{CaseState, Grade};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::case::actions::Draft;
use crate::case::actions::staff::held_or_given;
use crate::case::clock::{self, Clock, ended_by};
use crate::case::queries::{self, Found, holds};
use crate::case::remind::{self, kinds};
use crate::case::step::{Action, By, apply};
use crate::policy::queries::{calendar_of, policies};
use crate::policy::{Clocks, grade_says};
use crate::store::Tx;

/// The history's word for a holder who says that a case is complex.
const GRADE_ASKED: &str = "grade-asked";

impl Draft {
    /// What an action does to the clocks that it ends: those that have run out while nobody looked are
    /// put on record (what is late stays late although the worker is behind), none is asked any more.
    pub(super) fn end_clocks(&mut self, action: Action) {
        for clock in ended_by(action) {
            self.note_late(*clock);
            if clock.due(&self.next).is_some() {
                self.cancel.push(clock.kind());
            }
        }
    }

    /// Puts on record that a clock has run out which nobody has looked at yet.
    pub(super) fn note_late(&mut self, clock: Clock) {
        let past = clock.due(&self.next).is_some_and(|due| due < self.now);
        let (action, name) = clock.late();
        // Where the table has no such row the clock did not run.
        if past
            && !clock.was_late(&self.next)
            && apply(&mut self.next, action, By::System, true).is_ok()
        {
            self.event_by(By::System, None, name, None, None, None);
        }
    }

    /// Sets the reminder of a clock for when it ends.
    pub(super) fn run(&mut self, clock: Clock) {
        if let Some(due) = clock.due(&self.next) {
            let reminder = remind::clock(&self.next, clock.kind(), due, 0);
            self.reminders.push(reminder);
        }
    }

    /// Begins the plan and finish clocks afresh, at the level where it lies now.
    pub(super) fn begin_clocks(&mut self, clocks: &Clocks<'_>) {
        clock::begin(&mut self.next, clocks, self.now);
        self.next.clock_level = Some(self.next.level);
        self.cancel
            .extend([Clock::Plan.kind(), Clock::Finish.kind()]);
        self.run(Clock::Plan);
        self.run(Clock::Finish);
    }

    /// The same within a round: what has run out by now is put on record first.
    pub(super) fn begin_clocks_again(&mut self, clocks: &Clocks<'_>) {
        self.note_late(Clock::Plan);
        self.note_late(Clock::Finish);
        self.begin_clocks(clocks);
    }

    /// Begins the arrive clock: somebody has just accepted.
    pub(super) async fn begin_arrive(&mut self, tx: &Tx) -> Result<(), Fault> {
        let policies = policies(tx.db(), &self.found.place.path, self.next.grade).await?;
        let clocks = policies.at(self.next.level);
        let minutes = clocks.policy.arrive_minutes;
        // A suggestion has no scene.
        let minutes = minutes.filter(|_| self.next.kind != entity::kinds::CaseKind::Suggestion);
        self.next.arrive_due_at = minutes.map(|minutes| clocks.due(self.now, minutes));
        self.run(Clock::Arrive);
        Ok(())
    }

    /// A pause begins: what is left is noted. To be called after the action.
    pub(super) async fn stop_clocks(&mut self, tx: &Tx) -> Result<(), Fault> {
        let calendar = calendar_of(tx.db(), self.next.calendar_id).await?;
        let interrupted = self.found.case.state;
        clock::pause(&mut self.next, interrupted, &calendar, self.now);
        Ok(())
    }

    /// The clocks go on though nobody said so: the day of a pause has come, or a mediation brought nothing.
    pub(super) async fn go_on(&mut self, tx: &Tx) -> Result<(), Fault> {
        self.act(Action::GoOn, "resumed", None)?;
        self.resume_clocks(tx).await?;
        self.wait_again(tx).await?;
        self.tell_reporter("resumed");
        Ok(())
    }

    /// What nobody had accepted when it was stopped waits for that again, with the whole time for it.
    pub(super) async fn wait_again(&mut self, tx: &Tx) -> Result<(), Fault> {
        if !matches!(self.next.state, CaseState::Raised | CaseState::Assigned) {
            return Ok(());
        }
        let policies = policies(tx.db(), &self.found.place.path, self.next.grade).await?;
        let clocks = policies.at(self.next.level);
        let minutes = clocks.policy.accept_minutes;
        let clock = if self.next.state == CaseState::Assigned {
            let due = clocks.due(self.now, minutes);
            self.next.accept_due_at = Some(due);
            remind::clock(&self.next, kinds::ACCEPT_CLOCK, due, minutes)
        } else {
            let due = clock::after(self.now, minutes);
            remind::clock(&self.next, kinds::SEEK_CLOCK, due, 0)
        };
        self.reminders.push(clock);
        Ok(())
    }

    /// A pause ends: what was left goes on. To be called after the action.
    pub(super) async fn resume_clocks(&mut self, tx: &Tx) -> Result<(), Fault> {
        let calendar = calendar_of(tx.db(), self.next.calendar_id).await?;
        for clock in clock::resume(&mut self.next, &calendar, self.now) {
            self.run(clock);
        }
        Ok(())
    }
}

/// Says how grave it is (定级). The plan and finish clocks are those of the new grade, counted from
/// where the old ones were; what was late stays late. Whoever was told to accept or to arrive keeps
/// the moment they were told. That it is complex, which leaves no finish clock before there is a plan, its holder
/// cannot say alone: those who give work out are asked, and until one of them says the same it stays as it is.
///
/// # Errors
/// `not_found` when it is not theirs to see, `forbidden` for who neither holds it nor gives work out
/// there, `invalid` for the grade that it has, `wrong_step` when it is done, or when somebody was asked already.
pub async fn grade(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    grade: Grade,
) -> Result<case::Model, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let old = found.case.grade;
    if old == grade {
        let says = grade_says(grade);
        return Err(Fault::invalid(
            "grade",
            format!("诉求 #{id} 已经是“{says}”，不用再改。回复“进度 {id}”查看。"),
        ));
    }
    if grade == Grade::Complex && holds(actor, &found) {
        return ask_grade(tx, actor, found).await;
    }
    let policies = policies(tx.db(), &found.place.path, grade).await?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    let note = format!("{}（原为{}）", grade_says(grade), grade_says(old));
    draft.act(Action::Grade, "graded", Some(note))?;
    draft.next.grade = grade;
    let clocks = policies.at(draft.next.level);
    for clock in clock::regrade(&mut draft.next, &clocks, draft.now) {
        draft.run(clock);
    }
    draft.tell_reporter("graded");
    draft.store(tx, actor, "case.grade").await
}

/// Whoever is measured by a clock does not take it away: somebody else who gives work out there is asked, once.
async fn ask_grade(tx: &mut Tx, actor: &Actor, found: Found) -> Result<case::Model, Fault> {
    let (id, says) = (found.case.id, grade_says(found.case.grade));
    let events = queries::events(tx.db(), id).await?;
    let last = events.iter().rfind(|event| {
        event.round == found.case.round && [GRADE_ASKED, "graded"].contains(&event.action.as_str())
    });
    if last.is_some_and(|event| event.action == GRADE_ASKED) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 已请负责派单的人确认是否特殊复杂，确认前仍按{says}计时。"
        )));
    }
    let note = format!("{}（现为{says}）", grade_says(Grade::Complex));
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::AskGrade, GRADE_ASKED, Some(note))?;
    draft.tell_dispatchers(tx, GRADE_ASKED).await?;
    draft.store(tx, actor, "case.grade-asked").await
}
