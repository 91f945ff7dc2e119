//! Table `donation_use_share`. What of a use came out of which donation; never changed, never removed.

use sea_orm::entity::prelude::*;

/// What of a use came out of which donation; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation_use_share")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which use.
    pub use_id: i64,
    /// Out of which donation.
    pub donation_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of money fen, of goods pieces; more than 0.
    pub amount: i64,
}

impl ActiveModelBehavior for ActiveModel {}
