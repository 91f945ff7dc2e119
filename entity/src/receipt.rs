//! Table `receipt`. A numbered receipt of a payment (收据).

use sea_orm::entity::prelude::*;

/// A numbered receipt of a payment (收据).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Counts in its compound without a gap.
    pub number: i64,
    /// For which payment.
    pub payment_id: i64,
    /// What its QR code proves it by.
    pub token: String,
    /// In fen.
    pub amount: i64,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
