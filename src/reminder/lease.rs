//! The queue on the database alone: rows are leased by a column. Also the part of the Redis queue
//! that decides, since the rows are the truth. Called through [`Queue`].

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::reminder;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, Statement, Value};
use tokio_util::sync::CancellationToken;

use super::BoxFuture;
use super::queue::{Answered, Bell, Depth, MOST, Queue};
use super::settle::{Change, settle};
use crate::base::clock::{Clock, Moment};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::config;
use crate::store::listed::listed;
use crate::store::{AfterCommit, Due, Store};

/// In the words of the index of open reminders. A claim changes nothing that this or the index names:
/// PostgreSQL can then write the row's new version without touching any index.
pub const OPEN: &str = r#""done_at" IS NULL"#;
/// In the words of the index of what ended with an error.
pub(super) const DEAD: &str =
    r#""done_at" IS NOT NULL AND "last_error" IS NOT NULL AND "state" = 'failed'"#;
/// What a claim asks of an open row (`$1`: now) and makes of it (`$2` token, `$3` end).
const FREE: &str = r#""next_at" <= $1 AND ("leased_until" IS NULL OR "leased_until" <= $1)"#;
const LEASE: &str =
    r#"SET "state" = 'sending', "lease" = $2, "leased_until" = $3, "attempts" = "attempts" + 1"#;

/// The queue on the database alone.
pub struct DatabaseQueue {
    store: Store,
    settings: config::Reminder,
    clock: Arc<dyn Clock>,
    dice: Arc<Dice>,
    bell: Bell,
}

impl DatabaseQueue {
    /// On this store.
    #[must_use]
    pub fn new(
        store: Store,
        settings: config::Reminder,
        clock: Arc<dyn Clock>,
        dice: Arc<Dice>,
    ) -> Self {
        let bell = Bell::new(Arc::clone(&clock));
        Self {
            store,
            settings,
            clock,
            dice,
            bell,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn sweep_pause(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.sweep_seconds))
    }

