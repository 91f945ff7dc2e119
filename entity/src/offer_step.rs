//! Table `offer_step`. The history of items of the four lists; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::{ActorKind, OfferState};

/// An entry of the history of an item of the four lists.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which item.
    pub offer_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// published, opened, tied, closed …
    pub action: String,
    /// State before; none at the beginning.
    pub from_state: Option<OfferState>,
    /// State after.
    pub to_state: OfferState,
    /// Resident, staff, system.
    pub actor_kind: ActorKind,
    /// Who.
    pub actor_id: Option<i64>,
    /// The other item of a tie.
    pub other_id: Option<i64>,
    /// Words that go with it.
    pub note: Option<String>,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
