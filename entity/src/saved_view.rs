//! Table `saved_view`. A list of cases that somebody looks at often.

use sea_orm::entity::prelude::*;

/// A list of cases that somebody looks at often.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_view")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose.
    pub person_id: i64,
    /// What they call it; unique for a person.
    pub name: String,
    /// The filters as the page's address holds them.
    pub query: String,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
