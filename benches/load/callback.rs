//! The encrypted callback that files a case, on PostgreSQL against pgbench and on SQLite against
//! a bare sqlx loop; both run the statements that the program sends (benches/compare/filing/).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::TimeDelta;
use linli::base::clock::{Clock, SystemClock};
use linli::case::essence::essence;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};

use crate::community::{self, ACCOUNTS};
use crate::figure::{Figure, median, times, whole};
use crate::machine::{self, Postgres};
use crate::pgbench;
use crate::platform::{Platform, Sample};
use crate::script::Run;
use crate::server::Setup;
use crate::traffic;

const CLIENTS: i64 = 8;
const ROUNDS: usize = 3;
const LASTING: Duration = Duration::from_secs(12);
const WARM_UP: Duration = Duration::from_secs(3);

/// A rate, and how much of their cores the program and the database used.
#[derive(Clone, Copy)]
struct Measured {
    rate: f64,
    server: f64,
    database: f64,
}

/// Warm-up, then the greatest rate.
async fn ours(
    setup: &Setup,
    platform: &Arc<Platform>,
    database: Option<u32>,
    clients: &str,
) -> Result<Measured> {
    let server = setup.serve("web").await?;
    machine::stay_on(clients)?;
    traffic::greatest_rate(server.address(), platform, CLIENTS, WARM_UP).await?;
    let database_seconds = || database.map_or(0.0, machine::processor_seconds);
    let (began, at, base) = (
        Instant::now(),
        server.processor_seconds(),
        database_seconds(),
    );
    let rate = traffic::greatest_rate(server.address(), platform, CLIENTS, LASTING).await?;
    let seconds = began.elapsed().as_secs_f64();
    let measured = Measured {
        rate,
        server: (server.processor_seconds() - at) / seconds,
        database: (database_seconds() - base) / seconds,
    };
    machine::roam()?;
    Ok(measured)
}

/// Against pgbench, with PostgreSQL on the other core and on both; returns the figures and the
/// greatest rate.
pub async fn on_postgres() -> Result<(Vec<Figure>, f64)> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let platform = Arc::new(Platform::new(sample.clone())?);
    let postgres = Postgres::start(room.path(), &[])?;
    let url = postgres.database("linli")?;
    let setup = Setup::new(room.path(), &sample, &url);
    community::settle(&setup, room.path(), &url).await?;
    // Not on empty tables: their statistics would make plans that suit nothing.
    ours(&setup, &platform, None, machine::CLIENT_CORE).await?;
    postgres.psql("linli", "VACUUM ANALYZE")?;
    let (mut figures, mut greatest) = (Vec::new(), 0.0_f64);
    for (cores, words) in [
        (machine::CLIENT_CORE, "the other core"),
        ("0,1", "both cores"),
    ] {
        postgres.stay_on(cores)?;
        let (figure, rate) = in_turn(&setup, &platform, &postgres, cores, words).await?;
        figures.push(figure);
        greatest = greatest.max(rate);
    }
    Ok((figures, greatest))
}

async fn in_turn(
    setup: &Setup,
    platform: &Arc<Platform>,
    postgres: &Postgres,
    cores: &str,
    words: &str,
) -> Result<(Figure, f64)> {
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let ours = ours(setup, platform, Some(postgres.id()), cores).await?;
        let theirs = pgbench(postgres, LASTING)?;
        eprintln!(
            "round {round}: linli {:.0}/s (its core {:.0} %, PostgreSQL {:.0} %), \
             pgbench {:.0}/s (PostgreSQL {:.0} %)",
            ours.rate,
            ours.server * 100.0,
            ours.database * 100.0,
            theirs.rate,
            theirs.database * 100.0
        );
        mine.push(ours);
        others.push(theirs);
    }
    let middle =
        |all: &[Measured], what: fn(&Measured) -> f64| median(all.iter().map(what).collect());
    let (ours, theirs) = (middle(&mine, |it| it.rate), middle(&others, |it| it.rate));
    let ratio = ours / theirs;
    let percent = |all, what| 100.0 * middle(all, what);
    let figure = Figure {
        what: format!(
            "encrypted callback that files a case, PostgreSQL on {words}, one server core"
        ),
        ours: format!("{} cases/s", whole(ours)),
        theirs: format!(
            "pgbench, the same statements: {} transactions/s",
            whole(theirs)
        ),
        ratio: times(ratio),
        required: times(0.6),
        met: ratio >= 0.6,
        bound: format!(
            "{CLIENTS} clients on either side; the program and pgbench on core 0, the callback's \
             clients and PostgreSQL on {words}, the latter with its default durability and, on either \
             side, generic plans; {ROUNDS} rounds of {} s in turn on one database, medians. The \
             program used {:.0} % of its core, PostgreSQL {:.0} % of one ({:.0} % with pgbench).",
            LASTING.as_secs(),
            percent(&mine, |it| it.server),
            percent(&mine, |it| it.database),
            percent(&others, |it| it.database)
        ),
    };
    Ok((figure, ours))
}

