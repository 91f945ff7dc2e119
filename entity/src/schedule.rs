//! Table `schedule`. A slot of clock work: whichever instance inserts it runs it.

use sea_orm::entity::prelude::*;

/// A slot of clock work: whichever instance inserts it runs it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    /// Which work.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Which time, `2026-11-20T22:31`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: String,
    /// UTC, whole ms.
    pub started_at: DateTimeUtc,
    /// None while running, or after a crash.
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
