//! Reads of bills, payments and receipts, scoped by who asks: whoever is bound to a home sees what it is
//! asked for, whoever paid sees their payments, staff see what their roles cover.

mod ahead;
mod back;
pub mod platform;
mod receipts;

pub use receipts::{
    OwnReceipt, own_receipt, own_receipts, paid_from_advance, receipt_by_token, receipt_of,
    receipts_of,
};

pub use ahead::{own_advances, own_left_over};
pub use back::{Back, asked_ahead, seen_refund, seen_waiver, waivers_of};

use entity::money::{BillState, PayWay, PaymentState, RefundState, WaiverState};
use entity::{bill, bill_line, payment, payment_part, place, refund, waiver};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::fee::queries as fees;
use crate::ledger::queries::{self as ledger, Booked};
use crate::payment::actions::no_such;
use crate::payment::actions::refund::subject as refund_subject;
use crate::payment::queries::ahead::payers_of;
use crate::payment::subject;
use crate::place::queries::{self as places, within_any_reach};
use crate::store::paging::newest;

/// The same answer for a bill that is not there and for one that is not theirs.
#[must_use]
pub fn no_such_bill(id: i64) -> Fault {
    Fault::not_found(format!("没有找到账单 {id}。回复“账单”看您家的账单。"))
}

/// The condition that a bill is one that the actor sees as a resident; none when there is no home. Of each
/// home those of the people who live there by the roster, and one's own; not those of earlier owners.
async fn own<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<Option<Condition>, Fault> {
    let mut any = Condition::any();
    for home in &actor.homes {
        let payers = payers_of(db, actor, home.place_id).await?;
        let of_home = Condition::all()
            .add(bill::COLUMN.home_id.eq(home.place_id))
            .add(bill::COLUMN.payer_id.is_in(payers));
        any = any.add(of_home);
    }
    Ok((!actor.homes.is_empty()).then_some(any))
}

/// Bills of the actor's homes that something is left of, the oldest first.
///
/// # Errors
/// The database's.
pub async fn open_bills<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<bill::Model>, Fault> {
    let Some(own) = own(db, actor).await? else {
        return Ok(Vec::new());
    };
    Ok(bill::Entity::find()
        .filter(own)
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .order_by_asc(bill::COLUMN.month)
        .order_by_asc(bill::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Bills of the actor's homes, the newest first.
///
/// # Errors
/// The database's.
pub async fn bills<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    state: Option<BillState>,
    slice: Slice,
) -> Result<Page<bill::Model>, Fault> {
    let Some(own) = own(db, actor).await? else {
        return Ok(Page::empty());
    };
    let mut query = bill::Entity::find().filter(own);
    if let Some(state) = state {
        query = query.filter(bill::COLUMN.state.eq(state));
    }
    newest(db, query, bill::Column::Id, slice, |bill| bill.id).await
}

/// A bill with its lines, for whoever is bound to its home.
///
/// # Errors
/// `not_found`.
pub async fn own_bill<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(bill::Model, Vec<bill_line::Model>), Fault> {
    let own = own(db, actor).await?.ok_or_else(|| no_such_bill(id))?;
    let row = bill::Entity::find_by_id(id).filter(own).one(db).await?;
    let row = row.ok_or_else(|| no_such_bill(id))?;
    let lines = fees::lines(db, row.id).await?;
    Ok((row, lines))
}

/// A bill with its lines; not scoped: for whoever holds a link to it.
///
/// # Errors
/// The database's.
pub async fn bill_with_lines<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<(bill::Model, Vec<bill_line::Model>)>, Fault> {
    let Some(row) = bill::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let lines = fees::lines(db, row.id).await?;
    Ok(Some((row, lines)))
}

/// Bills for whoever is bound to their homes, in the order of the keys.
///
/// # Errors
/// `not_found` for the first that is not there or not theirs.
pub async fn own_bills<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    ids: &[i64],
) -> Result<Vec<bill::Model>, Fault> {
    let Some(first) = ids.first() else {
        return Ok(Vec::new());
    };
    let own = own(db, actor).await?.ok_or_else(|| no_such_bill(*first))?;
    let rows = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids.iter().copied()))
        .filter(own)
        .all(db)
        .await?;
    let find = |id: &i64| {
        let found = rows.iter().find(|row| row.id == *id);
        found.cloned().ok_or_else(|| no_such_bill(*id))
    };
    ids.iter().map(find).collect()
}

