//! Time that was served: how long it was, which year it counts for, and what may not be. Pure; China's
//! calendar.

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::base::clock::{Moment, begin_of, china};
use crate::base::dates::YEARS;

/// Nobody serves longer at once.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);

/// Time that somebody served, without its last moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Began.
    pub from: Moment,
    /// Ended.
    pub until: Moment,
}

impl Span {
    /// Whole minutes; none for less than one, and for more than a day.
    #[must_use]
    pub fn minutes(self) -> Option<i32> {
        let long = self.until - self.from;
        if long > LONGEST {
            return None;
        }
        let minutes = i32::try_from(long.num_minutes()).ok()?;
        (minutes >= 1).then_some(minutes)
    }

    /// Whether the two have a moment in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }
}

/// The year for which service counts that began then.
#[must_use]
pub fn year_of(at: Moment) -> i32 {
    china(at).year()
}

/// From when until when a year is; none for one that nobody asks for.
#[must_use]
pub fn year(year: i32) -> Option<Span> {
    if !YEARS.contains(&year) {
        return None;
    }
    Some(Span {
        from: begin_of(NaiveDate::from_ymd_opt(year, 1, 1)?),
        until: begin_of(NaiveDate::from_ymd_opt(year + 1, 1, 1)?),
    })
}

/// `2小时30分`, `45分钟`, `3小时`.
#[must_use]
pub fn says(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest}分钟"),
        (hours, 0) => format!("{hours}小时"),
        (hours, rest) => format!("{hours}小时{rest}分"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    /// 2026-12-05 14:00 in China.
    fn at(minutes: i64) -> Moment {
        from_ms(1_796_450_400_000).unwrap() + TimeDelta::minutes(minutes)
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn minutes_are_whole_and_of_one_day_at_most() {
        assert_eq!(span(0, 90).minutes(), Some(90));
        assert_eq!(span(0, 24 * 60).minutes(), Some(1440));
        for wrong in [span(0, 0), span(10, 0), span(0, 24 * 60 + 1)] {
            assert_eq!(wrong.minutes(), None, "{wrong:?}");
        }
    }

    #[test]
    fn one_after_the_other_does_not_overlap() {
        assert!(!span(0, 60).overlaps(span(60, 90)));
        assert!(span(0, 61).overlaps(span(60, 90)));
        assert!(span(0, 90).overlaps(span(10, 20)));
    }

    #[test]
    fn a_year_is_chinas() {
        let year = year(2026).unwrap();
        assert_eq!(year_of(year.from), 2026);
        assert_eq!(year_of(year.from - TimeDelta::milliseconds(1)), 2025);
        assert_eq!(year_of(year.until), 2027);
        assert!(super::year(1999).is_none() && super::year(9999).is_none());
    }

    #[test]
    fn hours_as_people_say_them() {
        for (minutes, wanted) in [
            (0, "0分钟"),
            (45, "45分钟"),
            (180, "3小时"),
            (150, "2小时30分"),
        ] {
            assert_eq!(says(minutes), wanted);
        }
    }

    /// Minutes on each day of China's.
    fn by_day(span: Span, days: &mut BTreeMap<NaiveDate, i64>) {
        let mut from = span.from;
        while from < span.until {
            let day = china(from).date_naive();
            let end = begin_of(day.succ_opt().unwrap()).min(span.until);
            *days.entry(day).or_default() += (end - from).num_minutes();
            from = end;
        }
    }

    proptest! {
        #[test]
        fn no_day_has_more_than_24_hours(
            asked in proptest::collection::vec((0_i64..5_000, 1_i64..2_000), 0..60),
        ) {
            let mut kept: Vec<Span> = Vec::new();
            for (from, long) in asked {
                let one = span(from, from + long);
                if one.minutes().is_some() && !kept.iter().any(|other| one.overlaps(*other)) {
                    kept.push(one);
                }
            }
            let mut days = BTreeMap::new();
            for one in &kept {
                by_day(*one, &mut days);
            }
            prop_assert!(days.values().all(|minutes| *minutes <= 24 * 60), "{days:?}");
            let counted: i64 = kept.iter().filter_map(|one| one.minutes()).map(i64::from).sum();
            prop_assert_eq!(counted, days.values().sum::<i64>());
        }

        #[test]
        fn overlapping_is_mutual(a in 0_i64..500, b in 1_i64..200, c in 0_i64..500, d in 1_i64..200) {
            let (one, other) = (span(a, a + b), span(c, c + d));
            prop_assert_eq!(one.overlaps(other), other.overlaps(one));
            prop_assert!(one.overlaps(one));
        }
    }
}
