//! `/console/figures.csv` and `.xlsx`: the figures of a place and a period to take away, the same numbers as on the
//! page (`figures.rs`).

use std::sync::Arc;

use poem::web::Query;
use poem::{Response, handler};

use crate::base::fault::Fault;
use crate::report::figures::Report;
use crate::report::{reckoned, sheet};
use crate::store::slow::Answer;
use crate::web::console::figures::{Asked, Read};
use crate::web::console::figures_wait::wait;
use crate::web::console::guard::Desk;
use crate::web::download::{CSV, XLSX, download, plain_code};

/// `GET /console/figures.csv`: all tables in one.
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn csv(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let read = needed(desk, &asked).await?;
    let Some(report) = report(desk, &read).await? else {
        return wait(desk, &read, "/console/figures.csv");
    };
    let bytes = sheet::csv(&report.value.flat())?;
    Ok(taken(&report.value, "csv", CSV, bytes))
}

/// `GET /console/figures.xlsx`: each table a sheet, and the formulas.
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn xlsx(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let read = needed(desk, &asked).await?;
    let Some(report) = report(desk, &read).await? else {
        return wait(desk, &read, "/console/figures.xlsx");
    };
    let bytes = sheet::workbook(&report.value.sheets())?;
    Ok(taken(&report.value, "xlsx", XLSX, bytes))
}

/// What was asked for, of whoever has a place with figures.
async fn needed(desk: &Desk, asked: &Asked) -> Result<Read, Fault> {
    let read = asked.read(desk.app.store.read(), desk).await?;
    read.ok_or_else(|| Fault::not_found("没有找到这个地点的数据。"))
}

async fn report(desk: &Desk, read: &Read) -> Result<Option<Arc<Answer<Report>>>, Fault> {
    reckoned::read(&desk.app, read.scope.clone(), read.span, read.since).await
}

/// A file to keep.
fn taken(report: &Report, ending: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let code = plain_code(&report.scope.place.code);
    let (from, until) = (report.span.first, report.span.last);
    let name = format!("figures-{code}-{from}-{until}.{ending}");
    download(&name, kind, bytes)
}
