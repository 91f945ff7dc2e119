//! The queue of reminders, on each pairing: nothing lost, nothing twice, whatever breaks.

mod outages;
mod slots;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::ReminderState;
use entity::reminder;
use linli::base::clock::{Clock, Moment, ShiftedClock};
use linli::base::dice::Dice;
use linli::config::Settings;
use linli::redis::connect;
use linli::reminder::queue::{Answered, Queue, open};
use linli::reminder::worker::Worker;
use linli::reminder::{BoxFuture, Handler, NewReminder, Said, Verdict, cancel, enqueue};
use linli::store::Store;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::db::TestDb;
use crate::harness::until;

/// One instance: a store, a queue, and its housekeeping.
struct Instance {
    settings: Settings,
    store: Store,
    clock: Arc<ShiftedClock>,
    queue: Arc<dyn Queue>,
    stop: CancellationToken,
}

impl Instance {
    async fn on(db: &TestDb, clock: &Arc<ShiftedClock>) -> Self {
        Self::with(db.settings(), clock).await
    }

    async fn with(mut settings: Settings, clock: &Arc<ShiftedClock>) -> Self {
        settings.reminder.poll_ms = 50;
        settings.reminder.sweep_seconds = 1;
        Self::as_set(settings, clock).await
    }

    async fn as_set(settings: Settings, clock: &Arc<ShiftedClock>) -> Self {
        let store = Store::connect(&settings.database).await.unwrap();
        let redis = connect(&settings.redis).unwrap();
        let queue = open(
            store.clone(),
            redis,
            &settings,
            Arc::<ShiftedClock>::clone(clock),
            Arc::new(Dice::from_system()),
        );
        store.tell(queue.clone());
        let stop = CancellationToken::new();
        tokio::spawn({
            let (queue, stop) = (Arc::clone(&queue), stop.clone());
            async move { queue.keep(stop).await }
        });
        Self {
            settings,
            store,
            clock: Arc::clone(clock),
            queue,
            stop,
        }
    }

    async fn remind(&self, keys: impl IntoIterator<Item = String>, due_at: Moment) {
        let mut tx = self.store.begin(self.clock.now()).await.unwrap();
        let items = keys.into_iter().map(|key| NewReminder {
            kind: "test.nothing",
            subject: format!("test:{key}"),
            dedupe_key: key,
            recipient_id: None,
            compound_id: None,
            payload: json!({}),
            due_at,
        });
        enqueue(&mut tx, items.collect()).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn work(&self, handler: &Arc<Hands>) -> tokio::task::JoinHandle<()> {
        let worker = Worker::new(
            Arc::clone(&self.queue),
            Arc::<Hands>::clone(handler),
            Arc::<ShiftedClock>::clone(&self.clock),
            self.settings.reminder.clone(),
        );
        tokio::spawn(worker.run(self.stop.clone()))
    }

    async fn claim(&self) -> Vec<reminder::Model> {
        self.queue.claim(1_000, self.clock.now()).await.unwrap()
    }

    /// Claims until so many have come: a committed reminder takes a moment to be indexed.
    async fn claim_all(&self, count: usize) -> Vec<reminder::Model> {
        let found = Mutex::new(Vec::new());
        until("all are claimed", 10, async || {
            let claimed = self.claim().await;
            let mut found = found.lock().unwrap();
            found.extend(claimed);
            (found.len() >= count).then_some(())
        })
        .await;
        found.into_inner().unwrap()
    }

    async fn answer(&self, claimed: &[reminder::Model], verdict: &Verdict) {
        let answered = claimed.iter().map(|row| Answered {
            id: row.id,
            attempts: row.attempts,
            verdict: verdict.clone(),
        });
        let lease = claimed[0].lease.clone().unwrap();
        let now = self.clock.now();
        self.queue
            .finish(&lease, answered.collect(), now)
            .await
            .unwrap();
    }

    async fn count(&self, state: ReminderState) -> u64 {
        let all = reminder::Entity::find().filter(reminder::COLUMN.state.eq(state));
        all.count(self.store.read()).await.unwrap()
    }

    async fn until_sent(&self, count: u64) {
        until("all are sent", 30, async || {
            (self.count(ReminderState::Sent).await == count).then_some(())
        })
        .await;
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A handler that counts; it panics, or hangs over all but the quick ones, when told to.
#[derive(Default)]
struct Hands {
    seen: Mutex<HashMap<i64, usize>>,
    panics: AtomicUsize,
    hangs: AtomicBool,
}

impl Hands {
    fn seen(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn most(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.values().copied().max().unwrap_or_default()
    }
}

impl Handler for Hands {
    fn handle<'a>(&'a self, claimed: Vec<reminder::Model>, said: Said) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let left = self.panics.load(Ordering::SeqCst);
            if left > 0 {
                self.panics.store(left - 1, Ordering::SeqCst);
                panic!("a bug");
            }
            for row in &claimed {
                *self.seen.lock().unwrap().entry(row.id).or_default() += 1;
            }
            if self.hangs.load(Ordering::SeqCst) {
                for row in claimed
                    .iter()
                    .filter(|row| row.dedupe_key.contains("quick"))
                {
                    said.send((row.id, Verdict::Done)).unwrap();
                }
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            for row in &claimed {
                said.send((row.id, Verdict::Done)).unwrap();
            }
        })
    }
}

fn keys(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n}")).collect()
}

