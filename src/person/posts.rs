//! Posts of a place, and the vacant ones (P4: a vacant post is listed as a vacancy): which posts a place
//! ought to have, and which of them nobody holds. Used by the console.

use entity::kinds::{PlaceKind, RoleKind};
use entity::{person, place, role};
use sea_orm::{Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::person::reach::not_over;

/// Posts that are read at most.
const MOST: u64 = 3_000;

/// A post with its place and who holds it, now or from a day to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The row.
    pub role: role::Model,
    /// Where.
    pub place: place::Model,
    /// Who.
    pub name: String,
}

/// A post that nobody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacancy {
    /// What.
    pub role: RoleKind,
    /// Where.
    pub place: place::Model,
}

/// The posts that a place of this kind ought to have.
#[must_use]
pub const fn wanted(kind: PlaceKind) -> &'static [RoleKind] {
    match kind {
        PlaceKind::Street => &[RoleKind::StreetOfficer],
        PlaceKind::Community => &[RoleKind::CommunitySecretary, RoleKind::GridWorker],
        PlaceKind::Compound => &[RoleKind::PropertyManager, RoleKind::CommitteeChair],
        PlaceKind::Building => &[RoleKind::Steward],
        _ => &[],
    }
}

/// Posts whose term is not over, of some compounds and at some places; nobody who has left.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    compounds: &[i64],
    places: &[i64],
    now: Moment,
) -> Result<Vec<Post>, Fault> {
    let roles = role::Entity::find()
        .filter(
            Condition::any()
                .add(role::COLUMN.compound_id.is_in(compounds.iter().copied()))
                .add(role::COLUMN.place_id.is_in(places.iter().copied())),
        )
        .filter(not_over(now))
        .limit(MOST)
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(roles.iter().map(|role| role.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
        .all(db)
        .await?;
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(roles.iter().filter_map(|role| role.place_id)),
        )
        .all(db)
        .await?;
    let mut posts: Vec<Post> = roles
        .into_iter()
        .filter_map(|role| {
            let person = people.iter().find(|person| person.id == role.person_id)?;
            let place = places
                .iter()
                .find(|place| Some(place.id) == role.place_id)?;
            Some(Post {
                place: place.clone(),
                name: person.name.clone(),
                role,
            })
        })
        .collect();
    posts.sort_by_key(|post| {
        let place = &post.place;
        (
            place.kind,
            place.code.len(),
            place.code.clone(),
            post.role.role,
            post.role.id,
        )
    });
    Ok(posts)
}

/// Which of the posts that these places ought to have nobody holds now; a closed place wants none. A building has a steward, too, when
/// somebody answers for its zone, its whole compound, or one of its units.
#[must_use]
pub fn vacancies(places: &[place::Model], posts: &[Post], now: Moment) -> Vec<Vacancy> {
    let held: Vec<(RoleKind, &str)> = posts
        .iter()
        .filter(|post| post.role.from_at <= now && post.role.to_at.is_none_or(|to| to > now))
        .map(|post| (post.role.role, post.place.path.as_str()))
        .collect();
    let is_held = |role: RoleKind, place: &place::Model| {
        held.iter().any(|(kind, path)| {
            let near = match role {
                RoleKind::Steward => place.path.starts_with(path) || path.starts_with(&place.path),
                _ => place.path == *path,
            };
            *kind == role && near
        })
    };
    let mut found = Vec::new();
    for place in places.iter().filter(|place| place.closed_at.is_none()) {
        for role in wanted(place.kind) {
            if !is_held(*role, place) {
                found.push(Vacancy {
                    role: *role,
                    place: place.clone(),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    fn place(id: i64, kind: PlaceKind, path: &str) -> place::Model {
        let now = from_ms(0).unwrap();
        place::Model {
            id,
            code: format!("P{id}"),
            kind,
            name: format!("{id}"),
            parent_id: None,
            compound_id: None,
            path: path.to_owned(),
            area_cm2: None,
            note: None,
            closed_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn post(kind: RoleKind, place: &place::Model, from: i64, to: Option<i64>) -> Post {
        let at = |ms| from_ms(ms).unwrap();
        Post {
            role: role::Model {
                id: 1,
                person_id: 1,
                role: kind,
                place_id: Some(place.id),
                compound_id: None,
                organisation_id: None,
                from_at: at(from),
                to_at: to.map(at),
                end_reason: None,
                created_at: at(0),
            },
            place: place.clone(),
            name: "某人".to_owned(),
        }
    }

    #[test]
    fn a_post_is_vacant_until_its_term_begins_and_from_its_end() {
        let compound = place(1, PlaceKind::Compound, "/1/");
        let building = place(2, PlaceKind::Building, "/1/2/");
        let unit = place(3, PlaceKind::Unit, "/1/2/3/");
        let other = place(4, PlaceKind::Building, "/1/22/");
        let all = [compound.clone(), building.clone(), other.clone()];
        let vacant = |posts: &[Post]| -> Vec<(RoleKind, i64)> {
            vacancies(&all, posts, from_ms(100).unwrap())
                .into_iter()
                .map(|one| (one.role, one.place.id))
                .collect()
        };
        let (manager, chair, steward) = (
            RoleKind::PropertyManager,
            RoleKind::CommitteeChair,
            RoleKind::Steward,
        );
        let nobody = [(manager, 1), (chair, 1), (steward, 2), (steward, 4)];
        assert_eq!(vacant(&[]), nobody);
        assert_eq!(vacant(&[post(steward, &building, 101, None)]), nobody);
        assert_eq!(vacant(&[post(steward, &building, 0, Some(100))]), nobody);
        let held = [(manager, 1), (chair, 1), (steward, 4)];
        assert_eq!(vacant(&[post(steward, &building, 100, None)]), held);
        assert_eq!(vacant(&[post(steward, &unit, 0, Some(101))]), held);
        assert_eq!(
            vacant(&[post(steward, &compound, 0, None)]),
            [(manager, 1), (chair, 1)]
        );
        // A steward is no manager, and a manager of the compound no steward.
        assert_eq!(
            vacant(&[post(manager, &compound, 0, None)]),
            [(chair, 1), (steward, 2), (steward, 4)]
        );
    }
}
