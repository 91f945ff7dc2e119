//! Table `bill_run`. The making of a compound’s bills of one month.

use sea_orm::entity::prelude::*;

use crate::money::RunState;

/// The making of a compound’s bills of one month.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_run")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Year and month, 202611; once in a compound.
    pub month: i32,
    /// Where it stands.
    pub state: RunState,
    /// Homes up to this key are done.
    pub last_home_id: i64,
    /// Homes done.
    pub homes: i32,
    /// Bills made.
    pub bills: i32,
    /// Their sum in fen.
    pub amount: i64,
    /// Who started it; none for the clock.
    pub started_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
    /// UTC, whole ms.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
