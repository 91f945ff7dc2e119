//! Table `guess`. One try to bind, so that tries can be limited (capability P3).

use sea_orm::entity::prelude::*;

/// One try to bind, so that tries can be limited (capability P3).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guess")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who tried.
    pub account_id: i64,
    /// `home` or `invitation`.
    pub kind: String,
    /// UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
