//! `linli import DIR_OR_XLSX [--dry-run] [--skip-bad]`: places, homes, people, roles and what hangs
//! on them, all or nothing. What reading, checking and storing mean is in `intake`.

pub mod progress;

use std::path::Path;

use anyhow::bail;

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::seal::Seal;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::intake;
use crate::intake::store::Progress;
pub use crate::intake::store::{self, Count};
use crate::intake::tables::Tables;
pub use crate::intake::{Options, Report, read, tables};
use crate::store::Store;

/// Checks and stores what was read, in one transaction.
///
/// # Errors
/// The database's.
pub async fn import(
    store: &Store,
    seal: &Seal,
    dice: &Dice,
    now: Moment,
    tables: &Tables,
    options: Options,
    progress: &mut Progress<'_>,
) -> Result<Report, Fault> {
    let mut tx = store.begin(now).await?;
    let by = intake::By {
        seal,
        dice,
        actor: &Actor::operator(),
        reach: None,
        keeps: None,
    };
    let report = intake::bring(&mut tx, by, tables, options.skip_bad, progress).await?;
    if options.dry_run || report.outcome.is_none() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(report)
}

/// The command: reads, imports, says what was done on stdout and what is wrong on stderr. Brings
/// the schema up first, as `serve` does.
///
/// # Errors
/// When the path holds nothing to import (wrong usage), when rows are bad, when the database
/// fails; nothing was stored then.
pub async fn run(
    settings: &Settings,
    dice: &Dice,
    now: Moment,
    source: &Path,
    options: Options,
) -> anyhow::Result<()> {
    let tables = read::read(source).map_err(|error| Usage(format!("{error:#}")))?;
    for note in &tables.notes {
        eprintln!("注意: {note}");
    }
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let seal = Seal::new(&settings.security.data_key()?)?;
    let mut bar = progress::Bar::new();
    let mut tell = |table: &'static str, done: usize| bar.tell(table, done);
    let report = import(&store, &seal, dice, now, &tables, options, &mut tell).await?;
    bar.finish();
    store.close().await;
    for bad in &report.bad {
        eprintln!("{bad}");
    }
    let Some(outcome) = report.outcome else {
        bail!(
            "有 {} 处错误,什么都没有导入;改好后再试,或加 --skip-bad 跳过有错的行",
            report.bad.len()
        );
    };
    print!("{}", summary(&outcome, report.bad.len(), options.dry_run));
    Ok(())
}

/// What stdout says in the end.
#[must_use]
pub fn summary(outcome: &[(&'static str, Count)], bad: usize, dry_run: bool) -> String {
    let mut out = String::new();
    for (table, count) in outcome {
        let Count { new, changed, same } = *count;
        if new + changed + same > 0 {
            out.push_str(&format!(
                "{table}: 新增 {new}, 更新 {changed}, 未变 {same}\n"
            ));
        }
    }
    if bad > 0 {
        out.push_str(&format!("跳过有错的行: {bad} 处\n"));
    }
    out.push_str(if dry_run {
        "只是检查(--dry-run),没有保存。\n"
    } else {
        "导入完成。\n"
    });
    out
}
