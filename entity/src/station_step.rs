//! Table `station_step`. The history of loans, bookings and deposits; append-only.

use sea_orm::entity::prelude::*;

use crate::kinds::ActorKind;

/// The history of loans, bookings and deposits; append-only.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_step")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// `loan:12`, `booking:12`, `deposit:12`.
    pub subject: String,
    /// lent, handed, returned, booked …
    pub action: String,
    /// State before; none at the beginning.
    pub from_state: Option<String>,
    /// State after.
    pub to_state: String,
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
