//! The figures of the month on a board: rates with what they are made of and how they are worked out, charts with
//! their tables, the collection rate of the year. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::base::fen::Fen;
use crate::case::stats::count::By;
use crate::case::stats::{Counts, Figure, RATES, SHARE_FORMULA};
use crate::fee::stats::{FORMULA, Figure as Money};
use crate::report::chart::{self, Bar};
use crate::report::figures::{Table, score};
use crate::report::money::rate_says;
use crate::web::pages::escape;

/// Bars of a chart.
const BARS: usize = 6;

/// Letters of a number that fit a tile in the largest type, and in the next.
const SHORT: usize = 5;
const MIDDLE: usize = 7;

/// A number with its name; a number is never broken, the longer ones are smaller. `name` is HTML.
pub(super) fn tile(name: &str, value: &str) -> String {
    let size = match value.chars().count() {
        0..=SHORT => "",
        length if length <= MIDDLE => " class=\"long\"",
        _ => " class=\"longer\"",
    };
    format!("<li>{name}<b{size}>{value}</b></li>")
}

/// The rates of the month, with what they are made of.
fn rates(counts: &Counts, month: &str) -> String {
    let mut out = format!("<p>{month}提出的诉求，截至现在：</p>\n<ul class=\"rates\">");
    let items = [
        ("提出", counts.get(Figure::Filed).to_string()),
        ("已解决", counts.get(Figure::Solved).to_string()),
        ("在办", counts.get(Figure::Open).to_string()),
    ];
    let rates = RATES.iter().map(|rate| (rate.name, rate.says(counts)));
    for (name, value) in items.into_iter().chain(rates) {
        out.push_str(&tile(name, &value));
    }
    out.push_str("</ul>\n");
    out
}

fn formulas() -> String {
    let mut out = "<details class=\"card\"><summary>怎么算</summary><ul>".to_owned();
    for rate in RATES {
        let _ = write!(
            out,
            "<li>{}。{}：{}；{}：{}。</li>",
            rate.formula(),
            rate.part.words().name,
            rate.part.words().means,
            rate.whole.words().name,
            rate.whole.words().means
        );
    }
    out.push_str("</ul></details>\n");
    out
}

fn charts(board: &Board) -> String {
    let report = &board.report;
    let mut out = String::new();
    for table in &report.tables {
        let chart = match table.by {
            By::Time => {
                let pairs: Vec<(String, i64, i64)> = table
                    .lines
                    .iter()
                    .map(|line| {
                        let get = |figure| line.counts.get(figure);
                        (line.name.clone(), get(Figure::Filed), get(Figure::Solved))
                    })
                    .collect();
                let chart = chart::columns("每天提出和其中已解决的诉求", &pairs, escape);
                format!("{chart}<p class=\"legend\"><span>提出</span><span>其中已解决</span></p>")
            }
            By::Kind | By::Category => {
                let bars: Vec<Bar> = table
                    .lines
                    .iter()
                    .take(BARS)
                    .map(|line| Bar {
                        name: line.name.clone(),
                        value: line.counts.get(Figure::Filed),
                        label: line.counts.get(Figure::Filed).to_string(),
                    })
                    .collect();
                chart::bars(&format!("{}，提出件数", table.title), &bars, escape)
            }
            _ => continue,
        };
        let _ = writeln!(
            out,
            "<div class=\"card\"><h3>{}</h3>{chart}{}</div>",
            table.title,
            numbers(table)
        );
    }
    out
}

/// The table beside a chart; quiet days are left out of it.
fn numbers(table: &Table) -> String {
    let head = [
        Figure::Filed,
        Figure::Solved,
        Figure::Unsolved,
        Figure::Open,
    ];
    let mut out = format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{0}的表格\"><table class=\"tight\"><caption>{0}</caption><thead><tr><th scope=\"col\">{1}</th>",
        table.title,
        table.title.trim_start_matches('按')
    );
    for figure in head {
        let _ = write!(
            out,
            "<th scope=\"col\" class=\"number\">{}</th>",
            figure.words().name
        );
    }
    out.push_str("</tr></thead><tbody>");
    for line in &table.lines {
        if line.counts.get(Figure::Filed) == 0 {
            continue;
        }
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&line.name));
        for figure in head {
            let _ = write!(out, "<td class=\"number\">{}</td>", line.counts.get(figure));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}

pub(super) fn figures(board: &Board) -> String {
    let counts = &board.report.whole;
    let mut out = rates(counts, &board.report.span.says());
    if counts.get(Figure::Filed) > 0 {
        let _ = writeln!(
            out,
            "<p>重开 {} 件，未能解决 {} 件（不算解决），平均 {} 分（5分为满分）。</p>\n<div class=\"grid\">{}</div>",
            counts.get(Figure::Reopened),
            counts.get(Figure::Unsolved),
            score(counts),
            charts(board)
        );
    }
    out.push_str(&levels(board));
    out.push_str(&collected(board));
    out.push_str(&formulas());
    out
}

/// At which level what was solved was solved (小事不出社区); nothing where nothing was.
fn levels(board: &Board) -> String {
    let tables = &board.report.tables;
    let Some(table) = tables.iter().find(|table| table.by == By::Level) else {
        return String::new();
    };
    let shares = table.shares().unwrap_or_default();
    let parts: Vec<String> = table
        .lines
        .iter()
        .zip(shares)
        .filter(|(line, _)| line.counts.get(Figure::Solved) > 0)
        .map(|(line, share)| format!("在{}解决 <b>{share}</b>", escape(&line.name)))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!(
        "<p>{}提出并已解决的诉求中，{}（{SHARE_FORMULA}）。</p>\n",
        board.report.span.says(),
        parts.join("，")
    )
}

/// This year's collection rate, with its formula.
fn collected(board: &Board) -> String {
    let Some((year, sums)) = &board.collected else {
        return String::new();
    };
    format!(
        "<p>{}的账单，收缴率 <b>{}</b>（{FORMULA}；应收不含更正，减免 {} 元不算已缴）。</p>\n",
        year.says(),
        rate_says(sums),
        Fen(sums.get(Money::Waived)).in_groups()
    )
}

/// For the screen: numbers and one chart.
pub(super) fn figures_large(board: &Board) -> String {
    let report = &board.report;
    let mut out = rates(&report.whole, &report.span.says());
    let kinds = report.tables.iter().find(|table| table.by == By::Kind);
    if let Some(table) = kinds {
        let bars: Vec<Bar> = table
            .lines
            .iter()
            .map(|line| Bar {
                name: line.name.clone(),
                value: line.counts.get(Figure::Filed),
                label: format!("{}件", line.counts.get(Figure::Filed)),
            })
            .collect();
        let _ = write!(
            out,
            "<div class=\"two-up\"><div>{}</div><div>{}</div></div>",
            chart::bars("按类型，提出件数", &bars, escape),
            numbers(table)
        );
    }
    out
}
