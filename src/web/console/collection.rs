//! `/console/collection`: the collection rate (收缴率, F5) of a place and some months of bills: by month,
//! place and property company, what is not paid by its age, each as a chart and as a table, and all of it as
//! CSV or XLSX. Every number leads to the bills that it is the sum of (`collection_list.rs`).

use askama::Template;
use chrono::NaiveDate;
use entity::kinds::PlaceKind;
use entity::place;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::fee::stats::{FORMULA, Figure, Period, Sums};
use crate::place::scope::{self, Scope};
use crate::report::chart::{self, Bar};
use crate::report::money::{self, By, Report, Table, rate_says};
use crate::report::sheet;
use crate::web::console::asked::beside;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::download::{CSV, XLSX, download, plain_code};
use crate::web::pages::escape;
use crate::wechat::http::percent;

/// Bars of a chart; the table has all.
const BARS: usize = 8;

/// Of which place and months, as the page's address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Code of a place; empty: the largest of one's own.
    pub place: String,
    /// First month, `2026-01`; empty: January of this year.
    pub from: String,
    /// Last month; empty: this month.
    pub until: String,
}

/// What was asked for, read.
pub struct Read {
    /// The place.
    pub scope: Scope,
    /// The months.
    pub period: Period,
    /// The day from which ages are counted.
    pub today: NaiveDate,
    /// What is wrong with which field.
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl Asked {
    /// Reads it within what the actor may see; none for whoever has no place with figures.
    ///
    /// # Errors
    /// `forbidden` for who may see no money; `not_found` for a place that is not there or not theirs.
    pub async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        desk: &Desk,
    ) -> Result<Option<Read>, Fault> {
        require_somewhere(desk.actor(), Deed::SeeMoney)?;
        let now = desk.app.clock.now();
        let mut wrong = Vec::new();
        let year = Period::this_year(now);
        let mut month = |field: &'static str, typed: &str| {
            let read = Month::parse(typed);
            if read.is_none() && !typed.trim().is_empty() {
                wrong.push((field, "请写月份，例如 2026-11。"));
            }
            read
        };
        let (from, until) = (month("from", &self.from), month("until", &self.until));
        let until = until.unwrap_or(year.until);
        let january = Month::new(chrono::Datelike::year(&until.first()), 1);
        let period = Period::new(from.or(january).unwrap_or(until), until);
        let (actor, deed) = (desk.actor(), Deed::SeeMoney);
        let scope = if self.place.trim().is_empty() {
            match scope::own(db, actor, deed).await?.into_iter().next() {
                Some(place) => Scope::of(db, place).await?,
                None => return Ok(None),
            }
        } else {
            scope::visible(db, actor, deed, self.place.trim()).await?
        };
        Ok(Some(Read {
            scope,
            period,
            today: china(now).date_naive(),
            wrong,
        }))
    }
}

/// Place and months for a link.
#[must_use]
pub fn query(place: &str, period: Period) -> String {
    format!(
        "place={}&from={}&until={}",
        percent(place),
        period.from,
        period.until
    )
}

/// An amount, and where its list is.
pub struct Cell {
    yuan: String,
    link: Option<String>,
}

/// The cell of a figure; a list of nothing is no place to go to.
fn cell(query: &str, sums: &Sums, figure: Figure, group: Option<(By, &str)>) -> Cell {
    let fen = sums.get(figure);
    let group = group.map(|(by, key)| format!("&by={}&key={}", by.key(), percent(key)));
    Cell {
        yuan: Fen(fen).in_groups(),
        link: (fen > 0).then(|| {
            format!(
                "/console/collection/bills?{query}&figure={}{}",
                figure.words().key,
                group.unwrap_or_default()
            )
        }),
    }
}

/// One figure of all bills.
struct WholeRow {
    figure: Figure,
    cell: Cell,
}

/// A line of a table.
struct Row {
    name: String,
    /// Its own figures, where it is a place that has some.
    link: Option<String>,
    cells: Vec<Cell>,
    rate: String,
}

