//! Who owes for a home on each day of a month: its owner as the roster says. Pure.
//!
//! Of several owners it is the one with the largest share, then the one with the lowest key; without any
//! it is nobody (0). The roster says when somebody was entered, not since when the home is theirs: whoever
//! was entered when somebody else's ownership ended, or later, followed them, and owes from then on.

use chrono::{Days, NaiveDate};

use crate::base::clock::{Moment, begin_of, china};
use crate::base::month::Month;

/// An owner of a home, as the roster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub person_id: i64,
    /// `1/2`; the whole if none.
    pub share: Option<String>,
    /// When the roster got them.
    pub entered_at: Moment,
    /// When it was no longer theirs.
    pub ended_at: Option<Moment>,
}

/// The days of a month for which one person owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who; 0 if nobody is known.
    pub payer_id: i64,
    /// The first of the days.
    pub from: NaiveDate,
    /// The last of them.
    pub to: NaiveDate,
    /// Which days of the month, from the first on.
    pub days: Vec<bool>,
}

impl Part {
    /// How many days.
    #[must_use]
    pub fn count(&self) -> i64 {
        count(self.days.iter().copied())
    }

    /// How many of them lie between two days.
    #[must_use]
    pub fn count_between(&self, month: Month, from: NaiveDate, to: NaiveDate) -> i64 {
        let inside = month.each_day().map(|day| (from..=to).contains(&day));
        count(
            self.days
                .iter()
                .zip(inside)
                .map(|(own, inside)| *own && inside),
        )
    }
}

fn count(days: impl Iterator<Item = bool>) -> i64 {
    i64::try_from(days.filter(|own| *own).count()).unwrap_or(0)
}

/// The parts of a month, in the order in which they begin; every day is in one of them.
#[must_use]
pub fn parts(month: Month, owners: &[Owner]) -> Vec<Part> {
    let days = usize::try_from(month.days()).unwrap_or(0);
    // Nearly every home: one owner, or none that is known.
    if let [] | [Owner { ended_at: None, .. }] = owners {
        return vec![Part {
            payer_id: owners.first().map_or(0, |owner| owner.person_id),
            from: month.first(),
            to: month.last(),
            days: vec![true; days],
        }];
    }
    let mut parts: Vec<Part> = Vec::new();
    for (at, day) in month.each_day().enumerate() {
        let payer_id = payer(owners, day);
        let known = parts.iter().position(|part| part.payer_id == payer_id);
        let known = known.unwrap_or_else(|| {
            parts.push(Part {
                payer_id,
                from: day,
                to: day,
                days: vec![false; days],
            });
            parts.len() - 1
        });
        if let Some(part) = parts.get_mut(known) {
            part.to = day;
            if let Some(own) = part.days.get_mut(at) {
                *own = true;
            }
        }
    }
    parts
}

/// Who owes for a day; 0 if nobody is known.
#[must_use]
pub fn payer(owners: &[Owner], day: NaiveDate) -> i64 {
    let begin = begin_of(day);
    let theirs = |owner: &&Owner| owner.ended_at.is_none_or(|ended| ended > begin);
    let there: Vec<&Owner> = owners.iter().filter(theirs).collect();
    let followed = |one: &Owner| {
        let before = |other: &&&Owner| other.ended_at.is_some_and(|ended| follows(one, ended));
        there
            .iter()
            .any(|other| before(&other) && other.person_id != one.person_id)
    };
    let best = there
        .iter()
        .filter(|owner| !followed(owner))
        .max_by(|one, other| {
            let (a, b) = share(one);
            let (c, d) = share(other);
            let by_share = (a * d).cmp(&(c * b));
            by_share.then(other.person_id.cmp(&one.person_id))
        });
    best.map_or(0, |owner| owner.person_id)
}

/// Who will owe the next bill: whoever owes from tomorrow on; 0 if nobody is known.
#[must_use]
pub fn payer_to_come(owners: &[Owner], now: Moment) -> i64 {
    let today = china(now).date_naive();
    payer(owners, today.succ_opt().unwrap_or(today))
}

/// Whether somebody was entered on the day on which another's ownership ended, or later.
fn follows(owner: &Owner, ended: Moment) -> bool {
    let last = china(ended).date_naive();
    // Midnight is the end of the day before.
    let last = match begin_of(last) == ended {
        true => last.checked_sub_days(Days::new(1)).unwrap_or(last),
        false => last,
    };
    china(owner.entered_at).date_naive() >= last
}

