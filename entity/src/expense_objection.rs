//! Table `expense_objection`. A case in which somebody objects to a published expense; never changed, never removed.

use sea_orm::entity::prelude::*;

/// A case in which somebody objects to a published expense; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expense_objection")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which expense.
    pub expense_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In which round.
    pub round: i32,
    /// The case.
    pub case_id: i64,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
