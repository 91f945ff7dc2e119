//! When somebody is asked for what is due. Pure.
//!
//! A bill has a few reminders: one before its due day, one on it, some after it. Each has its day; whoever
//! comes a day or two late (nobody was there to do it) still sends the latest of them, and never two.

use chrono::{Days, NaiveDate};
use entity::fee_policy;

use crate::base::clock::Moment;
use crate::delivery::Topic;
use crate::delivery::quiet::quiet_until;

/// A reminder that is later than so many days is left out: the next one says the same.
const LATE: i64 = 2;
/// Days before the due day on which may be reminded.
pub const BEFORE: std::ops::RangeInclusive<i32> = 1..=15;
/// Days between two reminders after it: nobody is asked every day.
pub const EVERY: std::ops::RangeInclusive<i32> = 3..=90;
/// Reminders after it, at most.
pub const MOST: std::ops::RangeInclusive<i32> = 0..=12;

/// One of the reminders of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// Some days before the due day.
    Before,
    /// On it.
    On,
    /// After it: the first, the second …
    After(u32),
}

impl Slot {
    /// As stored: `before`, `on`, `after-1`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Before => "before".to_owned(),
            Self::On => "on".to_owned(),
            Self::After(count) => format!("after-{count}"),
        }
    }

    /// What was stored.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "before" => Some(Self::Before),
            "on" => Some(Self::On),
            _ => name.strip_prefix("after-")?.parse().ok().map(Self::After),
        }
    }

    /// What people call it.
    #[must_use]
    pub fn says(self) -> String {
        match self {
            Self::Before => "缴费日前".to_owned(),
            Self::On => "缴费日当天".to_owned(),
            Self::After(count) => format!("逾期第{count}次"),
        }
    }

    /// Whether it comes after the due day.
    #[must_use]
    pub const fn is_after(self) -> bool {
        matches!(self, Self::After(_))
    }
}

/// How a compound asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// Days before the due day; none: not before it.
    pub before: Option<i32>,
    /// On the due day.
    pub on: bool,
    /// Days between reminders after it; none: not after it.
    pub every: Option<i32>,
    /// How many after it, at most.
    pub most: i32,
}

impl From<&fee_policy::Model> for Rhythm {
    fn from(row: &fee_policy::Model) -> Self {
        Self {
            before: row.remind_before,
            on: row.remind_on,
            every: row.remind_every,
            most: row.remind_most,
        }
    }
}

impl Rhythm {
    /// Whether anybody is ever asked.
    #[must_use]
    pub const fn asks(&self) -> bool {
        self.before.is_some() || self.on || (self.every.is_some() && self.most > 0)
    }

    /// The last due day of which something may be said on this day.
    #[must_use]
    pub fn reaches(&self, today: NaiveDate) -> NaiveDate {
        let ahead = u64::try_from(self.before.unwrap_or(0)).unwrap_or(0);
        today.checked_add_days(Days::new(ahead)).unwrap_or(today)
    }
}

/// Which reminder of a bill is to go out on this day, if any: the latest whose day has come, unless that
/// is too long ago.
#[must_use]
pub fn slot(rhythm: &Rhythm, due_on: NaiveDate, today: NaiveDate) -> Option<Slot> {
    let past = today.signed_duration_since(due_on).num_days();
    let every = rhythm.every.map(i64::from).filter(|every| *every > 0);
    let after = every.and_then(|every| {
        let count = (past / every).min(i64::from(rhythm.most));
        let slot = Slot::After(u32::try_from(count).ok().filter(|count| *count > 0)?);
        Some((slot, count * every))
    });
    let on = (rhythm.on && past >= 0).then_some((Slot::On, 0));
    let before = rhythm.before.map(i64::from);
    let before = before
        .filter(|before| *before > 0 && past >= -before)
        .map(|before| (Slot::Before, -before));
    let (slot, day) = after.or(on).or(before)?;
    (past - day <= LATE).then_some(slot)
}

