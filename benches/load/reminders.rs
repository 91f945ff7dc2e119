//! 100 000 reminders that are due at one instant: claimed, handled by one that does nothing, marked
//! as sent; PostgreSQL and Redis, one process, as the program sets it up. Against BullMQ with as
//! many jobs on the same Redis.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use entity::kinds::ReminderState;
use entity::reminder;
use linli::base::clock::{Clock, SystemClock};
use linli::base::dice::Dice;
use linli::config::Settings;
use linli::reminder::worker::Worker;
use linli::reminder::{BoxFuture, Handler, Said, Verdict, queue};
use linli::store::{Store, insert::insert_chunked};
use migration::MigratorTrait;
use sea_orm::ActiveValue::Set;
use tokio_util::sync::CancellationToken;

use crate::figure::{Figure, median, times, whole};
use crate::machine::{self, Postgres, Redis};
use crate::protocol::Opponent;

const REMINDERS: usize = 100_000;
const ROUNDS: usize = 3;
/// Reminders claimed at once: as many as suit a sender that never waits.
const BATCH: &str = "1000";
const REQUIRED: f64 = 3.0;

/// Says at once of everything that it is done.
#[derive(Default)]
struct DoesNothing {
    done: AtomicUsize,
}

impl Handler for DoesNothing {
    fn handle<'a>(&'a self, claimed: Vec<reminder::Model>, said: Said) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.done.fetch_add(claimed.len(), Ordering::Relaxed);
            for row in &claimed {
                let _ = said.send((row.id, Verdict::Done));
            }
        })
    }
}

/// Measures both.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut name, mut used) = (String::new(), None);
    for round in 1..=ROUNDS {
        let (rate, cost) = ours_once(&postgres, &redis, round).await?;
        let opponent = Opponent::measure("bullmq", &[&redis.url()])?;
        eprintln!(
            "round {round}: linli {rate:.0}/s ({cost} a reminder), BullMQ {:.0}/s",
            opponent.per_second
        );
        ours.push(rate);
        used = Some(cost);
        theirs.push(opponent.per_second);
        name = opponent.name;
    }
    let used = used.context("no round")?;
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    Ok(Figure {
        what: "100 000 reminders due at one instant, claimed, handled, marked sent".to_owned(),
        ours: format!("{} reminders/s", whole(ours)),
        theirs: format!("{name}: {} jobs/s", whole(theirs)),
        ratio: times(ratio),
        required: times(REQUIRED),
        met: ratio >= REQUIRED,
        bound: format!(
            "PostgreSQL with its default durability and Redis, one process, {BATCH} claimed at \
             once; BullMQ on the same Redis, concurrency 50, nothing kept of finished jobs; \
             {ROUNDS} rounds in turn, medians. Processor time of a reminder in the last round: {used}."
        ),
    })
}

