//! `/console/import`: a roster brought in by browser: the files are looked through in the background, then
//! the page says what would be done and which rows are bad, then it is stored by one more word.

use askama::Template;
use entity::import_job;
use entity::kinds::ImportState;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::intake::{job, parcel, run};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::upload::Uploads;
use crate::web::download::{CSV, download};
use crate::web::pages::go;

/// Jobs of the list.
const MOST_JOBS: u64 = 20;
/// Bad rows on the page; the download has all.
const MOST_BAD: usize = 200;
const PATH: &str = "/console/import";

/// What the tables are called.
const TABLES: &[(&str, &str)] = &[
    ("places", "地点"),
    ("organisations", "组织"),
    ("people", "人员"),
    ("homes", "住户"),
    ("roles", "职务"),
    ("fee_items", "收费项目"),
    ("fee_readings", "表的读数"),
    ("fee_spaces", "车位"),
    ("dispatch_rules", "派单规则"),
    ("response_policies", "时限"),
];

/// A job in the list.
struct Line {
    id: i64,
    names: String,
    at: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "web/console/import.html")]
struct List {
    frame: Frame,
    typed: Typed,
    lines: Vec<Line>,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

/// What people call where a job stands.
const fn says(state: ImportState) -> &'static str {
    match state {
        ImportState::Checking => "正在检查",
        ImportState::Checked => "等您确认",
        ImportState::Queued => "正在导入",
        ImportState::Done => "已导入",
        ImportState::Failed => "没有成功",
        ImportState::Dropped => "已放弃",
    }
}

/// `GET /console/import`
///
/// # Errors
/// `forbidden` for whoever administers nothing.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, StatusCode::OK, Typed::default(), &asked.said).await
}

async fn page(
    desk: &Desk,
    status: StatusCode,
    typed: Typed,
    said: &str,
) -> Result<Response, Fault> {
    let jobs = job::lately(desk.app.store.read(), desk.actor(), MOST_JOBS).await?;
    let line = |row: import_job::Model| Line {
        id: row.id,
        names: row.names,
        at: say(row.created_at),
        state: says(row.state),
    };
    let page = List {
        frame: Frame::new(desk, "导入").saying(said),
        typed,
        lines: jobs.into_iter().map(line).collect(),
    };
    show(status, &page)
}

/// `GET /console/import/upload`: where a page that was loaded again comes by.
#[handler]
pub fn back() -> Response {
    go(PATH)
}

/// `POST /console/import/upload`
///
/// # Errors
/// `forbidden` for whoever administers nothing.
#[handler]
pub async fn upload(desk: &Desk, form: Form, sent: Uploads) -> Result<Response, Fault> {
    let taken = async {
        let files = parcel::sort_out(sent.pairs())?;
        job::upload(&desk.app, desk.actor(), &files).await
    };
    match taken.await {
        Ok(id) => Ok(go(&format!("{PATH}/{id}"))),
        Err(fault) if fault.field.is_some() => {
            page(desk, status(&fault), Typed::wrong(&form, &fault), "").await
        }
        Err(fault) => Err(fault),
    }
}

/// A table with its counts.
struct Counted {
    table: String,
    new: usize,
    changed: usize,
    same: usize,
}

#[derive(Template)]
#[template(path = "web/console/import_job.html")]
struct Job {
    frame: Frame,
    id: i64,
    names: String,
    at: String,
    state: &'static str,
    checking: bool,
    running: bool,
    checked: bool,
    done: bool,
    percent: Option<usize>,
    said: String,
    counted: Vec<Counted>,
    notes: Vec<String>,
    bad: i32,
    rows: Vec<Vec<String>>,
    can_fetch: bool,
    skipped: bool,
    error: Option<String>,
    problem: Option<String>,
}

impl Job {
    /// Whether anything would be written.
    fn writes(&self) -> bool {
        self.counted.iter().any(|one| one.new + one.changed > 0)
    }
}

/// `GET /console/import/:id`
///
/// # Errors
/// `not_found` for a job that is not one's own.
#[handler]
pub async fn open(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    job_page(desk, number(&id)?, StatusCode::OK, None).await
}

