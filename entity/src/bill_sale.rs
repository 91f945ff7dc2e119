//! Table `bill_sale`. A home that went to another owner within a month that was billed (过户).

use sea_orm::entity::prelude::*;

use crate::money::SaleState;

/// A home that went to another owner within a month that was billed (过户): somebody looks at it, then its bills
/// are corrected.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_sale")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which home.
    pub home_id: i64,
    /// Year and month, 202611.
    pub month: i32,
    /// Who owes for which days of it, `7:1-14,9:15-30`: once in a home and month.
    pub owners: String,
    /// Where it stands.
    pub state: SaleState,
    /// What goes from one bill to another, in fen: as it was seen first, then as it was done.
    pub amount: i64,
    /// Why nothing is to be corrected; empty otherwise.
    pub note: String,
    /// Who decided.
    pub decided_by: Option<i64>,
    /// UTC, whole ms.
    pub decided_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
