//! News on a board: notices, cases at work, and what became of those that are over. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::base::clock::china;
use crate::case::{kind_says, state_says};
use crate::web::pages::escape;
use crate::wechat::http::percent;

pub(super) fn open_cases(board: &Board, most: usize) -> String {
    if board.open.is_empty() {
        return "<p>现在没有正在办理的诉求。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for case in board.open.iter().take(most) {
        let _ = write!(
            out,
            "<li>{} · {} <span class=\"state\">{}</span></li>",
            kind_says(case.kind),
            escape(case.building.as_deref().unwrap_or("公共区域")),
            state_says(case.state)
        );
    }
    out.push_str("</ul>\n");
    out
}

pub(super) fn closed_cases(board: &Board, most: usize) -> String {
    if board.closed.is_empty() {
        return "<p>还没有可以公示的办理结果。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for case in board.closed.iter().take(most) {
        let day = case.at.map(|at| china(at).format("%-m月%-d日").to_string());
        let _ = write!(
            out,
            "<li>{} <span class=\"soft\">{}</span></li>",
            escape(&case.text),
            day.unwrap_or_default()
        );
    }
    out.push_str("</ul>\n");
    out
}

/// The newest notices. On paper they would be old tomorrow, and each has a sheet of its own.
pub(super) fn notices(board: &Board, with_head: bool) -> String {
    if board.told.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if with_head {
        out.push_str("<section class=\"no-print\">\n<h2>公告</h2>\n");
    }
    // What is told to a whole street finds its way back to the board that it was read on.
    let code = escape(&percent(&board.compound.code));
    out.push_str("<ul class=\"lines\">");
    for one in &board.told {
        let day = china(one.at).format("%-m月%-d日");
        let title = escape(&one.title);
        if with_head {
            let _ = write!(
                out,
                "<li><a href=\"{}?board={code}\">{title}</a> <span class=\"soft\">{day}</span></li>",
                escape(&one.path)
            );
        } else {
            let _ = write!(out, "<li>{title} <span class=\"soft\">{day}</span></li>");
        }
    }
    out.push_str("</ul>\n");
    if with_head {
        out.push_str("</section>\n");
    }
    out
}
