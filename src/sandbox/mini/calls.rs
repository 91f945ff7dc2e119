//! The calls with an access token, but for messages: phones, sessions, codes, links, content checks
//! (protocols.md §2.8, §3.1, §3.3, §3.4).

use chrono::TimeDelta;
use poem::web::{Data, Query};
use poem::{Body, Response, handler};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer::{Refusal, field, read_json, respond};
use super::super::faults::{Api, Kind};
use super::super::picture;
use super::super::platform::Platform;
use super::push::{deliver_later, event};
use crate::wechat::crypto::same;
use crate::wechat::mini::{CODE_SIGNS, session_signature};

/// Whoever has not used the mini-program for so long is not checked.
const ACTIVE_HOURS: i64 = 2;
/// Longest text of a check, characters.
const MOST_TEXT: usize = 2500;
/// Largest picture of a check, bytes.
const MOST_MEDIA: usize = 10 * 1024 * 1024;

/// The query of every call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    access_token: String,
    openid: String,
    signature: String,
    sig_method: String,
}

impl Call {
    /// Whether the token is one of this app's.
    pub(super) fn check(&self, platform: &Platform) -> Result<(), Refusal> {
        let now = platform.now();
        platform.state().mini.tokens.check(&self.access_token, now)
    }
}

/// `GET /wxa/checksession`
#[handler]
pub async fn check_session(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Checksession, |_| {
        call.check(platform)?;
        if call.sig_method != "hmac_sha256" {
            return Err(Refusal::new(87008));
        }
        let state = platform.state();
        let session = state.mini.sessions.get(&call.openid);
        let (key, _) = session.ok_or_else(|| Refusal::new(87007))?;
        let key = SecretString::from(key.clone());
        match same(&call.signature, &session_signature("", &key)) {
            true => Ok(json!({ "errcode": 0, "errmsg": "ok" })),
            false => Err(Refusal::new(87009)),
        }
    })
    .await
}

/// `POST /wxa/business/getuserphonenumber`: a code is good once, for the person who pressed.
#[handler]
pub async fn phone_number(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Phone, |_| {
        let body = body?;
        call.check(platform)?;
        let now = platform.now();
        let mut state = platform.state();
        let taken = state.mini.phones.take(field(&body, "code"), now);
        let stands_for = taken.map_err(Refusal::new)?;
        let (openid, phone) = stands_for.split_once(' ').unwrap_or_default();
        let asked = field(&body, "openid");
        if !asked.is_empty() && asked != openid {
            return Err(Refusal::new(40003));
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "phone_info": {
            "phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86",
            "watermark": { "timestamp": now.timestamp(), "appid": platform.0.config.mini_app_id },
        } }))
    })
    .await
}

/// `POST /wxa/getwxacodeunlimit`: a picture, or an error as JSON with status 200.
#[handler]
pub async fn code_image(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    let mut made = None;
    let answer = respond(platform, Api::Wxacode, |_| {
        let body = body?;
        call.check(platform)?;
        let scene = field(&body, "scene");
        let sign = |c: char| c.is_ascii_alphanumeric() || CODE_SIGNS.contains(c);
        match scene.chars().count() {
            1..=32 if scene.chars().all(sign) => {}
            1..=32 => return Err(Refusal::new(40169)),
            _ => return Err(Refusal::new(40129)),
        }
        let page = field(&body, "page");
        if page.starts_with('/') || page.contains('?') {
            return Err(Refusal::new(41030));
        }
        made = Some(picture::of(scene));
        Ok(json!({}))
    })
    .await?;
    Ok(match made {
        // Made, but the connection is to break: such an answer has no type.
        Some(bytes) if answer.content_type().is_some() => {
            Response::builder().content_type("image/png").body(bytes)
        }
        _ => answer,
    })
}

/// `POST /wxa/generate_urllink`
#[handler]
pub async fn url_link(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Urllink, |_| {
        let body = body?;
        call.check(platform)?;
        if field(&body, "path").starts_with('/') {
            return Err(Refusal::new(40165));
        }
        if field(&body, "query").len() > 1024 {
            return Err(Refusal::new(40212));
        }
        let days = body.get("expire_interval").and_then(Value::as_i64);
        if !days.is_some_and(|days| (1..=30).contains(&days)) {
            return Err(Refusal::new(85401));
        }
        let id = platform.0.dice.digits(11);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "url_link": format!("https://wxaurl.cn/{id}") }))
    })
    .await
}

