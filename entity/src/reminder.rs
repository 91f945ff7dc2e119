//! Table `reminder`. A timed push or a clock: the outbox that is the truth for every obligation.

use sea_orm::entity::prelude::*;

use crate::kinds::ReminderState;

/// A timed push or a clock: the outbox that is the truth for every obligation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminder")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// One obligation, one row.
    #[sea_orm(unique)]
    pub dedupe_key: String,
    /// Which handler (reminder/mod.rs).
    pub kind: String,
    /// Person to be told; none for a clock.
    pub recipient_id: Option<i64>,
    /// Account to be told when it is nobody's.
    pub recipient_account_id: Option<i64>,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// What it is about, `case:12`; reminders of one subject and recipient are merged.
    pub subject: String,
    /// What the handler needs.
    pub payload: Json,
    /// When it was promised for.
    pub due_at: DateTimeUtc,
    /// Where it stands.
    pub state: ReminderState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; stays as it is while a worker has it.
    pub next_at: DateTimeUtc,
    /// Token of the worker that has it.
    pub lease: Option<String>,
    /// Until when that worker has it. In no index: claiming a row then leaves its indexes alone.
    pub leased_until: Option<DateTimeUtc>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// Sent, failed or cancelled.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
