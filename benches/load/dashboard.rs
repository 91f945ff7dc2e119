//! The figures of a street with thirty compounds over 1 000 000 cases, with names and tables as the
//! console shows them, against plain SQL that counts the same.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use linli::base::clock::{Clock, SystemClock, china};
use linli::case::stats::Figure;
use linli::case::stats::span::Span;
use linli::config;
use linli::place::queries;
use linli::place::scope::Scope;
use linli::report::figures;
use linli::store::Store;
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use secrecy::SecretString;

use crate::figure::{Figure as Row, median, times};
use crate::machine::{self, Postgres};
use crate::town;

/// How much longer than plain SQL it may take.
const MOST: f64 = 1.5;
const CASES: u32 = 1_000_000;
const ROUNDS: usize = 5;

/// As somebody would write it who knows PostgreSQL, and the keys of the compounds: with a subquery for them it
/// is slower.
const PLAIN: &str = "\
SELECT compound_id, kind, category, level, organisation_id, date_trunc('month', created_at AT TIME ZONE 'Asia/Shanghai'), \
count(*), count(*) FILTER (WHERE state = 'withdrawn'), \
count(*) FILTER (WHERE state IN ('raised','assigned','accepted','arrived','paused','reopen_requested')), \
count(*) FILTER (WHERE state <> 'withdrawn' AND (accepted_at IS NOT NULL OR accept_late OR state <> 'assigned')), \
count(*) FILTER (WHERE state <> 'withdrawn' AND accepted_at IS NOT NULL AND NOT accept_late), \
count(*) FILTER (WHERE state IN ('finished','reviewed') OR (finish_late AND state <> 'withdrawn')), \
count(*) FILTER (WHERE state IN ('finished','reviewed') AND outcome = 'solved'), \
count(*) FILTER (WHERE state IN ('finished','reviewed') AND outcome = 'solved' AND NOT finish_late), \
count(*) FILTER (WHERE state IN ('finished','reviewed') AND outcome = 'unsolved'), \
count(*) FILTER (WHERE state NOT IN ('finished','reviewed','withdrawn') AND finish_late), \
count(*) FILTER (WHERE state <> 'withdrawn' AND reopened), \
count(*) FILTER (WHERE state = 'reviewed'), \
count(*) FILTER (WHERE state = 'reviewed' AND rating IS NOT NULL), \
count(*) FILTER (WHERE state = 'reviewed' AND rating >= 4), \
sum(rating) FILTER (WHERE state = 'reviewed') \
FROM cases WHERE compound_id IN ({compounds}) \
AND created_at >= '{from}' AND created_at < '{to}' \
GROUP BY GROUPING SETS ((), (1), (2), (3), (4), (5), (6))";

/// Measures both in turn.
pub async fn measure() -> Result<Row> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let url = postgres.database("linli")?;
    let store = Store::connect(&config::Database {
        url: SecretString::from(url),
        max_connections: 2,
    })
    .await?;
    migration::Migrator::up(store.write(), None).await?;
    town::fill(&postgres, "linli", town::COMPOUNDS_OF_STREET, CASES)?;
    let today = china(SystemClock.now()).date_naive();
    let span = Span::new(today - chrono::Days::new(364), today);
    let compounds: Vec<String> = (1..=town::COMPOUNDS_OF_STREET)
        .map(|compound| (100_000 + compound).to_string())
        .collect();
    let plain = PLAIN
        .replace("{compounds}", &compounds.join(","))
        .replace("{from}", &span.from().to_rfc3339())
        .replace("{to}", &span.to().to_rfc3339());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let street = queries::by_code(store.read(), "S1").await?;
        let scope = Scope::of(store.read(), street.context("no street")?).await?;
        let report = figures::read(store.read(), scope, span).await?;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        ensure!(
            report.whole.get(Figure::Filed) == i64::from(CASES),
            "not all cases were counted: {:?}",
            report.whole
        );
        let began = Instant::now();
        let rows = store
            .read()
            .query_all_raw(Statement::from_string(DbBackend::Postgres, plain.clone()))
            .await?;
        theirs.push(began.elapsed().as_secs_f64() * 1000.0);
        ensure!(rows.len() > 50, "only {} rows", rows.len());
    }
    store.close().await;
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    Ok(Row {
        what: "figures of a street with 30 compounds over 1 000 000 cases".to_owned(),
        ours: format!("{ours:.0} ms"),
        theirs: format!("plain SQL (grouping sets): {theirs:.0} ms"),
        ratio: times(ratio),
        required: format!("at most {}", times(MOST)),
        met: ratio <= MOST,
        bound: format!(
            "A year by compound, kind, category, level, organisation and month, fourteen counts each, with \
             names; {ROUNDS} rounds in turn on one database with its defaults, medians. Bound by PostgreSQL's one \
             reading of the cases."
        ),
    })
}
