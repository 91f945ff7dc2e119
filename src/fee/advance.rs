//! 预存: what somebody has paid ahead for a home. Given by payments and credits, used by bills of the same person
//! for the same home: one owner's money pays no other owner's bill. For the actions of `fee` and of the noun
//! `payment`, in their transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::money::{BillState, EntryKind, PayWay, PaymentState};
use entity::{advance, bill, payment, payment_part};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::fee::bill::{Growth, grow, left};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;

/// Whose it is while no owner of a home is known; it pays whoever's bills come then.
pub const NOBODY: i64 = 0;

/// What is kept for some homes, by home and person; only where something is.
///
/// # Errors
/// The database's.
pub async fn kept<C: ConnectionTrait>(
    db: &C,
    homes: impl IntoIterator<Item = i64>,
) -> Result<Vec<advance::Model>, Fault> {
    let homes: Vec<i64> = homes.into_iter().collect();
    if homes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = advance::Entity::find()
        .filter(advance::COLUMN.home_id.is_in(homes))
        .filter(advance::COLUMN.balance.gt(0))
        .order_by_asc(advance::COLUMN.home_id)
        .order_by_asc(advance::COLUMN.payer_id)
        .all(db)
        .await?;
    Ok(rows)
}

/// What somebody has for a home, in fen; not what is nobody's yet.
///
/// # Errors
/// The database's.
pub async fn balance<C: ConnectionTrait>(
    db: &C,
    home_id: i64,
    payer_id: i64,
) -> Result<i64, Fault> {
    let row = advance::Entity::find_by_id((home_id, payer_id))
        .one(db)
        .await?;
    Ok(row.map_or(0, |row| row.balance))
}