/// The moment itself, or the end of the night in which it lies: nobody is asked between nine in the
/// evening and eight in the morning.
#[must_use]
pub fn by_day(at: Moment) -> Moment {
    let night = Topic::Dues.hours();
    let end = night.and_then(|(from, to)| quiet_until(at, from, to));
    end.unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::{begin_of, say};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const USUAL: Rhythm = Rhythm {
        before: Some(3),
        on: true,
        every: Some(7),
        most: 3,
    };

    #[test]
    fn before_on_and_after_the_due_day_and_then_no_more() {
        for (due, today, wanted) in [
            ("2026-11-10", "2026-11-06", None),
            ("2026-11-10", "2026-11-07", Some(Slot::Before)),
            // Nobody was there on the seventh.
            ("2026-11-10", "2026-11-09", Some(Slot::Before)),
            ("2026-11-10", "2026-11-10", Some(Slot::On)),
            ("2026-11-10", "2026-11-12", Some(Slot::On)),
            ("2026-11-10", "2026-11-13", None),
            ("2026-11-10", "2026-11-16", None),
            ("2026-11-10", "2026-11-17", Some(Slot::After(1))),
            ("2026-11-10", "2026-11-24", Some(Slot::After(2))),
            ("2026-11-10", "2026-12-01", Some(Slot::After(3))),
            ("2026-11-10", "2026-12-03", Some(Slot::After(3))),
            ("2026-11-10", "2026-12-04", None),
            ("2026-11-10", "2026-12-08", None),
            ("2026-11-10", "2029-11-10", None),
            // Over the end of a month, of a year, and the 29th of February.
            ("2026-12-02", "2026-11-29", Some(Slot::Before)),
            ("2026-12-28", "2027-01-04", Some(Slot::After(1))),
            ("2028-02-28", "2028-03-06", Some(Slot::After(1))),
            ("2027-02-28", "2027-03-07", Some(Slot::After(1))),
            ("2028-03-02", "2028-02-28", Some(Slot::Before)),
            ("2028-03-02", "2028-02-27", None),
        ] {
            assert_eq!(slot(&USUAL, day(due), day(today)), wanted, "{due} {today}");
        }
    }

    #[test]
    fn what_is_off_is_never_said() {
        let off = Rhythm::default();
        assert!(!off.asks());
        let none_after = Rhythm { most: 0, ..USUAL };
        for past in -40..400 {
            let today = day("2026-11-10") + TimeDelta::days(past);
            assert_eq!(slot(&off, day("2026-11-10"), today), None);
            let said = slot(&none_after, day("2026-11-10"), today);
            assert!(!said.is_some_and(Slot::is_after), "{today}");
        }
        let only_after = Rhythm {
            before: None,
            on: false,
            ..USUAL
        };
        assert_eq!(
            slot(&only_after, day("2026-11-10"), day("2026-11-10")),
            None
        );
        assert_eq!(only_after.reaches(day("2026-11-10")), day("2026-11-10"));
        assert_eq!(USUAL.reaches(day("2028-02-27")), day("2028-03-01"));
    }

    #[test]
    fn the_night_ends_at_eight() {
        let at = |text: &str| {
            let (hour, minute) = text.split_once(':').unwrap();
            let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
            begin_of(day("2026-11-30")) + TimeDelta::minutes(minutes)
        };
        for (now, wanted) in [
            ("00:00", "11月30日 08:00"),
            ("07:59", "11月30日 08:00"),
            ("08:00", "11月30日 08:00"),
            ("10:30", "11月30日 10:30"),
            ("20:59", "11月30日 20:59"),
            ("21:00", "12月1日 08:00"),
            ("23:59", "12月1日 08:00"),
        ] {
            assert_eq!(say(by_day(at(now))), wanted, "{now}");
        }
    }

    #[test]
    fn names_of_reminders_are_read_again() {
        for one in [Slot::Before, Slot::On, Slot::After(1), Slot::After(12)] {
            assert_eq!(Slot::parse(&one.name()), Some(one));
        }
        assert_eq!(Slot::parse("after-x"), None);
    }

    proptest! {
        #[test]
        fn each_reminder_of_a_bill_has_its_days_once_and_in_order(
            before in proptest::option::of(1_i32..=15),
            on: bool,
            every in proptest::option::of(3_i32..=90),
            most in 0_i32..=12,
            due in 0_i64..3_000,
        ) {
            let rhythm = Rhythm { before, on, every, most };
            let due = day("2024-02-20") + TimeDelta::days(due);
            let mut seen: Vec<Slot> = Vec::new();
            for past in -20..1_200 {
                let Some(slot) = slot(&rhythm, due, due + TimeDelta::days(past)) else { continue };
                if seen.last() != Some(&slot) {
                    prop_assert!(seen.last().is_none_or(|last| *last < slot));
                    seen.push(slot);
                }
            }
            let after = if every.is_some() { most } else { 0 };
            let wanted = i32::from(before.is_some()) + i32::from(on) + after;
            prop_assert_eq!(i32::try_from(seen.len()).unwrap(), wanted);
        }
    }
}
