//! Table `halt`. Until when all instances leave a way of sending alone.

use sea_orm::entity::prelude::*;

/// Until when all instances leave a way of sending alone.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "halt")]
pub struct Model {
    /// Which (delivery/choose.rs): `template`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub carrier: String,
    /// Until then.
    pub until_at: DateTimeUtc,
    /// `quota` or `outage`.
    pub reason: String,
    /// How often in a row it was found down.
    pub times: i32,
}

impl ActiveModelBehavior for ActiveModel {}
