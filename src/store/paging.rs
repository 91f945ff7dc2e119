//! Pages of long lists, read along a key and never by offset: a page costs the same wherever it begins, and what comes
//! in meanwhile moves nothing. One row too many is read, which says whether there is more. Used by the `queries` of
//! every noun whose list is walked by the API, the console, a public page or the chat.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};

/// A page of rows, the newest first: those with the largest keys, `of` says each one's.
///
/// # Errors
/// The database's.
pub async fn newest<E, C>(
    db: &C,
    rows: Select<E>,
    key: E::Column,
    slice: Slice,
    of: fn(&E::Model) -> i64,
) -> Result<Page<E::Model>, Fault>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut rows = rows.order_by_desc(key).limit(slice.limit + 1);
    if let Some(before) = slice.before {
        rows = rows.filter(key.lt(before));
    }
    Ok(slice.cut(rows.all(db).await?, of))
}

/// The same of a list that begins with the smallest keys.
///
/// # Errors
/// The database's.
pub async fn oldest<E, C>(
    db: &C,
    rows: Select<E>,
    key: E::Column,
    slice: Slice,
    of: fn(&E::Model) -> i64,
) -> Result<Page<E::Model>, Fault>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let rows = rows
        .filter(key.gt(slice.after()))
        .order_by_asc(key)
        .limit(slice.limit + 1);
    Ok(slice.cut(rows.all(db).await?, of))
}
