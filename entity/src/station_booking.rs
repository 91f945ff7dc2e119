//! Table `station_booking`. A room that somebody has booked.

use sea_orm::entity::prelude::*;

use crate::kinds::BookingState;

/// A room that somebody has booked.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "station_booking")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Of which station.
    pub station_id: i64,
    /// Which room.
    pub room_id: i64,
    /// Who; seen by keepers only.
    pub booker_id: i64,
    /// Booked by staff for their work.
    pub official: bool,
    /// What for, in the booker's words.
    pub purpose: Option<String>,
    /// Begins. UTC, whole ms.
    pub from_at: DateTimeUtc,
    /// Ends; the next may begin.
    pub to_at: DateTimeUtc,
    /// Where it stands.
    pub state: BookingState,
    /// Why it was cancelled or had to give way, for the booker.
    pub reason: Option<String>,
    /// Counts the changes.
    pub version: i32,
    /// Made. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
