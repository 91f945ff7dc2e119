//! Table `mediation_party`. One side of a mediation, and what it answers.

use sea_orm::entity::prelude::*;

/// One side of a mediation, and what it answers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mediation_party")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which mediation.
    pub mediation_id: i64,
    /// Who; once in a mediation.
    pub person_id: i64,
    /// Of which home, if that is how they were named.
    pub home_id: Option<i64>,
    /// To the present text; none while not answered.
    pub agrees: Option<bool>,
    /// Why not; for the mediator alone.
    pub reason: Option<String>,
    /// When they answered. UTC, whole ms.
    pub answered_at: Option<DateTimeUtc>,
    /// Whether they say that the agreement is kept.
    pub kept: Option<bool>,
    /// When they said so.
    pub kept_at: Option<DateTimeUtc>,
    /// Named as a party.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