    /// Takes what is due, by the database's own order.
    async fn claim_due(&self, limit: u32, now: Moment) -> Result<Vec<reminder::Model>, Fault> {
        let due = format!(
            r#"SELECT "id" FROM "reminder" WHERE {OPEN} AND {FREE} ORDER BY "next_at", "id" LIMIT $4"#
        );
        let sql = if self.store.backend() == DbBackend::Postgres {
            // Materialised, so that the limit holds whatever plan is chosen; as an array, so that each row is found
            // by its key: joined, the whole table was read for them.
            format!(
                r#"WITH "due" AS MATERIALIZED ({due} FOR UPDATE SKIP LOCKED) UPDATE "reminder" {LEASE} WHERE "id" = ANY(ARRAY(SELECT "id" FROM "due")) RETURNING *"#
            )
        } else {
            format!(r#"UPDATE "reminder" {LEASE} WHERE "id" IN ({due}) RETURNING *"#)
        };
        let most = i64::from(Ord::min(limit, MOST));
        self.lease_rows(sql, most.into(), now).await
    }

    /// Takes these, as far as they are due and nobody else's.
    pub(super) async fn claim_ids(
        &self,
        ids: &[i64],
        now: Moment,
    ) -> Result<Vec<reminder::Model>, Fault> {
        let (list, of_list) = listed(self.store.backend(), r#""id""#, ids, "$4");
        let sql = format!(
            r#"UPDATE "reminder" {LEASE} WHERE {of_list} AND {OPEN} AND {FREE} RETURNING *"#
        );
        self.lease_rows(sql, list.into(), now).await
    }

    /// Runs a claim: `$1` now, `$2` token, `$3` end of a fresh lease, `$4` what is asked for.
    async fn lease_rows(
        &self,
        sql: String,
        wanted: Value,
        now: Moment,
    ) -> Result<Vec<reminder::Model>, Fault> {
        let end = now + TimeDelta::seconds(i64::from(self.settings.lease_seconds));
        let token = format!("{:016x}", u64::from_be_bytes(self.dice.bytes()));
        let values = [now.into(), token.into(), end.into(), wanted];
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, values);
        let mut rows = reminder::Entity::find()
            .from_raw_sql(statement)
            .all(self.store.write())
            .await?;
        rows.sort_by_key(|row| (row.due_at, row.id));
        Ok(rows)
    }

    /// What is to become of the answered rows.
    pub(super) fn changes(&self, answered: Vec<Answered>, now: Moment) -> Vec<Change> {
        settle(answered, self.settings.max_attempts, &self.dice, now)
    }

    /// Makes the changes where the lease is still ours.
    pub(super) async fn store_changes(
        &self,
        lease: &str,
        changes: &[Change],
        now: Moment,
    ) -> Result<(), Fault> {
        if let [change] = changes {
            return store_change(self.store.write(), lease, change, now).await;
        }
        let tx = self.store.begin(now).await?;
        for change in changes {
            store_change(tx.db(), lease, change, now).await?;
        }
        tx.commit().await
    }

    /// What was asked for, ready to be looked at by an operator.
    async fn count(&self, now: Moment) -> Result<Depth, Fault> {
        let sql = format!(
            r#"SELECT (SELECT COUNT(*) FROM "reminder" WHERE {OPEN} AND "next_at" <= $1) AS "due",
                      (SELECT COUNT(*) FROM "reminder" WHERE {OPEN}) AS "open",
                      (SELECT COUNT(*) FROM "reminder" WHERE {DEAD}) AS "dead",
                      (SELECT MIN("next_at") FROM "reminder" WHERE {OPEN} AND "next_at" <= $1) AS "oldest""#
        );
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, [now.into()]);
        let Some(row) = self.store.read().query_one_raw(statement).await? else {
            return Ok(Depth::default());
        };
        let number = |name: &str| -> Result<u64, Fault> {
            let count: i64 = row.try_get("", name)?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        Ok(Depth {
            due: number("due")?,
            open: number("open")?,
            dead: number("dead")?,
            oldest: row.try_get("", "oldest")?,
        })
    }

    /// Shows the counts to whoever watches.
    pub(super) async fn show_depth(&self) {
        match self.count(self.now()).await {
            Ok(depth) => {
                // Counts far below 2^52.
                #[expect(clippy::cast_precision_loss, reason = "a gauge")]
                let set = |name: &'static str, count: u64| metrics::gauge!(name).set(count as f64);
                set("linli_reminder_due", depth.due);
                set("linli_reminder_open", depth.open);
                set("linli_reminder_dead", depth.dead);
            }
            Err(error) => tracing::warn!(?error, "the reminders could not be counted"),
        }
    }

    pub(super) async fn rest_a_while(&self) {
        let poll = f64::from(self.settings.poll_ms) / 1000.0 * self.dice.jitter(0.2);
        self.bell.rest(Duration::from_secs_f64(poll)).await;
    }
}

/// Rows of these ids.
pub(super) fn among(backend: DbBackend, ids: &[i64]) -> Expr {
    let mark = if backend == DbBackend::Postgres {
        "$1"
    } else {
        "?"
    };
    let (list, of_list) = listed(backend, r#""id""#, ids, mark);
    Expr::cust_with_values(of_list, [list])
}

async fn store_change<C: ConnectionTrait>(
    db: &C,
    lease: &str,
    change: &Change,
    now: Moment,
) -> Result<(), Fault> {
    let mut values = reminder::ActiveModel {
        state: Set(change.state),
        lease: Set(None),
        leased_until: Set(None),
        last_error: Set(change.error.clone()),
        ..Default::default()
    };
    match change.next_at {
        Some(next_at) => values.next_at = Set(next_at),
        None => values.done_at = Set(Some(now)),
    }
    let mut update = reminder::Entity::update_many().set(values);
    if change.uncounted {
        update = update.col_expr(
            reminder::Column::Attempts,
            Expr::col(reminder::Column::Attempts).sub(1),
        );
    }
    let stored = update
        .filter(among(db.get_database_backend(), &change.ids))
        .filter(reminder::COLUMN.lease.eq(lease))
        .exec(db)
        .await?;
    let wanted = change.ids.len() as u64;
    if stored.rows_affected < wanted {
        tracing::warn!(
            lost = wanted - stored.rows_affected,
            "some reminders were taken over while they were handled: the lease is too short"
        );
    }
    Ok(())
}

impl AfterCommit for DatabaseQueue {
    fn committed(&self, due: Vec<Due>) {
        if let Some(first) = due.iter().map(|due| due.at).min() {
            self.bell.ring(first);
        }
    }
}

impl Queue for DatabaseQueue {
    fn claim<'a>(
        &'a self,
        limit: u32,
        now: Moment,
    ) -> BoxFuture<'a, Result<Vec<reminder::Model>, Fault>> {
        Box::pin(self.claim_due(limit, now))
    }

    fn finish<'a>(
        &'a self,
        lease: &'a str,
        answered: Vec<Answered>,
        now: Moment,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let changes = self.changes(answered, now);
            self.store_changes(lease, &changes, now).await?;
            if let Some(next) = changes.iter().filter_map(|change| change.next_at).min() {
                self.bell.ring(next);
            }
            Ok(())
        })
    }

    fn rest(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.rest_a_while())
    }

    fn depth(&self, now: Moment) -> BoxFuture<'_, Result<Depth, Fault>> {
        Box::pin(self.count(now))
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.store.ping())
    }

    fn keep(&self, stop: CancellationToken) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while !stop.is_cancelled() {
                self.show_depth().await;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(self.sweep_pause()) => {}
                }
            }
        })
    }
}
