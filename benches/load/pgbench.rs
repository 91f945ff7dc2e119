//! pgbench on the server's core with a script of `benches/compare`, which holds the statements that the program
//! sends. Used by the scenarios that are compared with it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::machine::{self, Postgres};

/// What it did.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// Transactions per second.
    pub rate: f64,
    /// How many cores the database used.
    pub database: f64,
}

/// Runs a script with these variables; `how` says for how long and with how many clients.
pub fn run(
    postgres: &Postgres,
    script: &Path,
    given: &[(String, String)],
    how: &[&str],
) -> Result<Ran> {
    let (began, at) = (Instant::now(), machine::processor_seconds(postgres.id()));
    let out = machine::run(
        Command::new("taskset")
            .args(["-c", machine::SERVER_CORE])
            .arg(machine::postgres_programs()?.join("pgbench"))
            .args(["-h", "127.0.0.1", "-p", &postgres.port().to_string()])
            .args(["-U", "postgres", "-n", "-M", "prepared", "-j", "1"])
            .args(how)
            .args(
                given
                    .iter()
                    .flat_map(|(name, value)| ["-D".to_owned(), format!("{name}={value}")]),
            )
            .arg("-f")
            .arg(script)
            .arg("linli")
            // As the program asks for.
            .env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan"),
    )?;
    ensure!(
        !out.contains("failed transactions") || out.contains("failed transactions: 0 "),
        "pgbench had failed transactions: {out}"
    );
    let rate = out
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|rest| rest.split(' ').next())
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("pgbench says: {out}"))?;
    let used = machine::processor_seconds(postgres.id()) - at;
    Ok(Ran {
        rate,
        database: used / began.elapsed().as_secs_f64(),
    })
}

/// The words that a script's own head gives: `-- given NAME=VALUE`.
pub fn words(script: &Path) -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(script)
        .with_context(|| format!("cannot read {}", script.display()))?;
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("-- given ")?.split_once('='));
    Ok(lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
