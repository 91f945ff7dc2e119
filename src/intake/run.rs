//! Doing a job in the background. Whoever does it holds its row by the lock of the transaction that also
//! stores everything and ends the job: no two instances can do it, and when one dies the lock goes with it,
//! nothing is half done, and the next look begins again. How far it is lies in our storage, since while it
//! runs nobody can write to the row.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use entity::import_job;
use entity::kinds::ImportState;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::job::{change_state, files_of, note};
use super::plan::Plan;
use super::reach::{kept_paths, paths};
use super::store::{Count, Outcome};
use super::tables::{BadRow, Tables};
use super::{By, Report, bring, parcel, remind};
use crate::access::permit::{Deed, require_somewhere};
use crate::access::{Actor, load_staff};
use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::report::sheet::{Cell, Sheet, csv};
use crate::store::Tx;

/// Instances that may die of one job.
const MOST_ATTEMPTS: i32 = 5;
/// So often it is told how far it is.
const TELL: Duration = Duration::from_secs(1);
/// Characters of notes that are kept.
const MOST_NOTES: usize = 1_000;

/// How an attempt ended that failed: for good, with a sentence, or as it may end better next time.
enum Trouble {
    ForGood(String),
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Does what is to be done with a job, unless somebody does it already.
pub(super) async fn work(app: App, id: i64) {
    let stopping = app.stopping.clone();
    let done = async {
        let Some(job) = begin(&app, id).await? else {
            return Ok(());
        };
        match attempt(&app, &job).await {
            Ok(()) => Ok(()),
            Err(Trouble::ForGood(text)) => fail(&app, &job, text).await,
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    };
    let done: Option<Result<(), Fault>> = tokio::select! {
        done = done => Some(done),
        // What is not stored yet is taken back, and begun again by whoever runs next.
        () = stopping.cancelled() => None,
    };
    if let Some(Err(fault)) = done {
        tracing::warn!(job = id, ?fault, "an import will be tried again");
    }
}

/// Counts the attempt. None when the job is over, or is being done.
async fn begin(app: &App, id: i64) -> Result<Option<import_job::Model>, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let Some(job) = lock(&tx, id).await? else {
        return Ok(None);
    };
    let change = import_job::ActiveModel {
        attempts: Set(job.attempts.saturating_add(1)),
        ..Default::default()
    };
    change_state(&tx, id, job.state, change).await?;
    tx.commit().await?;
    if job.attempts >= MOST_ATTEMPTS {
        let text = "处理时多次中断，没有导入。请把文件分成几份再试，或联系管理员。";
        fail(app, &job, text.to_owned()).await?;
        return Ok(None);
    }
    Ok(Some(job))
}

/// The row of an open job, if nobody holds it. SQLite's transactions hold everything anyhow.
async fn lock(tx: &Tx, id: i64) -> Result<Option<import_job::Model>, Fault> {
    let todo = [ImportState::Checking, ImportState::Queued];
    Ok(import_job::Entity::find_by_id(id)
        .filter(import_job::COLUMN.state.is_in(todo))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx.db())
        .await?)
}

async fn attempt(app: &App, job: &import_job::Model) -> Result<(), Trouble> {
    let tables = tables_of(app, job).await?;
    let actor = load_staff(app.store.read(), job.person_id, app.clock.now()).await?;
    let actor = actor.filter(|actor| require_somewhere(actor, Deed::Administer).is_ok());
    let Some(actor) = actor else {
        let text = "您现在不是管理员，没有导入。";
        return Err(Trouble::ForGood(text.to_owned()));
    };
    let done = Arc::new(AtomicUsize::new(0));
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let rows = tables.tables.iter().map(|table| table.rows.len()).sum();
    tokio::spawn(tell(app.clone(), job.id, Arc::clone(&done), rows, stop));
    let mut tx = app.store.begin(app.clock.now()).await?;
    if lock(&tx, job.id)
        .await?
        .is_none_or(|now| now.state != job.state)
    {
        return Ok(());
    }
    let report = store(app, &mut tx, &actor, job, &tables, &done).await?;
    let ended = match job.state {
        ImportState::Checking => checked(app, tx, job, &tables, report).await,
        _ => stored(tx, job, report).await,
    }?;
    forget(app, job.id, ended).await;
    Ok(())
}

