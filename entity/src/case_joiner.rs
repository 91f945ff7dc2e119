//! Table `case_joiner`. Who has met the same as somebody else's case, and is told of it (我也遇到).

use sea_orm::entity::prelude::*;

/// Who has met the same as somebody else's case, and is told of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_joiner")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which case; one open row for a case and a person.
    pub case_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who.
    pub person_id: i64,
    /// Of which home: homes are counted, not people.
    pub home_id: Option<i64>,
    /// The case merged by which they came; none when they joined of themselves.
    pub from_case_id: Option<i64>,
    /// 1 to 5, of the last end that they rated: once for each (case/joiner.rs).
    pub rating: Option<i16>,
    /// Their words with it.
    pub rating_text: Option<String>,
    /// When they rated.
    pub rated_at: Option<DateTimeUtc>,
    /// Joined. UTC, whole ms.
    pub at: DateTimeUtc,
    /// Left again, or parted with the case they came by.
    pub left_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
