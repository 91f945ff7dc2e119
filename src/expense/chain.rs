//! The rules by which a compound spends: who reviews, how long it is published, from which amounts quotes and
//! a tender are needed. Data, not code: the first version of a compound is `config/review_chain.json`, each
//! change is a new one, and an expense keeps the one it began with. Pure.

use std::collections::{BTreeMap, BTreeSet};

use entity::kinds::RoleKind;
use entity::review_chain;
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};

use crate::access::holders::says;
use crate::access::permit::{Deed, roles};
use crate::base::fault::Fault;

/// What every compound begins with.
const SHIPPED: &str = include_str!("../../config/review_chain.json");
/// Three reviews (三审) at least.
pub const LEAST_LEVELS: usize = 3;
/// Reviews at most.
pub const MOST_LEVELS: usize = 5;
/// Days at most, of each kind.
const MOST_DAYS: i32 = 365;
/// Quotes that may be asked for at most.
const MOST_LEAST: i32 = 10;
/// Most characters of what a review is called.
const MOST_NAME: usize = 20;

/// One review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What people call it: `业委会审核`.
    pub name: String,
    /// Who may, as stored in `role.role`.
    pub roles: Vec<String>,
}

impl Review {
    /// Who may.
    #[must_use]
    pub fn kinds(&self) -> Vec<RoleKind> {
        let read = |name: &String| RoleKind::try_from_value(name).ok();
        self.roles.iter().filter_map(read).collect()
    }

    /// `业委会主任、业委会委员`
    #[must_use]
    pub fn who(&self) -> String {
        let names: Vec<&str> = self.kinds().into_iter().map(says).collect();
        names.join("、")
    }
}

/// A version of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// In their order.
    pub reviews: Vec<Review>,
    /// Days of the publication before paying.
    pub publish_days: i32,
    /// Days of the publication after paying.
    pub after_days: i32,
    /// Days after which whoever has to do something is reminded.
    pub remind_days: i32,
    /// Days of waiting after which an expense lapses.
    pub expire_days: i32,
    /// Fen from which on quotes are needed.
    pub quotes_from: i64,
    /// How many, each of another supplier.
    pub quotes_least: i32,
    /// Fen from which on a tender run by the street is needed (业标街管).
    pub tender_from: i64,
}

impl Rules {
    /// What came with the program.
    ///
    /// # Errors
    /// `internal` for a file that cannot be read; a test reads it.
    pub fn shipped() -> Result<Self, Fault> {
        serde_json::from_str(SHIPPED).map_err(Fault::internal)
    }

    /// Of a stored version.
    ///
    /// # Errors
    /// `internal` for what no program of ours has stored.
    pub fn of(row: &review_chain::Model) -> Result<Self, Fault> {
        Ok(Self {
            reviews: serde_json::from_value(row.reviews.clone()).map_err(Fault::internal)?,
            publish_days: row.publish_days,
            after_days: row.after_days,
            remind_days: row.remind_days,
            expire_days: row.expire_days,
            quotes_from: row.quotes_from,
            quotes_least: row.quotes_least,
            tender_from: row.tender_from,
        })
    }

    /// How many reviews there are.
    #[must_use]
    pub fn levels(&self) -> i32 {
        i32::try_from(self.reviews.len()).unwrap_or(i32::MAX)
    }

    /// The review that comes after so many.
    #[must_use]
    pub fn next(&self, done: i32) -> Option<&Review> {
        self.reviews.get(usize::try_from(done).ok()?)
    }

    /// The first review that nobody is left to give, when each person gives one at most; none when all can be
    /// given. `able`: for each review in its order, who may give it.
    #[must_use]
    pub fn vacant(&self, able: &[Vec<i64>]) -> Option<&Review> {
        let mut given = BTreeMap::new();
        let mut all = self.reviews.iter().enumerate();
        all.find(|(at, _)| !seat(*at, able, &mut given, &mut BTreeSet::new()))
            .map(|(_, review)| review)
    }

    /// Whether the street has to run a tender for an amount.
    #[must_use]
    pub fn needs_tender(&self, amount: i64) -> bool {
        amount >= self.tender_from
    }