/// Bills by their keys, by month; not scoped: for whoever holds a link to them.
///
/// # Errors
/// The database's.
pub async fn bills_of<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
    ids: &[i64],
) -> Result<Vec<bill::Model>, Fault> {
    Ok(bill::Entity::find()
        .filter(bill::COLUMN.home_id.eq(home_id))
        .filter(bill::COLUMN.id.is_in(ids.iter().copied()))
        .order_by_asc(bill::COLUMN.month)
        .order_by_asc(bill::COLUMN.id)
        .all(db)
        .await?)
}

/// A payment by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<payment::Model>, Fault> {
    Ok(payment::Entity::find_by_id(id).one(db).await?)
}

/// A payment for whoever pays it, by the account or by the person.
///
/// # Errors
/// `not_found`.
pub async fn own_payment<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<payment::Model, Fault> {
    let row = by_id(db, id).await?;
    let theirs = |row: &payment::Model| {
        let by_account = row.account_id.is_some() && row.account_id == actor.account_id;
        by_account || (row.payer_id.is_some() && row.payer_id == actor.person_id())
    };
    row.filter(theirs).ok_or_else(|| no_such(id))
}

/// The last payment of an account for a home that is not closed.
///
/// # Errors
/// The database's.
pub async fn last_of_account<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
    home_id: i64,
) -> Result<Option<payment::Model>, Fault> {
    Ok(payment::Entity::find()
        .filter(payment::COLUMN.account_id.eq(account_id))
        .filter(payment::COLUMN.home_id.eq(home_id))
        .filter(payment::COLUMN.state.ne(PaymentState::Closed))
        .order_by_desc(payment::COLUMN.id)
        .one(db)
        .await?)
}

/// Where a payment went, in the order of the rows.
///
/// # Errors
/// The database's.
pub async fn parts_of<C: ConnectionTrait>(
    db: &C,
    payment_id: i64,
) -> Result<Vec<(payment_part::Model, Option<bill::Model>)>, Fault> {
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.payment_id.eq(payment_id))
        .order_by_asc(payment_part::COLUMN.id)
        .all(db)
        .await?;
    let ids = parts.iter().filter_map(|part| part.bill_id);
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let with = |part: payment_part::Model| {
        let bill = bills.iter().find(|bill| Some(bill.id) == part.bill_id);
        (part.clone(), bill.cloned())
    };
    Ok(parts.into_iter().map(with).collect())
}

/// Refunds of a payment, the oldest first.
///
/// # Errors
/// The database's.
pub async fn refunds_of<C: ConnectionTrait>(
    db: &C,
    payment_id: i64,
) -> Result<Vec<refund::Model>, Fault> {
    Ok(refund::Entity::find()
        .filter(refund::COLUMN.payment_id.eq(payment_id))
        .order_by_asc(refund::COLUMN.id)
        .all(db)
        .await?)
}

/// Fen of a payment that go back or have gone: asked for by somebody, or because this money came too much. Not
/// of other money for the same order, which was never part of the payment.
#[must_use]
pub fn back_of(row: &payment::Model, refunds: &[refund::Model]) -> i64 {
    let own = refunds
        .iter()
        .filter(|back| back.transaction_id.is_none() || back.transaction_id == row.transaction_id);
    going_back(&own.cloned().collect::<Vec<_>>())
}

/// Fen of refunds that are on their way or over.
#[must_use]
pub fn going_back(refunds: &[refund::Model]) -> i64 {
    let counts =
        |row: &&refund::Model| !matches!(row.state, RefundState::Asked | RefundState::Refused);
    refunds.iter().filter(counts).map(|row| row.amount).sum()
}

