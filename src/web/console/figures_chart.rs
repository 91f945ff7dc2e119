//! The chart beside each table of the figures, drawn from its lines: what there is without script and on paper. Part of
//! `figures.rs`.

use crate::case::stats::Figure;
use crate::case::stats::count::By;
use crate::report::chart::{self, Bar};
use crate::report::figures::{Line, Table};
use crate::web::pages::escape;

/// Bars of a chart; the table has all.
const BARS: usize = 8;

/// The chart of a table, and whether it has two colours.
pub(super) fn drawn(table: &Table) -> (String, bool) {
    let get = |line: &Line, figure| line.counts.get(figure);
    if table.by == By::Time {
        let pairs: Vec<(String, i64, i64)> = table
            .lines
            .iter()
            .map(|line| {
                let (filed, solved) = (get(line, Figure::Filed), get(line, Figure::Solved));
                (line.name.clone(), filed, solved)
            })
            .collect();
        let chart = chart::columns("提出和其中已解决的诉求，按时间", &pairs, escape);
        return (chart, true);
    }
    let bars: Vec<Bar> = table
        .lines
        .iter()
        .take(BARS)
        .map(|line| Bar {
            name: line.name.clone(),
            value: get(line, Figure::Filed),
            label: get(line, Figure::Filed).to_string(),
        })
        .collect();
    let chart = chart::bars(&format!("{}，提出件数", table.title), &bars, escape);
    (chart, false)
}
