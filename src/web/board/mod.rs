//! `/board/{compound}`: what a compound tells everybody, without signing in: who answers for what, what
//! was promised, what was filed and done, the figures of the month. For phones, for the screen in a
//! lobby (`?screen=1`: its pages turn by themselves) and for paper (A3). Mounted by `router.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | `read` | what there is to show, all of it public |
//! | `show` | as HTML: the whole, or page by page |
//! | `figures` | the figures of the month and of the year |
//! | `news` | notices, cases at work and done |
//! | `bodies` | what was promised, who answers, organisations |
//! | `accounts` | published months of accounts |
//! | `expenses` | published expenses |
//! | `lists` | the four lists, the wall chart, alliances |
//! | `giving` | what was given and used |
//! | `printed` | a published month on paper |
//! | `wishes` | what residents wish for |
//! | `life` | activities, and what volunteers do |
//! | `times` | what comes round again |
//! | `stations` | where stations are, when they are open, what they lend, how many come |

pub mod accounts;
mod bodies;
pub mod expenses;
mod figures;
pub mod giving;
mod life;
pub mod lists;
mod news;
mod printed;
mod read;
mod show;
mod stations;
mod times;
pub mod wishes;

use std::fmt::Write as _;

use poem::http::{StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use self::read::On;
use crate::app::App;
use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::web::client_ip::spared;
use crate::web::etag::{is_known, tag};
use crate::web::pages::sentence;

/// Our own style, script and pictures; nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
/// How long anybody may keep it.
const CACHE: &str = "public, max-age=60";
/// Boards that one address may ask for in a minute; a whole street may sit behind one.
const PER_MINUTE: u32 = 600;

/// `?screen=1&page=2`
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    screen: Option<String>,
    page: Option<String>,
}

/// `GET /board/:compound`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_board(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    query: Option<Query<Wanted>>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let Some(compound) = places::compound_by_code(app.store.read(), &code).await? else {
        return Ok(no_compound());
    };
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let on = match wanted.screen.as_deref() {
        Some("1") => On::Screen,
        _ => On::Page,
    };
    let board = read::board(app, compound, on).await?;
    let html = match on {
        On::Screen => {
            let page = wanted.page.and_then(|page| page.parse().ok());
            show::screen(&board, page.unwrap_or(1))
        }
        On::Page => show::whole(&board),
    };
    Ok(answer(request, html))
}

/// So many from one address.
async fn limited(app: &App, request: &Request) -> Result<(), Fault> {
    match spared(app, request, "board", PER_MINUTE).await {
        true => Ok(()),
        false => Err(Fault::too_many(60)),
    }
}

fn no_compound() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "没有这个小区",
        "没有找到这个小区的公示栏。请核对网址，或者扫一扫小区里张贴的二维码。",
        None,
    )
}

/// A way on from a page, which paper does not show; `path` is HTML.
fn back(out: &mut String, path: &str, words: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<p class=\"no-print\"><a class=\"button\" href=\"{path}\">{words}</a></p>"
    );
}

/// The page, or that the one the browser has is still right.
fn answer(request: &Request, html: String) -> Response {
    let tag = tag(html.as_bytes());
    let known = is_known(request, &tag);
    let response = Response::builder()
        .header(header::CACHE_CONTROL, CACHE)
        .header(header::ETAG, tag)
        .header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer");
    if known {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type("text/html; charset=utf-8").body(html)
}

/// `GET /board.css`
#[handler]
pub fn show_style() -> Response {
    file("text/css; charset=utf-8", include_str!("board.css"))
}

/// `GET /board.js`
#[handler]
pub fn show_script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("board.js"))
}

fn file(kind: &str, text: &'static str) -> Response {
    Response::builder()
        .content_type(kind)
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .header("X-Content-Type-Options", "nosniff")
        .body(text)
}
