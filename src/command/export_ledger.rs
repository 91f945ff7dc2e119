//! `linli export ledger --format hledger|csv --compound CODE --to FILE`: the books of a compound, from the
//! first entry on, as a journal that hledger checks, or as a table. Written as it is read: memory stays flat.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use entity::place;
use sea_orm::ActiveEnum;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::command::{Usage, open_store};
use crate::config::Settings;
use crate::ledger::journal;
use crate::ledger::queries::{Booked, Days, walk};
use crate::place::queries as places;
use crate::report::sheet::safe;
use crate::store::Store;

/// In which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A journal for hledger.
    #[default]
    Hledger,
    /// A line for each transfer, for Excel and WPS.
    Csv,
}

/// What may go wrong while walking.
enum Stop {
    Database(Fault),
    File(std::io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Database(fault)
    }
}

/// The command.
///
/// # Errors
/// Without a compound or with one that is not there, when the file cannot be written or the database fails.
pub async fn run(
    settings: &Settings,
    compound: Option<&str>,
    format: Format,
    to: &Path,
) -> anyhow::Result<()> {
    let code = compound.ok_or_else(|| Usage("请用 --compound 写明小区的编码".to_owned()))?;
    let store = open_store(settings).await?;
    let place = places::compound_by_code(store.read(), code)
        .await?
        .ok_or_else(|| Usage(format!("没有编码为“{code}”的小区")))?;
    let count = write(&store, &place, format, to)
        .await
        .map_err(|stop| match stop {
            Stop::Database(fault) => anyhow::Error::new(fault),
            Stop::File(error) => anyhow::Error::new(error),
        })
        .with_context(|| format!("没能写完 {}", to.display()))?;
    store.close().await;
    println!("{} {}: {count} 笔", place.code, place.name);
    Ok(())
}

async fn write(
    store: &Store,
    place: &place::Model,
    format: Format,
    to: &Path,
) -> Result<u64, Stop> {
    // Beside the file and then in its place: a run that breaks off leaves the old one whole.
    let mut beside = to.as_os_str().to_owned();
    beside.push(".part");
    let file = std::fs::File::create(&beside).map_err(Stop::File)?;
    let mut out = BufWriter::new(file);
    let head = match format {
        Format::Hledger => journal::head(&place.code, &place.name),
        Format::Csv => "\u{feff}日期,编号,原因,类别,说明,借方,贷方,金额（元）\r\n".to_owned(),
    };
    out.write_all(head.as_bytes()).map_err(Stop::File)?;
    let mut count = 0;
    walk(store.read(), place.id, Days::default(), |booked| {
        count += 1;
        let text = match format {
            Format::Hledger => journal::entry(&booked),
            Format::Csv => lines(&booked),
        };
        out.write_all(text.as_bytes()).map_err(Stop::File)
    })
    .await?;
    let file = out
        .into_inner()
        .map_err(|error| Stop::File(error.into_error()))?;
    file.sync_all().map_err(Stop::File)?;
    std::fs::rename(&beside, to).map_err(Stop::File)?;
    Ok(count)
}

/// A line for each transfer.
fn lines(booked: &Booked) -> String {
    let entry = &booked.entry;
    let each = booked.transfers.iter().map(|one| {
        let words = [&entry.cause, &entry.kind.to_value(), &entry.memo].map(|word| quoted(word));
        format!(
            "{},{},{},{},{},{}\r\n",
            entry.day,
            entry.id,
            words.join(","),
            one.debit.says(),
            one.credit.says(),
            Fen(one.amount)
        )
    });
    each.collect()
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", safe(word).replace('"', "\"\""))
}
