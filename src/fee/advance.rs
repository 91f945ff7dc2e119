//! 预存: what a home has paid ahead. Given by payments and credits, used by bills. For the actions of `fee`
//! and of the noun `payment`, in their transaction.

use chrono::NaiveDate;
use entity::money::{EntryKind, PayWay, PaymentState};
use entity::{advance, bill, payment, payment_part};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};
use serde_json::json;

use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::fee::bill::{Growth, grow, left};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;

/// What a home has, in fen.
///
/// # Errors
/// The database's.
pub async fn balance<C: ConnectionTrait>(db: &C, home_id: i64) -> Result<i64, Fault> {
    let row = advance::Entity::find_by_id(home_id).one(db).await?;
    Ok(row.map_or(0, |row| row.balance))
}

/// Adds to what a home has; the caller books it.
///
/// # Errors
/// The database's.
pub async fn give(tx: &Tx, compound_id: i64, home_id: i64, amount: i64) -> Result<(), Fault> {
    if amount == 0 {
        return Ok(());
    }
    let row = advance::ActiveModel {
        home_id: Set(home_id),
        compound_id: Set(compound_id),
        balance: Set(amount),
        updated_at: Set(tx.now()),
    };
    let balance = Expr::col((advance::Entity, advance::Column::Balance)).add(amount);
    advance::Entity::insert(row)
        .on_conflict(
            OnConflict::column(advance::Column::HomeId)
                .value(advance::Column::Balance, balance)
                .update_column(advance::Column::UpdatedAt)
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes from what a home has; the caller books it.
///
/// # Errors
/// `conflict` when it has less.
pub async fn take(tx: &Tx, home_id: i64, amount: i64) -> Result<(), Fault> {
    let less = Expr::col(advance::Column::Balance).sub(amount);
    let done = advance::Entity::update_many()
        .col_expr(advance::Column::Balance, less)
        .col_expr(advance::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(advance::COLUMN.home_id.eq(home_id))
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

/// Pays open bills of a home, in their order, from what it has: one payment without a receipt, booked.
/// Gives what was used, in fen; 0 when there is nothing to use or nothing to pay.
///
/// # Errors
/// `conflict` when somebody paid one of them, or used it, at the same time.
pub async fn use_advance(
    tx: &mut Tx,
    actor_id: Option<i64>,
    day: NaiveDate,
    home_id: i64,
    bills: &[bill::Model],
) -> Result<i64, Fault> {
    let mut has = balance(tx.db(), home_id).await?;
    let mut parts: Vec<(&bill::Model, i64)> = Vec::new();
    for bill in bills.iter().filter(|bill| bill.home_id == home_id) {
        let amount = std::cmp::min(left(bill), has);
        if amount > 0 {
            has -= amount;
            parts.push((bill, amount));
        }
    }
    let Some((first, _)) = parts.first() else {
        return Ok(0);
    };
    let (compound_id, month) = (first.compound_id, first.month);
    let used: i64 = parts.iter().map(|(_, amount)| amount).sum();
    take(tx, home_id, used).await?;
    let payment_id = pay(tx, actor_id, day, &parts, used).await?;
    let says = Month::from_number(month).map_or_else(String::new, Month::says);
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
    let payer = first.map(|bill| bill.payer_id).filter(|id| *id != 0);
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
