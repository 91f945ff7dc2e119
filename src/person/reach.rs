//! How far somebody sees people: the places of the roles that allow it. Whoever lives or serves there is
//! known to them; nobody else exists for them. Asked by the actions and the lists of this noun.

use entity::kinds::PlaceKind;
use entity::{place, residency, role};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::place::{ids, tree};

/// Compounds that one list goes through; whoever reaches more says which.
const MOST_COMPOUNDS: u64 = 60;

/// Paths of places, none inside another; `/` is everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(Vec<String>);

/// A compound, or the part of one below a path: what one index is read along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which compound.
    pub compound_id: i64,
    /// Only below this path; all of it when there is none.
    pub below: Option<String>,
}

impl Reach {
    /// Where the actor may do it.
    #[must_use]
    pub fn of(actor: &Actor, deed: Deed) -> Self {
        let able = roles(deed);
        let grants = actor.grants.iter();
        let grants = grants.filter(|grant| able.contains(&grant.role));
        Self::over(grants.map(|grant| grant.path.clone()).collect())
    }

    /// Over these paths.
    #[must_use]
    pub fn over(mut paths: Vec<String>) -> Self {
        paths.sort_unstable();
        let mut kept: Vec<String> = Vec::new();
        for path in paths {
            // What lies inside another comes right behind it.
            if !kept.last().is_some_and(|last| path.starts_with(last)) {
                kept.push(path);
            }
        }
        Self(kept)
    }

    /// Whether it ends nowhere.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.0.iter().any(|path| path == "/")
    }

    /// Whether it reaches nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the place with this path lies in it.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.0.iter().any(|own| path.starts_with(own))
    }

    /// Whether the place lies in it, or above some of it.
    #[must_use]
    pub fn touches(&self, path: &str) -> bool {
        self.holds(path) || self.0.iter().any(|own| own.starts_with(path))
    }

    /// What of it lies in the place with this path.
    #[must_use]
    pub fn inside(&self, path: &str) -> Self {
        if self.holds(path) {
            return Self(vec![path.to_owned()]);
        }
        let own = self.0.iter().filter(|own| own.starts_with(path));
        Self(own.cloned().collect())
    }

    /// Keys of the places at which it begins.
    #[must_use]
    pub fn tops(&self) -> Vec<i64> {
        let tops = self.0.iter();
        tops.filter_map(|path| ids(path).last().copied()).collect()
    }

    /// The condition that a joined place lies in it.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let mut any = Condition::any();
        for path in &self.0 {
            any = any.add(
                Condition::all()
                    .add(place::COLUMN.path.gte(path.as_str()))
                    .add(place::COLUMN.path.lt(tree::end_of(path))),
            );
        }
        if self.is_empty() {
            // An empty «any» would be true.
            any = any.add(place::COLUMN.id.is_null());
        }
        any
    }

    /// The compounds that it goes through, in the order of their keys; none when there are too many
    /// for one list.
    ///
    /// # Errors
    /// The database's.
    pub async fn parts<C: ConnectionTrait>(&self, db: &C) -> Result<Option<Vec<Part>>, Fault> {
        let tops = place::Entity::find()
            .filter(place::COLUMN.id.is_in(self.tops()))
            .all(db)
            .await?;
        let mut parts = Vec::new();
        for path in &self.0 {
            let top = tops.iter().find(|place| place.path == *path);
            if let Some(compound_id) = top.and_then(|place| place.compound_id) {
                let whole = top.is_some_and(|place| place.id == compound_id);
                parts.push(Part {
                    compound_id,
                    below: (!whole).then(|| path.clone()),
                });
                continue;
            }
            let below: Vec<i64> = place::Entity::find()
                .select_only()
                .column(place::Column::Id)
                .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
                .filter(Self(vec![path.clone()]).condition())
                .limit(MOST_COMPOUNDS + 1)
                .into_tuple()
                .all(db)
                .await?;
            parts.extend(below.into_iter().map(|compound_id| Part {
                compound_id,
                below: None,
            }));
        }
        parts.sort_by_key(|part| part.compound_id);
        let few = u64::try_from(parts.len()).is_ok_and(|count| count <= MOST_COMPOUNDS);
        Ok(few.then_some(parts))
    }
}

/// Paths of the places where somebody lives, or serves now or soon; `/` for who serves everywhere.
///
/// # Errors
/// The database's.
pub async fn paths_of<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    now: Moment,
) -> Result<Vec<String>, Fault> {
    let homes: Vec<i64> = residency::Entity::find()
        .select_only()
        .column(residency::Column::PlaceId)
        .filter(residency::COLUMN.person_id.eq(person_id))
        .filter(residency::COLUMN.ended_at.is_null())
        .into_tuple()
        .all(db)
        .await?;
    let posts: Vec<Option<i64>> = role::Entity::find()
        .select_only()
        .column(role::Column::PlaceId)
        .filter(role::COLUMN.person_id.eq(person_id))
        .filter(not_over(now))
        .into_tuple()
        .all(db)
        .await?;
    let everywhere = posts.iter().any(Option::is_none);
    let all = homes.into_iter().chain(posts.into_iter().flatten());
    let mut paths: Vec<String> = place::Entity::find()
        .select_only()
        .column(place::Column::Path)
        .filter(place::COLUMN.id.is_in(all))
        .into_tuple()
        .all(db)
        .await?;
    if everywhere {
        paths.push("/".to_owned());
    }
    Ok(paths)
}

/// The condition that a role's term is not over.
#[must_use]
pub fn not_over(now: Moment) -> Condition {
    Condition::any()
        .add(role::COLUMN.to_at.is_null())
        .add(role::COLUMN.to_at.gt(now))
}

/// Whether the actor may do it to somebody: they live or serve where one of the actor's roles reaches.
///
/// # Errors
/// The database's.
pub async fn reaches<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    person_id: i64,
    now: Moment,
) -> Result<bool, Fault> {
    let reach = Reach::of(actor, deed);
    if reach.is_everywhere() {
        return Ok(true);
    }
    if reach.is_empty() {
        return Ok(false);
    }
    let paths = paths_of(db, person_id, now).await?;
    Ok(paths.iter().any(|path| reach.holds(path)))
}

/// Whether the actor may do it to all that somebody is: every home and every post of theirs.
///
/// # Errors
/// The database's.
pub async fn covers<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    person_id: i64,
    now: Moment,
) -> Result<bool, Fault> {
    let reach = Reach::of(actor, deed);
    if reach.is_everywhere() {
        return Ok(true);
    }
    let paths = paths_of(db, person_id, now).await?;
    Ok(!paths.is_empty() && paths.iter().all(|path| reach.holds(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(paths: &[&str]) -> Reach {
        Reach::over(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn what_lies_inside_another_is_not_counted_twice() {
        assert_eq!(
            over(&["/1/2/", "/1/", "/1/2/3/", "/4/"]),
            over(&["/4/", "/1/"])
        );
        assert!(over(&["/1/", "/"]).is_everywhere());
    }

    #[test]
    fn a_reach_is_cut_to_a_place() {
        let reach = over(&["/1/2/", "/1/3/"]);
        assert_eq!(reach.inside("/1/"), reach);
        assert_eq!(reach.inside("/1/2/7/"), over(&["/1/2/7/"]));
        assert!(reach.inside("/1/22/").is_empty());
        assert!(reach.touches("/1/") && reach.holds("/1/3/9/"));
        assert!(!reach.touches("/1/33/") && !reach.holds("/1/"));
    }
}
