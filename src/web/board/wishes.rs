//! What residents wish for, on a board: how many, and the words of what can be claimed. Nobody's name or
//! building. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::base::text::shorten;
use crate::web::pages::escape;

/// Characters of a wish that are shown.
const SHOWN: usize = 40;

/// As HTML; empty while there was none.
#[must_use]
pub fn wishes(board: &Board, most: usize) -> String {
    let [open, claimed, fulfilled] = board.wishes;
    if open + claimed + fulfilled == 0 {
        return String::new();
    }
    let mut out = format!(
        "<p>待认领 <b>{open}</b>，已认领 <b>{claimed}</b>，已实现 <b>{fulfilled}</b>。在微信里回复“心愿”就能认领。</p>\n"
    );
    if !board.open_wishes.is_empty() {
        out.push_str("<ul class=\"lines\">");
        for (id, text) in board.open_wishes.iter().take(most) {
            // Writing to a string cannot fail.
            let _ = write!(out, "<li>#{id} {}</li>", escape(&shorten(text, SHOWN)));
        }
        out.push_str("</ul>\n");
    }
    out
}
