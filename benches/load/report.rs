//! Writes docs/performance.md: the machine, the versions, the commands, the table, what bounds each.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::Result;
use linli::base::clock::{Clock, SystemClock, china};

use crate::figure::{self, Figure};
use crate::machine;

/// From this heading on the page is written by hand, and kept.
const BY_HAND: &str = "## What was tried";

/// Writes it.
pub fn write(figures: &[Figure]) -> Result<()> {
    let mut out = String::from("# Performance\n\n");
    writeln!(
        out,
        "Written by `cargo bench --bench load -- all` on {}, every row and its opponent in the same \
         run on the same machine.\n",
        china(SystemClock.now()).format("%Y-%m-%d")
    )?;
    writeln!(out, "{}", figure::table(figures))?;
    writeln!(out, "## How each was measured, and what bounds it\n")?;
    for row in figures {
        writeln!(out, "- **{}** {}", row.what, row.bound)?;
    }
    writeln!(out, "\n## The machine\n")?;
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism()?;
    writeln!(out, "- processor: {model}, {cores} cores")?;
    for (what, program, argument) in [
        ("compiler", "rustc", "--version"),
        ("PostgreSQL", "psql", "--version"),
        ("Redis", "redis-server", "--version"),
        ("Python", "python3", "--version"),
        ("Node", "node", "--version"),
    ] {
        let version = machine::run(Command::new(program).arg(argument))
            .unwrap_or_else(|_| "not installed".to_owned());
        writeln!(out, "- {what}: {}", version.trim())?;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
    let old = std::fs::read_to_string(path).unwrap_or_default();
    if let Some(at) = old.find(BY_HAND) {
        write!(out, "\n{}", old.get(at..).unwrap_or_default())?;
    }
    std::fs::write(path, out)?;
    Ok(())
}