async fn tables_of(app: &App, job: &import_job::Model) -> Result<Tables, Trouble> {
    let gone = || Trouble::ForGood("上传的文件已经不在了，请重新上传。".to_owned());
    let path = job.path.as_deref().ok_or_else(gone)?;
    let sealed = match app.files.get(path).await {
        Ok(sealed) => sealed,
        Err(fault) if fault.code == Code::NotFound => return Err(gone()),
        Err(fault) => return Err(fault.into()),
    };
    let files = parcel::unpack(&app.seal.open_bytes(&sealed)?)?;
    let read = tokio::task::spawn_blocking(move || parcel::read(files)).await;
    // A reader that gave up with a panic has found a broken file.
    let broken = |_| Trouble::ForGood("这个文件读不出来，请另存为 XLSX 或 CSV 再试。".to_owned());
    let read = read.map_err(broken)?;
    read.map_err(|error| Trouble::ForGood(format!("{error}。")))
}

async fn store(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    job: &import_job::Model,
    tables: &Tables,
    done: &AtomicUsize,
) -> Result<Report, Fault> {
    let by = By {
        seal: &app.seal,
        dice: &app.dice,
        actor,
        reach: paths(actor),
        keeps: Some(kept_paths(actor)),
    };
    let rows = |name: &str| tables.table(name).map_or(0, |table| table.rows.len());
    let order: Vec<(&'static str, usize)> = Plan::default()
        .sizes()
        .map(|(name, _)| (name, rows(name)))
        .to_vec();
    let mut progress = move |table: &'static str, count: usize| {
        let before = order.iter().take_while(|(name, _)| *name != table);
        let before: usize = before.map(|(_, rows)| *rows).sum();
        done.store(before + count, Ordering::Relaxed);
    };
    // While it is looked through, all is stored as far as it is good, and taken back.
    let skip_bad = job.skip_bad || job.state == ImportState::Checking;
    bring(tx, by, tables, skip_bad, &mut progress).await
}

/// It was looked through: nothing of it stays but what would be done.
async fn checked(
    app: &App,
    tx: Tx,
    job: &import_job::Model,
    tables: &Tables,
    report: Report,
) -> Result<Vec<String>, Trouble> {
    tx.rollback().await?;
    let bad_path = match report.bad.is_empty() {
        true => None,
        false => {
            let path = format!("import/{}.sealed", app.dice.token());
            let list = app.seal.seal_bytes(&app.dice, list_of(&report.bad)?)?;
            app.files.note(&path, list).await?;
            Some(path)
        }
    };
    let notes = shorten(&tables.notes.join("\n"), MOST_NOTES);
    let change = import_job::ActiveModel {
        state: Set(ImportState::Checked),
        bad: Set(i32::try_from(report.bad.len()).unwrap_or(i32::MAX)),
        bad_path: Set(bad_path.clone()),
        outcome: Set(report.outcome.as_ref().map(as_json)),
        notes: Set(Some(notes).filter(|notes| !notes.is_empty())),
        attempts: Set(0),
        ..Default::default()
    };
    let tx = app.store.begin(app.clock.now()).await?;
    let mine = change_state(&tx, job.id, ImportState::Checking, change).await?;
    tx.commit().await?;
    Ok(match mine {
        true => Vec::new(),
        // Somebody else was first: our list is nobody's.
        false => bad_path.into_iter().collect(),
    })
}

/// It is stored: the job ends in the same transaction.
async fn stored(
    mut tx: Tx,
    job: &import_job::Model,
    report: Report,
) -> Result<Vec<String>, Trouble> {
    let Some(outcome) = report.outcome else {
        tx.rollback().await?;
        return Err(Trouble::ForGood(format!(
            "查看以后名册有了变化，现在有{}处错误，没有导入。请重新上传。",
            report.bad.len()
        )));
    };
    let change = import_job::ActiveModel {
        state: Set(ImportState::Done),
        path: Set(None),
        bad: Set(i32::try_from(report.bad.len()).unwrap_or(i32::MAX)),
        outcome: Set(Some(as_json(&outcome))),
        ..Default::default()
    };
    if !change_state(&tx, job.id, ImportState::Queued, change).await? {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    if job.bad_path.is_some() {
        remind::forget(&mut tx, job.id, remind::LEFT_OUT_HOURS).await?;
    }
    tx.commit().await?;
    Ok(job.path.iter().cloned().collect())
}

async fn fail(app: &App, job: &import_job::Model, text: String) -> Result<(), Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let change = import_job::ActiveModel {
        state: Set(ImportState::Failed),
        path: Set(None),
        bad_path: Set(None),
        error: Set(Some(text)),
        ..Default::default()
    };
    if change_state(&tx, job.id, job.state, change).await? {
        note(&tx, &Actor::system(), job.id, "roster.fail");
        tx.commit().await?;
        forget(app, job.id, files_of(job)).await;
    }
    Ok(())
}

