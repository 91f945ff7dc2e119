//! Reads of vouchers: whoever sees, takes in or keeps the money of a compound sees all of its vouchers.

use chrono::NaiveDate;
use entity::money::VoucherState;
use entity::{ledger_entry, place, voucher};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::ledger::post::Transfer;
use crate::ledger::queries as ledger;
use crate::place::queries as places;
use crate::store::paging::newest;
use crate::voucher::subject;

/// Whoever sees vouchers.
pub const SEES: &[Deed] = &[Deed::SeeMoney, Deed::TakeMoney, Deed::KeepMoney];

/// The same answer for a voucher that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到记账 #{id}。"))
}

/// A voucher by its key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<voucher::Model>, Fault> {
    Ok(voucher::Entity::find_by_id(id).one(db).await?)
}

/// A voucher that a role of the actor covers, with its compound.
///
/// # Errors
/// `not_found`.
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(voucher::Model, place::Model), Fault> {
    let none = || no_such(id);
    let row = by_id(db, id).await?.ok_or_else(none)?;
    let place = places::by_id(db, row.compound_id).await?.ok_or_else(none)?;
    match SEES.iter().any(|deed| may(actor, *deed, &place.path)) {
        true => Ok((row, place)),
        false => Err(none()),
    }
}

/// Vouchers of a compound that wait for a second person, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<voucher::Model>, Fault> {
    Ok(voucher::Entity::find()
        .filter(voucher::COLUMN.compound_id.eq(compound_id))
        .filter(voucher::COLUMN.state.eq(VoucherState::Asked))
        .order_by_asc(voucher::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Vouchers of a compound that are decided, the newest first.
///
/// # Errors
/// The database's.
pub async fn decided<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    slice: Slice,
) -> Result<Page<voucher::Model>, Fault> {
    let decided = voucher::Entity::find()
        .filter(voucher::COLUMN.compound_id.eq(compound_id))
        .filter(voucher::COLUMN.state.ne(VoucherState::Asked));
    newest(db, decided, voucher::Column::Id, slice, |row| row.id).await
}

/// The reversal of an entry that waits for a second person.
///
/// # Errors
/// The database's.
pub async fn waiting_reversal<C: ConnectionTrait>(
    db: &C,
    entry_id: i64,
) -> Result<Option<voucher::Model>, Fault> {
    Ok(voucher::Entity::find()
        .filter(voucher::COLUMN.entry_id.eq(entry_id))
        .filter(voucher::COLUMN.state.eq(VoucherState::Asked))
        .order_by_asc(voucher::COLUMN.id)
        .one(db)
        .await?)
}

/// The entry that a voucher became; none before it is agreed to.
///
/// # Errors
/// The database's.
pub async fn entry_of<C: ConnectionTrait>(
    db: &C,
    row: &voucher::Model,
) -> Result<Option<ledger_entry::Model>, Fault> {
    if row.state != VoucherState::Granted {
        return Ok(None);
    }
    if let Some(entry_id) = row.entry_id {
        return ledger::reversal_of(db, entry_id).await;
    }
    let booked = ledger::of_subject(db, row.compound_id, &subject(row.id)).await?;
    Ok(booked.into_iter().next().map(|one| one.entry))
}

/// The entry by which the comparison of a day has booked the same by itself within these days, if there is one that
/// stands.
///
/// # Errors
/// The database's.
pub async fn booked_by_itself<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    moved: Transfer,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Option<i64>, Fault> {
    for booked in ledger::of_subject(db, compound_id, "withdrawal").await? {
        let day = booked.entry.day;
        let same = booked.transfers.iter().any(|one| {
            (one.debit, one.credit, one.amount) == (moved.debit, moved.credit, moved.amount)
        });
        if same
            && (from..=to).contains(&day)
            && ledger::reversal_of(db, booked.entry.id).await?.is_none()
        {
            return Ok(Some(booked.entry.id));
        }
    }
    Ok(None)
}

/// Whether people have entered this move for one of these days, both included: agreed to and not taken back, or
/// waiting for the second.
///
/// # Errors
/// The database's.
pub async fn was_entered<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    moved: Transfer,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<bool, Fault> {
    let rows = voucher::Entity::find()
        .filter(voucher::COLUMN.compound_id.eq(compound_id))
        .filter(voucher::COLUMN.debit.eq(moved.debit.code()))
        .filter(voucher::COLUMN.credit.eq(moved.credit.code()))
        .filter(voucher::COLUMN.amount.eq(moved.amount))
        .filter(voucher::COLUMN.day.gte(from))
        .filter(voucher::COLUMN.day.lte(to))
        .filter(voucher::COLUMN.state.ne(VoucherState::Refused))
        .all(db)
        .await?;
    for row in rows {
        let stands = match entry_of(db, &row).await? {
            Some(entry) => ledger::reversal_of(db, entry.id).await?.is_none(),
            None => true,
        };
        if stands {
            return Ok(true);
        }
    }
    Ok(false)
}
