//! Table `station_room`. A room of a station that can be booked.

use sea_orm::entity::prelude::*;

/// A room of a station that can be booked.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_room")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// What people call it.
    pub name: String,
    /// How many sit in it.
    pub seats: i32,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// No longer offered; what refers to it stays.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
