//! Table `volunteer_service`. Somebody's part in a task of volunteers, and the time that it took.

use sea_orm::entity::prelude::*;

use crate::life::ServiceState;

/// Somebody's part in a task of volunteers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "volunteer_service")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// In which task.
    pub task_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who; none once they are forgotten.
    pub person_id: Option<i64>,
    /// Where it stands.
    pub state: ServiceState,
    /// When they began. UTC, whole ms.
    pub in_at: Option<DateTimeUtc>,
    /// When they ended.
    pub out_at: Option<DateTimeUtc>,
    /// Whole minutes between the two.
    pub minutes: Option<i32>,
    /// Who confirmed or refused them.
    pub decided_by: Option<i64>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
    /// Why they were refused.
    pub reason: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
