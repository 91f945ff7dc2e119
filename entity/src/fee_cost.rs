//! Table `fee_cost`. A cost of a month that the homes share.

use sea_orm::entity::prelude::*;

/// A cost of a month that the homes share.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_cost")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which fee.
    pub fee_item_id: i64,
    /// Year and month, 202611.
    pub month: i32,
    /// In fen.
    pub amount: i64,
    /// What it was for, as the bill prints it.
    pub note: String,
    /// Who entered it.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