async fn job_page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, Fault> {
    let app = &desk.app;
    let row = job::own(app.store.read(), desk.actor(), id).await?;
    let (percent, said) = far(desk, &row).await;
    let bytes = bad_rows(desk, &row).await?;
    let is = |state| row.state == state;
    let page = Job {
        frame: Frame::new(desk, format!("导入 #{id}")),
        id,
        names: row.names.clone(),
        at: say(row.created_at),
        state: says(row.state),
        checking: is(ImportState::Checking),
        running: is(ImportState::Checking) || is(ImportState::Queued),
        checked: is(ImportState::Checked),
        done: is(ImportState::Done),
        percent,
        said,
        counted: counted(&row),
        notes: row
            .notes
            .iter()
            .flat_map(|notes| notes.lines())
            .map(str::to_owned)
            .collect(),
        bad: row.bad,
        rows: bytes.as_deref().map(first_of).unwrap_or_default(),
        can_fetch: bytes.is_some(),
        skipped: is(ImportState::Done) && row.bad > 0,
        error: row.error.clone(),
        problem,
    };
    show(status, &page)
}

/// How far it is, in hundredths and in words.
async fn far(desk: &Desk, row: &import_job::Model) -> (Option<usize>, String) {
    let done = match row.state {
        ImportState::Checking | ImportState::Queued => run::far(&desk.app, row.id).await,
        _ => None,
    };
    match done {
        None => (None, "排队中，马上开始；中断了也会自动接着做。".to_owned()),
        Some(far) => {
            let percent = far.done.saturating_mul(100) / far.rows.max(1);
            // The last rows still have to be stored for good.
            (
                Some(percent.min(99)),
                format!("共{}行，已处理{}行。", far.rows, far.done.min(far.rows)),
            )
        }
    }
}

fn counted(row: &import_job::Model) -> Vec<Counted> {
    let counts = run::counts(row).into_iter();
    let counted = counts.map(|(table, count)| {
        let known = TABLES.iter().find(|(name, _)| *name == table);
        Counted {
            table: known.map_or(table.clone(), |(_, words)| (*words).to_owned()),
            new: count.new,
            changed: count.changed,
            same: count.same,
        }
    });
    counted.collect()
}

/// The list of bad rows; none when there is none, or no longer.
async fn bad_rows(desk: &Desk, row: &import_job::Model) -> Result<Option<Vec<u8>>, Fault> {
    match run::bad_rows(&desk.app, row).await {
        Err(fault) if fault.code == Code::NotFound => Ok(None),
        found => found,
    }
}

/// The first rows of the list, without its head.
fn first_of(bytes: &[u8]) -> Vec<Vec<String>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let rows = reader.records().take(MOST_BAD).filter_map(Result::ok);
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// `GET /console/import/:id/bad`: all bad rows as CSV.
///
/// # Errors
/// `not_found` when there are none, or no longer.
#[handler]
pub async fn bad(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = number(&id)?;
    let row = job::own(desk.app.store.read(), desk.actor(), id).await?;
    let bytes = bad_rows(desk, &row).await?;
    let bytes = bytes.ok_or_else(|| Fault::not_found("错误行的清单已经不在了。"))?;
    Ok(download(&format!("import-{id}-bad.csv"), CSV, bytes))
}

/// `POST /console/import/:id/start`
///
/// # Errors
/// `not_found` for a job that is not one's own.
#[handler]
pub async fn start(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id = number(&id)?;
    let skip = form.text("skip") == "1";
    let started = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        job::start(&mut tx, desk.actor(), id, skip).await?;
        tx.commit().await
    };
    match started.await {
        Ok(()) => Ok(go(&format!("{PATH}/{id}"))),
        Err(fault) if matches!(fault.code, Code::WrongStep | Code::Conflict) => {
            let text = fault.detail.to_string();
            job_page(desk, id, status(&fault), Some(text)).await
        }
        Err(fault) => Err(fault),
    }
}

/// `POST /console/import/:id/drop`
///
/// # Errors
/// `not_found` for a job that is not one's own.
#[handler]
pub async fn give_up(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let id = number(&id)?;
    let dropped = async {
        let tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let files = job::give_up(&tx, desk.actor(), id).await?;
        tx.commit().await?;
        Ok(files)
    };
    let dropped: Result<Vec<String>, Fault> = dropped.await;
    match dropped {
        Ok(files) => {
            for path in files {
                if let Err(fault) = desk.app.files.delete(&path).await {
                    tracing::warn!(job = id, ?fault, "a file of an import stays behind");
                }
            }
            Ok(go(&format!("{PATH}?said=import-dropped")))
        }
        Err(fault) if fault.code == Code::Conflict => {
            let text = fault.detail.to_string();
            job_page(desk, id, status(&fault), Some(text)).await
        }
        Err(fault) => Err(fault),
    }
}

fn number(id: &str) -> Result<i64, Fault> {
    let unknown = |_| Fault::not_found("没有找到这次导入，可能是别人上传的。");
    id.parse().map_err(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_import_has_words() {
        for shape in crate::intake::tables::SHAPES {
            assert!(TABLES.iter().any(|(name, _)| *name == shape.name));
        }
    }
}
