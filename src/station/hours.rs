//! When a station is open: its week, the days that are otherwise, and what of it holds at a moment. Pure; the
//! sums are `base/calendar`'s.

use chrono::{Days, TimeDelta};
use entity::{station, station_day};

use crate::base::calendar::Hours;
use crate::base::clock::{Moment, begin_of, china, say};
use crate::policy::rules::Timetable;

/// Days that are looked through for the next opening.
const LOOKED: u64 = 14;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Whether it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Day and night, today.
    AllDay,
    /// Until then.
    Until(Moment),
    /// Closed until then.
    From(Moment),
    /// Closed for the next two weeks at least.
    Closed,
}

impl Open {
    /// Whether somebody is let in.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::AllDay | Self::Until(_))
    }

    /// As people read it: `开门中，到18:00`.
    #[must_use]
    pub fn says(self) -> String {
        match self {
            Self::AllDay => "开门中，今天全天".to_owned(),
            Self::Until(at) => format!("开门中，到{}", hour(at)),
            Self::From(at) => format!("现在关门，{}开门", say(at)),
            Self::Closed => "近两周不开门".to_owned(),
        }
    }
}

/// The hour of a moment; midnight is the end of the day.
fn hour(at: Moment) -> String {
    let said = china(at).format("%H:%M").to_string();
    match said.as_str() {
        "00:00" => "24:00".to_owned(),
        _ => said,
    }
}

/// What a station's row and its days say; none when a row cannot be read, which actions do not let in.
#[must_use]
pub fn of(row: &station::Model, days: &[station_day::Model]) -> Option<Hours> {
    let own = days.iter().filter(|day| day.station_id == row.id);
    let table = Timetable {
        hours: row.hours.clone(),
        public_holidays: row.public_holidays,
        days: own.map(|day| (day.day, day.hours.clone())).collect(),
    };
    table.read().ok()
}

/// What holds at a moment.
#[must_use]
pub fn at(hours: &Hours, now: Moment) -> Open {
    let today = china(now).date_naive();
    for ahead in 0..=LOOKED {
        let Some(day) = today.checked_add_days(Days::new(ahead)) else {
            break;
        };
        let begin = begin_of(day);
        for span in hours.day(day).0 {
            let from = begin + TimeDelta::minutes(i64::from(span.from));
            let to = begin + TimeDelta::minutes(i64::from(span.to));
            if now < from {
                return Open::From(from);
            }
            if now < to {
                return match (span.from, span.to) {
                    (0, DAY) => Open::AllDay,
                    _ => Open::Until(to),
                };
            }
        }
    }
    Open::Closed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    fn hours(week: &str, holidays: bool, days: &[(&str, Option<&str>)]) -> Hours {
        let days: BTreeMap<NaiveDate, Option<String>> = days
            .iter()
            .map(|(day, hours)| (day.parse().unwrap(), hours.map(str::to_owned)))
            .collect();
        let table = Timetable {
            hours: week.to_owned(),
            public_holidays: holidays,
            days,
        };
        table.read().unwrap()
    }

    fn moment(day: &str, minute: i64) -> Moment {
        begin_of(day.parse().unwrap()) + TimeDelta::minutes(minute)
    }

    #[test]
    fn open_until_closed_until_and_on_holidays() {
        let week = hours("Mo-Fr 08:00-12:00,14:00-18:00", true, &[]);
        // A Monday.
        for (day, minute, said) in [
            ("2026-11-30", 7 * 60, "现在关门，11月30日 08:00开门"),
            ("2026-11-30", 8 * 60, "开门中，到12:00"),
            ("2026-11-30", 12 * 60, "现在关门，11月30日 14:00开门"),
            ("2026-11-30", 18 * 60, "现在关门，12月1日 08:00开门"),
            // A Saturday.
            ("2026-12-05", 9 * 60, "现在关门，12月7日 08:00开门"),
            // National Day: closed for a week, and open on the Saturday that is worked for it.
            ("2026-10-01", 9 * 60, "现在关门，10月8日 08:00开门"),
            ("2026-10-10", 9 * 60, "开门中，到12:00"),
        ] {
            assert_eq!(
                at(&week, moment(day, minute)).says(),
                said,
                "{day} {minute}"
            );
        }
        let own = hours(
            "每天 08:00-18:00",
            true,
            &[("2026-10-01", Some("10:00-12:00")), ("2026-11-30", None)],
        );
        assert!(at(&own, moment("2026-10-01", 11 * 60)).is_open());
        assert!(!at(&own, moment("2026-11-30", 11 * 60)).is_open());
        let always = hours("全天", false, &[]);
        assert_eq!(at(&always, moment("2026-11-30", 3)), Open::AllDay);
    }

    proptest! {
        #[test]
        fn what_is_said_of_the_next_change_is_true(minute in 0_i64..40 * 24 * 60) {
            let week = hours("Mo-Fr 08:00-12:00,14:00-18:00; Sa 09:00-24:00", true, &[]);
            let now = moment("2026-09-20", minute);
            match at(&week, now) {
                Open::Until(to) => {
                    prop_assert!(at(&week, to - TimeDelta::minutes(1)).is_open());
                    prop_assert!(!at(&week, to).is_open());
                }
                Open::From(from) => {
                    prop_assert!(from > now && at(&week, from).is_open());
                    prop_assert!(!at(&week, from - TimeDelta::minutes(1)).is_open());
                }
                Open::AllDay | Open::Closed => prop_assert!(false, "never"),
            }
        }
    }
}
