//! Table `station_facility`. Something that a station has for everybody (热水, 充电).

use sea_orm::entity::prelude::*;

/// Something that a station has for everybody (热水, 充电).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_facility")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// What people call it.
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}
