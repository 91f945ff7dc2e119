//! When an agreement holds, in which months the duty of its year is called to mind, and who is told. Pure.

use chrono::{Datelike, Days, NaiveDate};

use crate::base::clock::{Moment, begin_of};

/// Months in which organisations are told that they have not taken anything on.
const ASKED: [u32; 3] = [3, 9, 12];
/// The month in which whoever keeps the agreements is told, too.
const LAST: u32 = 12;
/// An agreement lasts at most so many days.
pub const MOST_DAYS: i64 = 3_660;

/// First and last day, both within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// First day, in China.
    pub from: NaiveDate,
    /// Last day, in China.
    pub to: NaiveDate,
}

impl Term {
    /// Whether the day lies within.
    #[must_use]
    pub fn holds(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether they share a day.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// The month as a number, 202603, if organisations are told in it.
#[must_use]
pub fn asked_in(today: NaiveDate) -> Option<i32> {
    let month = i32::try_from(today.month()).ok()?;
    ASKED
        .contains(&today.month())
        .then(|| today.year() * 100 + month)
}

/// Whether whoever keeps the agreements is told, too.
#[must_use]
pub fn asks_keepers(today: NaiveDate) -> bool {
    today.month() == LAST
}

/// The calendar year of a day in China, from its first moment to that of the next one.
#[must_use]
pub fn year_of(day: NaiveDate) -> (Moment, Moment) {
    let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(day);
    (
        begin_of(first(day.year())),
        begin_of(first(day.year().saturating_add(1))),
    )
}

/// The day before, on which what is ended today held last.
#[must_use]
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_told_in_which_month() {
        for (text, month, keepers) in [
            ("2026-03-01", Some(202_603), false),
            ("2026-03-31", Some(202_603), false),
            ("2026-04-01", None, false),
            ("2026-09-15", Some(202_609), false),
            ("2026-12-31", Some(202_612), true),
            ("2027-01-01", None, false),
        ] {
            let day = day(text);
            assert_eq!(asked_in(day), month, "{text}");
            assert_eq!(asks_keepers(day), keepers, "{text}");
        }
    }

    #[test]
    fn a_year_begins_and_ends_in_china() {
        let (from, until) = year_of(day("2026-06-01"));
        assert_eq!(from.to_rfc3339(), "2025-12-31T16:00:00+00:00");
        assert_eq!(until.to_rfc3339(), "2026-12-31T16:00:00+00:00");
    }

    proptest! {
        #[test]
        fn two_terms_overlap_if_some_day_lies_in_both(a in 0_u64..40, b in 0_u64..40, c in 0_u64..40, d in 0_u64..40) {
            let at = |days: u64| day("2026-01-01").checked_add_days(Days::new(days)).unwrap();
            let one = Term { from: at(a.min(b)), to: at(a.max(b)) };
            let other = Term { from: at(c.min(d)), to: at(c.max(d)) };
            let shared = (0..40).any(|days| one.holds(at(days)) && other.holds(at(days)));
            prop_assert_eq!(one.overlaps(other), shared);
            prop_assert_eq!(other.overlaps(one), shared);
        }
    }
}
