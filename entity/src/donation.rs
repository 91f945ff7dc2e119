//! Table `donation`. Money or goods that somebody gives; never removed.

use sea_orm::entity::prelude::*;

use crate::kinds::{DonationKind, DonationState};

/// Money or goods that somebody gives; never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donation")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// For which drive; none: for whatever the compound does good with.
    pub drive_id: Option<i64>,
    /// Who gives; none if nobody we know, or gone.
    pub donor_id: Option<i64>,
    /// Who gives, as the counter wrote it down of somebody whom the roster does not know.
    pub donor_name: Option<String>,
    /// Whether nobody is to learn who gave.
    pub anonymous: bool,
    /// Money or goods.
    pub kind: DonationKind,
    /// Of money fen, of goods pieces; more than 0.
    pub amount: i64,
    /// What of it was used, in the same unit.
    pub used: i64,
    /// What of it went back, in the same unit.
    pub returned: i64,
    /// What the goods are, in the donor's words.
    pub goods: Option<String>,
    /// The room of the compound that they are for: 书画室.
    pub room: Option<String>,
    /// Where it stands.
    pub state: DonationState,
    /// Why it was declined, for the donor.
    pub reason: Option<String>,
    /// Mark of the form of the counter, so that one form is one donation.
    pub mark: Option<String>,
    /// Who wrote it down at the counter.
    pub recorded_by: Option<i64>,
    /// Since when it is there: the order in which it is used. UTC, whole ms.
    pub received_at: Option<DateTimeUtc>,
    /// When it came to nothing. UTC, whole ms.
    pub ended_at: Option<DateTimeUtc>,
    /// Counts the changes of its state.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
