//! Table `dispatch_rule`. Who gets a case: first match wins (capability C3).

use sea_orm::entity::prelude::*;

use crate::kinds::{CaseKind, RoleKind};

/// Who gets a case: first match wins (capability C3).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch_rule")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Holds for this place and all below.
    pub place_id: i64,
    /// Only this kind of case.
    pub kind: Option<CaseKind>,
    /// Only this category (case/category.rs).
    pub category: Option<String>,
    /// Order; lower first; nearer places go before farther ones.
    pub position: i32,
    /// To somebody of this organisation.
    pub organisation_id: Option<i64>,
    /// To this person.
    pub person_id: Option<i64>,
    /// To the nearest holder of this role.
    pub role: Option<RoleKind>,
    /// One more with each change.
    pub version: i32,
    /// Since when it does not count; none while it does.
    pub off_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
