//! Table `deletion_log`. What was removed because its time was over: how much, not what.

use sea_orm::entity::prelude::*;

/// What was removed because its time was over: how much, not what.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletion_log")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Class of data (privacy/retention.rs).
    pub class: String,
    /// How many.
    pub count: i64,
    /// Everything before this moment.
    pub up_to: DateTimeUtc,
    /// When it was removed.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
