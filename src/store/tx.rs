//! A transaction that remembers which reminders it brought, so that the queue is told after commit,
//! and what may be written at its end, in one go.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::sea_query::{
    CommonTableExpression, QueryStatementBuilder, SubQueryStatement, WithClause,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};

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

/// Statements that go to PostgreSQL as one; more than a use case has, few enough for one plan.
const TOGETHER: usize = 6;

/// One use case's transaction. Dropped without [`Tx::commit`] it rolls back.
pub struct Tx {
    inner: DatabaseTransaction,
    now: Moment,
    due: Vec<Due>,
    last: Mutex<Vec<SubQueryStatement>>,
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
            last: Mutex::default(),
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

    /// Leaves a statement for the end of the transaction, where PostgreSQL gets all of them in one
    /// round trip. For what nobody reads before, what cannot conflict, and what does not depend on
    /// another such statement: they see the same rows, in no order.
    pub fn at_end(&self, statement: impl QueryStatementBuilder) {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(statement.into_sub_query_statement());
    }

    /// Makes it all true, then tells the queue.
    ///
    /// # Errors
    /// `busy` or `internal`; then nothing was stored, unless the connection broke in between.
    pub async fn commit(self) -> Result<(), Fault> {
        self.write_last().await?;
        self.inner.commit().await?;
        if let Some(listener) = self.listener
            && !self.due.is_empty()
        {
            listener.committed(self.due);
        }
        Ok(())
    }

    async fn write_last(&self) -> Result<(), Fault> {
        let last = std::mem::take(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner));
        // SQLite has no round trips, and takes no writing statement inside of another.
        let most = match self.inner.get_database_backend() {
            DbBackend::Postgres => TOGETHER,
            _ => 1,
        };
        let mut last = last.into_iter().peekable();
        while last.peek().is_some() {
            execute_as_one(&self.inner, last.by_ref().take(most)).await?;
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

/// `WITH a AS (INSERT …), b AS (INSERT …) UPDATE …`; one statement alone goes as it is.
async fn execute_as_one(
    db: &DatabaseTransaction,
    statements: impl Iterator<Item = SubQueryStatement>,
) -> Result<(), Fault> {
    let mut with = WithClause::new();
    let mut number = 0;
    let mut statements = statements.peekable();
    while let Some(statement) = statements.next() {
        if statements.peek().is_some() {
            number += 1;
            let part = CommonTableExpression::new()
                .table_name(format!("part_{number}"))
                .query(statement)
                .to_owned();
            with.cte(part);
        } else if number > 0 {
            db.execute(&std::mem::take(&mut with).query(statement))
                .await?;
        } else {
            alone(db, &statement).await?;
        }
    }
    Ok(())
}

async fn alone(db: &DatabaseTransaction, statement: &SubQueryStatement) -> Result<(), Fault> {
    match statement {
        SubQueryStatement::SelectStatement(statement) => db.execute(statement).await?,
        SubQueryStatement::InsertStatement(statement) => db.execute(statement).await?,
        SubQueryStatement::UpdateStatement(statement) => db.execute(statement).await?,
        SubQueryStatement::DeleteStatement(statement) => db.execute(statement).await?,
        SubQueryStatement::WithStatement(statement) => db.execute(statement).await?,
    };
    Ok(())
}
