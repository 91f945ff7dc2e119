//! Vectors and properties of sums over open time. The working-day vectors are facts of Signalen
//! (Amsterdam/signals, `test_deadlines.py`, MPL-2.0), without its code; the others are told beside them.

use chrono::NaiveDateTime;
use proptest::prelude::*;

use super::*;
use crate::base::calendar::hours::spans;

/// China's wall clock: `2026-10-01 08:30`.
fn at(text: &str) -> Moment {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    begin_of(local.date()) + (local.time() - chrono::NaiveTime::MIN)
}

fn says(moment: Moment) -> String {
    china(moment).format("%Y-%m-%d %H:%M").to_string()
}

fn calendar(week: &str, public_holidays: bool, days: &[(&str, &str)]) -> Calendar {
    let days = days.iter().map(|(day, hours)| {
        let day = day.parse().unwrap();
        let open = match *hours {
            "" => Spans::new(),
            hours => spans(hours).unwrap(),
        };
        (day, open)
    });
    Calendar::Hours(Hours {
        week: Week::parse(week).unwrap(),
        public_holidays,
        days: days.collect(),
    })
}

/// Created at noon of a day of February 2021, so many days, calendar days or working days, so many
/// times as much, until when.
const SIGNALEN: &[(&str, i64, bool, i64, &str)] = &[
    ("2021-02-15", 1, false, 1, "2021-02-16 12:00"),
    ("2021-02-16", 1, false, 1, "2021-02-17 12:00"),
    ("2021-02-19", 1, false, 1, "2021-02-22 12:00"),
    ("2021-02-20", 1, false, 1, "2021-02-23 00:00"),
    ("2021-02-21", 1, false, 1, "2021-02-23 00:00"),
    ("2021-02-15", 1, false, 3, "2021-02-18 12:00"),
    ("2021-02-16", 1, false, 3, "2021-02-19 12:00"),
    ("2021-02-19", 1, false, 3, "2021-02-24 12:00"),
    ("2021-02-20", 1, false, 3, "2021-02-25 00:00"),
    ("2021-02-21", 1, false, 3, "2021-02-25 00:00"),
    ("2021-02-15", 1, true, 1, "2021-02-16 12:00"),
    ("2021-02-16", 1, true, 1, "2021-02-17 12:00"),
    ("2021-02-19", 1, true, 1, "2021-02-20 12:00"),
    ("2021-02-20", 1, true, 1, "2021-02-21 12:00"),
    ("2021-02-21", 1, true, 1, "2021-02-22 12:00"),
    ("2021-02-15", 1, true, 3, "2021-02-18 12:00"),
    ("2021-02-16", 1, true, 3, "2021-02-19 12:00"),
    ("2021-02-19", 1, true, 3, "2021-02-22 12:00"),
    ("2021-02-20", 1, true, 3, "2021-02-23 12:00"),
    ("2021-02-21", 1, true, 3, "2021-02-24 12:00"),
    ("2021-02-15", 2, false, 1, "2021-02-17 12:00"),
    ("2021-02-18", 2, false, 1, "2021-02-22 12:00"),
    ("2021-02-19", 2, false, 1, "2021-02-23 12:00"),
    ("2021-02-20", 2, false, 1, "2021-02-24 00:00"),
    ("2021-02-15", 3, false, 1, "2021-02-18 12:00"),
    ("2021-02-18", 3, false, 1, "2021-02-23 12:00"),
    ("2021-02-19", 3, false, 1, "2021-02-24 12:00"),
    ("2021-02-20", 3, false, 1, "2021-02-25 00:00"),
    ("2021-02-21", 3, false, 1, "2021-02-25 00:00"),
    ("2021-02-15", 10, false, 1, "2021-03-01 12:00"),
    ("2021-02-19", 10, false, 1, "2021-03-05 12:00"),
    ("2021-02-15", 11, false, 1, "2021-03-02 12:00"),
    ("2021-02-19", 11, false, 1, "2021-03-08 12:00"),
];

#[test]
fn working_days_end_where_signalen_says() {
    assert_eq!(SIGNALEN.len(), 33);
    let working = calendar("Mo-Fr 00:00-24:00", false, &[]);
    for (day, days, all_days, factor, until) in SIGNALEN {
        let from = at(&format!("{day} 12:00"));
        let calendar = if *all_days {
            &Calendar::Always
        } else {
            &working
        };
        let due = calendar.due(from, days * factor * 24 * 60);
        assert_eq!(says(due), *until, "{day} + {days} × {factor}");
    }
}

const OFFICE: &str = "Mo-Fr 08:00-12:00,14:00-18:00";

