//! Table `due_notice`. What was done to remind somebody of a bill: proof for as long as it may be
//! asked for; never changed, never removed.

use sea_orm::entity::prelude::*;

use crate::money::{DueEvent, DueResult};

/// What was done to remind somebody of a bill.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "due_notice")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Tenant.
    pub compound_id: i64,
    /// Which bill.
    pub bill_id: i64,
    /// Of which home.
    pub home_id: i64,
    /// Whom.
    pub person_id: i64,
    /// The day in China for which the reminder was planned.
    pub day: Date,
    /// Which of the bill's reminders: `before`, `on`, `after-1` …
    pub slot: String,
    /// What happened to it.
    pub event: DueEvent,
    /// What came of it; with the last event only.
    pub result: Option<DueResult>,
    /// By which channel (delivery/choose.rs); with the last event only.
    pub channel: Option<String>,
    /// What was left to pay then, in fen.
    pub amount: i64,
    /// The words as they were handed to the channel; a template shows the sum, the home and the day of them.
    pub words: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
