//! A month of the calendar, as bills and accounts count them. Pure; any module may use it.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::base::dates::YEARS;

/// A month between 2000 and 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// The month of a year; none for what is no month, or lies outside of those years.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        YEARS.contains(&year).then_some(Self { first })
    }

    /// The month in which a day lies.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        let first = day.with_day(1).unwrap_or(day);
        Self { first }
    }

    /// As the tables keep it: 202611.
    #[must_use]
    pub fn number(self) -> i32 {
        self.first
            .year()
            .saturating_mul(100)
            .saturating_add(i32::try_from(self.first.month()).unwrap_or(0))
    }

    /// The month of such a number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::new(number / 100, u32::try_from(number % 100).ok()?)
    }

    /// `2026-11`, `2026/11`, `202611`, `2026年11月`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.trim().chars().map(super::text::half_width).collect();
        let plain = plain.trim_end_matches('月');
        let (year, month) = match plain.split_once(['-', '/', '年', '.']) {
            Some(two) => two,
            None if plain.is_ascii() && plain.len() == 6 => plain.split_at(4),
            None => return None,
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if year.len() != 4 || !(1..=2).contains(&month.len()) || !digits(year) || !digits(month) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        let next = self.first.checked_add_months(Months::new(1));
        next.and_then(|next| next.pred_opt()).unwrap_or(self.first)
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> i64 {
        i64::from(self.last().day())
    }

    /// Its n-th day, from 1; the last one when it has not so many.
    #[must_use]
    pub fn day(self, number: u32) -> NaiveDate {
        self.first.with_day(number).unwrap_or(self.last())
    }

    /// Its days, one after the other.
    pub fn each_day(self) -> impl Iterator<Item = NaiveDate> {
        let days = u64::try_from(self.days()).unwrap_or(0);
        (0..days).filter_map(move |n| self.first.checked_add_days(Days::new(n)))
    }

    /// The month behind it.
    #[must_use]
    pub fn next(self) -> Self {
        let first = self.first.checked_add_months(Months::new(1));
        Self {
            first: first.unwrap_or(self.first),
        }
    }

    /// The month before it.
    #[must_use]
    pub fn before(self) -> Self {
        let first = self.first.checked_sub_months(Months::new(1));
        Self {
            first: first.unwrap_or(self.first),
        }
    }

    /// How people write it: `2026年11月`.
    #[must_use]
    pub fn says(self) -> String {
        format!("{}年{}月", self.first.year(), self.first.month())
    }
}

/// `2026-11`
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_is_typed_in_several_ways() {
        let november = Month::new(2026, 11).unwrap();
        for typed in [
            "2026-11",
            "2026/11",
            "202611",
            "2026年11月",
            "2026.11",
            " ２０２６－１１ ",
        ] {
            assert_eq!(Month::parse(typed), Some(november), "{typed}");
        }
        assert_eq!(Month::parse("2026-3"), Month::new(2026, 3));
        for typed in [
            "", "2026", "2026-13", "2026-0", "26-11", "2026-1-1", "1999-12", "2200-01", "2026+1",
            "abcdef", "年月", "2026年",
        ] {
            assert_eq!(Month::parse(typed), None, "{typed}");
        }
        assert_eq!(november.to_string(), "2026-11");
        assert_eq!(november.says(), "2026年11月");
        assert_eq!(november.number(), 202_611);
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        for (year, month, days) in [
            (2026, 2, 28),
            (2028, 2, 29),
            (2100, 2, 28),
            (2000, 2, 29),
            (2026, 4, 30),
            (2026, 12, 31),
        ] {
            let month = Month::new(year, month).unwrap();
            assert_eq!(month.days(), days, "{month}");
            assert_eq!(month.each_day().count(), usize::try_from(days).unwrap());
            assert_eq!(month.each_day().last(), Some(month.last()));
        }
        assert_eq!(Month::parse("2026-02").unwrap().day(30).day(), 28);
    }

    proptest! {
        #[test]
        fn the_next_month_begins_where_one_ends(year in 2000_i32..2199, month in 1_u32..=12) {
            let one = Month::new(year, month).unwrap();
            prop_assert_eq!(one.last().succ_opt(), Some(one.next().first()));
            prop_assert_eq!(one.next().before(), one);
            prop_assert_eq!(Month::from_number(one.number()), Some(one));
            prop_assert_eq!(Month::parse(&one.to_string()), Some(one));
            prop_assert_eq!(Month::of(one.day(17)), one);
        }
    }
}
