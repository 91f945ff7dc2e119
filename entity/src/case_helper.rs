//! Table `case_helper`. Who helps the holder of a case (助力), or is invited to.

use sea_orm::entity::prelude::*;

/// Who helps the holder of a case (助力), or is invited to.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_helper")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which case; once for each person.
    pub case_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who helps.
    pub person_id: i64,
    /// Who asked for it last; none for whoever came by themselves.
    pub invited_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Since when; none while only invited.
    pub joined_at: Option<DateTimeUtc>,
    /// Left, or said no.
    pub left_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
