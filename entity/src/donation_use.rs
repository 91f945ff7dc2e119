//! Table `donation_use`. What donations were used for; never changed, never removed.

use sea_orm::entity::prelude::*;

use crate::kinds::DonationKind;

/// What donations were used for; never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation_use")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Out of which drive; none: out of what was given for none.
    pub drive_id: Option<i64>,
    /// Money or goods.
    pub kind: DonationKind,
    /// What for; for everybody.
    pub what: String,
    /// When, China's day.
    pub day: Date,
    /// Of money fen, of goods pieces: the sum of its shares.
    pub amount: i64,
    /// The expense by which the money left the books; none for goods.
    pub expense_id: Option<i64>,
    /// Picture of the slip or of what was done with it.
    pub proof_id: Option<i64>,
    /// Who wrote it down.
    pub recorded_by: i64,
    /// Mark of the form, so that one form is one use.
    pub mark: String,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
