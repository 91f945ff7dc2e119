//! Where a case is, as far as a neighbour or a group may read it.

use std::collections::HashMap;

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::access::holders::path_ids;
use crate::access::local_code;
use crate::base::fault::Fault;
use crate::place::queries as places;

/// Where a place is, no nearer than the building: `3栋`; the compound where it stands in none, since
/// the number of a house is that of its home. What is no part of a building goes by its own name.
///
/// # Errors
/// The database's.
pub async fn near<C: ConnectionTrait>(db: &C, place: &place::Model) -> Result<String, Fault> {
    Ok(nearest(place, &places::on_path(db, &place.path).await?))
}

/// The same for several places, by one statement.
///
/// # Errors
/// The database's.
pub async fn near_all<C: ConnectionTrait>(
    db: &C,
    some: &[i64],
) -> Result<HashMap<i64, String>, Fault> {
    let some = place::Entity::find()
        .filter(place::COLUMN.id.is_in(some.iter().copied()))
        .all(db)
        .await?;
    let above = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(some.iter().flat_map(|place| path_ids(&place.path))),
        )
        .all(db)
        .await?;
    let said = some.iter().map(|place| (place.id, nearest(place, &above)));
    Ok(said.collect())
}

/// `all` holds at least the places on its path.
fn nearest(place: &place::Model, all: &[place::Model]) -> String {
    if !matches!(
        place.kind,
        PlaceKind::Building | PlaceKind::Unit | PlaceKind::Home
    ) {
        return place.name.clone();
    }
    let around = |kind| {
        all.iter()
            .find(|other| other.kind == kind && place.path.starts_with(&other.path))
    };
    match (around(PlaceKind::Building), around(PlaceKind::Compound)) {
        (Some(building), _) => format!("{}栋", local_code(&building.code)),
        (None, Some(compound)) => compound.name.clone(),
        (None, None) => String::new(),
    }
}
