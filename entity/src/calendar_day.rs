//! Table `calendar_day`. A day of a calendar that is not as its week says.

use sea_orm::entity::prelude::*;

/// A day of a calendar that is not as its week says.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_day")]
pub struct Model {
    /// Which calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub calendar_id: i64,
    /// The day in China.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    /// `09:00-12:00`; closed if none.
    pub hours: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
