//! Table `group_dialog`. What the next words of one member of a group may mean.

use sea_orm::entity::prelude::*;

/// What the next words of one member of a group may mean: apart from the others' and from what the
/// same person speaks of alone.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "group_dialog")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: i64,
    /// In which group, by the platform's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat_id: String,
    /// As `account.dialog`.
    pub dialog: Json,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
