//! Table `bill`. What a home is asked for, for one month (账单).

use sea_orm::entity::prelude::*;

use crate::money::BillState;

/// What a home is asked for, for one month (账单).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which home.
    pub home_id: i64,
    /// The person who owes it; 0 while no owner is known.
    pub payer_id: i64,
    /// Year and month, 202611.
    pub month: i32,
    /// The first day that it covers.
    pub from_day: Date,
    /// The last one.
    pub to_day: Date,
    /// To be paid until the end of this day in China.
    pub due_on: Date,
    /// Sum of its charges in fen, without credits.
    pub amount: i64,
    /// Sum of its credit lines in fen.
    pub credited: i64,
    /// What payments have brought, in fen.
    pub paid: i64,
    /// What was waived, in fen.
    pub waived: i64,
    /// Where it stands.
    pub state: BillState,
    /// When nothing was left to pay. UTC, whole ms.
    pub settled_at: Option<DateTimeUtc>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
