//! Table `timetable_reader`. Who asked to be told of a timetable.

use sea_orm::entity::prelude::*;

/// Somebody who asked to be told of a timetable.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timetable_reader")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which.
    pub timetable_id: i64,
    /// Who.
    pub person_id: i64,
    /// Tenant, as the timetable's.
    pub compound_id: Option<i64>,
    /// Since when. UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
