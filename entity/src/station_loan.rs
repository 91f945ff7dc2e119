//! Table `station_loan`. A thing that somebody has, or had.

use sea_orm::entity::prelude::*;

use crate::kinds::LoanState;

/// A thing that somebody has, or had.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_loan")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// What.
    pub thing_id: i64,
    /// Who; seen by keepers only.
    pub borrower_id: i64,
    /// Where it stands.
    pub state: LoanState,
    /// Since when. UTC, whole ms.
    pub lent_at: DateTimeUtc,
    /// When it should be back.
    pub due_at: DateTimeUtc,
    /// When the borrower said that it is back.
    pub handed_at: Option<DateTimeUtc>,
    /// When the keeper had it in hand, or said what became of it.
    pub ended_at: Option<DateTimeUtc>,
    /// What became of it, in the keeper's words.
    pub note: Option<String>,
    /// Counts the changes.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
