//! What pauses, grades and holidays make of the clocks of a case.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::Grade;
use proptest::prelude::*;

use super::*;
use crate::base::calendar::Hours;
use crate::base::calendar::hours::Week;
use crate::base::clock::begin_of;
use crate::policy::{Policy, built_in};

/// Minutes after midnight in China of the day: 23 November 2026 is a Monday.
fn at(day: (i32, u32, u32), minutes: i64) -> Moment {
    let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
    begin_of(day) + TimeDelta::minutes(minutes)
}

const MONDAY: (i32, u32, u32) = (2026, 11, 23);

fn monday(minutes: i64) -> Moment {
    at(MONDAY, minutes)
}

fn office() -> Calendar {
    Calendar::Hours(Hours {
        week: Week::parse("Mo-Fr 08:00-12:00,14:00-18:00").unwrap(),
        public_holidays: true,
        days: BTreeMap::new(),
    })
}

fn filed(now: Moment) -> case::Model {
    case::Model {
        state: CaseState::Accepted,
        created_at: now,
        updated_at: now,
        ..crate::case::step::tests::filed()
    }
}

fn begun(from: Moment, policy: Policy, calendar: &Calendar) -> case::Model {
    let mut case = filed(from);
    begin(&mut case, &Clocks { policy, calendar }, from);
    case
}

fn paused(case: &mut case::Model, calendar: &Calendar, now: Moment) {
    pause(case, case.state, calendar, now);
    case.resume_state = Some(case.state);
    case.state = CaseState::Paused;
}

fn resumed(case: &mut case::Model, calendar: &Calendar, now: Moment) -> Vec<Clock> {
    case.state = case.resume_state.take().unwrap();
    resume(case, calendar, now)
}

#[test]
fn a_pause_keeps_what_was_left() {
    let ordinary = built_in(Grade::Ordinary);
    let mut case = begun(monday(0), ordinary, &Calendar::Always);
    case.arrive_due_at = Some(monday(6));
    paused(&mut case, &Calendar::Always, monday(4));
    let again = resumed(&mut case, &Calendar::Always, monday(1_000));
    assert_eq!(again, [Clock::Arrive, Clock::Finish]);
    assert_eq!(case.arrive_due_at, Some(monday(1_002)));
    assert_eq!(case.finish_due_at, Some(monday(1_026)));
    assert_eq!(case.clock_from, Some(monday(996)));
    assert_eq!((case.paused_at, case.clocks_left), (None, None));
}

#[test]
fn what_had_run_out_before_a_pause_stays_run_out() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    paused(&mut case, &Calendar::Always, monday(31));
    assert_eq!(resumed(&mut case, &Calendar::Always, monday(100)), []);
    assert_eq!(case.finish_due_at, Some(monday(30)));
}

#[test]
fn a_pause_over_the_night_is_counted_in_open_minutes() {
    let office = office();
    let policy = Policy {
        finish_minutes: Some(120),
        ..built_in(Grade::Ordinary)
    };
    // 17:00, so that an hour is left for Tuesday: 09:00.
    let mut case = begun(monday(17 * 60), policy, &office);
    assert_eq!(case.finish_due_at, Some(at((2026, 11, 24), 9 * 60)));
    paused(&mut case, &office, monday(17 * 60 + 30));
    // In the night, when nothing counts, and 90 minutes are left.
    resumed(&mut case, &office, monday(22 * 60));
    assert_eq!(case.finish_due_at, Some(at((2026, 11, 24), 9 * 60 + 30)));
    // Another, over lunch.
    paused(&mut case, &office, at((2026, 11, 24), 9 * 60));
    resumed(&mut case, &office, at((2026, 11, 24), 11 * 60 + 50));
    assert_eq!(case.finish_due_at, Some(at((2026, 11, 24), 14 * 60 + 20)));
}

#[test]
fn a_pause_that_was_begun_before_there_was_a_note_goes_on_all_the_same() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    paused(&mut case, &Calendar::Always, monday(10));
    case.clocks_left = None;
    assert_eq!(
        resumed(&mut case, &Calendar::Always, monday(100)),
        [Clock::Finish]
    );
    assert_eq!(case.finish_due_at, Some(monday(120)));
}

#[test]
fn another_grade_counts_from_the_filing_and_leaves_pauses_out() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    paused(&mut case, &Calendar::Always, monday(10));
    resumed(&mut case, &Calendar::Always, monday(110));
    let major = Clocks {
        policy: built_in(Grade::Major),
        calendar: &Calendar::Always,
    };
    assert_eq!(regrade(&mut case, &major, monday(115)), [Clock::Finish]);
    assert_eq!(case.finish_due_at, Some(monday(100 + 240)));
    let complex = Clocks {
        policy: built_in(Grade::Complex),
        calendar: &Calendar::Always,
    };
    assert_eq!(regrade(&mut case, &complex, monday(120)), [Clock::Plan]);
    assert_eq!(case.plan_due_at, Some(monday(100 + 1_440)));
    assert_eq!(case.finish_due_at, None);
    // Whoever has a plan needs no other.
    case.step = CaseStep::Deliberated;
    assert_eq!(regrade(&mut case, &complex, monday(130)), [Clock::Finish]);
    assert_eq!(case.plan_due_at, None);
    assert_eq!(case.finish_due_at, Some(monday(130 + 7 * 1_440)));
}

