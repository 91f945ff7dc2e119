//! Periods: from one day to another on China's calendar, and the stretches that a chart divides them
//! into. Pure; used by the figures and whoever shows them.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::base::clock::{Moment, begin_of, china};

/// A period up to so many days is divided into days, a longer one into months.
const DAYS: i64 = 31;
/// Most months of a period.
const MOST_MONTHS: u32 = 60;

/// Days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First.
    pub first: NaiveDate,
    /// Last; not before the first.
    pub last: NaiveDate,
}

impl Span {
    /// From one day to another; the other way round is turned, and five years are the most.
    #[must_use]
    pub fn new(one: NaiveDate, other: NaiveDate) -> Self {
        let (first, last) = (one.min(other), one.max(other));
        let most = first
            .checked_add_months(Months::new(MOST_MONTHS))
            .and_then(|end| end.checked_sub_days(Days::new(1)))
            .unwrap_or(last);
        Self {
            first,
            last: last.min(most),
        }
    }

    /// The month in which the moment lies, as a whole.
    #[must_use]
    pub fn month_of(now: Moment) -> Self {
        Self::month(china(now).date_naive())
    }

    /// The month of a day.
    #[must_use]
    pub fn month(day: NaiveDate) -> Self {
        let first = day.with_day(1).unwrap_or(day);
        Self::new(first, before(next_month(first)))
    }

    /// The year in which the moment lies, as a whole.
    #[must_use]
    pub fn year_of(now: Moment) -> Self {
        let day = china(now).date_naive();
        let first = day.with_ordinal(1).unwrap_or(day);
        let next = first.checked_add_months(Months::new(12)).unwrap_or(first);
        Self::new(first, before(next))
    }

    /// The month before.
    #[must_use]
    pub fn month_before(now: Moment) -> Self {
        Self::month(before(Self::month_of(now).first))
    }

    /// The quarter in which the moment lies, as a whole.
    #[must_use]
    pub fn quarter_of(now: Moment) -> Self {
        let day = china(now).date_naive();
        let first = day.with_day(1).unwrap_or(day);
        let into = first.month0() % 3;
        let first = first.checked_sub_months(Months::new(into)).unwrap_or(first);
        let next = first.checked_add_months(Months::new(3)).unwrap_or(first);
        Self::new(first, before(next))
    }

    /// The period before it that it may be compared with: as many whole months when it is whole
    /// months, as many days otherwise.
    #[must_use]
    pub fn before(self) -> Self {
        let last = before(self.first);
        let months = self.whole_months();
        let first = if months > 0 {
            self.first.checked_sub_months(Months::new(months))
        } else {
            let days = u64::try_from((self.last - self.first).num_days()).unwrap_or(0);
            last.checked_sub_days(Days::new(days))
        };
        Self {
            first: first.unwrap_or(last),
            last,
        }
    }

    /// How many months it is; 0 when it does not begin and end with one.
    fn whole_months(self) -> u32 {
        let next = after(self.last);
        if self.first.day() != 1 || next.day() != 1 || next == self.last {
            return 0;
        }
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        u32::try_from(months(next) - months(self.first)).unwrap_or(0)
    }

    /// Its first moment.
    #[must_use]
    pub fn from(self) -> Moment {
        begin_of(self.first)
    }

    /// The first moment behind it.
    #[must_use]
    pub fn to(self) -> Moment {
        begin_of(after(self.last))
    }

    /// Its days, or its months when they are many, in their order; together they are the period.
    #[must_use]
    pub fn parts(self) -> Vec<Self> {
        let by_day = (self.last - self.first).num_days() < DAYS;
        let mut parts = Vec::new();
        let mut first = self.first;
        while first <= self.last {
            let next = if by_day {
                after(first)
            } else {
                next_month(first)
            };
            if next <= first {
                break;
            }
            parts.push(Self {
                first,
                last: before(next).min(self.last),
            });
            first = next;
        }
        parts
    }