/// `POST /wxa/msg_sec_check`: «违规» in a text is risky, «疑似» a doubt.
#[handler]
pub async fn check_text(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Textcheck, |_| {
        let body = body?;
        call.check(platform)?;
        check_asked(platform, &body)?;
        let content = field(&body, "content");
        match content.chars().count() {
            0 => return Err(Refusal::new(44004)),
            1..=MOST_TEXT => {}
            _ => return Err(Refusal::new(45002)),
        }
        let (suggest, label) = opinion(content.as_bytes());
        Ok(json!({ "errcode": 0, "errmsg": "ok",
            "result": { "suggest": suggest, "label": label },
            "detail": [{ "strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90 }],
            "trace_id": platform.0.dice.token() }))
    })
    .await
}

/// `POST /wxa/media_check_async`: fetches the picture and pushes the verdict; the same words in its
/// bytes decide.
#[handler]
pub async fn check_media(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Mediacheck, |hit| {
        let body = body?;
        call.check(platform)?;
        check_asked(platform, &body)?;
        let trace_id = platform.0.dice.token();
        let lost = hit.is_some_and(|hit| hit.kind == Kind::Lost);
        if !lost {
            let openid = field(&body, "openid").to_owned();
            let url = field(&body, "media_url").to_owned();
            let (platform, trace_id) = (platform.clone(), trace_id.clone());
            tokio::spawn(async move { verdict(&platform, &openid, &url, &trace_id).await });
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "trace_id": trace_id }))
    })
    .await
}

/// What both checks ask for: version 2, and a person who was here lately.
fn check_asked(platform: &Platform, body: &Value) -> Result<(), Refusal> {
    let version = body.get("version").and_then(Value::as_i64);
    let scene = body.get("scene").and_then(Value::as_i64);
    if version != Some(2) || !scene.is_some_and(|scene| (1..=4).contains(&scene)) {
        return Err(Refusal::new(40097));
    }
    let openid = field(body, "openid");
    let since = platform.now() - TimeDelta::hours(ACTIVE_HOURS);
    let state = platform.state();
    match state.mini.sessions.get(openid) {
        None => Err(Refusal::new(40003)),
        Some((_, used)) if *used < since => Err(Refusal::new(61010)),
        Some(_) => Ok(()),
    }
}

fn opinion(content: &[u8]) -> (&'static str, i64) {
    let holds = |word: &str| {
        content
            .windows(word.len())
            .any(|part| part == word.as_bytes())
    };
    if holds("违规") {
        ("risky", 20006)
    } else if holds("疑似") {
        ("review", 20001)
    } else {
        ("pass", 100)
    }
}

async fn verdict(platform: &Platform, openid: &str, url: &str, trace_id: &str) {
    let more = match fetch(platform, url).await {
        None => json!({ "trace_id": trace_id, "version": 2, "errcode": -1008,
            "errmsg": "download media fail" }),
        Some(bytes) => {
            let (suggest, label) = opinion(&bytes);
            json!({ "trace_id": trace_id, "version": 2, "errcode": 0, "errmsg": "ok",
                "appid": platform.0.config.mini_app_id,
                "result": { "suggest": suggest, "label": label }, "detail": [] })
        }
    };
    deliver_later(platform, event(platform, openid, "wxa_media_check", more));
}

async fn fetch(platform: &Platform, url: &str) -> Option<Vec<u8>> {
    let response = platform.0.http.get(url).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let bytes = response.bytes().await.ok()?;
    (bytes.len() <= MOST_MEDIA).then(|| bytes.to_vec())
}

impl Platform {
    /// Whether somebody has ever used the mini-program; the page's own people always have.
    pub(super) fn knows_mini(&self, openid: &str) -> bool {
        openid.starts_with("sandbox-") || self.state().mini.sessions.contains_key(openid)
    }
}
