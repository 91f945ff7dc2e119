//! Table `offer`. An item of one of the four lists (四项清单).

use sea_orm::entity::prelude::*;

use crate::kinds::{OfferCategory, OfferList, OfferState};

/// An item of one of the four lists (四项清单).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    /// Key; the number that people type.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// A resident's home when it was written, else the compound: who may check it follows from it.
    pub place_id: i64,
    /// Which list.
    pub list: OfferList,
    /// What it is about.
    pub category: OfferCategory,
    /// Whose it is; none for a resident's, and for a project that no organisation has claimed.
    pub organisation_id: Option<i64>,
    /// Who wrote it, or who speaks for the organisation.
    pub author_id: i64,
    /// One line.
    pub title: String,
    /// What else is said; may be empty.
    pub text: String,
    /// How many needs a resource can meet; 1 for all else.
    pub quantity: i32,
    /// How many it is tied to.
    pub taken: i32,
    /// The last day on which it is needed or offered, or by which it is done, in China.
    pub due_on: Option<Date>,
    /// Where it stands.
    pub state: OfferState,
    /// Of a need: the resource that it is tied to.
    pub tied_id: Option<i64>,
    /// Since when. UTC, whole ms.
    pub tied_at: Option<DateTimeUtc>,
    /// Since when an organisation answers for it.
    pub claimed_at: Option<DateTimeUtc>,
    /// When its day had passed and it was not closed off.
    pub overdue_at: Option<DateTimeUtc>,
    /// What was done, in the words of whoever closed it.
    pub result: Option<String>,
    /// How often it was opened; photos of what was done belong to one.
    pub round: i32,
    /// Why it was refused, removed or opened again.
    pub reason: Option<String>,
    /// Since when others see it.
    pub opened_at: Option<DateTimeUtc>,
    /// When it was done, refused, withdrawn, removed or had lapsed.
    pub ended_at: Option<DateTimeUtc>,
    /// Counts the changes.
    pub version: i32,
    /// Made.
    pub created_at: DateTimeUtc,
    /// Last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
