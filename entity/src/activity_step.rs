//! Table `activity_step`. The history of activities; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::ActorKind;
use crate::life::ActivityState;

/// An entry of the history of an activity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which activity.
    pub activity_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// drafted, opened, changed, closed …
    pub action: String,
    /// State before; none at the beginning.
    pub from_state: Option<ActivityState>,
    /// State after.
    pub to_state: ActivityState,
    /// Staff, system.
    pub actor_kind: ActorKind,
    /// Who.
    pub actor_id: Option<i64>,
    /// Words that go with it.
    pub note: Option<String>,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