/// Adds to what somebody has for a home; the caller books it.
///
/// # Errors
/// The database's.
pub async fn give(
    tx: &Tx,
    compound_id: i64,
    home_id: i64,
    payer_id: i64,
    amount: i64,
) -> Result<(), Fault> {
    if amount == 0 {
        return Ok(());
    }
    let row = advance::ActiveModel {
        home_id: Set(home_id),
        payer_id: Set(payer_id),
        compound_id: Set(compound_id),
        balance: Set(amount),
        updated_at: Set(tx.now()),
    };
    let balance = Expr::col((advance::Entity, advance::Column::Balance)).add(amount);
    advance::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([advance::Column::HomeId, advance::Column::PayerId])
                .value(advance::Column::Balance, balance)
                .update_column(advance::Column::UpdatedAt)
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes from what somebody has for a home; the caller books it.
///
/// # Errors
/// `conflict` when it is less.
pub async fn take(tx: &Tx, home_id: i64, payer_id: i64, amount: i64) -> Result<(), Fault> {
    let less = Expr::col(advance::Column::Balance).sub(amount);
    let done = advance::Entity::update_many()
        .col_expr(advance::Column::Balance, less)
        .col_expr(advance::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(advance::COLUMN.home_id.eq(home_id))
        .filter(advance::COLUMN.payer_id.eq(payer_id))
        .filter(advance::COLUMN.balance.gte(amount))
        .exec(tx.db())
        .await?;
    match done.rows_affected {
        1 => Ok(()),
        _ => Err(Fault::new(
            Code::Conflict,
            "预存余额刚刚有变动，请刷新后再试。",
        )),
    }
}

/// Pays what is owed for some homes from what is kept for whoever owes it, each one's oldest bill first: one
/// payment without a receipt for each of them, booked. Gives what was used, in fen; 0 when there is nothing to use
/// or nothing to pay. May be repeated: what is used is gone.
///
/// # Errors
/// `conflict` when somebody used it at the same time.
pub async fn pay_open(
    tx: &mut Tx,
    actor_id: Option<i64>,
    day: NaiveDate,
    homes: impl IntoIterator<Item = i64>,
) -> Result<i64, Fault> {
    let rows = kept(tx.db(), homes).await?;
    let homes: BTreeSet<i64> = rows.iter().map(|row| row.home_id).collect();
    if homes.is_empty() {
        return Ok(0);
    }
    // Bills by their keys before what is kept: the one order of locks.
    let mut bills = bill::Entity::find()
        .filter(bill::COLUMN.home_id.is_in(homes.iter().copied()))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .order_by_asc(bill::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    bills.sort_by_key(|bill| (bill.home_id, bill.payer_id, bill.month, bill.id));
    let mut rows = kept(tx.db(), homes).await?;
    let same = |one: &bill::Model, other: &bill::Model| {
        (one.home_id, one.payer_id) == (other.home_id, other.payer_id)
    };
    let mut used = 0;
    for own in bills.chunk_by(same) {
        used += pay_from(tx, actor_id, day, &mut rows, own).await?;
    }
    Ok(used)
}

/// Pays bills of one person for one home, in their order.
async fn pay_from(
    tx: &mut Tx,
    actor_id: Option<i64>,
    day: NaiveDate,
    rows: &mut [advance::Model],
    bills: &[bill::Model],
) -> Result<i64, Fault> {
    let Some(first) = bills.first() else {
        return Ok(0);
    };
    let usable = |row: &advance::Model| {
        row.home_id == first.home_id && [first.payer_id, NOBODY].contains(&row.payer_id)
    };
    let has: i64 = rows
        .iter()
        .filter(|row| usable(row))
        .map(|row| row.balance)
        .sum();
    let parts = by_age(has, bills);
    let used: i64 = parts.iter().map(|(_, amount)| amount).sum();
    let Some((oldest, _)) = parts.first() else {
        return Ok(0);
    };
    let mut rest = used;
    // Their own before nobody's: the rows stand by person, and nobody is the first.
    for row in rows.iter_mut().rev().filter(|row| usable(row)) {
        let some = Ord::min(rest, row.balance);
        if some > 0 {
            take(tx, row.home_id, row.payer_id, some).await?;
            row.balance -= some;
            rest -= some;
        }
    }
    let says = Month::from_number(oldest.month).map_or_else(String::new, Month::says);
    let compound_id = oldest.compound_id;
    let payment_id = pay(tx, actor_id, day, &parts, used).await?;
    let draft = Draft {
        compound_id,
        day,
        cause: format!("payment:{payment_id}:paid"),
        kind: EntryKind::Advance,
        memo: format!("预存抵扣{says}账单"),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Advance,
            credit: Account::Receivable,
            amount: used,
        }],
    };
    post(tx, actor_id, &[draft]).await?;
    Ok(used)
}

/// What of an amount each bill gets, in their order, until it is used up.
fn by_age(has: i64, bills: &[bill::Model]) -> Vec<(&bill::Model, i64)> {
    let mut rest = has;
    let mut parts = Vec::new();
    for bill in bills {
        let amount = Ord::min(left(bill), rest);
        if amount > 0 {
            rest -= amount;
            parts.push((bill, amount));
        }
    }
    parts
}

/// The payment, what of it went where, and the bills that grow by it.
async fn pay(
    tx: &Tx,
    actor_id: Option<i64>,
    day: NaiveDate,
    parts: &[(&bill::Model, i64)],
    used: i64,
) -> Result<i64, Fault> {
    let first = parts.first().map(|(bill, _)| *bill);
    let ids: Vec<i64> = parts.iter().map(|(bill, _)| bill.id).collect();
    let payer = first.map(|bill| bill.payer_id).filter(|id| *id != NOBODY);
    let row = payment::ActiveModel {
        compound_id: Set(first.map_or(0, |bill| bill.compound_id)),
        home_id: Set(first.map_or(0, |bill| bill.home_id)),
        payer_id: Set(payer),
        way: Set(PayWay::Advance),
        state: Set(PaymentState::Paid),
        amount: Set(used),
        bills: Set(json!(ids)),
        recorded_by: Set(actor_id),
        asked: Set(0),
        paid_at: Set(Some(tx.now())),
        day: Set(Some(day)),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = payment::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let rows = parts
        .iter()
        .map(|(bill, amount)| payment_part::ActiveModel {
            payment_id: Set(row.id),
            compound_id: Set(row.compound_id),
            bill_id: Set(Some(bill.id)),
            amount: Set(*amount),
            created_at: Set(tx.now()),
            ..Default::default()
        });
    payment_part::Entity::insert_many(rows)
        .exec_without_returning(tx.db())
        .await?;
    for (bill, amount) in parts {
        let by = Growth {
            paid: *amount,
            ..Growth::default()
        };
        grow(tx, bill, by).await?;
    }
    Ok(row.id)
}
