//! Table `visit`. Somebody whom no channel reaches is to be told at the door.

use sea_orm::entity::prelude::*;

use crate::kinds::VisitState;

/// Somebody whom no channel reaches is to be told at the door.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visit")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who is to be told.
    pub person_id: i64,
    /// At which door.
    pub place_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// What it is about, `case:12`; one open visit for a person and a subject.
    pub subject: String,
    /// Kind of the message that could not be sent.
    pub kind: String,
    /// What to tell, as it was composed last.
    pub text: String,
    /// Who goes; none while nobody answers for the place.
    pub holder_id: Option<i64>,
    /// Where it stands.
    pub state: VisitState,
    /// Since when it waits. UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Told.
    pub done_at: Option<DateTimeUtc>,
    /// By whom.
    pub done_by: Option<i64>,
    /// What came of it, in the visitor's words.
    pub result: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