fn pgbench(postgres: &Postgres, lasting: Duration) -> Result<Measured> {
    let ran = pgbench::run(
        postgres,
        Path::new(&community::filing("postgres.sql")),
        &given("postgres.sql", ' ')?,
        &[
            "-c",
            &CLIENTS.to_string(),
            "-T",
            &lasting.as_secs().to_string(),
        ],
    )?;
    Ok(Measured {
        rate: ran.rate,
        server: 0.0,
        database: ran.database,
    })
}

/// What a script gets from outside: how many accounts, times as its database writes them, the
/// long texts, and the words that its own head gives.
fn given(script: &str, between: char) -> Result<Vec<(String, String)>> {
    let now = SystemClock.now();
    let time = |minutes| {
        let moment = now + TimeDelta::minutes(minutes);
        moment
            .format(&format!("%Y-%m-%d{between}%H:%M:%S%.3f+00:00"))
            .to_string()
    };
    let sample = Sample::load()?;
    let mut given: Vec<(String, String)> = [
        ("accounts", ACCOUNTS.to_string()),
        ("now", time(0)),
        ("window", time(48 * 60)),
        ("accept", time(5)),
        ("finish", time(30)),
        ("essence", essence(&sample.text)),
        ("text", sample.text),
        ("reply", sample.reply),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    given.extend(pgbench::words(Path::new(&community::filing(script)))?);
    Ok(given)
}

/// Against a bare sqlx loop.
pub async fn on_sqlite() -> Result<Figure> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let platform = Arc::new(Platform::new(sample.clone())?);
    let file = room.path().join("linli.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let setup = Setup::new(room.path(), &sample, &url);
    community::settle(&setup, room.path(), &url).await?;
    let (mut our_rates, mut their_rates, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let measured = ours(&setup, &platform, None, machine::CLIENT_CORE).await?;
        let theirs = bare_loop(&file, LASTING)?;
        eprintln!(
            "round {round}: linli {:.0}/s (its core {:.0} %), bare loop {theirs:.0}/s",
            measured.rate,
            measured.server * 100.0
        );
        our_rates.push(measured.rate);
        their_rates.push(theirs);
        shares.push(measured.server * 100.0);
    }
    let (ours, theirs) = (median(our_rates), median(their_rates));
    let ratio = ours / theirs;
    Ok(Figure {
        what: "the same on SQLite (WAL, NORMAL)".to_owned(),
        ours: format!("{} cases/s", whole(ours)),
        theirs: format!(
            "bare sqlx loop, the same statements: {} transactions/s",
            whole(theirs)
        ),
        ratio: times(ratio),
        required: times(0.5),
        met: ratio >= 0.5,
        bound: format!(
            "{CLIENTS} clients on core 1, the program on core 0; the loop on core 0, one \
             connection, prepared statements, BEGIN IMMEDIATE; {ROUNDS} rounds of {} s in turn on \
             one file, medians. The program used {:.0} % of its core.",
            LASTING.as_secs(),
            median(shares)
        ),
    })
}

/// Transactions per second of one connection, in a thread of its own on the server's core.
fn bare_loop(file: &Path, lasting: Duration) -> Result<f64> {
    let text = std::fs::read_to_string(community::filing("sqlite.sql"))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .pragma("cache_size", "-8192")
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let work = async move {
        let mut run = Run::parse(&text, &given("sqlite.sql", 'T')?)?;
        let mut connection = options.connect().await?;
        for _ in 0..200 {
            run.once(&mut connection).await?;
        }
        let (mut done, began) = (0.0, Instant::now());
        while began.elapsed() < lasting {
            run.once(&mut connection).await?;
            done += 1.0;
        }
        let rate = done / began.elapsed().as_secs_f64();
        connection.close().await?;
        anyhow::Ok(rate)
    };
    machine::stay_on(machine::SERVER_CORE)?;
    let rate = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(work)
    })
    .join()
    .map_err(|_| anyhow::anyhow!("the bare loop panicked"))?;
    machine::roam()?;
    rate
}
