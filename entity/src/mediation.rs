//! Table `mediation`. A dispute on its way to an agreement (调解).

use sea_orm::entity::prelude::*;

use crate::kinds::{Centre, MediationState};

/// A dispute on its way to an agreement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mediation")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The case it comes from; one open mediation for a case.
    pub case_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The place of the case: who may do what follows from it.
    pub place_id: i64,
    /// Where it is held.
    pub centre: Centre,
    /// Where it stands.
    pub state: MediationState,
    /// Who mediates.
    pub mediator_id: i64,
    /// The text that both sides are asked about, as written last.
    pub agreement: Option<String>,
    /// Counts the texts; an answer is to one of them.
    pub version: i32,
    /// Days after which it is asked whether the agreement is kept.
    pub follow_days: i32,
    /// When the text was written. UTC, whole ms.
    pub proposed_at: Option<DateTimeUtc>,
    /// When the last party agreed.
    pub agreed_at: Option<DateTimeUtc>,
    /// When it is asked whether it is kept.
    pub follow_at: Option<DateTimeUtc>,
    /// How it ended, in the mediator's words.
    pub outcome: Option<String>,
    /// Kept or failed.
    pub closed_at: Option<DateTimeUtc>,
    /// Opened.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
