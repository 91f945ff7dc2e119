//! Table `payment_part`. What of a payment went where; never changed, never removed.

use sea_orm::entity::prelude::*;

/// What of a payment went where; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_part")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which payment.
    pub payment_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// To this bill; none: kept (预存).
    pub bill_id: Option<i64>,
    /// Whose it is when it is kept: whoever owes the bills that it will pay, 0 while no owner is known; none for
    /// what went to a bill.
    pub payer_id: Option<i64>,
    /// In fen; less than 0 takes a part back.
    pub amount: i64,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
