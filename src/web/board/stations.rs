//! Stations on a board: where, when, what they have and lend, how many came this month and were served at the
//! windows, which rooms are free today. Nobody's name. Called by `show`.

use std::fmt::Write as _;

use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::text::shorten;
use crate::station::queries::{self, figures, lending, rooms};
use crate::web::pages::escape;

/// Characters of a list of things: two rows of the screen.
const SHOWN: usize = 80;

/// A station as the board shows it.
pub struct StationLine {
    /// Where, when, what it has.
    pub seen: queries::Seen,
    /// How many came this month.
    pub visits: i64,
    /// Rooms that are free for half an hour at least for what is left of today, and all of them.
    pub rooms: (usize, usize),
    /// What can be borrowed now, and how many of each.
    pub things: Vec<(String, i32)>,
    /// How many were served this month, window by window.
    pub windows: Vec<(String, i64)>,
}

/// Reads them.
///
/// # Errors
/// The database's.
pub(super) async fn read(
    app: &App,
    compound_id: i64,
    now: Moment,
) -> Result<Vec<StationLine>, Fault> {
    let db = app.store.read();
    let month = Month::of(china(now).date_naive());
    let mut lines = Vec::new();
    for seen in queries::of_compound(db, compound_id, now).await? {
        let id = seen.station.id;
        lines.push(StationLine {
            visits: figures::in_month(db, id, month).await?,
            rooms: rooms::free_today(db, &seen, now).await?,
            things: together(lending::to_lend(db, id).await?),
            windows: figures::at_windows(db, id, month).await?,
            seen,
        });
    }
    Ok(lines)
}

/// Things of one name together: each has a code of its own.
fn together(rows: Vec<entity::station_thing::Model>) -> Vec<(String, i32)> {
    let mut things: Vec<(String, i32)> = Vec::new();
    for row in rows {
        let left = row.quantity - row.lent;
        match things.iter_mut().find(|(name, _)| *name == row.name) {
            Some((_, sum)) => *sum += left,
            None => things.push((row.name, left)),
        }
    }
    things
}

/// As HTML; empty while there is none.
#[must_use]
pub fn stations(lines: &[StationLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for line in lines {
        one(&mut out, line);
    }
    out.push_str("</ul>\n");
    out
}

fn one(out: &mut String, line: &StationLine) {
    let row = &line.seen.station;
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<li><b>{}</b> <span class=\"state\">{}</span><br>{} {}，{}",
        escape(&row.name),
        line.seen.open.says(),
        escape(&line.seen.place),
        escape(&row.spot),
        escape(&line.seen.opens())
    );
    if !line.seen.facilities.is_empty() {
        let facilities = shorten(&line.seen.facilities.join("、"), SHOWN);
        let _ = write!(out, "<br>有：{}", escape(&facilities));
    }
    if !line.things.is_empty() {
        let things = line.things.iter();
        let things: Vec<String> = things
            .map(|(name, left)| format!("{name} {left}"))
            .collect();
        let things = shorten(&things.join("、"), SHOWN);
        let _ = write!(
            out,
            "<span class=\"no-print\"><br>可以借：{}</span>",
            escape(&things)
        );
    }
    let _ = write!(out, "<br>本月来访 <b>{}</b> 人次", line.visits);
    let (free, all) = line.rooms;
    if all > 0 {
        let _ = write!(out, "，今天还能订的房间 <b>{free}</b> 个，共 {all} 个");
    }
    if !line.windows.is_empty() {
        let windows = line.windows.iter();
        let windows: Vec<String> = windows
            .map(|(name, served)| format!("{name} {served} 次"))
            .collect();
        let windows = shorten(&windows.join("、"), SHOWN);
        let _ = write!(
            out,
            "<span class=\"no-print\"><br>本月窗口服务：{}</span>",
            escape(&windows)
        );
    }
    out.push_str("</li>");
}
