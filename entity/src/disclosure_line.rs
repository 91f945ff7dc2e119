//! Table `disclosure_line`. A line of a published month; never changed, never removed.

use sea_orm::entity::prelude::*;

/// A line of a published month; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosure_line")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which disclosure.
    pub disclosure_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// From 1.
    pub position: i32,
    /// The account of the books, or `equity:surplus`.
    pub account: String,
    /// In fen, before the month; 0 for income and expenses.
    pub opening: i64,
    /// What it grew by, in fen.
    pub plus: i64,
    /// What it shrank by, in fen.
    pub minus: i64,
    /// In fen, after the month; for income and expenses what the month brought.
    pub closing: i64,
}

impl ActiveModelBehavior for ActiveModel {}
