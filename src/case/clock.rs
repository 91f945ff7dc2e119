//! The four clocks of a case: to accept, to arrive, to finish, to have a plan (5341, decision 0012).
//! What each is called, when it ends, what a pause and a new grade make of it. Pure; asked by the
//! actions. How long each is says the noun `policy`.

use entity::case;
use entity::kinds::{CaseState, CaseStep, Level};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoEnumIterator};

use crate::base::calendar::Calendar;
use crate::base::clock::Moment;
use crate::base::text::half_width;
use crate::case::remind::kinds;
use crate::case::step::Action;
use crate::policy::Clocks;

/// Days after finishing in which the resident may rate; then the chance lapses.
pub const RATING_DAYS: i64 = 7;
/// Days after finishing or reviewing in which the one reopening is possible.
pub const REOPEN_DAYS: i64 = 7;
/// Minutes after which we look whether the question for a rating has reached those who were asked.
pub const FEEDBACK_MINUTES: i64 = 10;
/// Minutes between two presses (催办).
pub const NUDGE_MINUTES: i64 = 10;

/// Days after which a pause ends by itself, unless whoever pauses says otherwise.
pub const PAUSE_DAYS: i64 = 3;
/// Most such days: who still has to wait then says so anew, and the resident hears it.
pub const MOST_PAUSE_DAYS: i64 = 30;
/// Days after its plan in which a complex case must be finished, unless the plan says otherwise.
pub const PLAN_DAYS: i64 = 7;
/// Most such days.
pub const MOST_PLAN_DAYS: i64 = 180;

/// Something that must be done by a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Clock {
    /// 接单: from each dispatch.
    Accept,
    /// 到场: from accepting.
    Arrive,
    /// 方案: from the filing, from a new round, or from when a level first gets it in this round.
    Plan,
    /// 办结: as the plan's.
    Finish,
}

impl Clock {
    /// Its reminder.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Accept => kinds::ACCEPT_CLOCK,
            Self::Arrive => kinds::ARRIVE_CLOCK,
            Self::Plan => kinds::PLAN_CLOCK,
            Self::Finish => kinds::FINISH_CLOCK,
        }
    }

    /// What happens when it runs out, and how the history calls that.
    #[must_use]
    pub const fn late(self) -> (Action, &'static str) {
        match self {
            Self::Accept => (Action::AcceptLate, "accept-late"),
            Self::Arrive => (Action::ArriveLate, "arrive-late"),
            Self::Plan => (Action::PlanLate, "plan-late"),
            Self::Finish => (Action::FinishLate, "finish-late"),
        }
    }

    /// What is to be done: `accept`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Arrive => "arrive",
            Self::Plan => "plan",
            Self::Finish => "finish",
        }
    }

    /// The same for people: `接单`.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Accept => "接单",
            Self::Arrive => "到场",
            Self::Plan => "给出方案",
            Self::Finish => "办结",
        }
    }

    /// When it ends, if it was set.
    #[must_use]
    pub const fn due(self, case: &case::Model) -> Option<Moment> {
        match self {
            Self::Accept => case.accept_due_at,
            Self::Arrive => case.arrive_due_at,
            Self::Plan => case.plan_due_at,
            Self::Finish => case.finish_due_at,
        }
    }

    fn set(self, case: &mut case::Model, due: Option<Moment>) {
        match self {
            Self::Accept => case.accept_due_at = due,
            Self::Arrive => case.arrive_due_at = due,
            Self::Plan => case.plan_due_at = due,
            Self::Finish => case.finish_due_at = due,
        }
    }

    /// Whether it was ever missed; that to accept, since the first answer.
    #[must_use]
    pub const fn was_late(self, case: &case::Model) -> bool {
        match self {
            Self::Accept if case.accepted_at.is_some() => case.silent_later,
            Self::Accept => case.accept_late,
            Self::Arrive => case.arrive_late,
            Self::Plan => case.plan_late,
            Self::Finish => case.finish_late,
        }
    }

    /// Whether it runs in this state.
    #[must_use]
    pub const fn runs(self, state: CaseState) -> bool {
        match self {
            Self::Accept => matches!(state, CaseState::Assigned),
            Self::Arrive => matches!(state, CaseState::Accepted),
            Self::Plan | Self::Finish => matches!(
                state,
                CaseState::Raised | CaseState::Assigned | CaseState::Accepted | CaseState::Arrived
            ),
        }
    }
}

