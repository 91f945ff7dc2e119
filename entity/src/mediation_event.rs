//! Table `mediation_event`. The history of mediations; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::{ActorKind, MediationState};

/// An entry of the history of a mediation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mediation_event")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which mediation.
    pub mediation_id: i64,
    /// opened, party, session, proposed, agreed …
    pub action: String,
    /// State before.
    pub from_state: Option<MediationState>,
    /// State after.
    pub to_state: Option<MediationState>,
    /// Resident, staff, system.
    pub actor_kind: ActorKind,
    /// Who.
    pub actor_id: Option<i64>,
    /// Words that go with it.
    pub note: Option<String>,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
