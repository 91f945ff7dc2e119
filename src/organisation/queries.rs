//! Reads of organisations. Any noun may use them.

use entity::organisation;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::base::fault::Fault;
use crate::place;

/// By key.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<organisation::Model>, Fault> {
    Ok(organisation::Entity::find_by_id(id).one(db).await?)
}

/// Those of a kind that work on the place with this path or above it.
///
/// # Errors
/// The database's.
pub async fn over<C: ConnectionTrait>(
    db: &C,
    path: &str,
    kind: &str,
) -> Result<Vec<organisation::Model>, Fault> {
    let rows = organisation::Entity::find()
        .filter(organisation::COLUMN.place_id.is_in(place::ids(path)))
        .filter(organisation::COLUMN.kind.eq(kind))
        .order_by_asc(organisation::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}
