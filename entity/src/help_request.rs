//! Table `help_request`. What somebody would like a talented neighbour to help with (找帮手).

use sea_orm::entity::prelude::*;

use crate::kinds::{HelpState, TalentKind};

/// What somebody would like a talented neighbour to help with (找帮手).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "help_request")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who asks.
    pub asker_id: i64,
    /// What kind of talent.
    pub kind: TalentKind,
    /// What for, in their words.
    pub text: String,
    /// Where it stands.
    pub state: HelpState,
    /// Who is asked, or has said yes.
    pub talent_id: Option<i64>,
    /// When the next one is asked. UTC, whole ms.
    pub due_at: Option<DateTimeUtc>,
    /// When it lapses. UTC, whole ms.
    pub lapses_at: DateTimeUtc,
    /// When it was over. UTC, whole ms.
    pub ended_at: Option<DateTimeUtc>,
    /// Counts the changes.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