/// The clocks that an action of a person ends: what is late by then stays late although no worker has
/// looked at it yet.
#[must_use]
pub const fn ended_by(action: Action) -> &'static [Clock] {
    match action {
        Action::Accept => &[Clock::Accept],
        Action::Arrive | Action::Refuse | Action::HandOver | Action::Vacate => {
            &[Clock::Accept, Clock::Arrive]
        }
        Action::TakeOver => &[Clock::Arrive],
        Action::Plan => &[Clock::Plan],
        Action::Pause => &[Clock::Arrive, Clock::Plan, Clock::Finish],
        Action::Grade => &[Clock::Plan, Clock::Finish],
        Action::Finish
        | Action::GiveUp
        | Action::Withdraw
        | Action::Join
        | Action::Merge
        | Action::Mediate
        | Action::Settle => &[Clock::Accept, Clock::Arrive, Clock::Plan, Clock::Finish],
        _ => &[],
    }
}

/// What runs now, with its end, the next one first.
#[must_use]
pub fn running(case: &case::Model) -> Vec<(Clock, Moment)> {
    let mut found: Vec<(Clock, Moment)> = Clock::iter()
        .filter(|clock| clock.runs(case.state))
        .filter_map(|clock| Some((clock, clock.due(case)?)))
        .collect();
    found.sort_by_key(|(_, due)| *due);
    found
}

/// The one that counts for whoever has it: first to accept, then to arrive, then what ends next.
#[must_use]
pub fn next(case: &case::Model) -> Option<(Clock, Moment)> {
    let running = running(case);
    let first = [Clock::Accept, Clock::Arrive]
        .iter()
        .find_map(|wanted| running.iter().find(|(clock, _)| clock == wanted));
    first.or_else(|| running.first()).copied()
}

/// Begins the plan and finish clocks at a moment: that of the filing, of a new level, of a new round.
pub fn begin(case: &mut case::Model, clocks: &Clocks<'_>, from: Moment) {
    let due = |minutes: Option<i64>| minutes.map(|minutes| clocks.due(from, minutes));
    case.clock_from = (from != case.created_at).then_some(from);
    case.calendar_id = clocks.policy.calendar_id;
    case.plan_due_at = due(clocks.policy.plan_minutes);
    case.finish_due_at = due(clocks.policy.finish_minutes);
}

/// Whether the plan and finish clocks begin again for whoever gets it at `level`. Each level has a time of its own
/// when it first gets a case in a round; to pass one to and fro wins nobody any. Where all have run out they do
/// begin again, so that somebody hears of it: what was late stays late.
#[must_use]
pub fn begins_afresh(case: &case::Model, level: Level, now: Moment) -> bool {
    let highest = case.clock_level.unwrap_or(case.level);
    let left = [Clock::Plan, Clock::Finish]
        .iter()
        .any(|clock| clock.due(case).is_some_and(|due| due > now));
    level > highest || !left
}

/// What was left of the clocks when a pause began, open milliseconds; none of what had run out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Left {
    arrive: Option<i64>,
    plan: Option<i64>,
    finish: Option<i64>,
}

/// The clocks that a pause stops.
const STOPPED: [Clock; 3] = [Clock::Arrive, Clock::Plan, Clock::Finish];

impl Left {
    fn at(case: &case::Model, state: CaseState, calendar: &Calendar, moment: Moment) -> Self {
        let of = |clock: Clock| {
            clock
                .due(case)
                .filter(|due| clock.runs(state) && *due > moment)
                .map(|due| calendar.elapsed(moment, due))
        };
        Self {
            arrive: of(Clock::Arrive),
            plan: of(Clock::Plan),
            finish: of(Clock::Finish),
        }
    }

