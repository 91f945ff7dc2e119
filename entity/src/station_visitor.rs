//! Table `station_visitor`. When somebody was last counted at a station; a day old at most.

use sea_orm::entity::prelude::*;

/// When somebody was last counted at a station; a day old at most.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_visitor")]
pub struct Model {
    /// Of which station.
    #[sea_orm(primary_key, auto_increment = false)]
    pub station_id: i64,
    /// Keyed digest of the person or account: tells nothing without the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mark: String,
    /// Tenant.
    pub compound_id: i64,
    /// Counted then. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
