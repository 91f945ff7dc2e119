//! Table `lease`. Who of many instances holds what only one may hold.

use sea_orm::entity::prelude::*;

/// Who of many instances holds what only one may hold.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lease")]
pub struct Model {
    /// What is held: `robot.socket`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// By whom: a random name that an instance takes at its start.
    pub holder: String,
    /// Until when; then anybody may take it.
    pub until_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
