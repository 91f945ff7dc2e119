//! Table `station_deposit`. A thing that somebody has left at a station (寄存).

use sea_orm::entity::prelude::*;

use crate::kinds::DepositState;

/// A thing that somebody has left at a station (寄存).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_deposit")]
pub struct Model {
    /// Key; the number on the ticket.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// Whose it is, where they are known.
    pub owner_id: Option<i64>,
    /// What it looks like.
    pub thing: String,
    /// Where it stands.
    pub state: DepositState,
    /// Left then. UTC, whole ms.
    pub at: DateTimeUtc,
    /// When it was collected or cleared away.
    pub ended_at: Option<DateTimeUtc>,
    /// What became of it, in the keeper's words.
    pub note: Option<String>,
    /// Counts the changes.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
