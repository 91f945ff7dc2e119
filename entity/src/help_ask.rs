//! Table `help_ask`. Which talent was asked for help, in which order, and what came of it.

use sea_orm::entity::prelude::*;

use crate::kinds::HelpAnswer;

/// Which talent was asked for help, and what came of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "help_ask")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// For which request.
    pub request_id: i64,
    /// Whom.
    pub talent_id: i64,
    /// What came of it.
    pub answer: HelpAnswer,
    /// When they were asked. UTC, whole ms.
    pub asked_at: DateTimeUtc,
    /// When it was over. UTC, whole ms.
    pub answered_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
