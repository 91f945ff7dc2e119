//! Table `mediation_session`. When and where the parties of a mediation meet.

use sea_orm::entity::prelude::*;

/// When and where the parties of a mediation meet.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mediation_session")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which mediation.
    pub mediation_id: i64,
    /// When. UTC, whole ms.
    pub at: DateTimeUtc,
    /// Where, in words.
    pub venue: String,
    /// Another time or place took its stead.
    pub cancelled_at: Option<DateTimeUtc>,
    /// Called.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
