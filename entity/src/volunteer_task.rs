//! Table `volunteer_task`. Something for volunteers to do, by itself or at an activity.

use sea_orm::entity::prelude::*;

use crate::life::VolunteerTaskState;

/// Something for volunteers to do.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "volunteer_task")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who may lead it follows from it.
    pub place_id: i64,
    /// Who made it: asked to confirm the hours.
    pub author_id: i64,
    /// At which activity they help; time and place follow that one.
    pub activity_id: Option<i64>,
    /// One line.
    pub title: String,
    /// Where.
    pub venue: String,
    /// When it begins. UTC, whole ms.
    pub starts_at: DateTimeUtc,
    /// When it is over.
    pub ends_at: DateTimeUtc,
    /// How many are needed.
    pub wanted: i32,
    /// How many have said to come.
    pub taken: i32,
    /// Where it stands.
    pub state: VolunteerTaskState,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Counts the changes of what stands above.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
