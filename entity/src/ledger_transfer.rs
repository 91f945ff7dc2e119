//! Table `ledger_transfer`. An amount that an entry moves from one account to another; never changed, never removed.

use sea_orm::entity::prelude::*;

/// An amount that an entry moves from one account to another; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_transfer")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which entry.
    pub entry_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The day of the entry.
    pub day: Date,
    /// The account that receives.
    pub debit_id: i64,
    /// The account that gives.
    pub credit_id: i64,
    /// In fen, more than 0.
    pub amount: i64,
}

impl ActiveModelBehavior for ActiveModel {}
