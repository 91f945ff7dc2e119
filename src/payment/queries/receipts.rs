//! Reads of receipts: of a bill, of a payment, by what their code proves them by, and those that somebody may
//! read. Part of queries.rs.

use entity::money::{PayWay, PaymentState};
use entity::{bill, payment, payment_part, receipt};
use sea_orm::sea_query::{Expr, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::own;
use crate::access::Actor;
use crate::base::fault::Fault;

/// Receipts of what was paid for a bill, the oldest first; not scoped.
///
/// # Errors
/// The database's.
pub async fn receipts_of<C: ConnectionTrait>(
    db: &C,
    bill_id: i64,
) -> Result<Vec<receipt::Model>, Fault> {
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.bill_id.eq(bill_id))
        .all(db)
        .await?;
    let payments = parts.iter().map(|part| part.payment_id);
    Ok(receipt::Entity::find()
        .filter(receipt::COLUMN.payment_id.is_in(payments))
        .order_by_asc(receipt::COLUMN.id)
        .all(db)
        .await?)
}

/// Fen of a bill that were paid from what was paid ahead; such a payment has no receipt.
///
/// # Errors
/// The database's.
pub async fn paid_from_advance<C: ConnectionTrait>(db: &C, bill_id: i64) -> Result<i64, Fault> {
    let ahead = payment::Entity::find()
        .select_only()
        .column(payment::Column::Id)
        .filter(payment::COLUMN.way.eq(PayWay::Advance))
        .into_query();
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.bill_id.eq(bill_id))
        .filter(payment_part::Column::PaymentId.in_subquery(ahead))
        .all(db)
        .await?;
    Ok(parts.iter().map(|part| part.amount).sum())
}

/// The receipt of a payment.
///
/// # Errors
/// The database's.
pub async fn receipt_of<C: ConnectionTrait>(
    db: &C,
    payment_id: i64,
) -> Result<Option<receipt::Model>, Fault> {
    Ok(receipt::Entity::find()
        .filter(receipt::COLUMN.payment_id.eq(payment_id))
        .one(db)
        .await?)
}

/// A receipt by what its code proves it by.
///
/// # Errors
/// The database's.
pub async fn receipt_by_token<C: ConnectionTrait>(
    db: &C,
    token: &str,
) -> Result<Option<receipt::Model>, Fault> {
    Ok(receipt::Entity::find()
        .filter(receipt::COLUMN.token.eq(token))
        .one(db)
        .await?)
}

/// A receipt with what it is for.
#[derive(Clone, Debug)]
pub struct OwnReceipt {
    /// The receipt.
    pub receipt: receipt::Model,
    /// Its payment.
    pub payment: payment::Model,
    /// Months of the bills that it paid, the oldest first, each once; none when all of it was paid ahead or given.
    pub months: Vec<i32>,
}

/// The payments whose receipts are the actor's to read: what they paid themselves, whatever for, and what anybody
/// paid for bills that they see; none for who could have none.
async fn readable<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<Option<Condition>, Fault> {
    let paid_by = |payer: Expr| {
        payment::Entity::find()
            .select_only()
            .column(payment::Column::Id)
            .filter(payer)
            .into_query()
    };
    let account = actor.account_id.map(|id| payment::COLUMN.account_id.eq(id));
    let person = actor.person_id().map(|id| payment::COLUMN.payer_id.eq(id));
    let mut ways: Vec<SelectStatement> = [account, person]
        .into_iter()
        .flatten()
        .map(paid_by)
        .collect();
    if let Some(own) = own(db, actor).await? {
        let bills = bill::Entity::find()
            .select_only()
            .column(bill::Column::Id)
            .filter(own)
            .into_query();
        let parts = payment_part::Entity::find()
            .select_only()
            .column(payment_part::Column::PaymentId)
            .filter(payment_part::Column::BillId.in_subquery(bills))
            .into_query();
        ways.push(parts);
    }
    // Each way by its own index, put together: one condition of all three would read every payment.
    let Some(mut all) = ways.pop() else {
        return Ok(None);
    };
    for way in ways {
        all.union(UnionType::Distinct, way);
    }
    let paid = Condition::all()
        .add(payment::COLUMN.state.eq(PaymentState::Paid))
        .add(payment::Column::Id.in_subquery(all));
    Ok(Some(paid))
}

/// Receipts that the actor may read, the newest first: of bills, of what was paid ahead, of donations.
///
/// # Errors
/// The database's.
pub async fn own_receipts<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<OwnReceipt>, Fault> {
    match readable(db, actor).await? {
        Some(paid) => found(db, paid, most).await,
        None => Ok(Vec::new()),
    }
}

/// The receipt of a payment, if the actor may read it.
///
/// # Errors
/// `not_found`.
pub async fn own_receipt<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    payment_id: i64,
) -> Result<OwnReceipt, Fault> {
    let none = || Fault::not_found("没有找到这张收据。回复“收据”看您家的收据。");
    let paid = readable(db, actor).await?.ok_or_else(none)?;
    let paid = Condition::all()
        .add(payment::COLUMN.id.eq(payment_id))
        .add(paid);
    found(db, paid, 1).await?.pop().ok_or_else(none)
}

/// Receipts of payments, the newest first, with their payments and months.
async fn found<C: ConnectionTrait>(
    db: &C,
    paid: Condition,
    most: u64,
) -> Result<Vec<OwnReceipt>, Fault> {
    let ids = payment::Entity::find()
        .select_only()
        .column(payment::Column::Id)
        .filter(paid)
        .into_query();
    let receipts = receipt::Entity::find()
        .filter(receipt::Column::PaymentId.in_subquery(ids))
        .order_by_desc(receipt::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    let ids: Vec<i64> = receipts.iter().map(|row| row.payment_id).collect();
    let payments = payment::Entity::find()
        .filter(payment::COLUMN.id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.payment_id.is_in(ids))
        .filter(payment_part::COLUMN.amount.gt(0))
        .all(db)
        .await?;
    let bills = bill::Entity::find()
        .filter(
            bill::COLUMN
                .id
                .is_in(parts.iter().filter_map(|part| part.bill_id)),
        )
        .all(db)
        .await?;
    let with = |receipt: receipt::Model| {
        let payment = payments.iter().find(|row| row.id == receipt.payment_id)?;
        let own = parts.iter().filter(|part| part.payment_id == payment.id);
        let mut months: Vec<i32> = own
            .filter_map(|part| bills.iter().find(|bill| Some(bill.id) == part.bill_id))
            .map(|bill| bill.month)
            .collect();
        months.sort_unstable();
        months.dedup();
        Some(OwnReceipt {
            receipt,
            payment: payment.clone(),
            months,
        })
    };
    Ok(receipts.into_iter().filter_map(with).collect())
}
