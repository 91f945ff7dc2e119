//! Table `station_service`. Something that a window of a station does for people (寄存, 咨询).

use sea_orm::entity::prelude::*;

/// Something that a window of a station does for people (寄存, 咨询).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_service")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// Which window.
    pub window_name: String,
    /// What people call it.
    pub name: String,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// No longer offered; what refers to it stays.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
