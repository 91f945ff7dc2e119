//! `/console/cases` and `/console/figures/cases` as files, CSV or XLSX: what the page shows, line by line, for the
//! same eyes, and for whoever may not know it without who complains. A file ends after so many cases or so much
//! time, and says so. Linked from both pages.

use std::time::{Duration, Instant};

use poem::web::Query;
use poem::{Response, handler};

use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::case::queries::Found;
use crate::case::search::{self, Said};
use crate::case::{case_says, clock, kind_says, level_says};
use crate::report::sheet::{self, Cell, Sheet};
use crate::web::console::asked::Asked;
use crate::web::console::cases::{MOST_IN_FILE, said_in_line};
use crate::web::console::figures_list::{self, Wanted};
use crate::web::console::guard::Desk;
use crate::web::download::{CSV, XLSX, download, plain_code};
use crate::web::pages::go;

/// Cases that are read at a time.
const PART: u64 = 500;
/// How long a file is looked for, by a real clock.
const BUDGET: Duration = Duration::from_secs(5);
/// Files of one person in a minute.
const PER_MINUTE: u32 = 12;
/// Names of the columns.
const HEAD: [&str; 10] = [
    "编号",
    "种类",
    "内容",
    "状态",
    "层级",
    "地点",
    "办理人",
    "时限",
    "已超时",
    "提出",
];

/// As what a list is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Csv,
    Xlsx,
}

impl As {
    /// The file, whose name gets the right ending.
    fn file(self, name: &str, table: Sheet) -> Result<Response, Fault> {
        Ok(match self {
            Self::Csv => download(&format!("{name}.csv"), CSV, sheet::csv(&table)?),
            Self::Xlsx => {
                let bytes = sheet::workbook(&[table])?;
                download(&format!("{name}.xlsx"), XLSX, bytes)
            }
        })
    }
}

/// A file that is being filled.
struct Filled {
    began: Instant,
    rows: Vec<Vec<Cell>>,
}

impl Filled {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            rows: Vec::new(),
        }
    }

    /// The time that is left.
    fn left(&self) -> Duration {
        BUDGET.saturating_sub(self.began.elapsed())
    }

    /// Adds a part. Where the list goes on behind it: the next one to read, none when the file is full or its time
    /// is over.
    async fn add(
        &mut self,
        desk: &Desk,
        found: &[Found],
        next: Option<String>,
    ) -> Result<Option<Slice>, Fault> {
        let now = desk.app.clock.now();
        let said = search::said(desk.app.store.read(), found).await?;
        let rows = found.iter().zip(said);
        self.rows
            .extend(rows.map(|(found, said)| row(found, said, now)));
        let Some(next) = next else { return Ok(None) };
        let room = MOST_IN_FILE.saturating_sub(self.rows.len());
        if room == 0 || self.left().is_zero() {
            self.end_early();
            return Ok(None);
        }
        let behind = Slice::parse(Some(&next), None)?;
        Ok(Some(Slice {
            limit: Ord::min(PART, u64::try_from(room).unwrap_or(PART)),
            ..behind
        }))
    }

    /// The last line says that there is more.
    fn end_early(&mut self) {
        let count = self.rows.len();
        let words = format!("只列出最新的{count}件，更早的没有列出，请缩小条件再下载。");
        let mut row = vec![Cell::from(words)];
        row.resize(HEAD.len(), Cell::from(""));
        self.rows.push(row);
    }

    fn sheet(self) -> Sheet {
        Sheet {
            name: "诉求".to_owned(),
            head: HEAD.map(str::to_owned).into(),
            rows: self.rows,
        }
    }
}

fn row(found: &Found, said: Said, now: Moment) -> Vec<Cell> {
    let case = &found.case;
    let time = |at: Moment| china(at).format("%F %R").to_string();
    let due = clock::next(case);
    let late = due.is_some_and(|(_, at)| at < now);
    vec![
        case.id.into(),
        kind_says(case.kind).into(),
        said_in_line(case).into(),
        case_says(case).into(),
        level_says(case.level).into(),
        said.place.into(),
        said.holder.into(),
        due.map_or_else(String::new, |(clock, at)| {
            format!("{} {}", clock.says(), time(at))
        })
        .into(),
        if late { "是" } else { "" }.into(),
        time(case.created_at).into(),
    ]
}

/// `GET /console/cases.csv`: the list with its filters, from the newest on.
///
/// # Errors
/// The database's.
#[handler]
pub async fn csv(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    filtered(desk, &asked, As::Csv).await
}

/// `GET /console/cases.xlsx`: the same as a workbook.
///
/// # Errors
/// As [`csv`].
#[handler]
pub async fn xlsx(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    filtered(desk, &asked, As::Xlsx).await
}

/// A file may be looked for for seconds: nobody takes many at once.
async fn braked(desk: &Desk) -> Result<(), Fault> {
    let person = desk.actor().require_person()?;
    let key = format!("console:case-files:{person}");
    match desk.app.limiter.take(&key, PER_MINUTE).await {
        true => Ok(()),
        false => Err(Fault::too_many(30)),
    }
}

async fn filtered(desk: &Desk, asked: &Asked, kind: As) -> Result<Response, Fault> {
    braked(desk).await?;
    let (db, actor) = (desk.app.store.read(), desk.actor());
    let now = desk.app.clock.now();
    let (wanted, wrong) = asked.read(db, actor).await?;
    if !wrong.is_empty() {
        // The page says beside each field what is wrong with it.
        return Ok(go(&format!("/console/cases?{}", asked.query())));
    }
    let mut filled = Filled::new();
    let mut part = Some(Slice::first(PART));
    while let Some(slice) = part {
        let left = filled.left();
        let listed = search::list_within(db, actor, &wanted, slice, now, left).await?;
        part = filled.add(desk, &listed.items, listed.next).await?;
    }
    let name = format!("cases-{}", china(now).format("%F"));
    kind.file(&name, filled.sheet())
}

/// `GET /console/figures/cases.csv`: the cases behind a number, from the newest on.
///
/// # Errors
/// As [`figures_list::list`].
#[handler]
pub async fn behind_csv(desk: &Desk, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    behind(desk, &wanted, As::Csv).await
}

/// `GET /console/figures/cases.xlsx`: the same as a workbook.
///
/// # Errors
/// As [`behind_csv`].
#[handler]
pub async fn behind_xlsx(desk: &Desk, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    behind(desk, &wanted, As::Xlsx).await
}

async fn behind(desk: &Desk, wanted: &Wanted, kind: As) -> Result<Response, Fault> {
    braked(desk).await?;
    let chosen = figures_list::chosen(desk, wanted).await?;
    let mut filled = Filled::new();
    let mut part = Some(Slice::first(PART));
    while let Some(slice) = part {
        let page = figures_list::found(desk, &chosen, slice).await?;
        part = filled.add(desk, &page.items, page.next).await?;
    }
    let span = chosen.what.span;
    let name = format!(
        "cases-{}-{}-{}-{}",
        plain_code(&chosen.scope.place.code),
        plain_code(chosen.what.figure.words().key),
        span.first,
        span.last
    );
    kind.file(&name, filled.sheet())
}
