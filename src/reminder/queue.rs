//! The one trait of the queue, whatever is behind it, and the way to open the right one. Called by
//! `command/` (opening), the worker (claiming) and `doctor` (depth).
//!
//! What a queue promises: a row that was committed is handed out once it is due, at least once, and
//! while a lease holds to one worker only. Leases are measured by the `now` that is given. When the
//! clock jumps forward, all that has become due is handed out in order, and leases end early: a
//! worker that still sits on one finds that its answer is not taken. When it jumps back, nothing is
//! handed out twice, and what is leased or due waits until the clock has caught up.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::reminder;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::index::RedisQueue;
use super::lease::DatabaseQueue;
use super::{BoxFuture, Verdict};
use crate::base::clock::{Clock, Moment};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::config::Settings;
use crate::redis::Connection;
use crate::store::{AfterCommit, Store};

/// Most reminders of one claim: one step of Redis and one statement carry them all.
pub const MOST: u32 = 5_000;
/// After a bell we wait so long for more to come, so that a busy house does not claim one by one.
const GATHER: Duration = Duration::from_millis(10);

/// What was said of one claimed reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Which.
    pub id: i64,
    /// As claimed, this try included.
    pub attempts: i32,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Due and not done, those under way included.
    pub due: u64,
    /// To come, the due ones included.
    pub open: u64,
    /// Given up.
    pub dead: u64,
    /// When the oldest due one should have been looked at, UTC.
    pub oldest: Option<Moment>,
}

/// Where due reminders are taken from.
pub trait Queue: AfterCommit {
    /// Takes at most `limit` due reminders, in the order in which they became due. They are the
    /// caller's until `leased_until`; each bears the same `lease`. Fails when the database does.
    fn claim<'a>(
        &'a self,
        limit: u32,
        now: Moment,
    ) -> BoxFuture<'a, Result<Vec<reminder::Model>, Fault>>;

    /// Stores what was said of reminders claimed under `lease`; passes over those that another
    /// worker has taken since. Fails when the database does: then they come back after the lease.
    fn finish<'a>(
        &'a self,
        lease: &'a str,
        answered: Vec<Answered>,
        now: Moment,
    ) -> BoxFuture<'a, Result<(), Fault>>;

    /// Waits until there may be something: a commit's bell, or the time to look anyhow.
    fn rest(&self) -> BoxFuture<'_, ()>;

    /// Counts.
    fn depth(&self, now: Moment) -> BoxFuture<'_, Result<Depth, Fault>>;

    /// Whether all parts answer; the text of the fault names the one that does not.
    fn ready(&self) -> BoxFuture<'_, Result<(), Fault>>;

    /// The housekeeping of each instance, with or without a worker: indexes what was committed,
    /// repairs the index. Ends when `stop` is cancelled.
    fn keep(&self, stop: CancellationToken) -> BoxFuture<'_, ()>;
}

/// The queue that the settings ask for: with Redis as its index, or on the database alone. The
/// caller hands it to `Store::tell` and lets [`Queue::keep`] run.
#[must_use]
pub fn open(
    store: Store,
    redis: Option<Connection>,
    settings: &Settings,
    clock: Arc<dyn Clock>,
    dice: Arc<Dice>,
) -> Arc<dyn Queue> {
    let database = DatabaseQueue::new(store, settings.reminder.clone(), clock, dice);
    match redis {
        Some(redis) => Arc::new(RedisQueue::new(database, redis, &settings.redis.prefix)),
        None => Arc::new(database),
    }
}

/// Wakes the worker of this process when something is due.
pub(super) struct Bell {
    clock: Arc<dyn Clock>,
    /// The earliest of what was rung for; later ones are found by looking anyhow.
    next: Mutex<BTreeSet<Moment>>,
    rung: Notify,
}

/// Moments that a bell remembers.
const REMEMBERED: usize = 256;

impl Bell {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            next: Mutex::new(BTreeSet::new()),
            rung: Notify::new(),
        }
    }

    /// Something is due at this time.
    pub(super) fn ring(&self, at: Moment) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let first = next.first().is_none_or(|earlier| at < *earlier);
        next.insert(at);
        if next.len() > REMEMBERED {
            next.pop_last();
        }
        if first {
            self.rung.notify_one();
        }
    }

    /// How long until the earliest ring, none without one; takes it once its time has come.
    fn until_next(&self) -> Option<Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let wait = (*next.first()? - now).to_std().unwrap_or_default();
        if wait.is_zero() {
            next.retain(|at| *at > now);
        }
        Some(wait)
    }

    /// Waits for the earliest ring, at most `most`.
    pub(super) async fn rest(&self, most: Duration) {
        let end = Instant::now() + most;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let wait = match self.until_next() {
                Some(Duration::ZERO) => return sleep(GATHER).await,
                Some(wait) => wait.min(left),
                None => left,
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.rung.notified() => {}
            }
        }
    }
}