fn clock() -> Arc<ShiftedClock> {
    Arc::new(ShiftedClock::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_all_and_nothing_comes_twice() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    let two = Instance::on(&db, &clock).await;
    let hands = Arc::new(Hands::default());
    let ends = [one.work(&hands), two.work(&hands)];
    for part in 0..10 {
        let teller = if part % 2 == 0 { &one } else { &two };
        teller
            .remind(keys(&format!("k{part}-"), 200), clock.now())
            .await;
    }
    one.until_sent(2_000).await;
    assert_eq!((hands.seen(), hands.most()), (2_000, 1));
    one.stop.cancel();
    two.stop.cancel();
    for end in ends {
        end.await.unwrap();
    }
    let row = reminder::Entity::find()
        .one(one.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.attempts, row.lease, row.last_error), (1, None, None));
    assert!(row.done_at.is_some());
}

#[tokio::test]
async fn what_is_not_due_waits_and_what_is_due_comes_in_order() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    let now = clock.now();
    one.remind(keys("later", 1), now + TimeDelta::hours(3))
        .await;
    one.remind(keys("second", 1), now - TimeDelta::minutes(1))
        .await;
    one.remind(keys("first", 1), now - TimeDelta::minutes(2))
        .await;
    let claimed = one.claim_all(2).await;
    let mut order: Vec<_> = claimed.iter().map(|row| row.dedupe_key.as_str()).collect();
    order.sort_unstable();
    assert_eq!(order, ["first0", "second0"]);
    one.answer(&claimed[..1], &Verdict::Done).await;
    // The clock jumps over the lease of the other and the hour of the third.
    clock.advance(TimeDelta::hours(4));
    let claimed = one.claim_all(2).await;
    assert_eq!(claimed.len(), 2);
    // And back: nothing is handed out again, nothing is lost.
    clock.advance(TimeDelta::hours(-4));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(one.claim().await.is_empty());
    clock.advance(TimeDelta::hours(5));
    assert_eq!(one.claim_all(2).await.len(), 2);
}

#[tokio::test]
async fn one_key_is_one_reminder() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    one.remind(keys("same", 2), clock.now()).await;
    one.remind(keys("same", 3), clock.now()).await;
    assert_eq!(one.count(ReminderState::Pending).await, 3);
}

#[tokio::test]
async fn a_rolled_back_cause_leaves_no_reminder_and_a_cancelled_one_never_comes() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    one.remind(["gone".to_owned(), "kept".to_owned()], clock.now())
        .await;
    let tx = one.store.begin(clock.now()).await.unwrap();
    cancel(&tx, "test:kept", &["test.nothing"]).await.unwrap();
    tx.rollback().await.unwrap();
    let tx = one.store.begin(clock.now()).await.unwrap();
    cancel(&tx, "test:gone", &["test.nothing"]).await.unwrap();
    tx.commit().await.unwrap();
    let claimed = one.claim_all(1).await;
    assert_eq!(claimed[0].dedupe_key, "kept");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(one.claim().await.is_empty());
}

#[tokio::test]
async fn what_a_crash_left_comes_back_after_its_lease_and_the_late_answer_is_not_taken() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    one.remind(keys("k", 100), clock.now()).await;
    let lost = one.claim_all(100).await;
    assert!(one.claim().await.is_empty(), "a lease does not hold");
    let lease = TimeDelta::seconds(i64::from(one.settings.reminder.lease_seconds));
    clock.advance(lease);
    let two = Instance::on(&db, &clock).await;
    let again = two.claim_all(100).await;
    assert!(again.iter().all(|row| row.attempts == 2));
    one.answer(&lost, &Verdict::Done).await;
    assert_eq!(
        one.count(ReminderState::Sent).await,
        0,
        "an answer out of time was taken"
    );
    two.answer(&again, &Verdict::Done).await;
    assert_eq!(one.count(ReminderState::Sent).await, 100);
    clock.advance(lease * 2);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(one.claim().await.is_empty(), "what is done came back");
}

