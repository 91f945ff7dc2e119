//! Table `expense_quote`. What a supplier asks for an expense; fixed once the reviewers have it.

use sea_orm::entity::prelude::*;

/// What a supplier asks for an expense; fixed once the reviewers have it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expense_quote")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which expense.
    pub expense_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Who.
    pub supplier: String,
    /// In fen, more than 0.
    pub amount: i64,
    /// Words with it.
    pub note: Option<String>,
    /// Picture of the quote.
    pub attachment_id: Option<i64>,
    /// Who put it there.
    pub created_by: i64,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
