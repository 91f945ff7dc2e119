//! Table `correction`. What somebody says is wrong in what is kept of them.

use sea_orm::entity::prelude::*;

use crate::kinds::{CorrectionField, CorrectionState};

/// What somebody says is wrong in what is kept of them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "correction")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose data.
    pub person_id: i64,
    /// By which account.
    pub account_id: i64,
    /// Whose staff decides: the home or the place of the role.
    pub place_id: i64,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// What is wrong.
    pub field: CorrectionField,
    /// How it should be, encrypted; empty once decided.
    pub value_sealed: String,
    /// Where it stands.
    pub state: CorrectionState,
    /// Person who decided.
    pub decided_by: Option<i64>,
    /// When.
    pub decided_at: Option<DateTimeUtc>,
    /// Why refused.
    pub reason: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
