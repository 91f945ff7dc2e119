//! How far somebody's import may write: below the places that they administer, and nobody who belongs
//! elsewhere. Used by the checks, so that a row that reaches too far is a bad row like any other.

use std::collections::HashSet;

use entity::{organisation, person, place, residency, role};
use sea_orm::{Condition, ConnectionTrait, EntityTrait, QueryFilter};

use super::plan::{Known, PlanPlace};
use crate::access::Actor;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// Said of a place that is not theirs.
pub const OUTSIDE: &str = "这个地点不在您的管理范围内";

/// How far.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    paths: Vec<String>,
    /// Who lives or serves there: may be referred to.
    near: HashSet<i64>,
    /// Who lives or serves nowhere else: may be changed.
    theirs: HashSet<i64>,
}

/// Paths that somebody administers; none for everywhere.
#[must_use]
pub fn paths(actor: &Actor) -> Option<Vec<String>> {
    let able = roles(Deed::Administer);
    let grants = actor.grants.iter();
    let paths: Vec<String> = grants
        .filter(|grant| able.contains(&grant.role))
        .map(|grant| grant.path.clone())
        .collect();
    (!paths.iter().any(|path| path == "/")).then_some(paths)
}

/// Paths where somebody keeps the fees: who administers a place does not, and brings none in by the console.
#[must_use]
pub fn kept_paths(actor: &Actor) -> Vec<String> {
    let able = roles(Deed::KeepFees);
    let grants = actor.grants.iter();
    grants
        .filter(|grant| able.contains(&grant.role))
        .map(|grant| grant.path.clone())
        .collect()
}

impl Reach {
    /// Looks up who lives and serves below these places.
    ///
    /// # Errors
    /// The database's.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        paths: Vec<String>,
        known: &Known,
        now: Moment,
    ) -> Result<Self, Fault> {
        let mut reach = Self {
            paths,
            ..Self::default()
        };
        let inside: HashSet<i64> = known
            .places
            .values()
            .filter(|place| reach.covers(&place.path))
            .map(|place| place.id)
            .collect();
        let mut elsewhere = HashSet::new();
        for row in residency::Entity::find().all(db).await? {
            if inside.contains(&row.place_id) {
                reach.near.insert(row.person_id);
            } else if row.ended_at.is_none() {
                elsewhere.insert(row.person_id);
            }
        }
        let not_over = Condition::any()
            .add(role::COLUMN.to_at.is_null())
            .add(role::COLUMN.to_at.gt(now));
        for row in role::Entity::find().filter(not_over).all(db).await? {
            if row.place_id.is_some_and(|place| inside.contains(&place)) {
                reach.near.insert(row.person_id);
            } else {
                elsewhere.insert(row.person_id);
            }
        }
        reach.theirs = reach.near.difference(&elsewhere).copied().collect();
        Ok(reach)
    }

    fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|own| path.starts_with(own))
    }
}

impl Known {
    /// Whether a known place may be written to.
    #[must_use]
    pub fn may_write(&self, place: &place::Model) -> bool {
        let reach = self.reach.as_ref();
        reach.is_none_or(|reach| reach.covers(&place.path))
    }

    /// Whether the fees of a compound may be brought in.
    #[must_use]
    pub fn keeps_fees(&self, compound: &str) -> bool {
        let place = self.places.get(compound);
        let inside = |paths: &Vec<String>| {
            place.is_some_and(|place| paths.iter().any(|own| place.path.starts_with(own)))
        };
        self.keeps.as_ref().is_none_or(inside)
    }

    /// Whether a known person may be referred to.
    #[must_use]
    pub fn may_name(&self, person: &person::Model) -> bool {
        let reach = self.reach.as_ref();
        reach.is_none_or(|reach| reach.near.contains(&person.id))
    }

    /// Whether a known person may be changed.
    #[must_use]
    pub fn may_change(&self, person: &person::Model) -> bool {
        let reach = self.reach.as_ref();
        reach.is_none_or(|reach| reach.theirs.contains(&person.id))
    }

    /// Whether a known organisation may be changed.
    #[must_use]
    pub fn may_change_organisation(&self, row: &organisation::Model) -> bool {
        let code = self.place_codes.get(&row.place_id);
        let place = code.and_then(|code| self.places.get(code));
        place.is_some_and(|place| self.may_write(place))
    }

    /// Whether a role may be given that holds everywhere.
    #[must_use]
    pub const fn may_everywhere(&self) -> bool {
        self.reach.is_none()
    }

    /// Why a row of places reaches too far, if it does. What is there already and stays as it is may
    /// stand in the file, wherever it is; what is new comes below something of theirs.
    #[must_use]
    pub fn place_beyond(&self, item: &PlanPlace) -> Option<&'static str> {
        self.reach.as_ref()?;
        let old = self.places.get(&item.code);
        let parent = item.parent.as_ref().and_then(|code| self.places.get(code));
        let same_parent = old.is_some_and(|old| old.parent_id == parent.map(|place| place.id));
        if let Some(old) = old {
            let same = same_parent
                && old.name == item.name
                && old.area_cm2 == item.area_cm2
                && old.note == item.note;
            if same {
                return None;
            }
            if !self.may_write(old) {
                return Some(OUTSIDE);
            }
        }
        // A parent that is new has been judged by its own row.
        let above = match (&item.parent, parent) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(parent)) => self.may_write(parent),
        };
        (!above && !same_parent).then_some(OUTSIDE)
    }
}
