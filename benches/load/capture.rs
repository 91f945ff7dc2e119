//! Shows the statements that one filing and one payment really send, and fails when those of
//! `benches/compare/` are others: the comparison must not grow stale.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::community;
use crate::machine::{self, Postgres};
use crate::payments;
use crate::platform::{Platform, Sample};
use crate::server::Setup;
use crate::traffic;

/// Files until every statement is prepared, then once more under PostgreSQL's eyes.
pub async fn capture() -> Result<()> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let platform = Platform::new(sample.clone())?;
    let postgres = Postgres::start(room.path(), &["log_statement=all"])?;
    let url = postgres.database("linli")?;
    let setup = Setup::new(room.path(), &sample, &url);
    community::settle(&setup, room.path(), &url).await?;
    let server = setup.serve("web").await?;
    let mut connection = Connection::open(server.address()).await?;
    for account in 1..=20 {
        traffic::file(&mut connection, &platform, account).await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = postgres.log()?.len();
    let reply = traffic::file(&mut connection, &platform, 21).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let log = postgres.log()?;
    let log = log.get(before..).unwrap_or_default();
    println!("{reply}\n\n{log}");

    let mut held: Vec<Result<()>> = Vec::new();
    for name in ["postgres.sql", "sqlite.sql"] {
        held.push(compare(log, Path::new(&community::filing(name))));
    }
    let log = payments::logged().await?;
    println!("{log}");
    held.push(compare(&log, &payments::script()));
    // Whatever differs is shown, not only the first.
    let stale: Vec<String> = held
        .into_iter()
        .filter_map(|one| one.err().map(|error| error.to_string()))
        .collect();
    ensure!(stale.is_empty(), "{}", stale.join("\n"));
    Ok(())
}

/// Fails when a script holds other statements than were sent.
fn compare(log: &str, script: &Path) -> Result<()> {
    let sent: Vec<String> = log
        .lines()
        .filter_map(logged)
        .flat_map(parts)
        .map(outline)
        .filter(|line| !is_frame(line))
        .collect();
    let text = std::fs::read_to_string(script)?;
    let kept: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with("--") && !line.starts_with('\\'))
        .flat_map(parts)
        .map(outline)
        .filter(|line| !is_frame(line))
        .collect();
    ensure!(
        sent == kept,
        "{} holds other statements:\n{kept:#?}\nsent:\n{sent:#?}",
        script.display()
    );
    Ok(())
}

/// Where transactions begin and end is each script's own affair.
fn is_frame(outline: &str) -> bool {
    matches!(outline, "BEGIN" | "COMMIT")
}

/// The statement of a line of PostgreSQL's log.
fn logged(line: &str) -> Option<&str> {
    if let Some((_, statement)) = line.split_once("LOG:  statement: ") {
        return Some(statement);
    }
    let (_, execution) = line.split_once("LOG:  execute ")?;
    execution.split_once(": ").map(|(_, statement)| statement)
}

/// PostgreSQL gets as one statement, `WITH a AS (INSERT … (…)) , … UPDATE …`, what SQLite gets one
/// by one.
fn parts(statement: &str) -> impl Iterator<Item = &str> {
    let whole = !statement.starts_with("WITH ");
    let alone = whole.then_some(statement).into_iter();
    let inside = statement.split(")) ").filter(move |_| !whole);
    alone.chain(inside.map(|part| part.split_once(" AS (").map_or(part, |(_, inner)| inner)))
}

/// Verb and tables: `SELECT role person`.
fn outline(statement: &str) -> String {
    let mut words = statement.split([' ', ';']).peekable();
    let mut out = words.next().unwrap_or_default().to_owned();
    while let Some(word) = words.next() {
        if matches!(word, "FROM" | "INTO" | "UPDATE" | "JOIN")
            && let Some(table) = words.peek().filter(|table| !table.is_empty())
        {
            out.push(' ');
            out.push_str(table.trim_matches('"'));
        }
    }
    out
}
