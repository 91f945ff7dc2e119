//! Table `fee_charge`. Something that one home pays for once.

use sea_orm::entity::prelude::*;

/// Something that one home pays for once.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_charge")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which home.
    pub home_id: i64,
    /// On the bill of this month, 202611.
    pub month: i32,
    /// What the bill calls it.
    pub name: String,
    /// In fen, more than 0.
    pub amount: i64,
    /// Why, as the bill prints it.
    pub basis: String,
    /// Who entered it.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
