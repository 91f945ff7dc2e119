//! Reads of what stands at the platform: orders that can be paid there, and what it told of them.

use entity::money::{NoticeState, PaymentState};
use entity::{payment, payment_notice};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::payment::queries::SEES;
use crate::place::queries::within_any_reach;
use crate::store::paging::newest;

/// Notifications that are shown of one order; repetitions are one.
const MOST: u64 = 200;

/// Orders of a compound that can still be paid inside WeChat.
///
/// # Errors
/// The database's.
pub async fn open_orders<C: ConnectionTrait>(db: &C, compound_id: i64) -> Result<u64, Fault> {
    let states = [PaymentState::Created, PaymentState::Open];
    Ok(payment::Entity::find()
        .filter(payment::COLUMN.compound_id.eq(compound_id))
        .filter(payment::COLUMN.state.is_in(states))
        .count(db)
        .await?)
}

/// Notifications about an order, the oldest first.
///
/// # Errors
/// The database's.
pub async fn notices_of<C: ConnectionTrait>(
    db: &C,
    row: &payment::Model,
) -> Result<Vec<payment_notice::Model>, Fault> {
    let (Some(merchant), Some(number)) = (&row.merchant, &row.out_trade_no) else {
        return Ok(Vec::new());
    };
    Ok(payment_notice::Entity::find()
        .filter(payment_notice::COLUMN.out_trade_no.eq(number.as_str()))
        .filter(payment_notice::COLUMN.merchant.eq(merchant))
        .order_by_asc(payment_notice::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?)
}

/// Notifications that were refused, the newest first: of the compounds that a role of the actor covers, and
/// those of no compound for whoever sees everything.
///
/// # Errors
/// The database's.
pub async fn refused_notices<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<payment_notice::Model>, Fault> {
    let Some(reach) = within_any_reach(payment_notice::Column::CompoundId, actor, SEES) else {
        return Ok(Page::empty());
    };
    let query = payment_notice::Entity::find()
        .filter(reach)
        .filter(payment_notice::COLUMN.state.eq(NoticeState::Refused));
    newest(db, query, payment_notice::Column::Id, slice, |row| row.id).await
}
