//! Table `idempotency`. The answer to a POST, kept for its repeats.

use sea_orm::entity::prelude::*;

/// The answer to a POST, kept for its repeats.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Whose key it is: `account:12`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// The client's Idempotency-Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Method, path and body; another request under the same key is refused.
    pub request_hash: String,
    /// HTTP status of the answer.
    pub status: Option<i16>,
    /// The answer.
    pub body: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
