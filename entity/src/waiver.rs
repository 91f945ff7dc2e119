//! Table `waiver`. An amount of a bill that is not asked for any longer (减免).

use sea_orm::entity::prelude::*;

use crate::money::WaiverState;

/// An amount of a bill that is not asked for any longer (减免).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waiver")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which bill.
    pub bill_id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// In fen, more than 0.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// What shows that it is right, as a picture or a document; none of what was asked before there was any.
    pub proof_id: Option<i64>,
    /// Where it stands.
    pub state: WaiverState,
    /// Who asked for it.
    pub asked_by: i64,
    /// The second person.
    pub decided_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub decided_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