/// Files that nobody needs any more; best effort, they are sealed.
async fn forget(app: &App, id: i64, mut paths: Vec<String>) {
    paths.push(progress_path(id));
    for path in paths {
        if let Err(fault) = app.files.delete(&path).await {
            tracing::warn!(job = id, ?fault, "a file of an import stays behind");
        }
    }
}

fn as_json(outcome: &Outcome) -> Value {
    let rows = outcome
        .iter()
        .map(|(table, count)| json!([table, count.new, count.changed, count.same]));
    rows.collect()
}

/// What would be done, or was: table and counts, those with rows.
#[must_use]
pub fn counts(row: &import_job::Model) -> Vec<(String, Count)> {
    let Some(Value::Array(rows)) = &row.outcome else {
        return Vec::new();
    };
    let count = |row: &Value| {
        let number = |at: usize| usize::try_from(row.get(at)?.as_u64()?).ok();
        let count = Count {
            new: number(1)?,
            changed: number(2)?,
            same: number(3)?,
        };
        Some((row.get(0)?.as_str()?.to_owned(), count))
    };
    let all = rows.iter().filter_map(count);
    all.filter(|(_, count)| count.new + count.changed + count.same > 0)
        .collect()
}

/// The bad rows as a table for a spreadsheet, which takes nothing in it for a formula.
fn list_of(bad: &[BadRow]) -> Result<Vec<u8>, Fault> {
    let number = |count: usize| Cell::Number(i64::try_from(count).unwrap_or(i64::MAX));
    let row = |bad: &BadRow| {
        vec![
            Cell::Text(bad.file.clone()),
            Cell::Number(i64::try_from(bad.line).unwrap_or(i64::MAX)),
            match bad.position {
                0 => Cell::Text(String::new()),
                position => number(position),
            },
            Cell::Text(bad.column.clone()),
            Cell::Text(bad.reason.clone()),
        ]
    };
    csv(&Sheet {
        name: "错误行".to_owned(),
        head: ["文件", "行", "第几列", "列名", "原因"]
            .map(str::to_owned)
            .to_vec(),
        rows: bad.iter().map(row).collect(),
    })
}

/// The list of bad rows of a job, as CSV; none when there is none.
///
/// # Errors
/// `outside` when the storage does not answer, `not_found` when it is forgotten.
pub async fn bad_rows(app: &App, row: &import_job::Model) -> Result<Option<Vec<u8>>, Fault> {
    let Some(path) = &row.bad_path else {
        return Ok(None);
    };
    Ok(Some(app.seal.open_bytes(&app.files.get(path).await?)?))
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Far {
    /// Rows that are stored.
    pub done: usize,
    /// Rows there are.
    pub rows: usize,
    /// When that was said.
    pub at: Moment,
}

fn progress_path(id: i64) -> String {
    format!("import/{id}.progress")
}

/// Says how far it is while something has changed, until it is over.
async fn tell(app: App, id: i64, done: Arc<AtomicUsize>, rows: usize, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let note = format!(
            "{} {rows} {}",
            done.load(Ordering::Relaxed),
            app.clock.now().timestamp_millis()
        );
        if let Err(fault) = app.files.note(&progress_path(id), note).await {
            tracing::debug!(?fault, "how far an import is could not be said");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(TELL) => {}
        }
    }
    // It may have been written after whoever did the job removed it.
    if let Err(fault) = app.files.delete(&progress_path(id)).await {
        tracing::debug!(?fault, "how far an import is stays behind");
    }
}

/// How far a job is, if anybody has said so lately.
pub async fn far(app: &App, id: i64) -> Option<Far> {
    let note = app.files.get(&progress_path(id)).await.ok()?;
    let note = String::from_utf8(note).ok()?;
    let mut parts = note.split(' ');
    let far = Far {
        done: parts.next()?.parse().ok()?,
        rows: parts.next()?.parse().ok()?,
        at: from_ms(parts.next()?.parse().ok()?)?,
    };
    (app.clock.now() - far.at < TimeDelta::minutes(1)).then_some(far)
}
