//! The queue with Redis as its index: a sorted set of ids by the time at which they are next due.
//! Redis only says where to look; whether a row may be taken is decided by the row. While Redis is
//! away, the database alone serves; the sweeper brings Redis back. A claim takes ids out of the set;
//! should the process die, the sweeper puts them back, due when their lease ends. Called through [`Queue`].

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::{Script, cmd};
use entity::reminder;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::BoxFuture;
use super::lease::{DatabaseQueue, OPEN, among};
use super::queue::{Answered, Depth, MOST, Queue};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::redis::{Connection, ping};
use crate::store::{AfterCommit, Due};

/// Takes due ids out, in one step.
const CLAIM: &str = r"
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, #ids - 1) end
return ids
";

/// Commits that may wait to be indexed; beyond it the sweeper finds them.
const WAITING: usize = 10_000;
/// Ids of one ZADD.
const TOGETHER: usize = 5_000;

/// The queue with Redis as its index.
pub struct RedisQueue {
    pub(super) database: DatabaseQueue,
    connection: Connection,
    key: String,
    claim: Script,
    /// Whether Redis answers and has been swept since it last did not.
    up: AtomicBool,
    committed: mpsc::Sender<Vec<Due>>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Vec<Due>>>,
}

impl RedisQueue {
    /// The index `{prefix:reminder}:due` over this queue.
    #[must_use]
    pub fn new(database: DatabaseQueue, connection: Connection, prefix: &str) -> Self {
        let (committed, waiting) = mpsc::channel(WAITING);
        Self {
            database,
            connection,
            key: format!("{{{prefix}:reminder}}:due"),
            claim: Script::new(CLAIM),
            up: AtomicBool::new(false),
            committed,
            waiting: tokio::sync::Mutex::new(waiting),
        }
    }

    /// Whether the index is in use just now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// The index may be used: it answers and holds what is due.
    pub(super) fn swept(&self) {
        if !self.up.swap(true, Ordering::AcqRel) {
            metrics::gauge!("linli_reminder_index_up").set(1.0);
            tracing::info!("Redis indexes the reminders");
        }
    }

    /// Redis failed: from now on the database alone, until a sweep succeeds.
    pub(super) fn lost(&self, error: &Fault) {
        metrics::counter!("linli_redis_errors_total", "part" => "reminder").increment(1);
        if self.up.swap(false, Ordering::AcqRel) {
            metrics::gauge!("linli_reminder_index_up").set(0.0);
            tracing::warn!(
                ?error,
                "Redis does not answer: reminders are taken from the database alone"
            );
        }
    }

    /// Whether Redis answers.
    pub(super) async fn answers(&self) -> Result<(), Fault> {
        ping(&self.connection).await
    }

    /// Puts ids into the index; of two times of one id the earlier one stays, since looking too
    /// early does no harm. Says how many were not in it.
    pub(super) async fn add(&self, due: &[Due]) -> Result<u64, Fault> {
        let mut added = 0;
        for part in due.chunks(TOGETHER) {
            let mut command = cmd("ZADD");
            command.arg(&self.key).arg("LT");
            for due in part {
                command.arg(due.at.timestamp_millis()).arg(due.id);
            }
            let mut connection = self.connection.clone();
            added += command.query_async::<u64>(&mut connection).await?;
        }
        Ok(added)
    }

    /// Takes from the index, then asks the rows. `None`: Redis did not answer.
    async fn claim_indexed(
        &self,
        limit: u32,
        now: Moment,
    ) -> Option<Result<Vec<reminder::Model>, Fault>> {
        let mut call = self.claim.key(&self.key);
        call.arg(now.timestamp_millis()).arg(limit.min(MOST));
        let mut connection = self.connection.clone();
        let ids: Vec<i64> = match call.invoke_async(&mut connection).await {
            Ok(ids) => ids,
            Err(error) => {
                self.lost(&Fault::from(error));
                return None;
            }
        };
        if ids.is_empty() {
            return Some(Ok(Vec::new()));
        }
        let rows = match self.database.claim_ids(&ids, now).await {
            Ok(rows) => rows,
            Err(fault) => {
                // Not ours after all: as due as before.
                let back = ids.iter().map(|id| Due { id: *id, at: now });
                self.put_back(back.collect()).await;
                return Some(Err(fault));
            }
        };
        if rows.len() < ids.len() {
            let taken: HashSet<i64> = rows.iter().map(|row| row.id).collect();
            let refused: Vec<i64> = ids.into_iter().filter(|id| !taken.contains(id)).collect();
            self.correct(&refused).await;
            if rows.is_empty() {
                // All of it was out of date: the next ones may not be.
                self.database.bell().ring(now);
            }
        }
        Some(Ok(rows))
    }

