//! What is kept for the homes of whoever asks (预存), and whose it may be. Part of [`super`].

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::fee::advance::{self, NOBODY};
use crate::person::queries as people;

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

/// What is kept for the actor's homes (预存), by home, in fen; only where something is.
///
/// # Errors
/// The database's.
pub async fn own_advances<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
) -> Result<Vec<(i64, i64)>, Fault> {
    let homes = actor.homes.iter().map(|home| home.place_id);
    let rows = advance::kept(db, homes).await?;
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        if payers_of(db, actor, row.home_id)
            .await?
            .contains(&row.payer_id)
        {
            *sums.entry(row.home_id).or_default() += row.balance;
        }
    }
    Ok(sums.into_iter().collect())
}
