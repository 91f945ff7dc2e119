//! Table `subscription`. How many messages of a template an account has accepted and not had yet.

use sea_orm::entity::prelude::*;

/// How many messages of a template an account has accepted and not had yet.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose; unique with the template.
    pub account_id: i64,
    /// The platform's template id.
    pub template: String,
    /// Messages that may still be sent.
    pub remaining: i32,
    /// Accepts that the phone has told and the platform has not confirmed yet; below zero the other
    /// way round.
    pub ahead: i32,
    /// The last answer: accept, reject, ban, filter.
    pub answer: String,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
