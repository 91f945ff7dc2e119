//! Table `talent`. What somebody is good at and offers to their neighbours (特长).

use sea_orm::entity::prelude::*;

use crate::kinds::{TalentKind, TalentState};

/// What somebody is good at and offers to their neighbours (特长).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "talent")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant: where it is offered.
    pub compound_id: i64,
    /// Who.
    pub person_id: i64,
    /// What kind.
    pub kind: TalentKind,
    /// In their words.
    pub text: String,
    /// Where it stands.
    pub state: TalentState,
    /// When they agreed to be asked and, once they say yes, to be named. UTC, whole ms.
    pub consent_at: DateTimeUtc,
    /// How often it was asked.
    pub asked: i32,
    /// When last. UTC, whole ms.
    pub asked_at: Option<DateTimeUtc>,
    /// When it was withdrawn. UTC, whole ms.
    pub ended_at: Option<DateTimeUtc>,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
