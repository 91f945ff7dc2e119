//! A notice to 100 000 people: recipients written down, a message for each put into the outbox and indexed in
//! Redis, as the clocks of the program do it; PostgreSQL and Redis. Against psql, which puts the same rows into
//! the same tables with their indexes by INSERT … SELECT.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use linli::base::clock::{Clock, SystemClock};
use linli::base::dice::Dice;
use linli::config::Settings;
use linli::notice::actions::send::{self, Step};
use linli::reminder::queue;
use linli::store::Store;
use migration::MigratorTrait;
use tokio_util::sync::CancellationToken;

use crate::figure::{Figure, median, times};
use crate::machine::{self, Postgres, Redis};
use crate::reminders::settings;

pub const PEOPLE: usize = 100_000;
const ROUNDS: usize = 3;
/// How much longer than the statements it may take.
const MOST: f64 = 3.0;
/// Tables that a broadcast fills.
const TABLES: [&str; 2] = ["notice_recipient", "reminder"];

/// A compound of 1 000 buildings, 100 homes and people each, everybody with an account; and a notice whose
/// time to undo is over.
const FILL: &str = "\
    INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
    VALUES (1, 'K', 'compound', '大院', NULL, 1, '/1/', now(), now()); \
    INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
    SELECT 1 + b, 'K/' || b, 'building', b || '栋', 1, 1, '/1/' || 1 + b || '/', now(), now() \
    FROM generate_series(1, 1000) AS b; \
    INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
    SELECT 10000 + h, 'K/' || h % 1000 + 1 || '-1-' || h, 'home', h, 2 + h % 1000, 1, \
    '/1/' || 2 + h % 1000 || '/' || 10000 + h || '/', now(), now() FROM generate_series(1, 100000) AS h; \
    INSERT INTO person (id, name, party_member, created_at, updated_at) \
    SELECT h, '住户' || h, false, now(), now() FROM generate_series(1, 100000) AS h; \
    INSERT INTO residency (person_id, place_id, compound_id, relation, created_at) \
    SELECT h, 10000 + h, 1, 'owner', now() FROM generate_series(1, 100000) AS h; \
    INSERT INTO account (channel, external_id, person_id, followed, window_left, told_version, agreed_version, created_at) \
    SELECT 'official', 'o-' || h, h, true, 0, 0, 0, now() FROM generate_series(1, 100000) AS h; \
    INSERT INTO notice (id, compound_id, place_id, author_id, title, body, urgent, state, version, scope, \
    counted, reachable, round, told_to, go_at, created_at) \
    VALUES (1, 1, 1, 1, '停水', '周六停水', false, 'undoable', 1, '{\"places\":[],\"who\":[\"residents\"]}', \
    0, 0, 0, 0, now(), now())";

/// Measures both in turn, each with empty tables.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let name = format!("notices{round}");
        ours.push(broadcast(&postgres, &redis, &name, round).await?);
        theirs.push(select(&postgres, &name)?);
        eprintln!(
            "round {round}: {:?} s, INSERT … SELECT {:?} s",
            ours.last(),
            theirs.last()
        );
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    Ok(Figure {
        what: "a notice to 100 000 people: recipients and their messages, PostgreSQL and Redis"
            .to_owned(),
        ours: format!("{ours:.1} s"),
        theirs: format!("INSERT … SELECT of the same rows: {theirs:.1} s"),
        ratio: times(ratio),
        required: format!("at most {}", times(MOST)),
        met: ratio <= MOST,
        bound: format!(
            "From the end of the time to undo to the last row: who is meant is found by the roster, bindings and \
             accounts, a message for each is put into the outbox 5 000 at a time, a transaction each, and its key \
             handed to Redis; against psql, which puts the rows that this made into the same tables, emptied, with \
             their indexes, a statement each, one transaction. {ROUNDS} rounds in turn, medians."
        ),
    })
}

/// A database with the people and the notice, the queue on it and whoever keeps that.
pub struct Ready {
    /// Settings of this database.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    stop: CancellationToken,
    keeper: tokio::task::JoinHandle<()>,
}

impl Ready {
    /// Makes it, with more settings than those of the servers.
    pub async fn make(
        servers: (&Postgres, &Redis),
        name: &str,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let store = Store::connect(&settings.database).await?;
        migration::Migrator::up(store.write(), None).await?;
        servers.0.psql(name, FILL)?;
        servers.0.psql(name, "VACUUM ANALYZE")?;
        let connection = linli::redis::connect(&settings.redis)?.context("no Redis")?;
        let queue = queue::open(
            store.clone(),
            Some(connection),
            &settings,
            clock,
            Arc::new(Dice::from_system()),
        );
        store.tell(queue.clone());
        let stop = CancellationToken::new();
        let keeper = tokio::spawn({
            let stop = stop.clone();
            async move { queue.keep(stop).await }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Self {
            settings,
            store,
            stop,
            keeper,
        })
    }

    /// Writes down the recipients and a message for each of them.
    pub async fn fan_out(&self, clock: &dyn Clock) -> Result<()> {
        send::start(&self.store, clock, 1).await?;
        while send::go_on(&self.store, clock, 1).await? == Step::More {}
        Ok(())
    }

    /// Ends it.
    pub async fn close(self) -> Result<()> {
        self.stop.cancel();
        self.keeper.await?;
        self.store.close().await;
        Ok(())
    }
}

async fn broadcast(postgres: &Postgres, redis: &Redis, name: &str, round: usize) -> Result<f64> {
    let settings = settings(&postgres.database(name)?, &redis.url(), round)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ready = Ready::make((postgres, redis), name, settings, clock.clone()).await?;
    let began = Instant::now();
    ready.fan_out(&*clock).await?;
    let took = began.elapsed().as_secs_f64();
    ready.close().await?;
    let counts = postgres.psql(
        name,
        "SELECT (SELECT count(*) FROM notice_recipient) || ' ' || \
         (SELECT count(*) FROM reminder WHERE kind = 'notice.new')",
    )?;
    ensure!(counts == format!("{PEOPLE} {PEOPLE}"), "{counts} rows");
    Ok(took)
}

/// Seconds that the same rows take from beside into the same tables, emptied.
fn select(postgres: &Postgres, name: &str) -> Result<f64> {
    for table in TABLES {
        let statement = format!(
            "CREATE TABLE beside_{table} AS SELECT * FROM {table} ORDER BY 1; TRUNCATE {table}"
        );
        postgres.psql(name, &statement)?;
    }
    postgres.psql(name, "VACUUM ANALYZE")?;
    let all = TABLES.map(|table| format!("INSERT INTO {table} SELECT * FROM beside_{table}"));
    let began = Instant::now();
    postgres.psql(name, &format!("BEGIN; {}; COMMIT", all.join("; ")))?;
    Ok(began.elapsed().as_secs_f64())
}
