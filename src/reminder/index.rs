//! The queue with Redis as its index: a sorted set of ids by the time at which they are next due.
//! Redis only says where to look; whether a row may be taken is decided by the row. While Redis is
//! away, the database alone serves; the sweeper brings Redis back. Called through [`Queue`].

use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::{FromRedisValue, Script, ScriptInvocation, cmd};
use entity::kinds::ReminderState;
use entity::reminder;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::BoxFuture;
use super::lease::DatabaseQueue;
use super::queue::{Answered, Depth, MOST, Queue};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::redis::{Connection, ping};
use crate::store::{AfterCommit, Due};

/// Takes due ids and puts them behind the lease's end, in one step.
const CLAIM: &str = r"
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], ARGV[3], id) end
return ids
";

/// Removes ids (`-`) or gives them another time, where the time is still the caller's.
const SETTLE: &str = r"
local mine = tonumber(ARGV[1])
for at = 2, #ARGV, 2 do
  local held = redis.call('ZSCORE', KEYS[1], ARGV[at])
  if held and tonumber(held) == mine then
    if ARGV[at + 1] == '-' then
      redis.call('ZREM', KEYS[1], ARGV[at])
    else
      redis.call('ZADD', KEYS[1], ARGV[at + 1], ARGV[at])
    end
  end
end
return 0
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
    settle: Script,
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
            settle: Script::new(SETTLE),
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

    async fn invoke<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Fault> {
        let mut connection = self.connection.clone();
        let answer = call.invoke_async(&mut connection).await;
        answer.map_err(|error| {
            let fault = Fault::from(error);
            self.lost(&fault);
            fault
        })
    }

    /// Whether Redis answers.
    pub(super) async fn answers(&self) -> Result<(), Fault> {
        ping(&self.connection).await
    }

    /// Puts ids into the index; with `anew`, also those that are there already.
    pub(super) async fn add(&self, due: &[Due], anew: bool) -> Result<u64, Fault> {
        let mut added = 0;
        for part in due.chunks(TOGETHER) {
            let mut command = cmd("ZADD");
            command.arg(&self.key);
            if !anew {
                command.arg("NX");
            }
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
        let lease = self.database.new_lease(now);
        let end = lease.end.timestamp_millis();
        let mut call = self.claim.key(&self.key);
        call.arg(now.timestamp_millis())
            .arg(limit.min(MOST))
            .arg(end);
        let ids: Vec<i64> = self.invoke(&call).await.ok()?;
        if ids.is_empty() {
            return Some(Ok(Vec::new()));
        }
        let rows = match self.database.claim_ids(&ids, &lease, now).await {
            Ok(rows) => rows,
            Err(fault) => {
                // Not ours after all: as due as before.
                let back = ids.iter().map(|id| (*id, Some(now))).collect();
                self.move_to(end, back).await;
                return Some(Err(fault));
            }
        };
        if rows.len() < ids.len() {
            let taken: std::collections::HashSet<i64> = rows.iter().map(|row| row.id).collect();
            let refused: Vec<i64> = ids.into_iter().filter(|id| !taken.contains(id)).collect();
            self.correct(&refused, end).await;
            if rows.is_empty() {
                // All of it was out of date: the next ones may not be.
                self.database.bell().ring(now);
            }
        }
        Some(Ok(rows))
    }

    /// What the rows refused: put to their true time, or out.
    async fn correct(&self, ids: &[i64], end: i64) {
        let found = reminder::Entity::find()
            .select_only()
            .column(reminder::Column::Id)
            .column(reminder::Column::State)
            .column(reminder::Column::NextAt)
            .filter(reminder::COLUMN.id.is_in(ids.iter().copied()))
            .into_tuple::<(i64, ReminderState, Moment)>()
            .all(self.database.store().write())
            .await;
        let Ok(found) = found else {
            return; // They come back after the lease's end, and are looked at again.
        };
        let open: std::collections::HashMap<i64, Moment> = found
            .into_iter()
            .filter(|(_, state, _)| {
                matches!(state, ReminderState::Pending | ReminderState::Sending)
            })
            .map(|(id, _, next_at)| (id, next_at))
            .collect();
        let moves = ids.iter().map(|id| (*id, open.get(id).copied()));
        self.move_to(end, moves.collect()).await;
    }

    /// Moves or removes ids whose time is still `mine`, best effort.
    async fn move_to(&self, mine: i64, moves: Vec<(i64, Option<Moment>)>) {
        let mut call = self.settle.key(&self.key);
        call.arg(mine);
        for (id, at) in moves {
            call.arg(id);
            match at {
                Some(at) => call.arg(at.timestamp_millis()),
                None => call.arg("-"),
            };
        }
        // A failure has been noted; the rows are right, and the index follows them later.
        self.invoke::<()>(&call).await.unwrap_or_default();
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
            if self.is_up()
                && let Err(error) = self.add(&due, true).await
            {
                self.lost(&error);
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
            let end = lease.split('-').next().and_then(|end| end.parse().ok());
            if let (true, Some(end)) = (self.is_up(), end) {
                let mut moves = Vec::new();
                for change in &changes {
                    moves.extend(change.ids.iter().map(|id| (*id, change.next_at)));
                }
                self.move_to(end, moves).await;
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
