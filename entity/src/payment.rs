//! Table `payment`. Money that somebody pays for a home.

use sea_orm::entity::prelude::*;

use crate::money::{PayWay, PaymentState};

/// Money that somebody pays for a home.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// For which home.
    pub home_id: i64,
    /// Who pays; none if nobody we know.
    pub payer_id: Option<i64>,
    /// By which chat account.
    pub account_id: Option<i64>,
    /// How.
    pub way: PayWay,
    /// Where it stands.
    pub state: PaymentState,
    /// In fen, more than 0.
    pub amount: i64,
    /// Keys of the bills that were meant, in the order in which they are paid.
    pub bills: Json,
    /// What was paid of them when it was ordered, in fen: what others pay meanwhile shows by it. None where
    /// nobody can pay meanwhile.
    pub paid_before: Option<i64>,
    /// The receiving account’s name.
    pub merchant: Option<String>,
    /// Its number at the platform.
    pub mch_id: Option<String>,
    /// The app that it was ordered for.
    pub app_id: Option<String>,
    /// Who pays there.
    pub open_id: Option<String>,
    /// For which donation; then the home is the compound itself and there are no bills.
    pub donation_id: Option<i64>,
    /// Our number at the platform; of cash and transfers the mark of the form, so that one form is one
    /// payment.
    pub out_trade_no: Option<String>,
    /// The platform’s word for the order.
    pub prepay_id: Option<String>,
    /// Since when; it holds two hours. UTC, whole ms.
    pub prepaid_at: Option<DateTimeUtc>,
    /// The platform’s number of what was paid.
    pub transaction_id: Option<String>,
    /// Picture of the slip or the transfer.
    pub proof_id: Option<i64>,
    /// What whoever took it in wrote.
    pub note: Option<String>,
    /// Who took it in.
    pub recorded_by: Option<i64>,
    /// The platform takes nothing after that. UTC, whole ms.
    pub expires_at: Option<DateTimeUtc>,
    /// How often the platform was asked.
    pub asked: i32,
    /// When the money was there. UTC, whole ms.
    pub paid_at: Option<DateTimeUtc>,
    /// The business day of it.
    pub day: Option<Date>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
