//! Table `console_session`. Somebody signed in to the console.

use sea_orm::entity::prelude::*;

use crate::kinds::ConsoleWay;

/// Somebody signed in to the console.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "console_session")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Keyed hash of the cookie's token; a new one at each step of signing in.
    #[sea_orm(unique)]
    pub token_index: String,
    /// Whose.
    pub person_id: i64,
    /// By which name and password; none by WeCom.
    pub credential_id: Option<i64>,
    /// How.
    pub way: ConsoleWay,
    /// The second factor was given in this session.
    pub verified: bool,
    /// What the browser calls itself, shortened.
    pub agent: String,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Last used, to the minute.
    pub seen_at: DateTimeUtc,
    /// The end, however much it is used.
    pub expires_at: DateTimeUtc,
    /// Signed out, or ended from elsewhere.
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
