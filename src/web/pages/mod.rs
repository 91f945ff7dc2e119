//! Pages for people, made on the server: large type, no script, one style sheet that all share. Opened
//! inside WeChat, where [`crate::web::oauth`] says who looks. Called by `router.rs`.
//!
//! | file | what it shows |
//! |---|---|
//! | [`me`] | my homes, my cases, how to write commands |
//! | [`privacy`] | the rules on personal data, a copy of one's own, correction, erasure |
//! | `rules` | those rules, feature by feature |
//! | [`notice`] | a notice, by its link |
//! | [`activity`] | an activity, its calendar file, and coming in by the code at the door |
//! | [`volunteer`] | somebody's record of a year, to be printed |
//! | [`handbook`] | the handbook of a compound |
//! | [`bill`] | a bill with all its lines, by its link |
//! | [`pay`], [`receipt`] | paying by a link; a receipt that can be checked |
//! | `pages.css` | how all pages look |
//! | `icon.svg` | the little picture in the tab |

pub mod activity;
pub mod bill;
pub mod handbook;
pub mod me;
pub mod notice;
pub mod pay;
pub mod privacy;
pub mod receipt;
mod rules;
pub mod volunteer;

use entity::place;
use poem::http::{StatusCode, header};
use poem::{Request, Response, handler};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::access::session::{self, Caller};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::wechat::http::percent;

/// Nothing but our own style sheet and forms.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// Width of a QR code, in its own units.
const QR_WIDTH: u32 = 200;
/// Cookie of a page's session.
const COOKIE: &str = "linli_session";
/// Seconds that the browser keeps it: as long as the session holds.
const COOKIE_SECONDS: i64 = 30 * 86_400;

/// `GET /pages.css`
#[handler]
pub fn show_style() -> Response {
    Response::builder()
        .content_type("text/css; charset=utf-8")
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .header("X-Content-Type-Options", "nosniff")
        .body(include_str!("pages.css"))
}

/// `GET /favicon.ico`: what browsers ask for by themselves, beside every page. Drawn, as all of them can show it.
#[handler]
pub fn show_icon() -> Response {
    Response::builder()
        .content_type("image/svg+xml")
        .header(header::CACHE_CONTROL, "public, max-age=86400")
        .header("X-Content-Type-Options", "nosniff")
        .body(include_str!("icon.svg"))
}

/// Text as it stands in HTML, in attributes too.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A whole page. `title` is text, `body` is HTML whose texts are escaped.
pub fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · 邻里</title>\n\
         <link rel=\"stylesheet\" href=\"/pages.css\">\n</head>\n<body>\n\
         <header><a href=\"#main\" class=\"skip\">跳到正文</a><p>邻里</p></header>\n\
         <main id=\"main\">\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .body(html)
}

/// A page of one sentence, with a way on.
pub fn sentence(
    status: StatusCode,
    title: &str,
    text: &str,
    way: Option<(&str, &str)>,
) -> Response {
    let way = way.map_or_else(String::new, |(to, words)| {
        format!(
            "<p><a class=\"button\" href=\"{}\">{}</a></p>",
            escape(to),
            escape(words)
        )
    });
    page(status, title, &format!("<p>{}</p>{way}", escape(text)))
}

/// The way from a page to the board of its compound, as part of the page.
#[must_use]
pub fn to_board(compound: &place::Model) -> String {
    format!(
        "<p class=\"no-print\"><a class=\"button\" href=\"/board/{}\">返回公示栏</a></p>\n",
        escape(&percent(&compound.code))
    )
}

/// A QR code, as part of a page.
///
/// # Errors
/// `internal` for a text that no code holds.
pub fn qr(text: &str) -> Result<String, Fault> {
    let code = QrCode::new(text).map_err(Fault::internal)?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(QR_WIDTH, QR_WIDTH)
        .build();
    // The page's own: without the head of a file.
    let begin = drawn.find("<svg").unwrap_or_default();
    Ok(drawn.get(begin..).unwrap_or_default().to_owned())
}

/// Sends the browser elsewhere.
pub fn go(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, to)
        .header(header::CACHE_CONTROL, "no-store")
        .finish()
}

/// Who looks at a page; none when nobody is signed in, or no longer.
///
/// # Errors
/// The database's.
pub async fn visitor(app: &App, request: &Request) -> Result<Option<Caller>, Fault> {
    let Some(token) = cookie(request, COOKIE) else {
        return Ok(None);
    };
    match session::authenticate(app, &token).await {
        Ok(caller) => Ok(Some(caller)),
        Err(fault) if fault.code == Code::Unauthenticated => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The cookie of a new session; an empty token takes it away.
pub fn session_cookie(app: &App, token: &str) -> String {
    let seconds = if token.is_empty() { 0 } else { COOKIE_SECONDS };
    set_cookie(app, COOKIE, token, "/", seconds)
}

/// A cookie that scripts and other sites cannot use, over TLS wherever we are reached by it.
pub fn set_cookie(app: &App, name: &str, value: &str, path: &str, seconds: i64) -> String {
    let secure = if app.settings.server.public_url.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The value of a cookie.
pub fn cookie(request: &Request, name: &str) -> Option<String> {
    let all = request.headers().get_all(header::COOKIE).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<a href=\"x\">'&"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;"
        );
    }

    #[test]
    fn cookies_are_found_among_others() {
        let request = Request::builder()
            .header("cookie", "a=1; linli_session=abc; b=2")
            .finish();
        assert_eq!(cookie(&request, COOKIE).as_deref(), Some("abc"));
        assert_eq!(cookie(&request, "session"), None);
    }
}
