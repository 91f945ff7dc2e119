//! How many messages WeCom lets through: 30 a minute and 1000 an hour to a member, 10 000 a minute
//! in all. More is dropped without an error (protocols.md §4.3), so tests look at the count.

use std::collections::{HashMap, VecDeque};

use chrono::TimeDelta;

use crate::base::clock::Moment;

const MEMBER_MINUTE: usize = 30;
const MEMBER_HOUR: usize = 1000;
const ALL_MINUTE: usize = 10_000;

/// What went out lately.
#[derive(Debug, Default)]
pub struct Rates {
    members: HashMap<String, VecDeque<Moment>>,
    all: VecDeque<Moment>,
    dropped: u64,
}

impl Rates {
    /// Counts a message; false when it is dropped.
    pub fn take(&mut self, userid: &str, now: Moment) -> bool {
        let hour = now - TimeDelta::hours(1);
        let minute = now - TimeDelta::minutes(1);
        self.all.retain(|at| *at > minute);
        let own = self.members.entry(userid.to_owned()).or_default();
        own.retain(|at| *at > hour);
        let lately = own.iter().filter(|at| **at > minute).count();
        if lately >= MEMBER_MINUTE || own.len() >= MEMBER_HOUR || self.all.len() >= ALL_MINUTE {
            self.dropped += 1;
            return false;
        }
        own.push_back(now);
        self.all.push_back(now);
        true
    }

    /// How many were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirty_first_within_a_minute_is_lost() {
        let mut rates = Rates::default();
        let now = crate::base::clock::from_ms(0).unwrap();
        let later = |seconds| now + TimeDelta::seconds(seconds);
        assert!((0..30).all(|at| rates.take("a", later(at))));
        assert!(!rates.take("a", later(59)));
        assert!(rates.take("b", later(59)));
        assert!(rates.take("a", later(60)));
        assert_eq!(rates.dropped(), 1);
    }
}
