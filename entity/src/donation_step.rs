//! Table `donation_step`. The history of donations; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::{ActorKind, DonationState};

/// An entry of the history of a donation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which donation.
    pub donation_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// pledged, received, declined, returned …
    pub action: String,
    /// State before; none at the beginning.
    pub from_state: Option<DonationState>,
    /// State after.
    pub to_state: DonationState,
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
