//! Table `wish_step`. The history of wishes; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::{ActorKind, WishState};

/// An entry of the history of a wish.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wish_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which wish.
    pub wish_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// raised, opened, claimed, lapsed …
    pub action: String,
    /// State before; none at the beginning.
    pub from_state: Option<WishState>,
    /// State after.
    pub to_state: WishState,
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
