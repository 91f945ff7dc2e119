//! Table `session`. A signed-in mini-program or partner.

use sea_orm::entity::prelude::*;

/// A signed-in mini-program or partner.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Keyed hash of the bearer token.
    #[sea_orm(unique)]
    pub token_index: String,
    /// Whose.
    pub account_id: i64,
    /// WeChat's session_key, encrypted; it never leaves the server.
    pub session_key_sealed: Option<String>,
    /// UTC, whole ms.
    pub expires_at: DateTimeUtc,
    /// UTC, whole ms.
    pub revoked_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