/// Entries of the books that a payment and its refunds made, the oldest first.
///
/// # Errors
/// The database's.
pub async fn entries_of<C: ConnectionTrait>(
    db: &C,
    row: &payment::Model,
    refunds: &[refund::Model],
) -> Result<Vec<Booked>, Fault> {
    let mut all = ledger::of_subject(db, row.compound_id, &subject(row.id)).await?;
    for refund in refunds {
        let own = refund_subject(refund.id);
        all.extend(ledger::of_subject(db, row.compound_id, &own).await?);
    }
    all.sort_by_key(|one| one.entry.id);
    Ok(all)
}

/// What a list of payments is narrowed by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Of one home.
    pub home_id: Option<i64>,
    /// In one state.
    pub state: Option<PaymentState>,
    /// By one way.
    pub way: Option<PayWay>,
    /// Business days, both included.
    pub from: Option<chrono::NaiveDate>,
    /// The last of them.
    pub to: Option<chrono::NaiveDate>,
}

/// Payments that a role of the actor covers, the newest first.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    filter: Filter,
    slice: Slice,
) -> Result<Page<payment::Model>, Fault> {
    let Some(reach) = within_any_reach(payment::Column::CompoundId, actor, SEES) else {
        return Ok(Page::empty());
    };
    let mut query = payment::Entity::find().filter(reach);
    if let Some(home) = filter.home_id {
        query = query.filter(payment::COLUMN.home_id.eq(home));
    }
    if let Some(state) = filter.state {
        query = query.filter(payment::COLUMN.state.eq(state));
    }
    if let Some(way) = filter.way {
        query = query.filter(payment::COLUMN.way.eq(way));
    }
    if let Some(from) = filter.from {
        query = query.filter(payment::COLUMN.day.gte(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(payment::COLUMN.day.lte(to));
    }
    newest(db, query, payment::Column::Id, slice, |row| row.id).await
}

/// Whoever sees payments.
pub const SEES: &[Deed] = &[Deed::SeeMoney, Deed::TakeMoney];

/// A payment that a role of the actor covers, with its home.
///
/// # Errors
/// `not_found`.
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(payment::Model, place::Model), Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let home = places::by_id(db, row.home_id).await?;
    let home = home.ok_or_else(|| no_such(id))?;
    match SEES.iter().any(|deed| may(actor, *deed, &home.path)) {
        true => Ok((row, home)),
        false => Err(no_such(id)),
    }
}

/// Waivers that wait for a second person, where the actor may be one, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting_waivers<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<(waiver::Model, Option<bill::Model>)>, Fault> {
    let Some(reach) = within_any_reach(waiver::Column::CompoundId, actor, &[Deed::WaiveFees])
    else {
        return Ok(Vec::new());
    };
    let rows = waiver::Entity::find()
        .filter(reach)
        .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
        .order_by_asc(waiver::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(rows.iter().map(|row| row.bill_id)))
        .all(db)
        .await?;
    let with = |row: waiver::Model| {
        let bill = bills.iter().find(|bill| bill.id == row.bill_id).cloned();
        (row, bill)
    };
    Ok(rows.into_iter().map(with).collect())
}

/// Refunds that wait for a person, where the actor keeps the money, the oldest first.
///
/// # Errors
/// The database's.
pub async fn waiting_refunds<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<refund::Model>, Fault> {
    let Some(reach) = within_any_reach(refund::Column::CompoundId, actor, &[Deed::KeepMoney])
    else {
        return Ok(Vec::new());
    };
    let states = [
        RefundState::Asked,
        RefundState::Granted,
        RefundState::Abnormal,
        RefundState::Closed,
    ];
    Ok(refund::Entity::find()
        .filter(reach)
        .filter(refund::COLUMN.state.is_in(states))
        .order_by_asc(refund::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}
