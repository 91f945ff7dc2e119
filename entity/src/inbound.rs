//! Table `inbound`. A message that was taken: stored in the transaction of its effect, so that it has one.

use sea_orm::entity::prelude::*;

/// A message that was taken: stored in the transaction of its effect, so that it has one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound")]
pub struct Model {
    /// Channel and dedupe key (protocols §1.5).
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// From whom.
    pub account_id: Option<i64>,
    /// What was answered, for the platform's retries.
    pub reply: Option<String>,
    /// What was asked for in a group and goes to the person alone; `reply` then says so.
    pub private_reply: Option<String>,
    /// UTC, whole ms.
    pub received_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
