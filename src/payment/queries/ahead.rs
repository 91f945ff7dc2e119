//! What is kept for the homes of whoever asks (预存), and whose it may be. Part of [`super`].

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::{Actor, local_code};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::fee::advance::{self, NOBODY};
use crate::fee::load::next_owner;
use crate::person::queries as people;
use crate::place::queries as places;

/// Whose bills and money of a home the actor sees as a resident: those of who lives there by the roster, one's own, and
/// nobody's.
pub(super) async fn payers_of<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    home_id: i64,
) -> Result<Vec<i64>, Fault> {
    let residents = people::residents(db, home_id).await?;
    let residents = residents.iter().map(|person| person.id);
    Ok(residents.chain(actor.person_id()).chain([NOBODY]).collect())
}

/// What is kept for the actor's homes (预存) and pays bills to come, by home, in fen; only where something is.
///
/// # Errors
/// The database's.
pub async fn own_advances<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
) -> Result<Vec<(i64, i64)>, Fault> {
    let homes = actor.homes.iter().map(|home| home.place_id);
    let rows = advance::kept(db, homes).await?;
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        let shown = payers_of(db, actor, row.home_id)
            .await?
            .contains(&row.payer_id);
        if shown && pays(db, &row, now).await? {
            *sums.entry(row.home_id).or_default() += row.balance;
        }
    }
    Ok(sums.into_iter().collect())
}

/// What is kept for the actor and pays no bills to come, since those are another owner's: each home's number, and fen.
/// Also of homes that are theirs no more.
///
/// # Errors
/// The database's.
pub async fn own_left_over<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
) -> Result<Vec<(String, i64)>, Fault> {
    let Some(person) = actor.person_id() else {
        return Ok(Vec::new());
    };
    let rows = entity::advance::Entity::find()
        .filter(entity::advance::COLUMN.payer_id.eq(person))
        .filter(entity::advance::COLUMN.balance.gt(0))
        .order_by_asc(entity::advance::COLUMN.home_id)
        .all(db)
        .await?;
    let mut left = Vec::new();
    for row in rows {
        if pays(db, &row, now).await? {
            continue;
        }
        if let Some(home) = places::by_id(db, row.home_id).await? {
            left.push((local_code(&home.code).to_owned(), row.balance));
        }
    }
    Ok(left)
}

/// Whether it is whoever's who owes the next bills of the home, or nobody's.
async fn pays<C: ConnectionTrait>(
    db: &C,
    row: &entity::advance::Model,
    now: Moment,
) -> Result<bool, Fault> {
    Ok(row.payer_id == NOBODY || next_owner(db, row.home_id, now).await? == row.payer_id)
}