/// A dimension.
struct Part {
    title: &'static str,
    head: &'static str,
    /// Names of the figures, and whether the chart draws them.
    heads: Vec<(&'static str, bool)>,
    chart: String,
    /// Months, of which it draws amounts; of all else it draws the rate.
    legend: bool,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "web/console/collection.html")]
struct CollectionPage {
    frame: Frame,
    wrong: Vec<(&'static str, &'static str)>,
    place: Option<Chosen>,
}

/// What there is to show when there is a place.
struct Chosen {
    places: Vec<(place::Model, bool)>,
    name: String,
    query: String,
    period: Period,
    says: String,
    periods: Vec<(&'static str, String, bool)>,
    bills: i64,
    rate: String,
    formula: &'static str,
    paid: Cell,
    billed: Cell,
    waived: Cell,
    left: Cell,
    lapsed: bool,
    whole: Vec<WholeRow>,
    ages: String,
    parts: Vec<Part>,
}

impl CollectionPage {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

/// `GET /console/collection`
///
/// # Errors
/// `forbidden` for who may see no money; `not_found` for a place that is not theirs.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let Some(read) = asked.read(db, desk).await? else {
        let page = CollectionPage {
            frame: Frame::new(desk, "收缴率"),
            wrong: Vec::new(),
            place: None,
        };
        return show(StatusCode::OK, &page);
    };
    let places = scope::choices(db, desk.actor(), Deed::SeeMoney, &read.scope.place).await?;
    let report = money::read(db, read.scope, read.period, read.today).await?;
    let page = CollectionPage {
        frame: Frame::new(desk, format!("收缴率 · {}", report.scope.place.name)).charting(),
        wrong: read.wrong,
        place: Some(chosen(&report, places, Month::of(read.today))),
    };
    show(StatusCode::OK, &page)
}

fn chosen(report: &Report, places: Vec<place::Model>, month: Month) -> Chosen {
    let (own, code) = (report.scope.place.id, &report.scope.place.code);
    let query = query(code, report.period);
    let whole = &report.whole;
    let of = |figure| cell(&query, whole, figure, None);
    Chosen {
        places: places
            .into_iter()
            .map(|place| (place.id == own, place))
            .map(|(is, place)| (place, is))
            .collect(),
        name: report.scope.place.name.clone(),
        period: report.period,
        says: report.period.says(),
        periods: periods(code, report.period, month),
        bills: whole.bills,
        rate: rate_says(whole),
        formula: FORMULA,
        paid: of(Figure::Paid),
        billed: of(Figure::Billed),
        waived: of(Figure::Waived),
        left: of(Figure::Left),
        lapsed: whole.get(Figure::Lapsed) > 0,
        whole: Figure::ALL
            .map(|figure| WholeRow {
                figure,
                cell: of(figure),
            })
            .into(),
        ages: ages(whole),
        parts: report
            .tables
            .iter()
            .map(|table| part(table, report, &query))
            .collect(),
        query,
    }
}

/// Periods that are often asked for, each with its address.
fn periods(code: &str, chosen: Period, month: Month) -> Vec<(&'static str, String, bool)> {
    let year = |year: i32| Some((Month::new(year, 1)?, Month::new(year, 12)?));
    let this = chrono::Datelike::year(&month.first());
    let january = Month::new(this, 1).unwrap_or(month);
    let (before, last) = year(this - 1).unwrap_or((month, month));
    let long = Month::new(this - 4, 1).unwrap_or(january);
    let all = [
        ("本月", Period::new(month, month)),
        ("上月", Period::new(month.before(), month.before())),
        ("今年", Period::new(january, month)),
        ("去年", Period::new(before, last)),
        ("近五年", Period::new(long, month)),
    ];
    all.map(|(words, period)| (words, query(code, period), period == chosen))
        .into()
}

/// What is left, by its age.
fn ages(whole: &Sums) -> String {
    if whole.get(Figure::Left) == 0 {
        return String::new();
    }
    let bars: Vec<Bar> = Figure::AGES
        .map(|age| Bar {
            name: age.words().name.trim_start_matches("逾期").to_owned(),
            value: whole.get(age),
            label: short(whole.get(age)),
        })
        .into();
    chart::bars("未缴的钱，按逾期时间（元）", &bars, escape)
}

