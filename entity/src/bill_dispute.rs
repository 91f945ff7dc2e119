//! Table `bill_dispute`. A case by which somebody says that a bill is wrong (账单异议); never changed.

use sea_orm::entity::prelude::*;

/// A case by which somebody says that a bill is wrong (账单异议); never changed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_dispute")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which bill.
    pub bill_id: i64,
    /// The case; while it is open the bill is not asked for.
    pub case_id: i64,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
