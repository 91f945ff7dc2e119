//! Life in the compound, on a board: what people sign up for, and what volunteers have done this year. Nobody's name
//! but of those volunteers who have said that they want theirs there. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::volunteer::hours::says;
use crate::web::pages::escape;

/// What people sign up for; empty while there is nothing.
#[must_use]
pub fn activities(board: &Board, most: usize) -> String {
    if board.activities.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for one in board.activities.iter().take(most) {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<li><a href=\"{}\">#{} {}</a>　{}，{}（{}）。在微信里回复“报名 {}”</li>",
            escape(&one.path),
            one.id,
            escape(&one.title),
            escape(&one.when),
            escape(&one.venue),
            escape(&one.places),
            one.id
        );
    }
    out.push_str("</ul>\n");
    out
}

/// What volunteers have done this year; empty while there is nothing.
#[must_use]
pub fn service(board: &Board) -> String {
    let (year, totals) = &board.served;
    if totals.minutes == 0 {
        return String::new();
    }
    let mut out = format!(
        "<p>{year}年，<b>{}</b> 位志愿者服务了 <b>{}</b>。想加入，在微信里回复“志愿报名”。</p>\n",
        totals.people,
        says(totals.minutes)
    );
    if !totals.named.is_empty() {
        out.push_str("<ul class=\"lines\">");
        for (name, minutes) in &totals.named {
            let _ = write!(out, "<li>{}　{}</li>", escape(name), says(*minutes));
        }
        out.push_str("</ul>\n");
    }
    out
}