#[test]
fn due_times_over_shifts_nights_holidays_and_a_leap_day() {
    let office = calendar(OFFICE, true, &[]);
    let long = calendar("Mo-Fr 08:00-18:00", false, &[]);
    let always = calendar("00:00-23:59", false, &[]);
    let split = calendar("Mo-Fr 08:00-12:00,13:30-18:00", false, &[]);
    let own = calendar(
        OFFICE,
        true,
        &[("2026-11-24", ""), ("2026-10-03", "09:00-11:00")],
    );
    for (calendar, from, minutes, until, why) in [
        // GLPI #22678: Monday to Friday, 08:00 to 18:00, four hours.
        (
            &long,
            "2026-01-12 10:00",
            240,
            "2026-01-12 14:00",
            "GLPI, within a day",
        ),
        (
            &long,
            "2026-01-12 17:00",
            240,
            "2026-01-13 11:00",
            "GLPI, over the night",
        ),
        // Zammad #3180: round the clock there is no minute of rest at midnight.
        (
            &always,
            "2026-11-21 23:58",
            5,
            "2026-11-22 00:03",
            "midnight",
        ),
        (
            &always,
            "2026-11-21 12:00",
            2_880,
            "2026-11-23 12:00",
            "two midnights",
        ),
        // Chatwoot #14009: 08:00 to 12:00 and 13:30 to 18:00.
        (
            &split,
            "2026-11-23 12:30",
            30,
            "2026-11-23 14:00",
            "at lunch",
        ),
        (
            &split,
            "2026-11-23 11:50",
            30,
            "2026-11-23 13:50",
            "over lunch",
        ),
        (
            &split,
            "2026-11-23 11:30",
            30,
            "2026-11-23 12:00",
            "exactly at the end",
        ),
        (
            &office,
            "2026-11-23 17:50",
            30,
            "2026-11-24 08:20",
            "over the night",
        ),
        (
            &office,
            "2026-11-23 23:30",
            5,
            "2026-11-24 08:05",
            "at night",
        ),
        (
            &office,
            "2026-11-20 17:59",
            5,
            "2026-11-23 08:04",
            "over the weekend",
        ),
        // 1 to 7 October 2026 are off; Saturday the 10th is worked.
        (
            &office,
            "2026-09-30 17:00",
            120,
            "2026-10-08 09:00",
            "over the holidays",
        ),
        (
            &office,
            "2026-10-09 17:30",
            60,
            "2026-10-10 08:30",
            "into a day made up",
        ),
        (
            &office,
            "2026-10-10 17:30",
            60,
            "2026-10-12 08:30",
            "after it comes Sunday",
        ),
        (
            &office,
            "2026-02-13 17:30",
            540,
            "2026-02-24 08:30",
            "the 14th is worked, then nine days off",
        ),
        (
            &office,
            "2028-02-28 17:00",
            120,
            "2028-02-29 09:00",
            "into a leap day",
        ),
        (
            &office,
            "2028-02-29 17:00",
            120,
            "2028-03-01 09:00",
            "out of it",
        ),
        (
            &Calendar::Always,
            "2028-02-28 23:00",
            1_440,
            "2028-02-29 23:00",
            "a day, leap year",
        ),
        (
            &Calendar::Always,
            "2027-02-28 23:00",
            1_440,
            "2027-03-01 23:00",
            "a day, common year",
        ),
        (
            &own,
            "2026-11-23 17:30",
            60,
            "2026-11-25 08:30",
            "a day of its own off",
        ),
        (
            &own,
            "2026-10-02 10:00",
            60,
            "2026-10-03 10:00",
            "its own hours on a public holiday",
        ),
        (
            &office,
            "2026-12-31 17:30",
            60,
            "2027-01-01 08:30",
            "no announcement: as the week says",
        ),
        (
            &office,
            "2026-11-22 10:00",
            0,
            "2026-11-22 10:00",
            "no minutes",
        ),
    ] {
        assert_eq!(says(calendar.due(at(from), minutes)), until, "{why}");
    }
}

#[test]
fn holidays_that_count_on_several_days_are_all_left_out() {
    // Zammad #390: 12 hours a day, 48 hours, created at 23:00, two holidays and a week without end.
    let calendar = calendar(
        "09:00-21:00",
        false,
        &[("2016-11-11", ""), ("2016-11-13", "")],
    );
    let due = calendar.due(at("2016-11-09 23:00"), 48 * 60);
    assert_eq!(says(due), "2016-11-15 21:00");
    assert_eq!(
        says(calendar.due(at("2016-11-09 23:00"), 36 * 60)),
        "2016-11-14 21:00"
    );
}

#[test]
fn a_moment_before_the_end_is_found_in_open_time() {
    // GLPI #22678: one hour before Tuesday 11:00 is Tuesday 10:00, four are Monday 17:00.
    let long = calendar("Mo-Fr 08:00-18:00", false, &[]);
    let due = at("2026-01-13 11:00");
    assert_eq!(says(long.before(due, 60 * MINUTE)), "2026-01-13 10:00");
    assert_eq!(says(long.before(due, 240 * MINUTE)), "2026-01-12 17:00");
    assert_eq!(
        says(Calendar::Always.before(due, 60 * MINUTE)),
        "2026-01-13 10:00"
    );
}