    /// Puts what the rows refused to its true time, if it is still open.
    async fn correct(&self, ids: &[i64]) {
        let store = self.database.store();
        let found = reminder::Entity::find()
            .select_only()
            .column(reminder::Column::Id)
            .column(reminder::Column::NextAt)
            .column(reminder::Column::LeasedUntil)
            .filter(among(store.backend(), ids))
            .filter(Expr::cust(OPEN))
            .into_tuple::<(i64, Moment, Option<Moment>)>()
            .all(store.write())
            .await;
        let Ok(found) = found else {
            return; // The next sweep finds them.
        };
        let due = found.into_iter().map(|(id, next_at, leased_until)| Due {
            id,
            at: leased_until.map_or(next_at, |end| end.max(next_at)),
        });
        self.put_back(due.collect()).await;
    }

    /// Adds, best effort: what does not get there is found by the next sweep.
    async fn put_back(&self, due: Vec<Due>) {
        if !due.is_empty()
            && let Err(error) = self.add(&due).await
        {
            self.lost(&error);
        }
    }

    /// Indexes what was committed, then rings: before that the worker would not find it.
    async fn index_committed(&self, stop: &CancellationToken) {
        let mut waiting = self.waiting.lock().await;
        let mut parts = Vec::new();
        loop {
            tokio::select! {
                count = waiting.recv_many(&mut parts, 1_000) => if count == 0 { return },
                () = stop.cancelled() => return,
            }
            let due: Vec<Due> = parts.drain(..).flatten().collect();
            if self.is_up() {
                self.put_back(due.clone()).await;
            }
            if let Some(first) = due.iter().map(|due| due.at).min() {
                self.database.bell().ring(first);
            }
        }
    }
}

impl AfterCommit for RedisQueue {
    fn committed(&self, due: Vec<Due>) {
        if self.committed.try_send(due).is_err() {
            tracing::debug!("too many commits wait to be indexed: the sweeper will find them");
        }
    }
}

impl Queue for RedisQueue {
    fn claim<'a>(
        &'a self,
        limit: u32,
        now: Moment,
    ) -> BoxFuture<'a, Result<Vec<reminder::Model>, Fault>> {
        Box::pin(async move {
            if self.is_up()
                && let Some(claimed) = self.claim_indexed(limit, now).await
            {
                return claimed;
            }
            self.database.claim(limit, now).await
        })
    }

    fn finish<'a>(
        &'a self,
        lease: &'a str,
        answered: Vec<Answered>,
        now: Moment,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let changes = self.database.changes(answered, now);
            self.database.store_changes(lease, &changes, now).await?;
            // What has ended is not in the index any more, or will be refused by its row.
            if self.is_up() {
                let again = changes
                    .iter()
                    .filter_map(|change| Some((change.next_at?, change)));
                let due = again
                    .flat_map(|(at, change)| change.ids.iter().map(move |id| Due { id: *id, at }));
                self.put_back(due.collect()).await;
            }
            if let Some(next) = changes.iter().filter_map(|change| change.next_at).min() {
                self.database.bell().ring(next);
            }
            Ok(())
        })
    }

    fn rest(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.database.rest_a_while())
    }

    fn depth(&self, now: Moment) -> BoxFuture<'_, Result<Depth, Fault>> {
        self.database.depth(now)
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            self.database.ready().await?;
            ping(&self.connection).await
        })
    }

    fn keep(&self, stop: CancellationToken) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::join!(
                self.index_committed(&stop),
                super::sweep::keep_sweeping(self, &stop)
            );
        })
    }
}