    /// `11月`, `11月21日`, `2026年11月1日至12月5日`
    #[must_use]
    pub fn says(self) -> String {
        let day = |day: NaiveDate| day.format("%-m月%-d日").to_string();
        let whole_month = Self::month(self.first) == self;
        if self.first == self.last {
            day(self.first)
        } else if whole_month {
            self.first.format("%Y年%-m月").to_string()
        } else if self.first.year() == self.last.year() {
            format!(
                "{}年{}至{}",
                self.first.year(),
                day(self.first),
                day(self.last)
            )
        } else {
            let long = |day: NaiveDate| day.format("%Y年%-m月%-d日").to_string();
            format!("{}至{}", long(self.first), long(self.last))
        }
    }
}

fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

/// The first day of the next month.
fn next_month(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first.checked_add_months(Months::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_chinas() {
        // 2026-10-31 17:00 UTC is November in China.
        let now = begin_of(day("2026-11-01")) + chrono::TimeDelta::hours(1);
        let month = Span::month_of(now);
        assert_eq!(
            (month.first, month.last),
            (day("2026-11-01"), day("2026-11-30"))
        );
        assert_eq!(month.from().to_rfc3339(), "2026-10-31T16:00:00+00:00");
        assert_eq!(month.to().to_rfc3339(), "2026-11-30T16:00:00+00:00");
        assert_eq!(Span::month_before(now).says(), "2026年10月");
        assert_eq!(Span::year_of(now).parts().len(), 12);
        assert_eq!(Span::month(day("2028-02-29")).parts().len(), 29);
    }

    #[test]
    fn a_period_is_said_as_people_do() {
        let says = |from, to| Span::new(day(from), day(to)).says();
        assert_eq!(says("2026-11-01", "2026-11-30"), "2026年11月");
        assert_eq!(says("2026-11-05", "2026-11-05"), "11月5日");
        assert_eq!(says("2026-12-05", "2026-11-01"), "2026年11月1日至12月5日");
        assert_eq!(
            says("2025-12-31", "2026-01-01"),
            "2025年12月31日至2026年1月1日"
        );
    }

    #[test]
    fn a_quarter_is_three_months_and_what_was_before_is_as_long() {
        let now = begin_of(day("2026-11-21"));
        let quarter = Span::quarter_of(now);
        assert_eq!(quarter.says(), "2026年10月1日至12月31日");
        assert_eq!(quarter.before().says(), "2026年7月1日至9月30日");
        let january = Span::month(day("2026-01-15"));
        assert_eq!(january.before().says(), "2025年12月");
        let march = Span::month(day("2028-03-01"));
        assert_eq!(march.before().says(), "2028年2月");
        let days = Span::new(day("2026-11-05"), day("2026-11-07"));
        assert_eq!(days.before().says(), "2026年11月2日至11月4日");
        assert_eq!(Span::year_of(now).before().says(), "2025年1月1日至12月31日");
    }

    proptest! {
        #[test]
        fn what_was_before_ends_where_the_period_begins(start in 0_u64..20_000, length in 0_u64..1_800) {
            let first = day("1990-01-01").checked_add_days(Days::new(start)).unwrap();
            let last = first.checked_add_days(Days::new(length)).unwrap();
            let span = Span::new(first, last);
            prop_assert_eq!(span.before().to(), span.from());
            prop_assert!(span.before().first <= span.before().last);
        }

        #[test]
        fn parts_are_the_whole(start in 0_u64..20_000, length in 0_u64..4_000) {
            let first = day("1990-01-01").checked_add_days(Days::new(start)).unwrap();
            let last = first.checked_add_days(Days::new(length)).unwrap();
            let span = Span::new(first, last);
            let parts = span.parts();
            prop_assert!(parts.len() <= 61);
            prop_assert_eq!(parts.first().unwrap().first, span.first);
            prop_assert_eq!(parts.last().unwrap().last, span.last);
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].to(), pair[1].from());
            }
        }
    }
}
