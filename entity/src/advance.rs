//! Table `advance`. What a home has paid ahead (预存).

use sea_orm::entity::prelude::*;

/// What a home has paid ahead (预存).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "advance")]
pub struct Model {
    /// Which home.
    #[sea_orm(primary_key, auto_increment = false)]
    pub home_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In fen.
    pub balance: i64,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
