//! Table `station_served`. Somebody was served at a window.

use sea_orm::entity::prelude::*;

/// Somebody was served at a window.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_served")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// With what.
    pub service_id: i64,
    /// The day in China.
    pub day: Date,
    /// 1; -1 takes a tap back.
    pub served: i32,
    /// A word to it, without personal data.
    pub note: Option<String>,
    /// Who counted.
    pub by_id: Option<i64>,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
