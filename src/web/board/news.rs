//! News on a board: notices, cases at work, and what became of those that are over. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::app::App;
use crate::attachment::link::{Variant, public_path};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::case::{board, evidence, kind_says, state_says};
use crate::web::pages::escape;
use crate::wechat::http::percent;

/// Notices that the screen shows in full.
const TOLD: usize = 3;
/// Letters in a row of the screen, rows on a page of it, and rows that a title takes there.
const ROW: usize = 36;
const ROWS: usize = 9;
const HEAD_ROWS: usize = 2;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// What may be read of it.
    pub text: String,
    /// On which day it ended: `11月21日`.
    pub day: String,
    /// What was found and what was done.
    pub photos: Vec<Photo>,
}

/// A picture that has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Which side of the work it shows: `处理前`.
    pub side: &'static str,
    /// Where the small one is: a link of this hour.
    pub small: String,
    /// Where the large one is.
    pub full: String,
}

/// The cases of a compound that ended last and may be read, with what may be seen of them.
///
/// # Errors
/// The database's.
pub(super) async fn closed(app: &App, compound_id: i64, most: u64) -> Result<Vec<Closed>, Fault> {
    let cases = board::closed(app.store.read(), compound_id, most).await?;
    let photo = |row: &entity::attachment::Model| {
        Some(Photo {
            side: row.stage.map_or("", evidence::stage_says),
            small: public_path(app, row, Variant::Small)?,
            full: public_path(app, row, Variant::Full)?,
        })
    };
    let one = |case: board::ClosedCase| Closed {
        day: case
            .at
            .map_or_else(String::new, |at| china(at).format("%-m月%-d日").to_string()),
        photos: case.photos.iter().filter_map(photo).collect(),
        text: case.text,
    };
    Ok(cases.into_iter().map(one).collect())
}

pub(super) fn open_cases(board: &Board, most: usize) -> String {
    if board.open.is_empty() {
        return "<p>现在没有正在办理的诉求。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    let shown = board.open.len().min(most);
    for case in board.open.iter().take(shown) {
        let number = case.joinable.map(|(id, _)| format!("#{id} "));
        let day = case
            .joinable
            .map(|(_, at)| china(at).format("%-m月%-d日提出").to_string());
        let _ = write!(
            out,
            "<li>{}{} · {} <span class=\"state\">{}</span> <span class=\"soft\">{}</span></li>",
            number.unwrap_or_default(),
            kind_says(case.kind),
            escape(case.building.as_deref().unwrap_or("公共区域")),
            state_says(case.state),
            day.unwrap_or_default()
        );
    }
    out.push_str("</ul>\n");
    let rest = board
        .open_in_all
        .saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    if rest > 0 {
        let _ = writeln!(out, "<p class=\"soft\">还有 {rest} 件正在办理。</p>");
    }
    if let Some((id, _)) = board.open.iter().take(shown).find_map(|case| case.joinable) {
        let _ = writeln!(
            out,
            "<p class=\"soft\">您也遇到了？在微信里回复“我也遇到”和编号，例如：我也遇到 {id}，有进展会告诉您。</p>"
        );
    }
    out
}

/// What became of those that are over. `seen`: with their pictures, which lead to the large ones: nobody touches
/// the screen of a lobby, and there they would leave no room for words.
pub(super) fn closed_cases(board: &Board, most: usize, seen: bool) -> String {
    if board.closed.is_empty() {
        return "<p>还没有可以公示的办理结果。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for case in board.closed.iter().take(most) {
        let text = escape(&case.text);
        let _ = write!(out, "<li>{text} <span class=\"soft\">{}</span>", case.day);
        if seen && !case.photos.is_empty() {
            // On paper they would take a sheet of their own.
            out.push_str("<div class=\"photos no-print\">");
            for photo in &case.photos {
                let side = photo.side;
                let _ = write!(
                    out,
                    "<figure><a href=\"{}\"><img src=\"{}\" alt=\"{side}的照片：{text}\" \
                     loading=\"lazy\"></a><figcaption>{side}</figcaption></figure>",
                    escape(&photo.full),
                    escape(&photo.small)
                );
            }
            out.push_str("</div>");
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}

/// The newest notices, by their titles. On paper they would be old tomorrow, and each has a sheet of its own.
pub(super) fn notices(board: &Board) -> String {
    if board.told.is_empty() {
        return String::new();
    }
    let mut out = "<section class=\"no-print\">\n<h2>公告</h2>\n".to_owned();
    // What is told to a whole street finds its way back to the board that it was read on.
    let code = escape(&percent(&board.compound.code));
    out.push_str("<ul class=\"lines\">");
    for one in &board.told {
        let day = china(one.at).format("%-m月%-d日");
        let title = escape(&one.title);
        let _ = write!(
            out,
            "<li><a href=\"{}?board={code}\">{title}</a> <span class=\"soft\">{day}</span></li>",
            escape(&one.path)
        );
    }
    out.push_str("</ul>\n</section>\n");
    out
}

/// The newest notices for the screen, nobody touches which: with all that they say, in so many pages as that takes.
pub(super) fn notices_large(board: &Board) -> Vec<String> {
    let mut pages = Vec::new();
    let (mut page, mut rows) = (String::new(), 0);
    for one in board.told.iter().take(TOLD) {
        let day = china(one.at).format("%-m月%-d日");
        let head = format!(
            "<h3>{} <span class=\"soft\">{day}</span></h3>\n",
            escape(&one.title)
        );
        // A title never stands alone at the foot of a page.
        let first = one.lines.first().map_or(0, |line| rows_of(line));
        if rows > 0 && rows + HEAD_ROWS + first > ROWS {
            pages.push(std::mem::take(&mut page));
            rows = 0;
        }
        page.push_str(&head);
        rows += HEAD_ROWS;
        for piece in one.lines.iter().flat_map(|line| pieces(line)) {
            let own = rows_of(&piece);
            if rows + own > ROWS {
                pages.push(std::mem::take(&mut page));
                page.push_str(&head);
                rows = HEAD_ROWS;
            }
            let _ = writeln!(page, "<p>{}</p>", escape(&piece));
            rows += own;
        }
    }
    if !page.is_empty() {
        pages.push(page);
    }
    let large = |page: String| format!("<div class=\"told\">{page}</div>\n");
    pages.into_iter().map(large).collect()
}

/// Rows of the screen that a line of text takes.
fn rows_of(line: &str) -> usize {
    line.chars().count().div_ceil(ROW).max(1)
}

/// A line, in parts that fit a page.
fn pieces(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let parts = letters.chunks(ROW * (ROWS - HEAD_ROWS));
    parts.map(|part| part.iter().collect()).collect()
}
