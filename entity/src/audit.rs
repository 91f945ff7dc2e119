//! Table `audit`. Who did what, when: append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::ActorKind;

/// Who did what, when: append-only.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// UTC, whole ms.
    pub at: DateTimeUtc,
    /// On whose behalf.
    pub actor_kind: ActorKind,
    /// Which person.
    pub actor_id: Option<i64>,
    /// By which account.
    pub account_id: Option<i64>,
    /// `case.file`, `role.grant` …
    pub action: String,
    /// What was changed, `case:12`.
    pub subject: String,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// What else, without personal data.
    pub detail: Option<Json>,
}

impl ActiveModelBehavior for ActiveModel {}
