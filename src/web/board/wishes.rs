//! What residents wish for, on a board: how many, and the words of what can be claimed; all of them on a page of
//! its own, `/board/{compound}/wishes`. Nobody's name or building.

use std::fmt::Write as _;

use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::read::Board;
use super::{answer, back, limited, no_compound, show};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::place::queries as places;
use crate::web::pages::{escape, to_board};
use crate::wechat::http::percent;
use crate::wish::queries::{self, Figure};

/// Characters of a wish that are shown on the board itself.
const SHOWN: usize = 40;
/// Wishes of a page.
const LINES: u64 = 50;

/// `?cursor=…`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    cursor: String,
}

/// `GET /board/:compound/wishes`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often; `invalid` for a cursor that is not ours.
#[handler]
pub async fn show_list(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    query: Option<Query<Wanted>>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let slice = Slice::parse(Some(&wanted.cursor), Some(LINES))?;
    let page = queries::open_in(db, compound.id, slice).await?;
    let mut body = match page.items.is_empty() {
        true => "<p>现在没有待认领的心愿。在微信里回复“许愿”就能许一个。</p>\n".to_owned(),
        false => format!("{}\n", counted(&counts(app, compound.id).await?)),
    };
    if !page.items.is_empty() {
        body.push_str("<ul class=\"lines\">\n");
        for (id, text) in &page.items {
            // Writing to a string cannot fail.
            let _ = writeln!(
                body,
                "<li>#{id} {} <span class=\"soft\">回复“认领 {id}”</span></li>",
                escape(text)
            );
        }
        body.push_str("</ul>\n");
    }
    if let Some(next) = page.next {
        let code = escape(&percent(&compound.code));
        let path = format!("/board/{code}/wishes?cursor={}", percent(&next));
        back(&mut body, &path, "更早的心愿");
    }
    body.push_str(&to_board(&compound));
    let html = show::sheet(&compound.name, "微心愿", &body);
    Ok(answer(request, html))
}

/// How many there are: open, claimed, fulfilled.
///
/// # Errors
/// The database's.
pub(super) async fn counts(app: &App, compound_id: i64) -> Result<[u64; 3], Fault> {
    let db = app.store.read();
    Ok([
        queries::count_in(db, compound_id, Figure::Open).await?,
        queries::count_in(db, compound_id, Figure::Claimed).await?,
        queries::count_in(db, compound_id, Figure::Fulfilled).await?,
    ])
}

fn counted([open, claimed, fulfilled]: &[u64; 3]) -> String {
    format!(
        "<p>待认领 <b>{open}</b>，已认领 <b>{claimed}</b>，已实现 <b>{fulfilled}</b>。在微信里回复“心愿”就能认领。</p>"
    )
}

/// The newest of them; empty while there was none.
#[must_use]
pub fn wishes(board: &Board, most: usize) -> String {
    if board.wishes.iter().sum::<u64>() == 0 {
        return String::new();
    }
    let mut out = format!("{}\n", counted(&board.wishes));
    if !board.open_wishes.is_empty() {
        out.push_str("<ul class=\"lines\">");
        for (id, text) in board.open_wishes.iter().take(most) {
            let _ = write!(out, "<li>#{id} {}</li>", escape(&shorten(text, SHOWN)));
        }
        out.push_str("</ul>\n");
    }
    out
}

/// The way to all of them; empty while none can be claimed.
#[must_use]
pub fn way(board: &Board) -> String {
    if board.open_wishes.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    let path = format!("/board/{}/wishes", escape(&percent(&board.compound.code)));
    back(&mut out, &path, "看全部心愿");
    out
}
