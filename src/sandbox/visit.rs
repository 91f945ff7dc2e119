//! Who opens a page (网页授权, protocols.md §2.6): on the phone the chat says it silently; in a browser
//! the page's cookie does, or one is asked whom to play. And the exchange of the code.

use poem::http::{StatusCode, header};
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Refusal, respond};
use super::faults::{Api, Kind};
use super::mini::union_id;
use super::platform::Platform;

/// Set by the sandbox's page when a person opens a link.
const COOKIE: &str = "sandbox_person=";
/// Whom one may play when no cookie says it.
const CAST: &[(&str, &str)] = &[
    ("sandbox-resident", "张秀英"),
    ("sandbox-steward", "宋卫东"),
    ("sandbox-property", "吴师傅"),
    ("sandbox-chair", "曹雪梅"),
    ("sandbox-community", "邓小雨"),
    ("sandbox-newcomer", "新邻居"),
];

/// The query of the platform's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ask {
    appid: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    /// Only here: whom to play.
    r#as: String,
}

impl Platform {
    /// A fresh code that says who opens a page: once, for five minutes.
    #[must_use]
    pub fn page_code(&self, openid: &str) -> String {
        let code = self.0.dice.token();
        let now = self.now();
        self.state().visits.issue(&code, openid, now);
        code
    }
}

/// `GET /connect/oauth2/authorize`: goes back at once when it is known who looks.
#[handler]
pub async fn authorize(
    request: &Request,
    Data(platform): Data<&Platform>,
    Query(ask): Query<Ask>,
) -> Response {
    if let Some(wrong) = refuse(platform, &ask) {
        return page(StatusCode::OK, wrong);
    }
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let told = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE));
    let person = Some(ask.r#as.as_str())
        .filter(|name| !name.is_empty())
        .or(told);
    let shape = |name: &&str| {
        (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some(person) = person.filter(shape) else {
        let title = "在微信里会自动知道是谁。现在扮演谁？";
        return page(StatusCode::OK, &choices(request, title, CAST));
    };
    let code = platform.page_code(person);
    let joint = if ask.redirect_uri.contains('?') {
        '&'
    } else {
        '?'
    };
    let to = format!("{}{joint}code={code}&state={}", ask.redirect_uri, ask.state);
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, to)
        .finish()
}

/// As the platform's own page says it.
fn refuse(platform: &Platform, ask: &Ask) -> Option<&'static str> {
    let state_holds =
        ask.state.len() <= 128 && ask.state.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let callbacks = platform.state().callbacks.clone();
    let site = |address: &str| address.split('/').nth(2).unwrap_or_default().to_owned();
    let own = callbacks
        .iter()
        .any(|callback| site(callback) == site(&ask.redirect_uri));
    if ask.appid != platform.0.config.app_id {
        Some("AppID 参数错误（10013）")
    } else if !own
        || ask
            .redirect_uri
            .bytes()
            .any(|byte| !byte.is_ascii_graphic())
    {
        Some("redirect_uri 参数错误（10003）")
    } else if ask.response_type != "code" || ask.scope != "snsapi_base" || !state_holds {
        Some("scope 参数错误（10005）")
    } else {
        None
    }
}

/// A page that asks whom to play: each choice is the same address with `as`.
pub(super) fn choices(request: &Request, title: &str, cast: &[(&str, &str)]) -> String {
    let query = request.uri().query().unwrap_or_default();
    let query = query
        .replace('&', "&amp;")
        .replace('<', "%3C")
        .replace('"', "%22");
    let lines: String = cast
        .iter()
        .map(|(id, name)| format!("<li><a href=\"?{query}&amp;as={id}\">{name}</a></li>"))
        .collect();
    format!("<h1>在浏览器里打开</h1><p>{title}</p><ul>{lines}</ul>")
}

pub(super) fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>假装的微信</title><link rel=\"stylesheet\" href=\"/sandbox/page.css\">\
         <body class=\"visit\">{body}</body></html>"
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'",
        )
        .header("Cache-Control", "no-store")
        .body(html)
}

/// The query of the exchange.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Exchange {
    appid: String,
    secret: String,
    code: String,
    grant_type: String,
}

/// `GET /sns/oauth2/access_token`; the fault `receipt:snapshot` makes the visitor a snapshot's.
#[handler]
pub async fn access_token(
    Data(platform): Data<&Platform>,
    Query(asked): Query<Exchange>,
) -> poem::Result<Response> {
    respond(platform, Api::Oauth, |hit| {
        let config = &platform.0.config;
        config
            .check_official(&asked.appid, &asked.secret)
            .map_err(Refusal::new)?;
        if asked.grant_type != "authorization_code" {
            return Err(Refusal::new(40002));
        }
        if asked.code.is_empty() {
            return Err(Refusal::new(41008));
        }
        let now = platform.now();
        let taken = platform.state().visits.take(&asked.code, now);
        let openid = taken.map_err(Refusal::new)?;
        let mut answer = json!({
            "access_token": platform.0.dice.token(),
            "expires_in": 7200,
            "refresh_token": platform.0.dice.token(),
            "openid": openid,
            "scope": "snsapi_base",
            "unionid": union_id(&openid),
        });
        let snapshot =
            matches!(hit.map(|hit| &hit.kind), Some(Kind::Receipt(what)) if what == "snapshot");
        if snapshot && let Some(map) = answer.as_object_mut() {
            map.insert("is_snapshotuser".to_owned(), json!(1));
            map.insert("openid".to_owned(), json!("o-snapshot-nobody"));
        }
        Ok(answer)
    })
    .await
}
