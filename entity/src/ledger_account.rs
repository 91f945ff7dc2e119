//! Table `ledger_account`. An account of a compound’s books (台账).

use sea_orm::entity::prelude::*;

/// An account of a compound’s books (台账).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_account")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// What exports call it, `income:property`; one of the chart in the noun `ledger`.
    pub code: String,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
