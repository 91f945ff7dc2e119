//! What goes back to people and what they are not asked for any longer, for whoever sees the money of a place. Part
//! of [`super`].

use entity::money::RefundState;
use entity::{bill, payment, place, refund, waiver};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::payment::queries::{SEES, by_id};
use crate::place::queries as places;

/// A refund with what it is of.
#[derive(Clone, Debug)]
pub struct Back {
    /// The refund.
    pub refund: refund::Model,
    /// Its payment; none of what is kept for somebody.
    pub paid: Option<payment::Model>,
    /// The home of either.
    pub home: place::Model,
}

/// A refund for whom a role covers its home.
///
/// # Errors
/// `not_found`.
pub async fn seen_refund<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<Back, Fault> {
    let none = || Fault::not_found("没有找到这笔退款。");
    let row = refund::Entity::find_by_id(id).one(db).await?;
    let refund = row.ok_or_else(none)?;
    let paid = match refund.payment_id {
        Some(id) => by_id(db, id).await?,
        None => None,
    };
    let home_id = paid.as_ref().map(|paid| paid.home_id).or(refund.home_id);
    let home = places::by_id(db, home_id.ok_or_else(none)?).await?;
    let home = home.ok_or_else(none)?;
    match SEES.iter().any(|deed| may(actor, *deed, &home.path)) {
        true => Ok(Back { refund, paid, home }),
        false => Err(none()),
    }
}

/// Refunds of what is kept in a compound that wait for a second person, the oldest first.
///
/// # Errors
/// The database's.
pub async fn asked_ahead<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Vec<refund::Model>, Fault> {
    Ok(refund::Entity::find()
        .filter(refund::COLUMN.compound_id.eq(compound_id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .filter(refund::COLUMN.home_id.is_not_null())
        .order_by_asc(refund::COLUMN.id)
        .all(db)
        .await?)
}

/// Waivers of a bill, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waivers_of<C: ConnectionTrait>(
    db: &C,
    bill_id: i64,
) -> Result<Vec<waiver::Model>, Fault> {
    Ok(waiver::Entity::find()
        .filter(waiver::COLUMN.bill_id.eq(bill_id))
        .order_by_asc(waiver::COLUMN.id)
        .all(db)
        .await?)
}

/// A waiver for whoever decides on them there: its proof is about somebody's need, and nobody else's to read.
///
/// # Errors
/// `not_found`.
pub async fn seen_waiver<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<waiver::Model, Fault> {
    let none = || Fault::not_found("没有找到这份减免申请。");
    let row = waiver::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(none)?;
    let bill = bill::Entity::find_by_id(row.bill_id).one(db).await?;
    let home = places::by_id(db, bill.ok_or_else(none)?.home_id).await?;
    let home = home.ok_or_else(none)?;
    match may(actor, Deed::WaiveFees, &home.path) {
        true => Ok(row),
        false => Err(none()),
    }
}
