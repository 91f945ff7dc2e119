//! Table `disclosure`. A published month of a compound’s accounts (财务公开); never changed, never removed.

use sea_orm::entity::prelude::*;

/// A published month of a compound’s accounts (财务公开); never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosure")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Counts the compound’s disclosures from 1, in the order in which they were published.
    pub position: i32,
    /// Year and month, 202611.
    pub month: i32,
    /// 1 for the first; a correction is the next.
    pub version: i32,
    /// Why it was corrected, for everybody; none for the first.
    pub reason: Option<String>,
    /// Digest of the one at the position before; zeros for the first.
    pub previous_hash: String,
    /// SHA-256 of its text, lower-case hex.
    pub hash: String,
    /// Who published it.
    pub published_by: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
