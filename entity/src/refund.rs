//! Table `refund`. Money that goes back.

use sea_orm::entity::prelude::*;

use crate::money::{RefundCause, RefundState};

/// Money that goes back.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which payment; none of what is kept for somebody (预存).
    pub payment_id: Option<i64>,
    /// For which home it is kept; none of a payment.
    pub home_id: Option<i64>,
    /// For whom it is kept; none of a payment.
    pub payer_id: Option<i64>,
    /// Tenant.
    pub compound_id: i64,
    /// In fen, more than 0.
    pub amount: i64,
    /// Why.
    pub cause: RefundCause,
    /// In words.
    pub reason: String,
    /// Where it stands.
    pub state: RefundState,
    /// Our number at the platform, the same on every try.
    pub out_refund_no: String,
    /// The platform’s number.
    pub refund_id: Option<String>,
    /// The platform’s number of the money that came too much; none when a person asked.
    pub transaction_id: Option<String>,
    /// Who asked for it; none for the system.
    pub asked_by: Option<i64>,
    /// The second person.
    pub decided_by: Option<i64>,
    /// Who gave it to people to pay out, since the platform did not do it.
    pub handed_by: Option<i64>,
    /// The account that it was paid out from by somebody, `assets:cash`; none when the platform did it.
    pub paid_from: Option<String>,
    /// Who paid it out: neither who asked for it nor who gave it to people.
    pub paid_by: Option<i64>,
    /// The slip of that.
    pub proof_id: Option<i64>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
    /// When the platform took it, as it says itself; none while nobody knows. UTC, whole ms.
    pub sent_at: Option<DateTimeUtc>,
    /// When it was over. UTC, whole ms.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
