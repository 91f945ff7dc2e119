//! Things that wait: the outbox of timed pushes and clocks. A row is written in the transaction of
//! its cause and is the truth; Redis only hurries it along. Knows no noun: kinds are words, and
//! whoever runs the worker says what they mean. Floor 2.

pub mod backoff;
pub mod fan;
pub mod index;
pub mod lease;
pub mod letters;
pub mod payload;
pub mod queue;
pub mod schedule;
mod settle;
mod sweep;
pub mod worker;

use std::pin::Pin;

use entity::kinds::ReminderState;
use entity::reminder;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::store::{Due, Tx};

pub use lease::OPEN;

/// A future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One obligation to come.
#[derive(Clone, Debug)]
pub struct NewReminder {
    /// Which handler: `case.task`, `case.accept-clock` …
    pub kind: &'static str,
    /// One obligation, one key: `case:12:1:accept`. A second row with it is not stored.
    pub dedupe_key: String,
    /// Person to be told; none for a clock.
    pub recipient_id: Option<i64>,
    /// Tenant.
    pub compound_id: Option<i64>,
    /// What it is about, `case:12`: reminders of one subject and recipient are merged.
    pub subject: String,
    /// What the handler needs; no personal data.
    pub payload: Value,
    /// When.
    pub due_at: Moment,
}

/// What a handler says of a reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Done,
    /// No longer needed.
    Drop,
    /// Not now, at this time; does not count as a try.
    Later(Moment),
    /// Failed, try again with back-off.
    Retry(String),
    /// Failed for good: a dead letter.
    Fail(String),
}

impl Verdict {
    /// Of a clock that found something to do, or not.
    #[must_use]
    pub const fn of(done: bool) -> Self {
        match done {
            true => Self::Done,
            false => Self::Drop,
        }
    }
}

/// Where a handler says of each reminder, by its id, what became of it, as soon as that is known:
/// what was said is kept, however the rest of the batch ends.
pub type Said = mpsc::UnboundedSender<(i64, Verdict)>;

/// Does the work of claimed reminders. One batch at a time is handed over.
pub trait Handler: Send + Sync {
    /// Handles what was claimed; must say something of every reminder, in any order. It is dropped
    /// when the lease ends: what it has not answered for by then comes back.
    fn handle<'a>(&'a self, claimed: Vec<reminder::Model>, said: Said) -> BoxFuture<'a, ()>;
}

/// Stores reminders in the transaction of their cause.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut Tx, items: Vec<NewReminder>) -> Result<(), Fault> {
    put(tx, items, None).await
}

/// Stores a reminder to an account that is nobody's (yet, or any more).
///
/// # Errors
/// The database's.
pub async fn enqueue_to_account(
    tx: &mut Tx,
    account_id: i64,
    item: NewReminder,
) -> Result<(), Fault> {
    put(tx, vec![item], Some(account_id)).await
}

async fn put(tx: &mut Tx, items: Vec<NewReminder>, account_id: Option<i64>) -> Result<(), Fault> {
    if items.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let rows = items.into_iter().map(|item| reminder::ActiveModel {
        dedupe_key: Set(item.dedupe_key),
        kind: Set(item.kind.to_owned()),
        recipient_id: Set(item.recipient_id),
        recipient_account_id: Set(account_id),
        compound_id: Set(item.compound_id),
        subject: Set(item.subject),
        payload: Set(item.payload),
        due_at: Set(item.due_at),
        state: Set(ReminderState::Pending),
        attempts: Set(0),
        next_at: Set(item.due_at),
        created_at: Set(now),
        ..Default::default()
    });
    let stored = reminder::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::column(reminder::Column::DedupeKey)
                .do_nothing()
                .to_owned(),
        )
        .try_insert()
        .exec_with_returning_many(tx.db())
        .await?;
    if let TryInsertResult::Inserted(rows) = stored {
        tx.note_due(rows.into_iter().map(|row| Due {
            id: row.id,
            at: row.next_at,
        }));
    }
    Ok(())
}

/// Cancels what is still to come about a subject, of the given kinds. What a worker has already
/// claimed is not called back: its handler looks at the subject's state and drops it.
///
/// # Errors
/// The database's.
pub async fn cancel(tx: &Tx, subject: &str, kinds: &[&str]) -> Result<(), Fault> {
    reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            state: Set(ReminderState::Cancelled),
            done_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(reminder::COLUMN.subject.eq(subject))
        .filter(reminder::COLUMN.kind.is_in(kinds.iter().copied()))
        .filter(reminder::COLUMN.state.eq(ReminderState::Pending))
        // Says the same once more, in the words of the index of open reminders.
        .filter(Expr::cust(OPEN))
        .exec(tx.db())
        .await?;
    Ok(())
}
