//! Table `consent`. That an account was told how personal data is handled, and went on.

use sea_orm::entity::prelude::*;

/// That an account was told how personal data is handled, and went on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who.
    pub account_id: i64,
    /// Which version of the rules.
    pub version: i32,
    /// When it was told.
    pub told_at: DateTimeUtc,
    /// When it went on, knowing them.
    pub agreed_at: Option<DateTimeUtc>,
    /// When it was taken back (注销).
    pub withdrawn_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
