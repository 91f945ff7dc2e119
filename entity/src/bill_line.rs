//! Table `bill_line`. A line of a bill: a charge, or a credit that corrects one; never changed, never removed.

use sea_orm::entity::prelude::*;

/// A line of a bill: a charge, or a credit that corrects one; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_line")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which bill.
    pub bill_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which fee; none for what is charged once.
    pub fee_item_id: Option<i64>,
    /// What is charged once.
    pub fee_charge_id: Option<i64>,
    /// The line that this credit corrects.
    pub corrects: Option<i64>,
    /// The account of the books, `income:property`.
    pub account: String,
    /// What the bill calls it.
    pub name: String,
    /// How it was computed, for people.
    pub formula: String,
    /// What the price rests on, for people.
    pub basis: String,
    /// In fen; credits are less than 0.
    pub amount: i64,
    /// The last day that this late fee is for; none for everything else.
    pub late_to: Option<Date>,
    /// The sale of the home by which this moved from one owner's bill to another's; none for everything else.
    pub sale_id: Option<i64>,
    /// Who made the credit; none for charges.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
