//! What many rows are called, by their keys. Used by the queries of people and of places.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::fault::Fault;

/// Keys in one statement, which takes so many values and no more.
const AT_ONCE: usize = 2_000;

/// Names by key, of a table with these two columns; keys of which there is no row are left out.
///
/// # Errors
/// The database's.
pub async fn names<E, C>(
    db: &C,
    (key, name): (E::Column, E::Column),
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, String>, Fault>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let ids: BTreeSet<i64> = ids.into_iter().collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut names = HashMap::new();
    for part in ids.chunks(AT_ONCE) {
        let rows: Vec<(i64, String)> = E::find()
            .select_only()
            .columns([key, name])
            .filter(key.is_in(part.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        names.extend(rows);
    }
    Ok(names)
}
