//! `/console/figures`: the figures of a place and a period (C8, decision 0017): the rates with what they
//! are made of, each dimension as a chart and as a table, and what was before; as files in `figures_files.rs`.
//! Every number leads to the cases that it counts (`figures_list.rs`). What takes long to count is counted behind a
//! page that says so, and shown as of then for a few minutes (`report/reckoned.rs`).

use std::collections::HashMap;

use askama::Template;
use chrono::NaiveDate;
use entity::kinds::PlaceKind;
use entity::place;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::access::permit::Deed;
use crate::base::clock::{Moment, china, from_ms, say};
use crate::base::fault::Fault;
use crate::case::stats::count::By;
use crate::case::stats::span::Span;
use crate::case::stats::{Counts, Figure, RATES, Rate, SHARE, SHARE_FORMULA, tenths};
use crate::place::queries::short_name;
use crate::place::scope::{self, Scope};
use crate::report::figures::{Report, Table, score};
use crate::report::reckoned;
use crate::store::slow::Answer;
use crate::web::console::asked::beside;
use crate::web::console::figures_chart::drawn;
use crate::web::console::figures_wait::wait;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Of which place and period, as the page's address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Code of a place; empty: the largest of one's own.
    pub place: String,
    /// First day, `2026-11-01`; empty: of this month.
    pub from: String,
    /// Last day; empty: of this month, or today.
    pub until: String,
    /// Milliseconds since 1970: no figures from before that; empty: some minutes old will do.
    pub since: String,
    /// Not empty: of now.
    pub anew: String,
}

/// What was asked for, read.
pub struct Read {
    /// The place.
    pub scope: Scope,
    /// The period.
    pub span: Span,
    /// What is wrong with which field.
    pub wrong: Vec<(&'static str, &'static str)>,
    /// No figures from before that.
    pub since: Option<Moment>,
}

impl Asked {
    /// Reads it within what the actor may see; none for whoever has no place with figures.
    ///
    /// # Errors
    /// `not_found` for a place that is not there or not theirs; the database's.
    pub async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        desk: &Desk,
    ) -> Result<Option<Read>, Fault> {
        let now = desk.app.clock.now();
        let mut wrong = Vec::new();
        let span = self.span(now, &mut wrong);
        let scope = if self.place.trim().is_empty() {
            match scope::own(db, desk.actor(), Deed::SeeCases)
                .await?
                .into_iter()
                .next()
            {
                Some(place) => Scope::of(db, place).await?,
                None => return Ok(None),
            }
        } else {
            scope::visible(db, desk.actor(), Deed::SeeCases, self.place.trim()).await?
        };
        let since = self.since.parse().ok().and_then(from_ms);
        Ok(Some(Read {
            scope,
            span,
            wrong,
            since,
        }))
    }

    fn span(&self, now: Moment, wrong: &mut Vec<(&'static str, &'static str)>) -> Span {
        let mut day = |field: &'static str, typed: &str| {
            let read = NaiveDate::parse_from_str(typed.trim(), "%Y-%m-%d").ok();
            // A year of five digits is a slip, and beyond what databases reckon with.
            let read = read.filter(|day| (2000..2100).contains(&chrono::Datelike::year(day)));
            if read.is_none() && !typed.trim().is_empty() {
                wrong.push((field, "日期写成 2026-11-21 这样。"));
            }
            read
        };
        let today = china(now).date_naive();
        match (day("from", &self.from), day("until", &self.until)) {
            (Some(from), Some(until)) => Span::new(from, until),
            (Some(from), None) => Span::new(from, today),
            (None, Some(until)) => Span::new(Span::month(until).first, until),
            (None, None) => Span::month_of(now),
        }
    }
}

/// Place and period for a link.
#[must_use]
pub fn query(place: &str, span: Span) -> String {
    format!(
        "place={}&from={}&until={}",
        percent(place),
        span.first,
        span.last
    )
}

/// A number, and where its list is.
struct Cell {
    count: i64,
    link: Option<String>,
}

/// Whose numbers, and of when, for the links.
struct Links {
    query: String,
    /// Of when the numbers are, where that is not now: the list is of now, and says so.
    at: Option<Moment>,
}

impl Links {
    fn cell(&self, counts: &Counts, figure: Figure, group: Option<(By, &str)>) -> Cell {
        let count = counts.get(figure);
        let group = group.map(|(by, key)| format!("&by={}&key={}", by.key(), percent(key)));
        let at = self.at.map(|at| format!("&at={}", at.timestamp_millis()));
        Cell {
            count,
            // A list of nothing is no place to go to.
            link: (count > 0).then(|| {
                format!(
                    "/console/figures/cases?{}&figure={}{}{}",
                    self.query,
                    figure.words().key,
                    group.unwrap_or_default(),
                    at.unwrap_or_default()
                )
            }),
        }
    }
}

