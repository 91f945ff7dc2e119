//! Table `fee_item`. What a compound bills for.

use sea_orm::entity::prelude::*;

use crate::kinds::{FeeKind, FeeSplit};

/// What a compound bills for.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fee_item")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose.
    pub compound_id: i64,
    /// What it is called on the bill.
    pub name: String,
    /// How it is computed.
    pub kind: FeeKind,
    /// In 1/10 000 yuan (1/100 fen) per m² and month, per home and month, per space and month, or per unit
    /// of a meter.
    pub unit_price: i64,
    /// For shared costs.
    pub split: Option<FeeSplit>,
    /// Day of the month, 1 to 28.
    pub due_day: i16,
    /// Only for homes below this place; all of the compound if none.
    pub place_id: Option<i64>,
    /// First month that is billed, 202611; from the beginning if none.
    pub from_month: Option<i32>,
    /// Last month that is billed; no end if none.
    pub to_month: Option<i32>,
    /// What the price rests on, as the bill prints it: the contract, the owners' decision.
    pub basis: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
