//! Table `preference`. What somebody does not want to be told.

use sea_orm::entity::prelude::*;

/// What somebody does not want to be told.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preference")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: i64,
    /// Kind of push as people know it (delivery/topic.rs): `progress`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub topic: String,
    /// Switched off; on again it is false.
    pub off: bool,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
