//! How the running service feels: answer times and memory at half of its greatest rate, and how
//! soon it is there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::community;
use crate::figure::{Figure, percentile, whole};
use crate::machine::{self, Postgres, Redis};
use crate::platform::{Platform, Sample};
use crate::server::Setup;
use crate::traffic;

const LASTING: Duration = Duration::from_secs(60);

/// Answer times and memory at half of `greatest` cases per second; with PostgreSQL and Redis and
/// every part of the program running.
pub async fn under_load(greatest: f64) -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let platform = Arc::new(Platform::new(sample.clone())?);
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let url = postgres.database("linli")?;
    let mut setup = Setup::new(room.path(), &sample, &url);
    setup.set("REDIS__URL", &redis.url());
    community::settle(&setup, room.path(), &url).await?;

    let server = setup.serve("all").await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = server.resident_mb();
    machine::stay_on_client_core()?;
    let rate = greatest / 2.0;
    traffic::answer_times(server.address(), &platform, rate, Duration::from_secs(5)).await?;
    let measured = traffic::answer_times(server.address(), &platform, rate, LASTING).await?;
    let loaded = server.resident_mb();
    machine::roam()?;

    let at = |part, of| percentile(&measured, part, of);
    let most = measured.last().copied().unwrap_or_default();
    let tail = at(999, 1000);
    Ok(vec![
        Figure {
            what: "p99.9 of the callback at half of the maximal load".to_owned(),
            ours: format!("{tail:.1} ms (longest {most:.1} ms)"),
            theirs: String::new(),
            ratio: String::new(),
            required: "< 100 ms, none over 1 s".to_owned(),
            met: tail < 100.0 && most < 1000.0 && !measured.is_empty(),
            bound: format!(
                "{} cases/s for {} s at a fixed rate, each answer timed from when its message was \
                 due; PostgreSQL + Redis, all parts of the program on one core, which also tries to \
                 send the pushes to a platform that refuses the connection. p50 {:.1} ms, \
                 p99 {:.1} ms, {} messages.",
                whole(rate),
                LASTING.as_secs(),
                at(50, 100),
                at(99, 100),
                measured.len()
            ),
        },
        Figure {
            what: "resident memory of `linli serve` idle / under that load".to_owned(),
            ours: format!("{idle:.0} MB / {loaded:.0} MB"),
            theirs: String::new(),
            ratio: String::new(),
            required: "< 60 MB / < 200 MB".to_owned(),
            met: idle < 60.0 && loaded < 200.0,
            bound: "VmRSS, three seconds after the start and at the end of the load".to_owned(),
        },
    ])
}

/// From the start to the first 200 of `/readyz` on an existing database.
pub async fn start() -> Result<Figure> {
    const STARTS: usize = 10;
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let on_postgres = postgres.database("linli")?;
    let on_sqlite = format!("sqlite://{}/linli.db?mode=rwc", room.path().display());
    let mut longest = Vec::new();
    for url in [on_postgres, on_sqlite] {
        let setup = Setup::new(room.path(), &sample, &url);
        community::settle(&setup, room.path(), &url).await?;
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let server = setup.serve("all").await?;
            times.push(server.start_time().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        longest.push(times.last().copied().unwrap_or(f64::INFINITY));
    }
    let worst = longest.iter().copied().fold(0.0, f64::max);
    Ok(Figure {
        what: "time from start to `/readyz` on an existing database".to_owned(),
        ours: format!("{worst:.0} ms"),
        theirs: String::new(),
        ratio: String::new(),
        required: "< 1 s".to_owned(),
        met: worst < 1000.0,
        bound: format!(
            "The longest of {STARTS} starts each (PostgreSQL {:.0} ms, SQLite {:.0} ms), on one core.",
            longest.first().copied().unwrap_or_default(),
            longest.last().copied().unwrap_or_default()
        ),
    })
}