#[test]
fn to_pass_it_to_and_fro_wins_no_time() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    let (here, above) = (Level::Compound, Level::Community);
    assert!(
        begins_afresh(&case, above, monday(10)),
        "filed before it was noted"
    );
    assert!(!begins_afresh(&case, here, monday(10)));
    case.level = above;
    case.clock_level = Some(above);
    assert!(!begins_afresh(&case, here, monday(10)));
    case.level = here;
    assert!(!begins_afresh(&case, above, monday(20)), "once in a round");
    assert!(begins_afresh(&case, Level::Street, monday(20)));
    // What has run out is late for ever; somebody must hear of it all the same.
    assert!(begins_afresh(&case, here, monday(31)));
}

#[test]
fn days_stand_in_front_of_the_words() {
    for (words, read) in [
        ("3天 等配件", (Some(3), "等配件")),
        ("１０天　换主管", (Some(10), "换主管")),
        ("5天", (Some(5), "")),
        ("0天 等", (Some(0), "等")),
        ("3天内到货", (None, "3天内到货")),
        ("等配件 3天", (None, "等配件 3天")),
        ("天 等", (None, "天 等")),
        ("", (None, "")),
    ] {
        assert_eq!(days_first(words), read, "{words}");
    }
}

#[test]
fn what_was_late_and_still_is_is_not_late_again() {
    let ordinary = Clocks {
        policy: built_in(Grade::Ordinary),
        calendar: &Calendar::Always,
    };
    let mut case = begun(monday(0), built_in(Grade::Major), &Calendar::Always);
    // Not noted so far: the clock runs out at once.
    assert_eq!(regrade(&mut case, &ordinary, monday(100)), [Clock::Finish]);
    assert_eq!(case.finish_due_at, Some(monday(30)));
    case.finish_late = true;
    assert_eq!(regrade(&mut case, &ordinary, monday(100)), []);
}

#[test]
fn another_grade_in_a_pause_runs_when_the_pause_ends() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    paused(&mut case, &Calendar::Always, monday(10));
    let major = Clocks {
        policy: built_in(Grade::Major),
        calendar: &Calendar::Always,
    };
    assert_eq!(regrade(&mut case, &major, monday(50)), []);
    assert_eq!(
        resumed(&mut case, &Calendar::Always, monday(100)),
        [Clock::Finish]
    );
    assert_eq!(case.finish_due_at, Some(monday(100 + 230)));
}

#[test]
fn clocks_run_over_midnight_holidays_and_a_leap_day() {
    let office = office();
    for (from, minutes, until) in [
        (monday(1_439), 5, at((2026, 11, 24), 485)),
        (at((2026, 9, 30), 1_070), 30, at((2026, 10, 8), 500)),
        (at((2026, 10, 9), 1_070), 30, at((2026, 10, 10), 500)),
        (at((2028, 2, 28), 1_070), 30, at((2028, 2, 29), 500)),
    ] {
        let policy = Policy {
            finish_minutes: Some(minutes),
            ..built_in(Grade::Ordinary)
        };
        assert_eq!(begun(from, policy, &office).finish_due_at, Some(until));
    }
    let day_and_night = begun(monday(1_430), built_in(Grade::Ordinary), &Calendar::Always);
    assert_eq!(day_and_night.finish_due_at, Some(monday(1_460)));
}

#[test]
fn the_next_clock_is_the_one_to_be_answered_first() {
    let mut case = begun(monday(0), built_in(Grade::Ordinary), &Calendar::Always);
    case.accept_due_at = Some(monday(5));
    case.arrive_due_at = Some(monday(40));
    let of = |case: &case::Model| next(case).map(|(clock, _)| clock);
    case.state = CaseState::Assigned;
    assert_eq!(of(&case), Some(Clock::Accept));
    case.state = CaseState::Accepted;
    assert_eq!(of(&case), Some(Clock::Arrive));
    case.arrive_due_at = None;
    case.plan_due_at = Some(monday(20));
    assert_eq!(of(&case), Some(Clock::Plan));
    case.state = CaseState::Arrived;
    case.plan_due_at = None;
    assert_eq!(of(&case), Some(Clock::Finish));
    for state in [CaseState::Paused, CaseState::Finished, CaseState::Withdrawn] {
        case.state = state;
        assert_eq!(of(&case), None);
    }
}

proptest! {
    #[test]
    fn later_stays_later(a in 0_i64..1_000_000, b in 0_i64..1_000_000, minutes in 0_i64..1_000_000_000) {
        let (first, second) = (monday(a.min(b)), monday(a.max(b)));
        prop_assert!(after(first, minutes) <= after(second, minutes));
    }

    #[test]
    fn a_pause_never_brings_the_end_nearer(
        total in 1_i64..3_000, begins in 0_i64..4_000, lasts in 0_i64..10_000, always in any::<bool>()
    ) {
        let calendar = if always { Calendar::Always } else { office() };
        let policy = Policy { finish_minutes: Some(total), ..built_in(Grade::Ordinary) };
        let mut case = begun(monday(600), policy, &calendar);
        let due = case.finish_due_at.unwrap();
        let (since, now) = (monday(600 + begins), monday(600 + begins + lasts));
        paused(&mut case, &calendar, since);
        let again = resumed(&mut case, &calendar, now);
        let end = case.finish_due_at.unwrap();
        prop_assert!(end >= due);
        prop_assert_eq!(again.is_empty(), due <= since);
        if due > since {
            prop_assert_eq!(calendar.elapsed(now, end), calendar.elapsed(since, due));
            // The same as if it had begun later by the pause.
            let from = case.clock_from.unwrap();
            prop_assert_eq!(calendar.elapsed(from, end), total * 60_000);
        }
    }
}
