//! Table `activity`. Something that people of a compound do together.

use sea_orm::entity::prelude::*;

use crate::life::{ActivityKind, ActivityState};

/// Something that people of a compound do together.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who may lead it follows from it: the compound, or a part of it.
    pub place_id: i64,
    /// Who made it.
    pub author_id: i64,
    /// What it is.
    pub kind: ActivityKind,
    /// One line.
    pub title: String,
    /// What people should know; may be empty.
    pub text: String,
    /// Where people meet.
    pub venue: String,
    /// When it begins. UTC, whole ms.
    pub starts_at: DateTimeUtc,
    /// When it is over.
    pub ends_at: DateTimeUtc,
    /// Until when people sign up.
    pub closes_at: DateTimeUtc,
    /// For how many people; none: for all who come.
    pub places: Option<i32>,
    /// People who have a place, those who come with somebody included.
    pub taken: i32,
    /// People who wait for one.
    pub waiting: i32,
    /// The last number in the line of those who sign up.
    pub ticket: i64,
    /// Where it stands.
    pub state: ActivityState,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Counts the changes of what stands above, not the sign-ups.
    pub version: i32,
    /// When people could first see it.
    pub opened_at: Option<DateTimeUtc>,
    /// When it was cancelled or held.
    pub ended_at: Option<DateTimeUtc>,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