/// A rate with its two numbers.
struct RateCard {
    rate: Rate,
    value: String,
    part: Cell,
    whole: Cell,
    before: String,
}

/// One figure of all cases.
struct WholeRow {
    figure: Figure,
    cell: Cell,
    before: i64,
}

/// A line of a table.
struct Row {
    name: String,
    /// Its own figures, where it is a place that has some.
    link: Option<String>,
    cells: Vec<Cell>,
    rates: Vec<String>,
    score: String,
    /// Its share of all that was solved, and where the list of that is.
    share: Option<(String, Option<String>)>,
}

/// A dimension.
struct Part {
    title: &'static str,
    head: &'static str,
    /// Names of the figures, and whether the chart draws them.
    heads: Vec<(&'static str, bool)>,
    chart: String,
    legend: bool,
    /// Head of the column of shares, where there is one.
    shares: Option<&'static str>,
    /// All names of a time, for the chart: quiet days have no row.
    steps: Option<String>,
    rows: Vec<Row>,
}

/// A place now and in the period before.
struct Compared {
    name: String,
    filed: (i64, i64),
    rates: Vec<(String, String, &'static str)>,
}

#[derive(Template)]
#[template(path = "web/console/figures.html")]
struct FiguresPage {
    frame: Frame,
    wrong: Vec<(&'static str, &'static str)>,
    place: Option<Chosen>,
}

/// What there is to show when there is a place.
struct Chosen {
    places: Vec<(place::Model, bool)>,
    name: String,
    query: String,
    span: Span,
    says: String,
    says_before: String,
    /// `11月21日 10:32`, where the numbers are not of now.
    at: Option<String>,
    running: bool,
    periods: Vec<(&'static str, String, bool)>,
    filed: i64,
    cards: Vec<RateCard>,
    whole: Vec<WholeRow>,
    score: (String, String),
    share: &'static str,
    parts: Vec<Part>,
    compared: Vec<Compared>,
}

impl FiguresPage {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

/// `GET /console/figures`
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let Some(read) = asked.read(db, desk).await? else {
        let page = FiguresPage {
            frame: Frame::new(desk, "数据"),
            wrong: Vec::new(),
            place: None,
        };
        return show(StatusCode::OK, &page);
    };
    let own = query(&read.scope.place.code, read.span);
    let now = desk.app.clock.now();
    if !asked.anew.is_empty() {
        return Ok(go(&since(&own, now)));
    }
    let places = scope::choices(db, desk.actor(), Deed::SeeCases, &read.scope.place).await?;
    // Side by side: a page of two periods takes as long as the longer one.
    let (report, earlier) = tokio::try_join!(
        reckoned::read(&desk.app, read.scope.clone(), read.span, read.since),
        reckoned::read(
            &desk.app,
            read.scope.clone(),
            read.span.before(),
            read.since
        ),
    )?;
    let (Some(report), Some(earlier)) = (report, earlier) else {
        return wait(desk, &read, "/console/figures");
    };
    let page = FiguresPage {
        frame: Frame::new(desk, format!("数据 · {}", report.value.scope.place.name)).charting(),
        wrong: read.wrong,
        place: Some(chosen(&report, &earlier, places, now)),
    };
    show(StatusCode::OK, &page)
}

/// The page with no figures from before a moment.
fn since(query: &str, at: Moment) -> String {
    format!("/console/figures?{query}&since={}", at.timestamp_millis())
}

fn chosen(
    report: &Answer<Report>,
    earlier: &Answer<Report>,
    places: Vec<place::Model>,
    now: Moment,
) -> Chosen {
    let kept = |answer: &Answer<Report>| answer.kept.then_some(answer.at);
    let of_when = kept(report).into_iter().chain(kept(earlier)).min();
    let at = kept(report);
    let (report, earlier) = (&report.value, &earlier.value);
    let own = report.scope.place.id;
    let code = &report.scope.place.code;
    let links = Links {
        query: query(code, report.span),
        at,
    };
    let periods = [
        ("本月", Span::month_of(now)),
        ("上月", Span::month_before(now)),
        ("本季度", Span::quarter_of(now)),
        ("上季度", Span::quarter_of(now).before()),
        ("今年", Span::year_of(now)),
    ];
    Chosen {
        places: places
            .into_iter()
            .map(|place| (place.id == own, place))
            .map(|(is, place)| (place, is))
            .collect(),
        name: report.scope.place.name.clone(),
        span: report.span,
        says: report.span.says(),
        says_before: earlier.span.says(),
        at: of_when.map(say),
        running: report.span.to() > now,
        periods: periods
            .map(|(words, span)| (words, query(code, span), span == report.span))
            .into(),
        filed: report.whole.get(Figure::Filed),
        cards: RATES
            .iter()
            .map(|rate| card(*rate, report, earlier, &links))
            .collect(),
        whole: Figure::ALL
            .map(|figure| WholeRow {
                figure,
                cell: links.cell(&report.whole, figure, None),
                before: earlier.whole.get(figure),
            })
            .into(),
        score: (score(&report.whole), score(&earlier.whole)),
        share: SHARE_FORMULA,
        parts: report
            .tables
            .iter()
            .map(|table| part(table, report, &links))
            .collect(),
        compared: compared(report, earlier),
        query: links.query,
    }
}

fn card(rate: Rate, report: &Report, earlier: &Report, links: &Links) -> RateCard {
    RateCard {
        rate,
        value: rate.says(&report.whole),
        part: links.cell(&report.whole, rate.part, None),
        whole: links.cell(&report.whole, rate.whole, None),
        before: match (rate.of(&report.whole), rate.of(&earlier.whole)) {
            (_, None) => "上期没有可比的数".to_owned(),
            (Some(now), Some(then)) => {
                format!("上期 {}，{}", rate.says(&earlier.whole), moved(now - then))
            }
            (None, Some(_)) => format!("上期 {}", rate.says(&earlier.whole)),
        },
    }
}

/// How much a rate has moved, in points.
fn moved(thousandths: i64) -> String {
    match thousandths {
        0 => "持平".to_owned(),
        up if up > 0 => format!("升{}个百分点", tenths(up)),
        down => format!("降{}个百分点", tenths(down.saturating_neg())),
    }
}

fn part(table: &Table, report: &Report, links: &Links) -> Part {
    let (chart, legend) = drawn(table);
    let shares = table.shares();
    let columns: &[Figure] = match table.by {
        By::Time => &[Figure::Filed, Figure::Solved],
        _ => &[Figure::Filed],
    };
    let names = table.lines.iter().map(|line| line.name.as_str());
    let steps = (table.by == By::Time).then(|| names.collect::<Vec<_>>().join("|"));
    let rows = table
        .lines
        .iter()
        .enumerate()
        // A year of quiet days says nothing.
        .filter(|(_, line)| table.by != By::Time || line.counts.get(Figure::Filed) > 0)
        .map(|(at, line)| {
            let key = line.key.as_deref().unwrap_or_default();
            let share = shares.as_ref().and_then(|shares| shares.get(at)).cloned();
            let solved = links.cell(&line.counts, Figure::Solved, Some((table.by, key)));
            let cells = Figure::ALL
                .map(|figure| links.cell(&line.counts, figure, Some((table.by, key))))
                .into();
            Row {
                name: line.name.clone(),
                link: place_link(table, key, report),
                cells,
                rates: RATES.iter().map(|rate| rate.says(&line.counts)).collect(),
                score: score(&line.counts),
                share: share.map(|share| (share, solved.link)),
            }
        })
        .collect();
    Part {
        shares: shares.is_some().then_some(SHARE),
        title: table.title,
        head: table.title.trim_start_matches('按'),
        heads: Figure::ALL
            .map(|figure| (figure.words().name, columns.contains(&figure)))
            .into(),
        chart,
        legend,
        steps,
        rows,
    }
}

/// The figures of a place below; a unit or a home has none.
fn place_link(table: &Table, key: &str, report: &Report) -> Option<String> {
    let own = &report.scope.place;
    // Inside a building there are only units and homes.
    let has = table.by == By::Place && own.kind != PlaceKind::Building && key != own.code;
    has.then(|| format!("/console/figures?{}", query(key, report.span)))
}

/// The whole and its places beside what they were.
fn compared(report: &Report, earlier: &Report) -> Vec<Compared> {
    let line = |name: String, now: &Counts, then: &Counts| Compared {
        name,
        filed: (now.get(Figure::Filed), then.get(Figure::Filed)),
        rates: RATES
            .iter()
            .map(|rate| {
                let way = match (rate.of(now), rate.of(then)) {
                    (Some(now), Some(then)) if now > then => "升",
                    (Some(now), Some(then)) if now < then => "降",
                    (Some(_), Some(_)) => "平",
                    _ => "",
                };
                (rate.says(now), rate.says(then), way)
            })
            .collect(),
    };
    let places = |of: &Report| {
        let table = of.tables.iter().find(|table| table.by == By::Place);
        table.map(|table| table.lines.clone()).unwrap_or_default()
    };
    let before: HashMap<Option<String>, Counts> = places(earlier)
        .into_iter()
        .map(|line| (line.key, line.counts))
        .collect();
    let whole = line(
        short_name(&report.scope.place).to_owned(),
        &report.whole,
        &earlier.whole,
    );
    let parts = places(report).into_iter().map(|now| {
        let then = before.get(&now.key).copied().unwrap_or_default();
        line(now.name, &now.counts, &then)
    });
    std::iter::once(whole).chain(parts).collect()
}
