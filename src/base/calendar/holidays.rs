//! China's public holidays and the days that are worked for them (调休), as the State Council
//! announces them for one year at a time. A year that is not here has none: its days are as the week
//! says, and a calendar may name days of its own. Used by calendars.

use chrono::{Datelike, NaiveDate};

/// What the announcement says of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// 放假
    Off,
    /// 上班, on a Saturday or Sunday.
    Work,
}

/// The last year whose announcement is here. That of the following year comes in November.
pub const LAST_YEAR: i32 = 2026;

/// Year, month, first and last day off. 国务院办公厅关于2026年部分节假日安排的通知, 4 November 2025.
const OFF: &[(i32, u32, u32, u32)] = &[
    (2026, 1, 1, 3),
    (2026, 2, 15, 23),
    (2026, 4, 4, 6),
    (2026, 5, 1, 5),
    (2026, 6, 19, 21),
    (2026, 9, 25, 27),
    (2026, 10, 1, 7),
];

/// Year, month, day.
const WORK: &[(i32, u32, u32)] = &[
    (2026, 1, 4),
    (2026, 2, 14),
    (2026, 2, 28),
    (2026, 5, 9),
    (2026, 9, 20),
    (2026, 10, 10),
];

/// What the announcement says of this day, if anything.
#[must_use]
pub fn public(day: NaiveDate) -> Option<Public> {
    let (year, month, date) = (day.year(), day.month(), day.day());
    if WORK.contains(&(year, month, date)) {
        return Some(Public::Work);
    }
    OFF.iter()
        .any(|(y, m, first, last)| (*y, *m) == (year, month) && (*first..=*last).contains(&date))
        .then_some(Public::Off)
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;

    fn days_of(year: i32) -> Vec<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        first
            .iter_days()
            .take_while(|day| day.year() == year)
            .collect()
    }

    #[test]
    fn the_year_has_the_days_that_were_announced() {
        let days = days_of(2026);
        let count = |what| {
            days.iter()
                .filter(|day| public(**day) == Some(what))
                .count()
        };
        // 3 + 9 + 3 + 5 + 3 + 3 + 7 days off, six of them worked for.
        assert_eq!((count(Public::Off), count(Public::Work)), (33, 6));
        for day in &days {
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            assert!(public(*day) != Some(Public::Work) || weekend, "{day}");
        }
        // What is gained over the weekends are the 13 days that the law grants.
        let on_weekdays = days
            .iter()
            .filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
            .filter(|day| public(**day) == Some(Public::Off))
            .count();
        assert_eq!(on_weekdays - count(Public::Work), 13);
    }

    #[test]
    fn a_year_without_announcement_has_none() {
        assert!(
            days_of(LAST_YEAR + 1)
                .iter()
                .all(|day| public(*day).is_none())
        );
        assert!(days_of(LAST_YEAR).iter().any(|day| public(*day).is_some()));
    }
}