/// Reminders per second of one round, on a database of its own.
async fn ours_once(postgres: &Postgres, redis: &Redis, round: usize) -> Result<(f64, Used)> {
    let url = postgres.database(&format!("reminders{round}"))?;
    let settings = settings(&url, &redis.url(), round)?;
    let store = Store::connect(&settings.database).await?;
    migration::Migrator::up(store.write(), None).await?;
    fill(&store).await?;
    // As it would be long after they were stored.
    postgres.psql(&format!("reminders{round}"), "VACUUM ANALYZE reminder")?;
    postgres.psql("postgres", "CHECKPOINT")?;

    let connection = linli::redis::connect(&settings.redis)?.context("no Redis")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let queue = queue::open(
        store.clone(),
        Some(connection.clone()),
        &settings,
        clock.clone(),
        Arc::new(Dice::from_system()),
    );
    let stop = CancellationToken::new();
    let keeper = tokio::spawn({
        let (queue, stop) = (queue.clone(), stop.clone());
        async move { queue.keep(stop).await }
    });
    let key = format!("{{{}:reminder}}:due", settings.redis.prefix);
    let mut asking = connection;
    let patience = Instant::now();
    loop {
        let indexed: usize = redis::cmd("ZCARD")
            .arg(&key)
            .query_async(&mut asking)
            .await?;
        if indexed == REMINDERS {
            break;
        }
        ensure!(
            patience.elapsed() < Duration::from_secs(60),
            "only {indexed} reminders were indexed"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;

    let handler = Arc::new(DoesNothing::default());
    let worker = Worker::new(queue, handler.clone(), clock, settings.reminder.clone());
    let used = Used::now(postgres, redis);
    let began = Instant::now();
    let worker = tokio::spawn(worker.run(stop.clone()));
    while handler.done.load(Ordering::Relaxed) < REMINDERS {
        ensure!(
            began.elapsed() < Duration::from_secs(120),
            "the reminders do not come to an end"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let database = format!("reminders{round}");
    let open = "SELECT count(*) FROM reminder WHERE state IN ('pending', 'sending')";
    while postgres.psql(&database, open)? != "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = f64::from(u32::try_from(REMINDERS)?) / began.elapsed().as_secs_f64();
    let used = Used::now(postgres, redis).since(&used);
    stop.cancel();
    worker.await?;
    keeper.await?;
    let sent = "SELECT count(*) FROM reminder WHERE state = 'sent' AND attempts = 1";
    let sent = postgres.psql(&database, sent)?;
    ensure!(
        sent == REMINDERS.to_string() && handler.done.load(Ordering::Relaxed) == REMINDERS,
        "{sent} of {REMINDERS} were sent at the first try"
    );
    store.close().await;
    Ok((rate, used))
}

/// Processor time, by process.
#[derive(Clone, Copy)]
struct Used {
    /// Ours, PostgreSQL's (with its backends), Redis's.
    parts: [f64; 3],
}

impl Used {
    /// Seconds up to now.
    fn now(postgres: &Postgres, redis: &Redis) -> Self {
        let parts = [
            machine::own_processor_seconds(std::process::id()),
            machine::processor_seconds(postgres.id()),
            machine::own_processor_seconds(redis.id()),
        ];
        Self { parts }
    }

    /// Microseconds of each reminder since then.
    fn since(self, earlier: &Self) -> Self {
        let mut parts = self.parts;
        for (part, earlier) in parts.iter_mut().zip(earlier.parts) {
            *part = (*part - earlier) * 1e6 / REMINDERS as f64;
        }
        Self { parts }
    }
}

impl std::fmt::Display for Used {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [ours, postgres, redis] = self.parts;
        write!(
            to,
            "{ours:.1} µs ours, {postgres:.1} µs PostgreSQL's, {redis:.1} µs Redis's"
        )
    }
}

/// The program's own, with these servers.
pub fn settings(database: &str, redis: &str, round: usize) -> Result<Settings> {
    let prefix = format!("load{round}");
    let variables = [
        ("LINLI__DATABASE__URL", database),
        ("LINLI__REDIS__URL", redis),
        ("LINLI__REDIS__PREFIX", &prefix),
        ("LINLI__REMINDER__BATCH", BATCH),
    ];
    let source: HashMap<String, String> = variables
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let environment = config::Environment::with_prefix("LINLI")
        .prefix_separator("__")
        .separator("__")
        .source(Some(source));
    let nowhere = Path::new("/nonexistent");
    Ok(Settings::from_layers(nowhere, "development", environment)?)
}

async fn fill(store: &Store) -> Result<()> {
    let now = SystemClock.now();
    let tx = store.begin(now).await?;
    let rows = (0..REMINDERS).map(|number| reminder::ActiveModel {
        dedupe_key: Set(format!("load:{number}")),
        kind: Set("load.nothing".to_owned()),
        recipient_id: Set(None),
        subject: Set(format!("case:{number}")),
        payload: Set(serde_json::json!({ "case_id": number })),
        due_at: Set(now),
        state: Set(ReminderState::Pending),
        attempts: Set(0),
        next_at: Set(now),
        created_at: Set(now),
        ..Default::default()
    });
    insert_chunked(tx.db(), rows.collect()).await?;
    tx.commit().await?;
    Ok(())
}
