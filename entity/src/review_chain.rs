//! Table `review_chain`. A version of a compound’s rules for expenses; never changed, never removed.

use sea_orm::entity::prelude::*;

/// A version of a compound’s rules for expenses; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_chain")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Counts the compound’s versions from 1; the last one holds for new expenses.
    pub version: i32,
    /// The reviews in their order: name and roles of each.
    pub reviews: Json,
    /// How many reviews there are, at least 3.
    pub levels: i32,
    /// Days of the publication before paying.
    pub publish_days: i32,
    /// Days of the publication after paying.
    pub after_days: i32,
    /// Days after which whoever has to do something is reminded.
    pub remind_days: i32,
    /// Days of waiting after which an expense lapses.
    pub expire_days: i32,
    /// Fen from which on quotes are needed.
    pub quotes_from: i64,
    /// How many quotes, each of another supplier.
    pub quotes_least: i32,
    /// Fen from which on a tender run by the street is needed.
    pub tender_from: i64,
    /// Who set it; none for what came with the program.
    pub created_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
