//! Table `case_event`. The history of a case: append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::{ActorKind, CaseState, CaseStep};

/// The history of a case: append-only.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_event")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which case.
    pub case_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In which round.
    pub round: i32,
    /// filed, dispatched, accepted … (case/mod.rs).
    pub action: String,
    /// Which of the seven steps it is; unique in a round.
    pub step: Option<CaseStep>,
    /// Before.
    pub from_state: Option<CaseState>,
    /// After.
    pub to_state: Option<CaseState>,
    /// On whose behalf.
    pub actor_kind: ActorKind,
    /// Which person.
    pub actor_id: Option<i64>,
    /// Words that go with it.
    pub note: Option<String>,
    /// UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
