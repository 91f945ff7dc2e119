//! Table `recovery_code`. What stands in for the second factor, once, when the phone is lost.

use sea_orm::entity::prelude::*;

/// What stands in for the second factor, once, when the phone is lost.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_code")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which name and password.
    pub credential_id: i64,
    /// Keyed hash of the code.
    pub code_index: String,
    /// UTC, whole ms.
    pub used_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
