//! Table `station_count`. How many came to a station on a day.

use sea_orm::entity::prelude::*;

use crate::kinds::VisitWay;

/// How many came to a station on a day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_count")]
pub struct Model {
    /// Of which station.
    #[sea_orm(primary_key, auto_increment = false)]
    pub station_id: i64,
    /// The day in China.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// By scan, unbound, by hand.
    #[sea_orm(primary_key, auto_increment = false)]
    pub way: VisitWay,
    /// Tenant.
    pub compound_id: i64,
    /// So many.
    pub visits: i64,
}

impl ActiveModelBehavior for ActiveModel {}
