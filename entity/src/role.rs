//! Table `role`. What a person answers for: on a place, for a term.

use sea_orm::entity::prelude::*;

use crate::kinds::RoleKind;

/// What a person answers for: on a place, for a term.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who.
    pub person_id: i64,
    /// What.
    pub role: RoleKind,
    /// Where; none is everywhere (administrator).
    pub place_id: Option<i64>,
    /// The place's compound, if it lies in one.
    pub compound_id: Option<i64>,
    /// For which organisation, if any.
    pub organisation_id: Option<i64>,
    /// Begin of the term, inclusive.
    pub from_at: DateTimeUtc,
    /// End of the term, exclusive.
    pub to_at: Option<DateTimeUtc>,
    /// Why it ended before its time, in the words that the person was told.
    pub end_reason: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
