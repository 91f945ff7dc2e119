//! Table `timetable`. What comes round again at fixed times (日程).

use sea_orm::entity::prelude::*;

use crate::kinds::TimetableState;

/// What comes round again at fixed times (日程).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timetable")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant; none for one of a place above the compounds.
    pub compound_id: Option<i64>,
    /// Of which place: who may see and change it follows from it.
    pub place_id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// One line.
    pub title: String,
    /// What is told, besides.
    pub text: String,
    /// When (timetable/rule.rs).
    pub rule: Json,
    /// Where it stands.
    pub state: TimetableState,
    /// When it rings next. UTC, whole ms; none when it does not any more.
    pub next_at: Option<DateTimeUtc>,
    /// Counts the changes by people.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