    /// Whether these rules can be.
    ///
    /// # Errors
    /// `invalid` beside the field of the form.
    pub fn check(&self) -> Result<(), Fault> {
        let able = roles(Deed::ReviewExpenses);
        if !(LEAST_LEVELS..=MOST_LEVELS).contains(&self.reviews.len()) {
            return Err(Fault::invalid("reviews", "审核要有3到5道，一道也不能省。"));
        }
        for review in &self.reviews {
            let length = review.name.chars().count();
            if length == 0 || length > MOST_NAME {
                return Err(Fault::invalid(
                    "reviews",
                    "每一道审核都要有名称，最多20个字，例如“业委会审核”。",
                ));
            }
            let kinds = review.kinds();
            if kinds.is_empty() || kinds.len() != review.roles.len() {
                return Err(Fault::invalid("reviews", "每一道审核都要选由谁来审。"));
            }
            if kinds.iter().any(|kind| !able.contains(kind)) {
                return Err(Fault::invalid("reviews", "这个岗位不能审核支出。"));
            }
        }
        let days = [
            ("publish_days", self.publish_days),
            ("after_days", self.after_days),
            ("remind_days", self.remind_days),
            ("expire_days", self.expire_days),
        ];
        if let Some((field, _)) = days
            .iter()
            .find(|(_, days)| !(1..=MOST_DAYS).contains(days))
        {
            return Err(Fault::invalid(field, "天数请写1到365。"));
        }
        if self.expire_days <= self.remind_days {
            return Err(Fault::invalid(
                "expire_days",
                "过期的天数要比提醒的天数多。",
            ));
        }
        if !(1..=MOST_LEAST).contains(&self.quotes_least) {
            return Err(Fault::invalid("quotes_least", "报价份数请写1到10。"));
        }
        let amounts = [
            ("quotes_from", self.quotes_from),
            ("tender_from", self.tender_from),
        ];
        let range = 1..=super::MOST;
        if let Some((field, _)) = amounts.iter().find(|(_, fen)| !range.contains(fen)) {
            return Err(Fault::invalid(field, "金额要大于0，例如 5000.00。"));
        }
        Ok(())
    }
}

/// Finds somebody for a review; whoever is taken is asked for if another can take their place.
fn seat(
    at: usize,
    able: &[Vec<i64>],
    given: &mut BTreeMap<i64, usize>,
    tried: &mut BTreeSet<i64>,
) -> bool {
    for person in able.get(at).into_iter().flatten() {
        if !tried.insert(*person) {
            continue;
        }
        let is_free = match given.get(person).copied() {
            Some(other) => seat(other, able, given, tried),
            None => true,
        };
        if is_free {
            given.insert(*person, at);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_review_needs_a_person_of_its_own() {
        let rules = Rules::shipped().unwrap();
        for (able, missing) in [
            ([vec![1], vec![2], vec![3]], None),
            // Whoever may give two gives the one that nobody else can.
            ([vec![1, 2], vec![1], vec![3]], None),
            ([vec![1, 2], vec![1, 3], vec![1]], None),
            ([vec![], vec![2], vec![3]], Some("业委会审核")),
            ([vec![1], vec![], vec![3]], Some("业主监督审核")),
            ([vec![1], vec![1], vec![3]], Some("业主监督审核")),
            ([vec![1, 2], vec![1, 2], vec![2, 1]], Some("社区审核")),
        ] {
            let found = rules.vacant(&able).map(|review| review.name.as_str());
            assert_eq!(found, missing, "{able:?}");
        }
        assert!(rules.vacant(&[]).is_some());
    }

    #[test]
    fn what_is_shipped_can_be_and_has_three_reviews() {
        let rules = Rules::shipped().unwrap();
        rules.check().unwrap();
        assert_eq!(rules.levels(), 3);
        assert_eq!(rules.next(1).unwrap().who(), "监督员");
        assert!(rules.next(3).is_none());
    }

    #[test]
    fn rules_that_cannot_be() {
        let good = Rules::shipped().unwrap();
        type Spoil = fn(&mut Rules);
        let wrong: [(&str, Spoil); 9] = [
            ("reviews", |rules| drop(rules.reviews.pop())),
            ("reviews", |rules| rules.reviews[0].name.clear()),
            ("reviews", |rules| rules.reviews[0].roles.clear()),
            ("reviews", |rules| {
                rules.reviews[0].roles = vec!["steward".to_owned()];
            }),
            ("reviews", |rules| {
                rules.reviews[0].roles = vec!["emperor".to_owned()];
            }),
            ("publish_days", |rules| rules.publish_days = 0),
            ("expire_days", |rules| rules.expire_days = 2),
            ("quotes_from", |rules| rules.quotes_from = 0),
            ("tender_from", |rules| rules.tender_from = i64::MAX),
        ];
        for (field, spoil) in wrong {
            let mut rules = good.clone();
            spoil(&mut rules);
            assert_eq!(rules.check().unwrap_err().field, Some(field));
        }
    }
}