#[test]
fn who_works_on_weekends_only_is_open_on_a_weekend_that_is_worked() {
    let weekend = calendar("Sa-Su 09:00-12:00", true, &[]);
    assert_eq!(
        says(weekend.due(at("2026-10-10 08:00"), 30)),
        "2026-10-10 09:30"
    );
    assert_eq!(
        says(weekend.due(at("2026-10-03 08:00"), 30)),
        "2026-10-10 09:30"
    );
}

#[test]
fn a_search_ends() {
    let mut days = BTreeMap::new();
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    days.extend(first.iter_days().take(5_000).map(|day| (day, Spans::new())));
    let never = Calendar::Hours(Hours {
        week: Week::parse(OFFICE).unwrap(),
        public_holidays: false,
        days,
    });
    let from = at("2026-06-01 12:00");
    let due = never.due(from, 5);
    assert!(due > from + TimeDelta::days(3_600), "{due}");
    assert!(due < from + TimeDelta::days(3_700), "{due}");
    let before = never.before(from + TimeDelta::days(4_000), 5);
    assert!(before < from + TimeDelta::days(400), "{before}");
    assert_eq!(never.elapsed(from, from + TimeDelta::days(30)), 0);
}

const WEEKS: &[&str] = &[
    OFFICE,
    "Mo-Fr 00:00-24:00",
    "00:00-24:00",
    "Sa-Su 09:00-12:00",
    "We 23:00-24:00; Th 00:00-01:30",
    "Mo-Su 08:00-12:00,13:30-18:00,19:00-21:15",
];

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let days = proptest::collection::btree_map(0_u64..400, any::<bool>(), 0..12);
    (proptest::sample::select(WEEKS), any::<bool>(), days).prop_map(|(week, public, days)| {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let days = days.into_iter().map(|(day, open)| {
            let spans = if open {
                spans("10:00-11:00").unwrap()
            } else {
                Spans::new()
            };
            (first + chrono::Days::new(day), spans)
        });
        Calendar::Hours(Hours {
            week: Week::parse(week).unwrap(),
            public_holidays: public,
            days: days.collect(),
        })
    })
}

/// Milliseconds within 400 days of 2026.
fn any_moment() -> impl Strategy<Value = Moment> {
    (0_i64..400 * 24 * 3_600_000)
        .prop_map(|ms| at("2026-01-01 00:00") + TimeDelta::milliseconds(ms))
}

/// Whether the moment lies in open time or at an end of it.
fn is_open(calendar: &Calendar, moment: Moment) -> bool {
    let Calendar::Hours(hours) = calendar else {
        return true;
    };
    let day = china(moment).date_naive();
    [day, day.pred_opt().unwrap()]
        .into_iter()
        .flat_map(|day| hours.stretches(day))
        .any(|(open, close)| open <= moment && moment <= close)
}

proptest! {
    #[test]
    fn later_starts_are_never_due_earlier(
        calendar in any_calendar(), a in any_moment(), b in any_moment(), minutes in 1_i64..20_000
    ) {
        prop_assert!(calendar.due(a.min(b), minutes) <= calendar.due(a.max(b), minutes));
    }

    #[test]
    fn minutes_add_up(
        calendar in any_calendar(), from in any_moment(), a in 0_i64..5_000, b in 0_i64..5_000
    ) {
        let in_two = calendar.due(calendar.due(from, a), b);
        prop_assert_eq!(in_two, calendar.due(from, a + b));
        prop_assert!(calendar.due(from, a) <= calendar.due(from, a + b));
    }

    #[test]
    fn what_is_due_is_due_in_open_time_and_as_much_later_as_asked(
        calendar in any_calendar(), from in any_moment(), minutes in 1_i64..10_000
    ) {
        let due = calendar.due(from, minutes);
        prop_assert!(is_open(&calendar, due), "{}", says(due));
        prop_assert!(due - from >= TimeDelta::minutes(minutes));
        prop_assert_eq!(calendar.elapsed(from, due), minutes * MINUTE);
    }

    #[test]
    fn there_and_back_is_as_long(
        calendar in any_calendar(), to in any_moment(), minutes in 1_i64..5_000
    ) {
        let from = calendar.before(to, minutes * MINUTE);
        prop_assert!(from <= to);
        prop_assert_eq!(calendar.elapsed(from, to), minutes * MINUTE);
        prop_assert!(calendar.due(from, minutes) <= to);
    }

    #[test]
    fn open_time_is_no_longer_than_time(
        calendar in any_calendar(), a in any_moment(), b in any_moment(), c in any_moment()
    ) {
        let mut times = [a, b, c];
        times.sort();
        let [a, b, c] = times;
        let (first, second) = (calendar.elapsed(a, b), calendar.elapsed(b, c));
        prop_assert!(first <= (b - a).num_milliseconds());
        prop_assert_eq!(first + second, calendar.elapsed(a, c));
        prop_assert_eq!(calendar.elapsed(b, a), 0);
    }
}