/// A share as a fraction; what is none counts as the whole.
fn share(owner: &Owner) -> (u64, u64) {
    let whole = (1, 1);
    let Some(text) = &owner.share else {
        return whole;
    };
    let (part, of) = text.split_once('/').unwrap_or((text, "1"));
    match (part.trim().parse::<u32>(), of.trim().parse::<u32>()) {
        (Ok(part), Ok(of)) if of > 0 => (part.into(), of.into()),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(day: &str) -> Moment {
        begin_of(day.parse().unwrap()) + TimeDelta::hours(10)
    }

    fn owner(person_id: i64, share: Option<&str>, entered: &str, ended: Option<&str>) -> Owner {
        Owner {
            person_id,
            share: share.map(str::to_owned),
            entered_at: at(entered),
            ended_at: ended.map(at),
        }
    }

    fn seen(month: &str, owners: &[Owner]) -> Vec<(i64, i64)> {
        let parts = parts(Month::parse(month).unwrap(), owners);
        parts
            .iter()
            .map(|part| (part.payer_id, part.count()))
            .collect()
    }

    #[test]
    fn the_largest_share_owes_then_the_lowest_key() {
        let pair = [
            owner(7, Some("1/4"), "2026-01-01", None),
            owner(9, Some("3/4"), "2026-01-01", None),
        ];
        assert_eq!(seen("2026-11", &pair), [(9, 30)]);
        let equal = [
            owner(9, Some("1/2"), "2026-01-01", None),
            owner(7, Some("2/4"), "2026-01-01", None),
        ];
        assert_eq!(seen("2026-11", &equal), [(7, 30)]);
        let unsaid = [
            owner(9, None, "2026-01-01", None),
            owner(7, Some("1/2"), "2026-01-01", None),
        ];
        assert_eq!(seen("2026-11", &unsaid), [(9, 30)]);
        assert_eq!(seen("2026-02", &[]), [(0, 28)]);
    }

    #[test]
    fn a_home_that_changes_hands_is_owed_by_both() {
        let sold = [
            owner(1, None, "2026-01-01", Some("2026-11-15")),
            owner(2, None, "2026-11-15", None),
        ];
        assert_eq!(seen("2026-11", &sold), [(1, 15), (2, 15)]);
        assert_eq!(seen("2026-10", &sold), [(1, 31)]);
        assert_eq!(seen("2026-12", &sold), [(2, 31)]);
        // The roster got the next owner later than the home.
        let late = [
            owner(1, None, "2026-01-01", Some("2026-11-10")),
            owner(2, None, "2026-11-20", None),
        ];
        assert_eq!(seen("2026-11", &late), [(1, 10), (2, 20)]);
        let nobody = [owner(1, None, "2026-01-01", Some("2028-02-28"))];
        assert_eq!(seen("2028-02", &nobody), [(1, 28), (0, 1)]);
        let part = &parts(Month::parse("2028-02").unwrap(), &nobody)[0];
        let month = Month::parse("2028-02").unwrap();
        assert_eq!(part.count_between(month, month.day(20), month.last()), 9);
    }

    #[test]
    fn being_entered_late_alone_changes_nothing() {
        let entered = [owner(1, None, "2026-11-20", None)];
        assert_eq!(seen("2026-11", &entered), [(1, 30)]);
        let pair = [
            owner(1, Some("1/4"), "2026-11-01", None),
            owner(2, Some("3/4"), "2026-11-21", None),
        ];
        assert_eq!(seen("2026-11", &pair), [(2, 30)]);
    }

    #[test]
    fn who_is_entered_at_midnight_follows_who_ended_then() {
        let midnight = begin_of("2026-11-16".parse().unwrap());
        let sold = [
            Owner {
                ended_at: Some(midnight),
                ..owner(1, None, "2026-01-01", None)
            },
            Owner {
                entered_at: midnight,
                ..owner(2, None, "2026-01-01", None)
            },
        ];
        assert_eq!(seen("2026-11", &sold), [(1, 15), (2, 15)]);
    }

    proptest! {
        #[test]
        fn every_day_is_owed_once(
            rows in proptest::collection::vec((1_i64..5, 0_i64..60, proptest::option::of(0_i64..60)), 0..5),
        ) {
            let base = at("2026-10-15");
            let owners: Vec<Owner> = rows.into_iter().map(|(person_id, entered, ended)| Owner {
                person_id,
                share: None,
                entered_at: base + TimeDelta::days(entered),
                ended_at: ended.map(|ended| base + TimeDelta::days(ended)),
            }).collect();
            let month = Month::parse("2026-11").unwrap();
            let parts = parts(month, &owners);
            prop_assert_eq!(parts.iter().map(Part::count).sum::<i64>(), 30);
            for at in 0..30 {
                prop_assert_eq!(parts.iter().filter(|part| part.days[at]).count(), 1);
            }
        }
    }
}
