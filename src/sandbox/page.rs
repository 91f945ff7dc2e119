//! The page: one person plays several people side by side. Static files, no inline script or
//! style, nothing from elsewhere.

use poem::{Response, handler};

/// Only what this program serves; pictures also from the browser's own memory (a preview).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

fn file(kind: &str, body: &'static str) -> Response {
    Response::builder()
        .content_type(kind)
        .header("Cache-Control", "no-cache")
        .header("X-Content-Type-Options", "nosniff")
        .header("Content-Security-Policy", POLICY)
        .body(body)
}

/// `GET /sandbox`
#[handler]
pub fn html() -> Response {
    file("text/html; charset=utf-8", include_str!("page.html"))
}

/// `GET /sandbox/page.css`
#[handler]
pub fn css() -> Response {
    file("text/css; charset=utf-8", include_str!("page.css"))
}

/// `GET /sandbox/page.js`: conversations.
#[handler]
pub fn script() -> Response {
    file(SCRIPT, include_str!("page.js"))
}

/// `GET /sandbox/wire.js`: the drawers for the wire, failures and the clock.
#[handler]
pub fn wire() -> Response {
    file(SCRIPT, include_str!("wire.js"))
}

/// `GET /sandbox/guide.js`: the walk-through.
#[handler]
pub fn guide() -> Response {
    file(SCRIPT, include_str!("guide.js"))
}

/// `GET /sandbox/chips.js`: quick replies.
#[handler]
pub fn chips() -> Response {
    file(SCRIPT, include_str!("chips.js"))
}

/// `GET /sandbox/links.js`: addresses in what is said.
#[handler]
pub fn links() -> Response {
    file(SCRIPT, include_str!("links.js"))
}

/// `GET /sandbox/mini.js`: the mini-program.
#[handler]
pub fn mini() -> Response {
    file(SCRIPT, include_str!("mini.js"))
}

/// `GET /sandbox/robot.js`: the group chat.
#[handler]
pub fn robot() -> Response {
    file(SCRIPT, include_str!("robot.js"))
}

/// `GET /sandbox/work.js`: cards of WeCom.
#[handler]
pub fn work() -> Response {
    file(SCRIPT, include_str!("work.js"))
}

/// `GET /sandbox/account.js`: the account's menu and codes.
#[handler]
pub fn account() -> Response {
    file(SCRIPT, include_str!("account.js"))
}
