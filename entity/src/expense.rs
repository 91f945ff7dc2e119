//! Table `expense`. Money to be spent, on its way through reviews, publications and filing; never removed.

use sea_orm::entity::prelude::*;

use crate::money::ExpenseState;

/// Money to be spent, on its way through reviews, publications and filing; never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expense")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// The rules that it began with, and keeps.
    pub chain_id: i64,
    /// What it is for, in a few words; for everybody.
    pub title: String,
    /// Why and what exactly; for everybody.
    pub purpose: String,
    /// The account of the books that it is booked on: `expenses:repair`.
    pub account: String,
    /// Who gets the money.
    pub payee: String,
    /// In fen, more than 0.
    pub amount: i64,
    /// Why it is not the lowest quote.
    pub choice: Option<String>,
    /// Where it stands.
    pub state: ExpenseState,
    /// Counts from 1; each no begins the next.
    pub round: i32,
    /// Reviews passed in this round.
    pub reviews_done: i32,
    /// Who proposes it.
    pub proposed_by: i64,
    /// Shown to everybody from then on, UTC.
    pub publish_from: Option<DateTimeUtc>,
    /// The first publication lasts at least until then, UTC.
    pub publish_until: Option<DateTimeUtc>,
    /// The street’s number of the tender.
    pub tender_reference: Option<String>,
    /// Who won it.
    pub tender_winner: Option<String>,
    /// For how much, in fen.
    pub tender_amount: Option<i64>,
    /// Who of the street put it on record.
    pub tender_by: Option<i64>,
    /// Filed with the street, UTC.
    pub filed_at: Option<DateTimeUtc>,
    /// Who of the street took it.
    pub filed_by: Option<i64>,
    /// Account of the books that the money left: `assets:bank`.
    pub paid_from: Option<String>,
    /// Picture of the slip.
    pub proof_id: Option<i64>,
    /// Who paid; never who proposed.
    pub paid_by: Option<i64>,
    /// UTC, whole ms.
    pub paid_at: Option<DateTimeUtc>,
    /// The day in the books, China’s.
    pub day: Option<Date>,
    /// The second publication lasts until then, UTC.
    pub after_until: Option<DateTimeUtc>,
    /// When its state changed last, UTC.
    pub moved_at: DateTimeUtc,
    /// Counts changes; a page that shows an older one changes nothing.
    pub version: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
