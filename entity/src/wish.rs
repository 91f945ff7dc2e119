//! Table `wish`. Something small that somebody wishes for and a neighbour may fulfil (微心愿).

use sea_orm::entity::prelude::*;

use crate::kinds::WishState;

/// Something small that somebody wishes for and a neighbour may fulfil (微心愿).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wish")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The asker's home when it was made: who may check it follows from it.
    pub place_id: i64,
    /// Who wishes.
    pub asker_id: i64,
    /// In their words.
    pub text: String,
    /// Where it stands.
    pub state: WishState,
    /// Who has it, or had it when it was fulfilled.
    pub claimer_id: Option<i64>,
    /// Since when. UTC, whole ms.
    pub claimed_at: Option<DateTimeUtc>,
    /// When the claim lapses.
    pub due_at: Option<DateTimeUtc>,
    /// What was done, in the claimer's words.
    pub result: Option<String>,
    /// When it was fulfilled.
    pub fulfilled_at: Option<DateTimeUtc>,
    /// The asker's thanks, for the claimer.
    pub thanks: Option<String>,
    /// Why it was refused or removed, for the asker.
    pub reason: Option<String>,
    /// Whether it was ever open to all.
    pub opened_at: Option<DateTimeUtc>,
    /// When it was fulfilled, refused, withdrawn or removed.
    pub ended_at: Option<DateTimeUtc>,
    /// Counts the changes.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
