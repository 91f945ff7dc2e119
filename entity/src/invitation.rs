//! Table `invitation`. A single-use code by which a person with a role binds a chat account.

use sea_orm::entity::prelude::*;

/// A single-use code by which a person with a role binds a chat account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// For whom.
    pub person_id: i64,
    /// Keyed hash of the eight digits; the code itself is not kept.
    #[sea_orm(unique)]
    pub code_index: String,
    /// 24 h after creation.
    pub expires_at: DateTimeUtc,
    /// When it was used.
    pub used_at: Option<DateTimeUtc>,
    /// Account that used it.
    pub used_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