#[tokio::test]
async fn failures_come_back_later_and_end_as_dead_letters() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    one.remind(keys("k", 1), clock.now()).await;
    for attempt in 1..=one.settings.reminder.max_attempts {
        let claimed = one.claim_all(1).await;
        assert_eq!(claimed[0].attempts, attempt);
        one.answer(&claimed, &Verdict::Retry("关机".to_owned()))
            .await;
        assert!(one.claim().await.is_empty(), "no pause after try {attempt}");
        clock.advance(TimeDelta::hours(8));
    }
    assert!(one.claim().await.is_empty());
    let row = reminder::Entity::find()
        .one(one.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, ReminderState::Failed);
    assert_eq!(row.last_error.as_deref(), Some("关机"));
    let depth = one.queue.depth(clock.now()).await.unwrap();
    assert_eq!((depth.dead, depth.open, depth.due), (1, 0, 0));
}

#[tokio::test]
async fn later_does_not_count_as_a_try() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    one.remind(keys("k", 1), clock.now()).await;
    for _ in 0..3 {
        let claimed = one.claim_all(1).await;
        assert_eq!(claimed[0].attempts, 1);
        let hour = clock.now() + TimeDelta::hours(1);
        one.answer(&claimed, &Verdict::Later(hour)).await;
        assert!(one.claim().await.is_empty());
        clock.advance(TimeDelta::minutes(61));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_the_handler_ends_neither_the_worker_nor_the_reminder() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    let hands = Arc::new(Hands::default());
    hands.panics.store(1, Ordering::SeqCst);
    let _end = one.work(&hands);
    one.remind(keys("k", 3), clock.now()).await;
    until("the panic was taken for a failure", 10, async || {
        let all = reminder::Entity::find()
            .all(one.store.read())
            .await
            .unwrap();
        let failed =
            |row: &reminder::Model| row.state == ReminderState::Pending && row.last_error.is_some();
        all.iter().all(failed).then_some(())
    })
    .await;
    clock.advance(TimeDelta::minutes(2));
    one.until_sent(3).await;
    assert_eq!(hands.seen(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_handler_is_given_up_after_the_lease() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let mut settings = db.settings();
    settings.reminder.lease_seconds = 1;
    let one = Instance::with(settings, &clock).await;
    let hands = Arc::new(Hands::default());
    hands.hangs.store(true, Ordering::SeqCst);
    let _end = one.work(&hands);
    one.remind(keys("k", 1), clock.now()).await;
    until("it hangs", 10, async || (hands.seen() == 1).then_some(())).await;
    hands.hangs.store(false, Ordering::SeqCst);
    until("it was given up", 10, async || {
        clock.advance(TimeDelta::minutes(10));
        (one.count(ReminderState::Sent).await == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_is_kept_though_the_rest_of_the_batch_hangs() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let mut settings = db.settings();
    settings.reminder.lease_seconds = 3;
    let one = Instance::with(settings, &clock).await;
    let hands = Arc::new(Hands::default());
    hands.hangs.store(true, Ordering::SeqCst);
    one.remind(
        keys("quick", 20).into_iter().chain(keys("slow", 2)),
        clock.now(),
    )
    .await;
    let _end = one.work(&hands);
    // Stored while the handler still sits on the others, and each with its one try.
    one.until_sent(20).await;
    assert_eq!(one.count(ReminderState::Sending).await, 2);
    hands.hangs.store(false, Ordering::SeqCst);
    until("the others came back with their lease", 20, async || {
        clock.advance(TimeDelta::seconds(2));
        (one.count(ReminderState::Sent).await == 22).then_some(())
    })
    .await;
    let seen = hands.seen.lock().unwrap().clone();
    assert_eq!(seen.values().filter(|times| **times == 1).count(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_worker_ends_what_it_has_begun() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let one = Instance::on(&db, &clock).await;
    let hands = Arc::new(Hands::default());
    let end = one.work(&hands);
    one.remind(keys("k", 500), clock.now()).await;
    until("it has begun", 10, async || {
        (hands.seen() > 0).then_some(())
    })
    .await;
    one.stop.cancel();
    end.await.unwrap();
    assert_eq!(one.count(ReminderState::Sending).await, 0);
    let sent = usize::try_from(one.count(ReminderState::Sent).await).unwrap();
    assert_eq!(sent, hands.seen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_wakes_the_worker_at_once() {
    let (db, clock) = (TestDb::fresh().await, clock());
    let mut settings = db.settings();
    settings.reminder.poll_ms = 60_000;
    settings.reminder.sweep_seconds = 60;
    let one = Instance::as_set(settings, &clock).await;
    let hands = Arc::new(Hands::default());
    let _end = one.work(&hands);
    // It has looked, found nothing, and sleeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let soon = clock.now() + TimeDelta::milliseconds(300);
    one.remind(["now".to_owned()], clock.now()).await;
    one.remind(["soon".to_owned()], soon).await;
    until("both came", 3, async || (hands.seen() == 2).then_some(())).await;
    assert!(clock.now() >= soon, "too early");
}
