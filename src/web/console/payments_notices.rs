//! `/console/payments/notices`: notifications of the pay platform that fit nothing: nothing was credited by
//! them, and somebody has to look. What was not signed by the platform is not kept.

use askama::Template;
use entity::payment_notice;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;
use serde_json::Value;

use super::payments::check;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::payment::queries::platform::refused_notices;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// Lines of a page.
const LINES: u64 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
}

struct Line {
    id: i64,
    kind: String,
    why: String,
    number: String,
    amount: String,
    merchant: String,
    at: String,
}

#[derive(Template)]
#[template(path = "web/console/payments_notices.html")]
struct Notices {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/payments/notices`
///
/// # Errors
/// `forbidden`; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    check(desk)?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = refused_notices(desk.app.store.read(), desk.actor(), slice).await?;
    let page = Notices {
        frame: Frame::new(desk, "对不上的通知"),
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &page)
}

fn line(row: payment_notice::Model) -> Line {
    let fen = ["refund", "total"]
        .iter()
        .find_map(|name| row.body.get(name).and_then(Value::as_i64));
    Line {
        id: row.id,
        why: row.error.unwrap_or_default(),
        number: row.out_trade_no.unwrap_or_else(|| "—".to_owned()),
        amount: fen.map_or_else(|| "—".to_owned(), |fen| format!("{} 元", Fen(fen))),
        kind: row.kind,
        merchant: row.merchant,
        at: say(row.created_at),
    }
}
