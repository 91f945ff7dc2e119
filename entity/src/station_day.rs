//! Table `station_day`. A day of a station that is not as its week says.

use sea_orm::entity::prelude::*;

/// A day of a station that is not as its week says.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_day")]
pub struct Model {
    /// Of which station.
    #[sea_orm(primary_key, auto_increment = false)]
    pub station_id: i64,
    /// The day in China.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// Tenant.
    pub compound_id: i64,
    /// `09:00-12:00`; closed if none.
    pub hours: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
