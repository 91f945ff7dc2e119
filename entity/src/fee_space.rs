//! Table `fee_space`. A parking space that a home pays for.

use sea_orm::entity::prelude::*;

/// A parking space that a home pays for.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_space")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which fee.
    pub fee_item_id: i64,
    /// Which home.
    pub home_id: i64,
    /// What is painted on it.
    pub code: String,
    /// The first day that is paid for.
    pub from_day: Date,
    /// The last one; none while it goes on.
    pub to_day: Option<Date>,
    /// Who entered it.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
