//! 5341: how long a case may take by its grade, as each place has it, and in which hours that counts.
//! Invariant: a case always has an accept clock and something to be done by; a clock that runs keeps
//! the end that was promised, whatever is changed here. Floor 3.

pub mod actions;
pub mod queries;
pub mod rules;

use std::collections::BTreeMap;

use entity::kinds::{Grade, Level};

use crate::base::calendar::Calendar;
use crate::base::clock::Moment;
use crate::policy::rules::Figures;

/// What people call a grade.
#[must_use]
pub const fn grade_says(grade: Grade) -> &'static str {
    match grade {
        Grade::Ordinary => "普通",
        Grade::Major => "重大",
        Grade::Complex => "特殊复杂",
    }
}

/// The clocks of a case, minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Until the holder must have accepted.
    pub accept_minutes: i64,
    /// From accepting until the holder must be on the scene.
    pub arrive_minutes: Option<i64>,
    /// Until the case must be finished.
    pub finish_minutes: Option<i64>,
    /// Until there must be a plan.
    pub plan_minutes: Option<i64>,
    /// In which hours minutes count; round the clock if none.
    pub calendar_id: Option<i64>,
}

impl Policy {
    /// From what is stored; each clock at least a minute.
    #[must_use]
    pub fn new(figures: Figures, calendar_id: Option<i64>) -> Self {
        let minutes = |minutes: i32| i64::from(minutes.max(1));
        Self {
            accept_minutes: minutes(figures.accept_minutes),
            arrive_minutes: figures.arrive_minutes.map(minutes),
            finish_minutes: figures.finish_minutes.map(minutes),
            plan_minutes: figures.plan_minutes.map(minutes),
            calendar_id,
        }
    }
}

/// What holds where no place has its own (decision 0012): 5 minutes to answer and 5 more to arrive,
/// then 30 minutes to solve, 4 hours if major, a day for a plan if complex. Round the clock.
#[must_use]
pub const fn built_in(grade: Grade) -> Policy {
    let (finish, plan) = match grade {
        Grade::Ordinary => (Some(30), None),
        Grade::Major => (Some(4 * 60), None),
        Grade::Complex => (None, Some(24 * 60)),
    };
    Policy {
        accept_minutes: 5,
        arrive_minutes: Some(5),
        finish_minutes: finish,
        plan_minutes: plan,
        calendar_id: None,
    }
}

/// For what a policy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// This place and all below without their own.
    pub place_id: i64,
    /// Cases of this grade.
    pub grade: Grade,
    /// Only at this level, or at all that have none of their own.
    pub level: Option<Level>,
}

/// A row of a place for one grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Only at this level, or at all of them.
    pub level: Option<Level>,
    /// The clocks.
    pub policy: Policy,
}

/// Of several that stand in the order of their places, the nearest first, the one that holds at a
/// level: one for it goes before one for all levels.
pub fn nearest<T>(
    rows: &[T],
    level: Option<Level>,
    of: impl Fn(&T) -> Option<Level>,
) -> Option<&T> {
    let first = |wanted: Option<Level>| rows.iter().find(|row| of(row) == wanted);
    first(level).or_else(|| first(None))
}

/// What holds at a place for one grade, level by level.
#[derive(Clone, Debug)]
pub struct Policies {
    grade: Grade,
    rules: Vec<Rule>,
    calendars: BTreeMap<i64, Calendar>,
}

impl Policies {
    /// From the rows of the places on the way up, those of nearer places first.
    #[must_use]
    pub fn new(grade: Grade, rules: Vec<Rule>, calendars: BTreeMap<i64, Calendar>) -> Self {
        Self {
            grade,
            rules,
            calendars,
        }
    }

    /// What holds at a level: a row for it goes before one for all levels, and of each kind that of
    /// the nearest place holds.
    #[must_use]
    pub fn at(&self, level: Level) -> Clocks<'_> {
        let policy = nearest(&self.rules, Some(level), |rule| rule.level)
            .map_or_else(|| built_in(self.grade), |rule| rule.policy);
        Clocks {
            policy,
            calendar: policy
                .calendar_id
                .and_then(|id| self.calendars.get(&id))
                .unwrap_or(&Calendar::Always),
        }
    }
}

/// The clocks that hold and the hours in which they run.
#[derive(Clone, Copy, Debug)]
pub struct Clocks<'a> {
    /// Minutes.
    pub policy: Policy,
    /// Hours.
    pub calendar: &'a Calendar,
}

impl Clocks<'_> {
    /// So many open minutes after a moment.
    #[must_use]
    pub fn due(&self, from: Moment, minutes: i64) -> Moment {
        self.calendar.due(from, minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(level: Option<Level>, finish: i64) -> Rule {
        Rule {
            level,
            policy: Policy {
                finish_minutes: Some(finish),
                ..built_in(Grade::Ordinary)
            },
        }
    }

    fn finish(rules: &[Rule], level: Level) -> Option<i64> {
        let policies = Policies::new(Grade::Ordinary, rules.to_vec(), BTreeMap::new());
        policies.at(level).policy.finish_minutes
    }

    #[test]
    fn the_level_s_own_row_goes_first_then_the_nearest_place_then_what_is_built_in() {
        let rules = [
            rule(None, 10),
            rule(Some(Level::Street), 20),
            rule(None, 30),
            rule(Some(Level::Street), 40),
            rule(Some(Level::Community), 50),
        ];
        assert_eq!(finish(&rules, Level::Compound), Some(10));
        assert_eq!(finish(&rules, Level::Street), Some(20));
        assert_eq!(finish(&rules, Level::Community), Some(50));
        assert_eq!(finish(&rules[1..2], Level::Compound), Some(30));
        assert_eq!(finish(&[], Level::Street), Some(30));
    }

    #[test]
    fn the_figures_of_5341_are_built_in() {
        let minutes = |grade| {
            let policy = built_in(grade);
            (policy.finish_minutes, policy.plan_minutes)
        };
        assert_eq!(minutes(Grade::Ordinary), (Some(30), None));
        assert_eq!(minutes(Grade::Major), (Some(240), None));
        assert_eq!(minutes(Grade::Complex), (None, Some(1_440)));
    }
}
