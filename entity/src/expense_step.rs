//! Table `expense_step`. Something that was done to an expense; never changed, never removed.

use sea_orm::entity::prelude::*;

use crate::money::ExpenseAct;

/// Something that was done to an expense; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expense_step")]
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
    /// What.
    pub act: ExpenseAct,
    /// Of a review: which one, from 1.
    pub level: Option<i32>,
    /// Who; none for a clock.
    pub actor_id: Option<i64>,
    /// Words with it.
    pub words: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
