//! Answers of the API on WeChat's wire: errors with HTTP 200, JSON as `text/plain`, and the failures
//! that are switched on.

use poem::{Body, Response};
use serde_json::{Value, json};

use super::faults::{Api, Hit, Kind, words};
use super::platform::{Platform, State};
use crate::base::clock::Moment;

/// Largest body of a call, bytes.
pub const MAX_BODY: usize = 3 * 1024 * 1024;

/// An error as WeChat gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: i64,
    message: String,
}

impl Refusal {
    /// With WeChat's own words.
    pub fn new(code: i64) -> Self {
        Self {
            code,
            message: words(code).to_owned(),
        }
    }

    /// With words that name the culprit.
    pub fn about(code: i64, message: String) -> Self {
        Self { code, message }
    }
}

/// Counts the call, lets it suffer what is switched on, and answers on WeChat's wire.
pub async fn respond(
    platform: &Platform,
    api: Api,
    act: impl FnOnce(Option<&Hit>) -> Result<Value, Refusal>,
) -> poem::Result<Response> {
    let hit = platform.enter(api);
    let answer = match hit.as_ref().map(|hit| &hit.kind) {
        Some(Kind::Refused) => return Ok(broken()),
        Some(Kind::Gateway) => return Ok(gateway()),
        Some(Kind::Nonsense) => return Ok(text("<html>系统繁忙</html>".to_owned())),
        Some(Kind::Code(code)) => Err(Refusal::new(*code)),
        Some(Kind::Slow) => {
            let pause = hit.as_ref().map(|hit| hit.pause).unwrap_or_default();
            tokio::time::sleep(pause).await;
            act(hit.as_ref())
        }
        Some(Kind::Dropped) => {
            let _answer = act(hit.as_ref());
            return Ok(broken());
        }
        Some(
            Kind::Receipt(_)
            | Kind::Lost
            | Kind::Repeat
            | Kind::Error(_)
            | Kind::Forged(_)
            | Kind::Held
            | Kind::Amount,
        )
        | None => act(hit.as_ref()),
    };
    let answer = answer.unwrap_or_else(|refusal| {
        let rid = crate::wechat::crypto::hex(&platform.0.dice.bytes::<12>());
        let message = format!("{} rid: {rid}", refusal.message);
        json!({ "errcode": refusal.code, "errmsg": message })
    });
    Ok(text(answer.to_string()))
}

/// Hands out what somebody has sent: the bytes, or an error as JSON with status 200. `check` says whether the caller
/// may have it; `name` is what the answer calls the file, where it does.
pub(super) async fn hand_out(
    platform: &Platform,
    id: &str,
    name: Option<String>,
    check: impl FnOnce(&mut State, Moment) -> Result<(), Refusal>,
) -> poem::Result<Response> {
    let mut found = None;
    let answer = respond(platform, Api::Media, |_| {
        let now = platform.now();
        let mut state = platform.state();
        check(&mut state, now)?;
        let item = state.media.get(id, now);
        found = Some(item.cloned().ok_or_else(|| Refusal::new(40007))?);
        Ok(json!({}))
    })
    .await?;
    // Found, but the connection is to break: such an answer has no type.
    let Some(item) = found.filter(|_| answer.content_type().is_some()) else {
        return Ok(answer);
    };
    let mut whole = Response::builder().content_type(item.content_type);
    if let Some(name) = name {
        whole = whole.header("Content-disposition", name);
    }
    Ok(whole.body(item.bytes))
}

/// JSON comes under this name from the real platform too.
fn text(body: String) -> Response {
    Response::builder()
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

/// A gateway whose back end is away.
pub(super) fn gateway() -> Response {
    Response::builder()
        .status(poem::http::StatusCode::BAD_GATEWAY)
        .content_type("text/html")
        .body("<html><h1>502 Bad Gateway</h1></html>")
}

/// An answer that breaks off before its promised end: the caller sees the connection die.
pub(super) fn broken() -> Response {
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = futures_util::stream::iter([Ok(b"{".to_vec()), Err(cut)]);
    Response::builder()
        .header("Content-Length", "1000")
        .body(Body::from_bytes_stream(body))
}

/// The body of a call.
///
/// # Errors
/// 45002 too large, 40033 escaped, 47001 no JSON.
pub async fn read_json(body: Body) -> Result<Value, Refusal> {
    let bytes = body.into_bytes_limit(MAX_BODY).await;
    let bytes = bytes.map_err(|_| Refusal::new(45002))?;
    // `\uXXXX` escapes were refused historically (protocols.md §2).
    if bytes.windows(2).any(|pair| pair == b"\\u") {
        return Err(Refusal::new(40033));
    }
    serde_json::from_slice(&bytes).map_err(|_| Refusal::new(47001))
}

/// A text of the body, empty when there is none.
pub fn field<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}
