//! Table `work_card`. A card with buttons that was sent to a member in WeCom.

use sea_orm::entity::prelude::*;

use crate::kinds::CardState;

/// A card with buttons that was sent to a member in WeCom.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "work_card")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// To which account.
    pub account_id: i64,
    /// Whose.
    pub person_id: i64,
    /// What it is about: `case:12`.
    pub subject: String,
    /// Our name of it at WeCom.
    #[sea_orm(unique)]
    pub task_id: String,
    /// Good for one change of it; none when it was used.
    pub response_code: Option<String>,
    /// Until when the code is good.
    pub expires_at: Option<DateTimeUtc>,
    /// Digest of what it shows.
    pub shown: String,
    /// Whether it can still be pressed.
    pub state: CardState,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
