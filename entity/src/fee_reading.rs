//! Table `fee_reading`. What a meter of a home showed in a month.

use sea_orm::entity::prelude::*;

/// What a meter of a home showed in a month.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_reading")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which fee.
    pub fee_item_id: i64,
    /// Which home.
    pub home_id: i64,
    /// Year and month, 202611.
    pub month: i32,
    /// The reading before, in thousandths of the unit.
    pub before_milli: i64,
    /// The reading now, in thousandths of the unit.
    pub after_milli: i64,
    /// Who brought it.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
