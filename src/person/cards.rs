//! What stands beside each person of a list: homes, posts, accounts, as far as whoever looks may see them;
//! by a few statements for all of them. Used by the console.

use entity::{account, person, place, residency, role};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::person::reach::{Reach, not_over};
use crate::person::words::{relation_name, role_name};
use crate::place::queries::names_of;

/// Beside one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// `桂园小区 3-2-501（业主）`
    pub homes: Vec<String>,
    /// `1栋 楼栋长`
    pub posts: Vec<String>,
    /// Chat accounts that are tied to the person.
    pub accounts: usize,
}

/// The cards of several people, in their order.
///
/// # Errors
/// The database's.
pub async fn cards<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    people: &[person::Model],
    now: Moment,
) -> Result<Vec<Card>, Fault> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = people.iter().map(|person| person.id).collect();
    let homes = residency::Entity::find()
        .filter(residency::COLUMN.person_id.is_in(ids.iter().copied()))
        .filter(residency::COLUMN.ended_at.is_null())
        .order_by_asc(residency::COLUMN.id)
        .all(db)
        .await?;
    let posts = role::Entity::find()
        .filter(role::COLUMN.person_id.is_in(ids.iter().copied()))
        .filter(not_over(now))
        .order_by_asc(role::COLUMN.id)
        .all(db)
        .await?;
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let named = named(db, reach, &homes, &posts).await?;
    let name = |id: i64| named.iter().find(|(known, _)| *known == id);
    let card = |person: &person::Model| Card {
        homes: homes
            .iter()
            .filter(|home| home.person_id == person.id)
            .filter_map(|home| {
                let (_, said) = name(home.place_id)?;
                Some(format!("{said}（{}）", relation_name(home.relation)))
            })
            .collect(),
        posts: posts
            .iter()
            .filter(|post| post.person_id == person.id)
            .filter_map(|post| match post.place_id {
                None => Some(role_name(post.role).to_owned()),
                Some(id) => Some(format!("{} {}", name(id)?.1, role_name(post.role))),
            })
            .collect(),
        accounts: accounts
            .iter()
            .filter(|account| account.person_id == Some(person.id))
            .count(),
    };
    Ok(people.iter().map(card).collect())
}

/// Names of the places in the reach.
async fn named<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    homes: &[residency::Model],
    posts: &[role::Model],
) -> Result<Vec<(i64, String)>, Fault> {
    let wanted = homes.iter().map(|home| home.place_id);
    let wanted = wanted.chain(posts.iter().filter_map(|post| post.place_id));
    let mut places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(wanted))
        .all(db)
        .await?;
    places.retain(|place| reach.holds(&place.path));
    let names = names_of(db, &places).await?;
    let ids = places.iter().map(|place| place.id);
    Ok(ids.zip(names).collect())
}
