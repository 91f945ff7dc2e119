//! Table `advance`. What somebody has paid ahead for a home (预存).

use sea_orm::entity::prelude::*;

/// What somebody has paid ahead for a home (预存): it pays bills of this person for this home, and no other's.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "advance")]
pub struct Model {
    /// Which home.
    #[sea_orm(primary_key, auto_increment = false)]
    pub home_id: i64,
    /// Whoever owes the bills that it pays; 0 while no owner is known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub payer_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In fen.
    pub balance: i64,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
