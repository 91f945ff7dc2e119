//! The controls behind the page: acting as a person, looking at conversations, switching failures,
//! moving the clock. JSON in and out; errors are HTTP 400 with one sentence.

use chrono::TimeDelta;
use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{Body, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Fault;
use super::media::{MAX_BYTES, picture_type};
use super::platform::{Entry, Platform};
use super::push::Said;
use super::say::Say;
use super::work;

/// Most the clock is moved at once: 400 days, in seconds.
const MOST_SECONDS: i64 = 400 * 86_400;

fn bad(what: &'static str) -> poem::Error {
    poem::Error::from_string(what, StatusCode::BAD_REQUEST)
}

/// An openid becomes part of keys: it has WeChat's narrow shape.
fn openid(text: &str) -> poem::Result<&str> {
    let shape = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    shape.then_some(text).ok_or_else(|| bad("openid 不正确"))
}

/// Who acts, and what they do: `{"openid": …, "text": …}` and so on.
#[derive(Debug, Deserialize)]
pub struct Act {
    openid: String,
    #[serde(flatten)]
    what: Say,
}

/// `POST /sandbox/say`
#[handler]
pub async fn act(
    Data(platform): Data<&Platform>,
    Json(done): Json<Act>,
) -> poem::Result<Json<Said>> {
    let who = openid(&done.openid)?;
    Ok(Json(match who.strip_prefix(work::PREFIX) {
        Some(userid) => platform.member_does(userid, &done.what).await,
        None => platform.say(who, &done.what).await,
    }))
}

/// Who presses which button of which card.
#[derive(Debug, Deserialize)]
pub struct Press {
    openid: String,
    entry: u64,
    key: String,
}

/// `POST /sandbox/press {openid, entry, key}`: a button of a card in WeCom.
#[handler]
pub async fn press(
    Data(platform): Data<&Platform>,
    Json(done): Json<Press>,
) -> poem::Result<Json<Said>> {
    let userid = openid(&done.openid)?
        .strip_prefix(work::PREFIX)
        .ok_or_else(|| bad("只有企业微信的卡片有按钮"))?;
    Ok(Json(platform.press(userid, done.entry, &done.key).await))
}

/// Whose conversation.
#[derive(Debug, Deserialize)]
pub struct Whose {
    openid: String,
}

/// `GET /sandbox/conversation?openid=`
#[handler]
pub async fn read_conversation(
    Data(platform): Data<&Platform>,
    Query(whose): Query<Whose>,
) -> Json<Vec<Entry>> {
    Json(platform.conversation(&whose.openid))
}

/// `GET /sandbox/state`: counters, failures that are on, the clock, what the page may do.
#[handler]
pub async fn read_state(Data(platform): Data<&Platform>) -> Json<Value> {
    let now = platform.now();
    let clock = platform.shift().is_some();
    let state = platform.state();
    let (calls, failed) = state.faults.counters();
    Json(json!({
        "calls": calls,
        "failed": failed,
        "faults": state.faults.list(),
        "entries": state.shown(),
        "now": now.timestamp_millis(),
        "clock": clock,
        "mode": format!("{:?}", platform.0.config.mode).to_lowercase(),
        "callbacks": state.callbacks,
    }))
}

/// `GET /sandbox/faults`
#[handler]
pub async fn list_faults(Data(platform): Data<&Platform>) -> Json<Vec<Fault>> {
    Json(platform.state().faults.list().to_vec())
}

/// `POST /sandbox/faults {api, kind, times?, after?, ms?}`
#[handler]
pub async fn add_fault(
    Data(platform): Data<&Platform>,
    Json(fault): Json<Fault>,
) -> poem::Result<Json<Vec<Fault>>> {
    if platform.set_fault(fault) {
        Ok(Json(platform.state().faults.list().to_vec()))
    } else {
        Err(bad("没有这样的接口或故障"))
    }
}

/// Which failures to switch off.
#[derive(Debug, Deserialize)]
pub struct Which {
    api: Option<String>,
}

/// `DELETE /sandbox/faults?api=`
#[handler]
pub async fn clear_faults(
    Data(platform): Data<&Platform>,
    Query(which): Query<Which>,
) -> Json<Vec<Fault>> {
    platform.state().faults.clear(which.api.as_deref());
    Json(platform.state().faults.list().to_vec())
}

/// `POST /sandbox/tokens/expire`
#[handler]
pub async fn expire_tokens(Data(platform): Data<&Platform>) -> Json<Value> {
    platform.expire_tokens();
    Json(json!({}))
}

/// How far to move the clock.
#[derive(Debug, Deserialize)]
pub struct Jump {
    seconds: i64,
}

/// `POST /sandbox/clock {seconds}`
#[handler]
pub async fn move_clock(
    Data(platform): Data<&Platform>,
    Json(jump): Json<Jump>,
) -> poem::Result<Json<Value>> {
    let clock = platform.shift().ok_or_else(|| bad("这里不能调整时钟"))?;
    if jump.seconds.unsigned_abs() > MOST_SECONDS.unsigned_abs() {
        return Err(bad("一次最多调整 400 天"));
    }
    clock.advance(TimeDelta::seconds(jump.seconds));
    Ok(Json(json!({ "now": platform.now().timestamp_millis() })))
}

/// `POST /sandbox/code {openid}`: what `wx.login` gives on a phone.
#[handler]
pub async fn issue_code(
    Data(platform): Data<&Platform>,
    Json(whose): Json<Whose>,
) -> poem::Result<Json<Value>> {
    let code = platform.code(openid(&whose.openid)?);
    Ok(Json(json!({ "code": code })))
}

/// `POST /sandbox/verify`: the address check.
#[handler]
pub async fn check_address(Data(platform): Data<&Platform>) -> Json<Value> {
    Json(json!({ "ok": platform.verify().await }))
}

/// `POST /sandbox/media`: a person's phone uploads a picture, the bytes as the body.
#[handler]
pub async fn take_picture(
    Data(platform): Data<&Platform>,
    body: Body,
) -> poem::Result<Json<Value>> {
    let bytes = body
        .into_bytes_limit(MAX_BYTES)
        .await
        .map_err(|_| bad("图片不能超过 2 MB"))?;
    let kind = picture_type(&bytes).ok_or_else(|| bad("只能发送 JPG、PNG 或 GIF 图片"))?;
    Ok(Json(
        json!({ "media_id": platform.keep_media(kind, bytes.to_vec()) }),
    ))
}

/// `GET /sandbox/media/:id`: the page shows a picture.
#[handler]
pub async fn show_picture(
    Data(platform): Data<&Platform>,
    Path(id): Path<String>,
) -> poem::Result<Response> {
    let now = platform.now();
    let item = platform.state().media.get(&id, now).cloned();
    let item = item.ok_or_else(|| poem::Error::from_status(StatusCode::NOT_FOUND))?;
    // Only what begins like a picture was shown by its own type; anything else must not run.
    let kind = picture_type(&item.bytes).unwrap_or("application/octet-stream");
    Ok(Response::builder()
        .content_type(kind)
        .header("X-Content-Type-Options", "nosniff")
        .header("Cache-Control", "private, max-age=3600")
        .body(item.bytes))
}
