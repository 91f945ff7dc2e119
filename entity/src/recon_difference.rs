//! Table `recon_difference`. Something in which the platform’s bill and our books differ.

use sea_orm::entity::prelude::*;

use crate::money::DifferenceKind;

/// Something in which the platform’s bill and our books differ.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recon_difference")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which day.
    pub reconciliation_id: i64,
    /// Tenant, where it is known.
    pub compound_id: Option<i64>,
    /// In what.
    pub kind: DifferenceKind,
    /// Our number at the platform, or theirs.
    pub reference: String,
    /// Our amount in fen.
    pub ours: Option<i64>,
    /// Theirs in fen.
    pub theirs: Option<i64>,
    /// UTC, whole ms.
    pub solved_at: Option<DateTimeUtc>,
    /// Who solved it; none while it is open, or the system.
    pub solved_by: Option<i64>,
    /// How.
    pub note: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
