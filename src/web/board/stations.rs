//! Stations on a board: where, when, what they have, how many came this month, which rooms are free today.
//! Nobody's name. Called by `show`.

use std::fmt::Write as _;

use super::read::StationLine;
use crate::web::pages::escape;

/// As HTML; empty while there is none.
#[must_use]
pub fn stations(lines: &[StationLine]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for line in lines {
        let row = &line.seen.station;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<li><b>{}</b> <span class=\"state\">{}</span><br>{} {}，每周{}",
            escape(&row.name),
            line.seen.open.says(),
            escape(&line.seen.place),
            escape(&row.spot),
            escape(&line.seen.week())
        );
        if !line.seen.facilities.is_empty() {
            let _ = write!(out, "<br>有：{}", escape(&line.seen.facilities.join("、")));
        }
        let _ = write!(out, "<br>本月来访 <b>{}</b> 人次", line.visits);
        let (free, all) = line.rooms;
        if all > 0 {
            let _ = write!(out, "，今天还能订的房间 <b>{free}</b> 个，共 {all} 个");
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}
