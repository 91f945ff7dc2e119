//! Table `sign_in_try`. Failed tries to sign in, by name and by address: all instances count together.

use sea_orm::entity::prelude::*;

/// Failed tries to sign in.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_try")]
pub struct Model {
    /// What is counted and the keyed hash of whose: `login:…`, `address:…`, `code:…`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Tries since the last one that was right.
    pub failures: i32,
    /// Until then none is looked at.
    pub until_at: Option<DateTimeUtc>,
    /// The last one; UTC, whole ms.
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
