//! When not to disturb, in China's time. Pure; called by the postman.

use chrono::{NaiveTime, TimeDelta};

use crate::base::clock::{Moment, china};

/// The end of the quiet hours in which `now` lies, none outside of them. They begin at `from`
/// (inclusive) and end at `to` (exclusive), over midnight when `from` is the later one; equal or
/// unreadable times mean that there are none.
#[must_use]
pub fn quiet_until(now: Moment, from: &str, to: &str) -> Option<Moment> {
    let from = NaiveTime::parse_from_str(from, "%H:%M").ok()?;
    let to = NaiveTime::parse_from_str(to, "%H:%M").ok()?;
    let time = china(now).time();
    let inside = if from <= to {
        from <= time && time < to
    } else {
        from <= time || time < to
    };
    inside.then(|| next_time(now, to))
}

/// When the day's quotas are new: a little after China's midnight, since the platform's clock is not
/// ours. What is not urgent waits for the end of the quiet hours then.
#[must_use]
pub fn quota_is_new(now: Moment) -> Moment {
    next_time(now, NaiveTime::MIN) + TimeDelta::minutes(5)
}

/// The next time, after `now`, at which China's clocks show this.
fn next_time(now: Moment, time: NaiveTime) -> Moment {
    let ahead = time - china(now).time();
    let ahead = if ahead <= TimeDelta::zero() {
        ahead + TimeDelta::days(1)
    } else {
        ahead
    };
    now + ahead
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::say;

    /// A moment at this time of 15 November 2023 in China.
    fn at(text: &str) -> Moment {
        let time = NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let day = chrono::NaiveDate::from_ymd_opt(2023, 11, 15).unwrap();
        day.and_time(time).and_utc() - TimeDelta::hours(8)
    }

    #[test]
    fn the_table_of_the_day() {
        let table = [
            ("21:59", "22:00", "07:00", None),
            ("22:00", "22:00", "07:00", Some("11月16日 07:00")),
            ("23:30", "22:00", "07:00", Some("11月16日 07:00")),
            ("00:00", "22:00", "07:00", Some("11月15日 07:00")),
            ("06:59", "22:00", "07:00", Some("11月15日 07:00")),
            ("07:00", "22:00", "07:00", None),
            ("12:30", "12:00", "14:00", Some("11月15日 14:00")),
            ("14:00", "12:00", "14:00", None),
            ("03:00", "00:00", "00:00", None),
            ("03:00", "x", "07:00", None),
        ];
        for (now, from, to, wanted) in table {
            let end = quiet_until(at(now), from, to).map(say);
            assert_eq!(end.as_deref(), wanted, "{now} in {from}–{to}");
        }
    }

    #[test]
    fn the_next_day_of_china_has_its_own_quota() {
        for (now, wanted) in [
            ("00:00", "11月16日 00:05"),
            ("07:30", "11月16日 00:05"),
            ("23:59", "11月16日 00:05"),
        ] {
            assert_eq!(say(quota_is_new(at(now))), wanted, "{now}");
        }
    }
}