/// An amount that fits beside a bar: `1234元`, `35.68万`, `1.20亿`; the table has it to the fen.
fn short(fen: i64) -> String {
    let yuan = fen / 100;
    let of = |unit: i64, name: &str| {
        let hundredths = yuan / (unit / 100);
        format!("{}.{:02}{name}", hundredths / 100, hundredths % 100)
    };
    match yuan {
        ..10_000 => format!("{yuan}元"),
        10_000..100_000_000 => of(10_000, "万"),
        _ => of(100_000_000, "亿"),
    }
}

fn part(table: &Table, report: &Report, query: &str) -> Part {
    let months = table.by == By::Month;
    let drawn_as_amount =
        |figure: Figure| months && matches!(figure, Figure::Billed | Figure::Paid);
    let rows = table.lines.iter().map(|line| {
        let group = Some((table.by, line.key.as_str()));
        Row {
            name: line.name.clone(),
            link: place_link(table, &line.key, report),
            cells: Figure::ALL
                .map(|figure| cell(query, &line.sums, figure, group))
                .into(),
            rate: rate_says(&line.sums),
        }
    });
    Part {
        title: table.by.says(),
        head: table.by.says().trim_start_matches('按'),
        heads: Figure::ALL
            .map(|figure| (figure.words().name, drawn_as_amount(figure)))
            .into(),
        chart: drawn(table),
        legend: months,
        rows: rows.collect(),
    }
}

/// The figures of a place below; a unit has none.
fn place_link(table: &Table, key: &str, report: &Report) -> Option<String> {
    let own = &report.scope.place;
    let has = table.by == By::Place && own.kind != PlaceKind::Building && key != own.code;
    has.then(|| format!("/console/collection?{}", query(key, report.period)))
}

/// The chart of a table: months as what was billed and paid, all else by the rate.
fn drawn(table: &Table) -> String {
    if table.by == By::Month {
        let pairs: Vec<(String, i64, i64)> = table
            .lines
            .iter()
            .map(|line| {
                let of = |figure| line.sums.get(figure);
                (line.name.clone(), of(Figure::Billed), of(Figure::Paid))
            })
            .collect();
        return chart::columns("每月账单的应收和其中已缴", &pairs, escape);
    }
    let bars: Vec<Bar> = table
        .lines
        .iter()
        .take(BARS)
        .map(|line| Bar {
            name: line.name.clone(),
            value: line.sums.rate().unwrap_or_default(),
            label: rate_says(&line.sums),
        })
        .collect();
    chart::bars(&format!("{}的收缴率", table.by.says()), &bars, escape)
}

/// `GET /console/collection.csv`: all tables in one.
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn csv(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let report = report(desk, &asked).await?;
    let bytes = sheet::csv(&report.flat())?;
    Ok(taken(&report, "csv", CSV, bytes))
}

/// `GET /console/collection.xlsx`: each table a sheet, and what the figures mean.
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn xlsx(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let report = report(desk, &asked).await?;
    let bytes = sheet::workbook(&report.sheets())?;
    Ok(taken(&report, "xlsx", XLSX, bytes))
}

async fn report(desk: &Desk, asked: &Asked) -> Result<Report, Fault> {
    let db = desk.app.store.read();
    let none = || Fault::not_found("没有找到这个地点的数据。");
    let read = asked.read(db, desk).await?.ok_or_else(none)?;
    money::read(db, read.scope, read.period, read.today).await
}

/// A file to keep.
fn taken(report: &Report, ending: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let code = plain_code(&report.scope.place.code);
    let (from, until) = (report.period.from, report.period.until);
    let name = format!("collection-{code}-{from}-{until}.{ending}");
    download(&name, kind, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_fits_beside_its_bar() {
        for (fen, says) in [
            (0, "0元"),
            (999_999, "9999元"),
            (1_000_000, "1.00万"),
            (3_568_358, "3.56万"),
            (9_999_999_999, "9999.99万"),
            (12_000_000_000, "1.20亿"),
        ] {
            assert_eq!(short(fen), says);
        }
    }
}
