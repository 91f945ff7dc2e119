//! The loop that claims due reminders, has them handled and stores what was said. Started by
//! `command/serve.rs`; one in a process.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use entity::reminder;
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::queue::{Answered, Queue};
use super::{Handler, Said, Verdict};
use crate::base::clock::Clock;
use crate::config;

/// Batches under way at once: some may wait for a slow platform while clocks go on.
const BATCHES: usize = 8;
/// When the database fails, we look again after this.
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// When stopped, what is under way has so long to end; the rest comes back after its lease.
const GRACE: Duration = Duration::from_secs(15);
/// What is said within so long of the first word is stored together.
const GATHER: Duration = Duration::from_secs(1);
/// Tries to store what was said, and the pause before the second one.
const STORING: [u64; 5] = [0, 100, 300, 1_000, 3_000];

/// How handling a batch ended.
#[derive(PartialEq, Eq)]
enum End {
    /// By itself, or by a panic: what was not answered is to be tried again.
    Whole,
    /// By the end of the lease.
    Late,
}

/// The loop.
pub struct Worker {
    queue: Arc<dyn Queue>,
    handler: Arc<dyn Handler>,
    clock: Arc<dyn Clock>,
    settings: config::Reminder,
}

impl Worker {
    /// Takes from `queue`, hands to `handler`.
    #[must_use]
    pub fn new(
        queue: Arc<dyn Queue>,
        handler: Arc<dyn Handler>,
        clock: Arc<dyn Clock>,
        settings: config::Reminder,
    ) -> Self {
        Self {
            queue,
            handler,
            clock,
            settings,
        }
    }

    /// Works until `stop` is cancelled, then ends what is under way. Survives panics of the handler
    /// and failures of the database.
    pub async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let mut batches = JoinSet::new();
        while !stop.is_cancelled() {
            if batches.len() >= BATCHES {
                batches.join_next().await;
                continue;
            }
            let now = this.clock.now();
            match this.queue.claim(this.settings.batch, now).await {
                Ok(claimed) if claimed.is_empty() => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = this.queue.rest() => {}
                    }
                    while batches.try_join_next().is_some() {}
                }
                Ok(claimed) => {
                    let this = Arc::clone(&this);
                    batches.spawn(async move { this.work(claimed).await });
                }
                Err(error) => {
                    tracing::warn!(?error, "no reminders could be claimed");
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = sleep(AFTER_FAULT) => {}
                    }
                }
            }
        }
        let ended = timeout(GRACE, async {
            while batches.join_next().await.is_some() {}
        })
        .await;
        if ended.is_err() {
            tracing::warn!("some reminders were still under way; they come back after their lease");
        }
    }

    /// One batch from claim to answer: what is said while the handler works is stored meanwhile.
    async fn work(&self, claimed: Vec<reminder::Model>) {
        let Some(lease) = claimed.first().and_then(|row| row.lease.clone()) else {
            return;
        };
        self.measure(&claimed);
        let mut open: HashMap<i64, i32> =
            claimed.iter().map(|row| (row.id, row.attempts)).collect();
        let (said, heard) = mpsc::unbounded_channel();
        let (end, ()) = tokio::join!(
            self.handle(claimed, said),
            self.listen(&lease, heard, &mut open)
        );
        if end == End::Late {
            // They may be half done: nobody touches them before the lease has ended.
            tracing::error!(
                left = open.len(),
                "handling reminders took longer than the lease"
            );
            return;
        }
        let unsaid = open.into_iter().map(|(id, attempts)| Answered {
            id,
            attempts,
            verdict: Verdict::Retry("没有得到处理结果".to_owned()),
        });
        self.store(&lease, unsaid.collect()).await;
    }

    /// Has the handler do it, whatever it does. What has been claimed more often than it may be
    /// tried has brought down its process each time: it is not handed over again.
    async fn handle(&self, claimed: Vec<reminder::Model>, said: Said) -> End {
        let most = self.settings.max_attempts;
        let (claimed, deadly): (Vec<_>, Vec<_>) =
            claimed.into_iter().partition(|row| row.attempts <= most);
        for row in deadly {
            // Fails only without a listener, who outlives us.
            let _ = said.send((row.id, Verdict::Fail("多次处理中断".to_owned())));
        }
        if claimed.is_empty() {
            return End::Whole;
        }
        let lease = Duration::from_secs(u64::from(self.settings.lease_seconds));
        let work = AssertUnwindSafe(self.handler.handle(claimed, said)).catch_unwind();
        match timeout(lease, work).await {
            Ok(Ok(())) => End::Whole,
            Ok(Err(_)) => {
                tracing::error!("the handler of reminders panicked");
                End::Whole
            }
            Err(_) => End::Late,
        }
    }

    /// Stores what is said until nobody is left to say anything, and takes it off `open`.
    async fn listen(
        &self,
        lease: &str,
        mut heard: mpsc::UnboundedReceiver<(i64, Verdict)>,
        open: &mut HashMap<i64, i32>,
    ) {
        let mut ended = false;
        while !ended {
            let mut words = Vec::new();
            if heard.recv_many(&mut words, usize::MAX).await == 0 {
                return;
            }
            let gathered = sleep(GATHER);
            tokio::pin!(gathered);
            while !ended {
                tokio::select! {
                    () = &mut gathered => break,
                    count = heard.recv_many(&mut words, usize::MAX) => ended = count == 0,
                }
            }
            let answered = words.into_iter().filter_map(|(id, verdict)| {
                let attempts = open.remove(&id)?;
                Some(Answered {
                    id,
                    attempts,
                    verdict,
                })
            });
            let answered = answered.collect();
            self.store(lease, answered).await;
        }
    }

    /// Stores verdicts; a database that fails is asked again a few times.
    async fn store(&self, lease: &str, answered: Vec<Answered>) {
        if answered.is_empty() {
            return;
        }
        self.report(&answered);
        for pause in STORING {
            sleep(Duration::from_millis(pause)).await;
            let now = self.clock.now();
            match self.queue.finish(lease, answered.clone(), now).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(?error, "verdicts could not be stored"),
            }
        }
        tracing::error!("verdicts were lost; their reminders come back after the lease");
    }

    fn measure(&self, claimed: &[reminder::Model]) {
        metrics::counter!("linli_reminder_claimed_total").increment(claimed.len() as u64);
        let now = self.clock.now();
        for row in claimed.iter().filter(|row| row.attempts == 1) {
            let late = (now - row.due_at).to_std().unwrap_or_default();
            metrics::histogram!("linli_reminder_lateness_seconds").record(late.as_secs_f64());
        }
    }

    fn report(&self, answered: &[Answered]) {
        let (mut done, mut retried, mut dead) = (0, 0, 0);
        for answer in answered {
            match &answer.verdict {
                Verdict::Done | Verdict::Drop => done += 1,
                Verdict::Later(_) => {}
                Verdict::Retry(_) if answer.attempts < self.settings.max_attempts => retried += 1,
                Verdict::Retry(error) | Verdict::Fail(error) => {
                    dead += 1;
                    tracing::error!(reminder = answer.id, error, "a reminder was given up");
                }
            }
        }
        metrics::counter!("linli_reminder_done_total").increment(done);
        metrics::counter!("linli_reminder_retried_total").increment(retried);
        metrics::counter!("linli_reminder_dead_total").increment(dead);
    }
}