    const fn of(self, clock: Clock) -> Option<i64> {
        match clock {
            Clock::Accept => None,
            Clock::Arrive => self.arrive,
            Clock::Plan => self.plan,
            Clock::Finish => self.finish,
        }
    }
}

/// Notes what is left when a pause begins now. `state` is the one that the pause interrupts.
pub fn pause(case: &mut case::Model, state: CaseState, calendar: &Calendar, now: Moment) {
    case.paused_at = Some(now);
    case.clocks_left = serde_json::to_value(Left::at(case, state, calendar, now)).ok();
}

/// Lets the clocks go on with what was left, and says which run again. One that had run out before
/// the pause has had its consequences and stays as it is. The beginning of the clocks moves, too, so
/// that a new grade counts no pause.
pub fn resume(case: &mut case::Model, calendar: &Calendar, now: Moment) -> Vec<Clock> {
    let Some(since) = case.paused_at.take() else {
        return Vec::new();
    };
    let noted = case.clocks_left.take();
    let left: Left = noted
        .and_then(|noted| serde_json::from_value(noted).ok())
        .unwrap_or_else(|| Left::at(case, case.state, calendar, since));
    let used = calendar.elapsed(case.clock_from.unwrap_or(case.created_at), since);
    case.clock_from = Some(calendar.before(now, used));
    let mut again = Vec::new();
    for clock in STOPPED {
        if let Some(left) = left.of(clock) {
            clock.set(case, Some(calendar.after(now, left)));
            again.push(clock);
        }
    }
    again
}

/// The plan and finish clocks of another grade, counted from where the present ones are, and which of
/// them begin to run. Whoever has a plan needs no other. In a pause they stand.
pub fn regrade(case: &mut case::Model, clocks: &Clocks<'_>, now: Moment) -> Vec<Clock> {
    let from = case.clock_from;
    begin(case, clocks, from.unwrap_or(case.created_at));
    case.clock_from = from;
    if case.step >= CaseStep::Deliberated {
        case.plan_due_at = None;
        // Whoever has a plan has a day by which it is done.
        if case.finish_due_at.is_none() {
            case.finish_due_at = Some(after_days(now, PLAN_DAYS));
        }
    }
    if let (Some(since), Some(interrupted)) = (case.paused_at, case.resume_state) {
        let noted: Left = case
            .clocks_left
            .take()
            .and_then(|noted| serde_json::from_value(noted).ok())
            .unwrap_or_default();
        let left = Left {
            arrive: noted.arrive,
            ..Left::at(case, interrupted, clocks.calendar, since)
        };
        case.clocks_left = serde_json::to_value(left).ok();
        return Vec::new();
    }
    // What was late and still is has had its consequences.
    [Clock::Plan, Clock::Finish]
        .into_iter()
        .filter(|clock| {
            clock
                .due(case)
                .is_some_and(|due| due > now || !clock.was_late(case))
        })
        .collect()
}

/// `3天 等配件` is three days and the words behind them; without days in front all are words.
#[must_use]
pub fn days_first(words: &str) -> (Option<i64>, &str) {
    let text = words.trim();
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let digits = head.strip_suffix('天').unwrap_or_default();
    let digits: String = digits.chars().map(half_width).collect();
    match digits.parse::<i64>() {
        Ok(days) => (Some(days), rest.trim_start()),
        Err(_) => (None, text),
    }
}

/// So many minutes later; the end of time if there is no such moment.
#[must_use]
pub fn after(from: Moment, minutes: i64) -> Moment {
    Calendar::Always.due(from, minutes)
}

/// So many days later.
#[must_use]
pub fn after_days(from: Moment, days: i64) -> Moment {
    after(from, days.saturating_mul(24 * 60))
}

#[cfg(test)]
mod tests;
