//! Table `response_policy`. The clocks of a place for a grade (5341, capability C4).

use sea_orm::entity::prelude::*;

use crate::kinds::{Grade, Level};

/// The clocks of a place for a grade (5341, capability C4). One row for a place, grade and level.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "response_policy")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Holds for this place and all below without their own.
    pub place_id: i64,
    /// For cases of this grade.
    pub grade: Grade,
    /// Only while a case lies at this level; all levels without their own if none.
    pub level: Option<Level>,
    /// Minutes until the holder must have accepted.
    pub accept_minutes: i32,
    /// Minutes from accepting until the holder must be on the scene; no such clock if none.
    pub arrive_minutes: Option<i32>,
    /// Minutes until the case must be finished; no such clock if none.
    pub finish_minutes: Option<i32>,
    /// Minutes until there must be a plan; no such clock if none.
    pub plan_minutes: Option<i32>,
    /// Minutes count only while this calendar is open; round the clock if none.
    pub calendar_id: Option<i64>,
    /// One more with each change.
    pub version: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
