//! Reads of organisations. Any noun may use them.

use entity::organisation;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};

use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::organisation::KINDS;
use crate::place;
use crate::store::Tx;
use crate::store::paging::oldest;

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

/// By key, for a row that will name it: it stays until the transaction ends. Whoever removes or ends it at this moment
/// comes before, then there is none, or after, and finds what names it. Not every column that names one is a foreign key.
///
/// # Errors
/// The database's.
pub async fn staying(tx: &Tx, id: i64) -> Result<Option<organisation::Model>, Fault> {
    Ok(organisation::Entity::find_by_id(id)
        .filter(organisation::COLUMN.ended_at.is_null())
        // Others may name it, too, and nobody who only reads it waits.
        .lock(LockType::KeyShare)
        .one(tx.db())
        .await?)
}

/// All that work in the compound or on a place above it, the higher first; none that has ended.
///
/// # Errors
/// The database's.
pub async fn around<C: ConnectionTrait>(
    db: &C,
    compound: &entity::place::Model,
) -> Result<Vec<organisation::Model>, Fault> {
    let above = place::ids(&compound.path);
    let mut rows = organisation::Entity::find()
        .filter(
            sea_orm::Condition::any()
                .add(organisation::COLUMN.place_id.is_in(above.iter().copied()))
                .add(organisation::COLUMN.compound_id.eq(compound.id)),
        )
        .filter(organisation::COLUMN.ended_at.is_null())
        .all(db)
        .await?;
    let depth = |id: i64| above.iter().position(|other| *other == id);
    rows.sort_by_key(|row| (depth(row.place_id).unwrap_or(above.len()), row.id));
    Ok(rows)
}

/// Whom anybody in the compound may ring, the property company first: `桂园物业服务公司：0571-8888（24小时）`.
///
/// # Errors
/// The database's.
pub async fn phones<C: ConnectionTrait>(
    db: &C,
    compound: &entity::place::Model,
) -> Result<Vec<String>, Fault> {
    let mut rows = around(db, compound).await?;
    rows.sort_by_key(|row| row.kind != "property_company");
    let lines = rows.iter().filter_map(|row| {
        let phone = row.service_phone.as_ref()?;
        let hours = row.service_hours.as_ref();
        let hours = hours.map_or_else(String::new, |hours| format!("（{hours}）"));
        Some(format!("{}：{phone}{hours}", row.name))
    });
    Ok(lines.collect())
}

/// A page of those that work inside of these paths or on a place above them, the oldest first; `text` stands in
/// their name.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    within: sea_orm::Condition,
    above: &[i64],
    text: &str,
    slice: Slice,
) -> Result<Page<(organisation::Model, Option<entity::place::Model>)>, Fault> {
    let to_place: RelationDef = organisation::Entity::belongs_to(entity::place::Entity)
        .from(organisation::Column::PlaceId)
        .to(entity::place::Column::Id)
        .into();
    let mut query = organisation::Entity::find()
        .join(JoinType::InnerJoin, to_place)
        .filter(
            sea_orm::Condition::any()
                .add(within)
                .add(organisation::COLUMN.place_id.is_in(above.iter().copied())),
        );
    if !text.is_empty() {
        query = query.filter(organisation::COLUMN.name.contains(text));
    }
    let page = oldest(db, query, organisation::Column::Id, slice, |row| row.id).await?;
    let places = entity::place::Entity::find()
        .filter(
            entity::place::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let with_place = |row: organisation::Model| {
        let place = places.iter().find(|place| place.id == row.place_id);
        (row, place.cloned())
    };
    Ok(page.map(with_place))
}

/// By code, however it is typed.
///
/// # Errors
/// The database's.
pub async fn by_code<C: ConnectionTrait>(
    db: &C,
    code: &str,
) -> Result<Option<organisation::Model>, Fault> {
    Ok(organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq(place::code::normal(code)))
        .one(db)
        .await?)
}

/// What people call a kind.
#[must_use]
pub fn kind_says(kind: &str) -> &'static str {
    let found = KINDS.iter().find(|(word, _)| *word == kind);
    found.map_or("单位", |(_, says)| says)
}

/// Those of a kind that work on the place with this path or above it; none that has ended.
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
        .filter(organisation::COLUMN.ended_at.is_null())
        .order_by_asc(organisation::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

/// All of a kind, the oldest first. Not scoped: for what is summed over places that somebody sees.
///
/// # Errors
/// The database's.
pub async fn of_kind<C: ConnectionTrait>(
    db: &C,
    kind: &str,
) -> Result<Vec<organisation::Model>, Fault> {
    Ok(organisation::Entity::find()
        .filter(organisation::COLUMN.kind.eq(kind))
        .order_by_asc(organisation::COLUMN.id)
        .all(db)
        .await?)
}
