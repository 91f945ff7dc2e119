//! What fits what: needs and resources that could be tied, and those that are. Used by the chat, by what is told,
//! and by whoever ties.

use entity::kinds::{OfferList, OfferState};
use entity::offer;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::Fault;
use crate::case::essence::likeness;
use crate::offer::joined;

/// Items that are compared with one, the newest.
const COMPARED: u64 = 50;

/// Keys of the needs that a resource is tied to and that are not met yet. Not scoped.
///
/// # Errors
/// The database's.
pub async fn tied_to<C: ConnectionTrait>(db: &C, resource: i64) -> Result<Vec<i64>, Fault> {
    let rows = offer::Entity::find()
        .select_only()
        .column(offer::Column::Id)
        .filter(offer::COLUMN.tied_id.eq(resource))
        .filter(offer::COLUMN.state.eq(OfferState::Matched))
        .order_by_asc(offer::COLUMN.id)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows)
}

/// What fits a need or a resource: of the other list, the same compound and category, and of somebody else;
/// the likest words first, the newest among equals.
///
/// # Errors
/// The database's.
pub async fn fitting<C: ConnectionTrait>(
    db: &C,
    row: &offer::Model,
    most: usize,
) -> Result<Vec<offer::Model>, Fault> {
    let other = match row.list {
        OfferList::Need => OfferList::Resource,
        OfferList::Resource => OfferList::Need,
        OfferList::Service | OfferList::Responsibility => return Ok(Vec::new()),
    };
    let rows = offer::Entity::find()
        .filter(offer::COLUMN.compound_id.eq(row.compound_id))
        .filter(offer::COLUMN.list.eq(other))
        .filter(offer::COLUMN.state.eq(OfferState::Open))
        .filter(offer::COLUMN.category.eq(row.category))
        .order_by_desc(offer::COLUMN.id)
        .limit(COMPARED)
        .all(db)
        .await?;
    let own = joined(&row.title, &row.text);
    let alone = |one: &offer::Model| match (row.organisation_id, one.organisation_id) {
        (None, None) => row.author_id == one.author_id,
        (own, other) => own == other,
    };
    let mut ranked: Vec<(f64, offer::Model)> = rows
        .into_iter()
        .filter(|one| !alone(one))
        .map(|one| (likeness(&own, &joined(&one.title, &one.text)), one))
        .collect();
    // They were read newest first, and the sort keeps that.
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked.truncate(most);
    Ok(ranked.into_iter().map(|(_, row)| row).collect())
}
