//! Table `activity_signup`. Who takes part in an activity, or waits for a place.

use sea_orm::entity::prelude::*;

use crate::life::SignupState;

/// Who takes part in an activity, or waits for a place: one row for each person, whoever comes with them
/// is a number.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_signup")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// In which activity.
    pub activity_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who; none once they are forgotten.
    pub person_id: Option<i64>,
    /// How many they are, themselves included.
    pub size: i32,
    /// Their number in the line: the smaller waits longer.
    pub ticket: i64,
    /// Where it stands.
    pub state: SignupState,
    /// Wants to be told an hour before, too.
    pub hour_before: bool,
    /// When they came. UTC, whole ms.
    pub checked_at: Option<DateTimeUtc>,
    /// Who wrote that down; none: they did, by the code.
    pub checked_by: Option<i64>,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
