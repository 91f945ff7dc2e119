//! Table `delivery`. One attempt to reach a person.

use sea_orm::entity::prelude::*;

use crate::kinds::DeliveryState;

/// One attempt to reach a person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which reminder caused it.
    pub reminder_id: Option<i64>,
    /// Whom.
    pub person_id: Option<i64>,
    /// By which account.
    pub account_id: Option<i64>,
    /// How (delivery/choose.rs): template, customer … visit, none.
    pub channel: String,
    /// Kind of message (delivery/mod.rs).
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Ours, the same for each retry: the platform drops repeats.
    pub client_msg_id: String,
    /// The platform's message id.
    pub platform_id: Option<String>,
    /// How it went.
    pub state: DeliveryState,
    /// The platform's code.
    pub error_code: Option<i64>,
    /// The platform's words.
    pub error: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
