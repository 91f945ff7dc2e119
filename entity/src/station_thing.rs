//! Table `station_thing`. Something that a station lends.

use sea_orm::entity::prelude::*;

/// Something that a station lends.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_thing")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// What stands on it: `工具-03`; unique at its station while it is offered.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How many the station has.
    pub quantity: i32,
    /// How many of them are out.
    pub lent: i32,
    /// Days for which it is lent.
    pub days: i32,
    /// Counts the changes.
    pub version: i32,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
    /// No longer offered; what refers to it stays.
    pub removed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
