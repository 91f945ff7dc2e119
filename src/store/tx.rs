//! A transaction that remembers which reminders it brought, so that the queue is told after commit.

use std::sync::Arc;

use sea_orm::DatabaseTransaction;

use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// A reminder that was stored, and when it is next to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its key.
    pub id: i64,
    /// UTC.
    pub at: Moment,
}

/// Somebody who wants to know of committed reminders. Best effort: a sweeper repairs what is missed.
pub trait AfterCommit: Send + Sync {
    /// Called after a commit, never before; must not wait.
    fn committed(&self, due: Vec<Due>);
}

/// One use case's transaction. Dropped without [`Tx::commit`] it rolls back.
pub struct Tx {
    inner: DatabaseTransaction,
    now: Moment,
    due: Vec<Due>,
    listener: Option<Arc<dyn AfterCommit>>,
}

impl Tx {
    pub(super) fn new(
        inner: DatabaseTransaction,
        now: Moment,
        listener: Option<Arc<dyn AfterCommit>>,
    ) -> Self {
        Self {
            inner,
            now,
            due: Vec::new(),
            listener,
        }
    }

    /// What statements run on.
    #[must_use]
    pub fn db(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// The one time of this use case: every row of it bears the same.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Notes a reminder for the queue; called by `reminder::enqueue` only.
    pub fn note_due(&mut self, due: impl IntoIterator<Item = Due>) {
        self.due.extend(due);
    }

    /// Makes it all true, then tells the queue.
    ///
    /// # Errors
    /// `busy` or `internal`; then nothing was stored, unless the connection broke in between.
    pub async fn commit(self) -> Result<(), Fault> {
        self.inner.commit().await?;
        if let Some(listener) = self.listener
            && !self.due.is_empty()
        {
            listener.committed(self.due);
        }
        Ok(())
    }

    /// Takes it all back.
    ///
    /// # Errors
    /// `busy` when the connection is gone; it is rolled back all the same.
    pub async fn rollback(self) -> Result<(), Fault> {
        Ok(self.inner.rollback().await?)
    }
}
