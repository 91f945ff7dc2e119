//! What the account has set up on the platform (protocols.md §2.2, §2.6): the menu under the
//! conversation, QR codes with a scene, quotas. And what the page shows of it.

use std::collections::BTreeMap;

use poem::http::StatusCode;
use poem::web::{Data, Json, Query};
use poem::{Body, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refusal, field, read_json, respond};
use super::faults::Api;
use super::picture;
use super::platform::Platform;

/// Codes kept; the real platform allows 100 000.
const MOST_CODES: usize = 100_000;
/// Calls that the quota speaks of.
const DAILY: u64 = 100_000;
/// Largest picture that is scanned, bytes.
const MOST_PICTURE: usize = 1024 * 1024;

/// The account's own things.
#[derive(Debug, Default)]
pub struct SetUp {
    menu: Option<Value>,
    /// Ticket by scene.
    codes: BTreeMap<String, String>,
}

impl Platform {
    /// Puts a menu in place as `menu/create` does, for a demo that begins with one.
    pub fn set_menu(&self, menu: Value) {
        self.state().account.menu = Some(menu);
    }

    /// The menu in place.
    #[must_use]
    pub fn menu(&self) -> Option<Value> {
        self.state().account.menu.clone()
    }

    /// Scenes of all codes that were made.
    #[must_use]
    pub fn scenes(&self) -> Vec<String> {
        self.state().account.codes.keys().cloned().collect()
    }
}

/// The query of these calls.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    access_token: String,
    ticket: String,
}

/// `POST /cgi-bin/menu/create`
#[handler]
pub async fn menu_create(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Menu, |_| {
        let body = body?;
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        check_menu(&body).map_err(Refusal::new)?;
        state.account.menu = Some(body);
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    })
    .await
}

/// The limits of a menu, by the codes of the platform.
fn check_menu(body: &Value) -> Result<(), i64> {
    let columns = body.get("button").and_then(Value::as_array);
    let columns = columns.filter(|list| (1..=3).contains(&list.len()));
    for column in columns.ok_or(40017_i64)? {
        let name = field(column, "name");
        if name.is_empty() || name.len() > 16 {
            return Err(40018);
        }
        match column.get("sub_button").and_then(Value::as_array) {
            Some(inside) if (1..=5).contains(&inside.len()) => {
                for button in inside {
                    if field(button, "name").is_empty() || field(button, "name").len() > 60 {
                        return Err(40025);
                    }
                    check_button(button)?;
                }
            }
            Some(inside) if !inside.is_empty() => return Err(40023),
            _ => check_button(column)?,
        }
    }
    Ok(())
}

fn check_button(button: &Value) -> Result<(), i64> {
    let (key, url) = (field(button, "key"), field(button, "url"));
    let url_holds = |url: &str| {
        url.len() <= 1024 && (url.starts_with("http://") || url.starts_with("https://"))
    };
    match field(button, "type") {
        "click" if key.is_empty() || key.len() > 128 => Err(40019),
        "view" if !url_holds(url) => Err(40020),
        "miniprogram" if !url_holds(url) || field(button, "appid").is_empty() => Err(40020),
        "click" | "view" | "miniprogram" => Ok(()),
        _ => Err(40015),
    }
}

/// `GET /cgi-bin/menu/get`
#[handler]
pub async fn menu_get(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Menu, |_| {
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        let menu = state.account.menu.clone();
        let menu = menu.ok_or_else(|| Refusal::new(46003))?;
        Ok(json!({ "menu": menu }))
    })
    .await
}

/// `GET /cgi-bin/menu/delete`
#[handler]
pub async fn menu_delete(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Menu, |_| {
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        state.account.menu = None;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    })
    .await
}

/// `POST /cgi-bin/qrcode/create`: permanent codes with a text as scene.
#[handler]
pub async fn qrcode_create(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Qrcode, |_| {
        let body = body?;
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        if field(&body, "action_name") != "QR_LIMIT_STR_SCENE" {
            return Err(Refusal::new(40053));
        }
        let scene = body.pointer("/action_info/scene").unwrap_or(&Value::Null);
        let scene = field(scene, "scene_str");
        if !(1..=64).contains(&scene.chars().count()) {
            return Err(Refusal::new(40053));
        }
        let codes = &mut state.account.codes;
        if codes.len() >= MOST_CODES && !codes.contains_key(scene) {
            return Err(Refusal::new(45009));
        }
        let fresh = format!("ticket-{}", platform.0.dice.token());
        let ticket = codes.entry(scene.to_owned()).or_insert(fresh).clone();
        let url = format!("http://weixin.qq.com/q/{ticket}");
        Ok(json!({ "ticket": ticket, "url": url }))
    })
    .await
}

/// `GET /cgi-bin/showqrcode?ticket=`: the picture; on the real platform it is on another host.
#[handler]
pub async fn show_qrcode(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    let mut found = None;
    let answer = respond(platform, Api::Qrcode, |_| {
        let state = platform.state();
        let scene = state.account.codes.iter();
        let mut scene = scene.filter(|(_, ticket)| **ticket == call.ticket);
        found = scene.next().map(|(scene, _)| picture::of(scene));
        Ok(json!({}))
    })
    .await?;
    match found {
        // Found, but the connection is to break: such an answer has no type.
        Some(bytes) if answer.content_type().is_some() => Ok(Response::builder()
            .content_type("image/png")
            .header("Cache-Control", "max-age=3600")
            .body(bytes)),
        None if answer
            .content_type()
            .is_some_and(|kind| kind.contains("plain")) =>
        {
            Err(poem::Error::from_status(StatusCode::NOT_FOUND))
        }
        _ => Ok(answer),
    }
}

/// `POST /cgi-bin/openapi/quota/get`
#[handler]
pub async fn quota_get(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Figures, |_| {
        let body = body?;
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        let used = match field(&body, "cgi_path") {
            "/cgi-bin/message/template/send" => state.faults.calls(Api::Template),
            "/cgi-bin/message/custom/send" => state.faults.calls(Api::Custom),
            _ => return Err(Refusal::new(76021)),
        };
        let left = DAILY.saturating_sub(used);
        let quota = json!({ "daily_limit": DAILY, "used": used, "remain": left });
        Ok(json!({ "errcode": 0, "errmsg": "ok", "quota": quota }))
    })
    .await
}

/// `GET /cgi-bin/getcallbackip`
#[handler]
pub async fn callback_ip(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Figures, |_| {
        let now = platform.now();
        platform.state().tokens.check(&call.access_token, now)?;
        Ok(json!({ "ip_list": ["127.0.0.1"] }))
    })
    .await
}

/// `GET /sandbox/menu`: the menu as the page draws it; no columns when there is none.
#[handler]
pub async fn show_menu(Data(platform): Data<&Platform>) -> Json<Value> {
    let menu = platform.state().account.menu.clone();
    Json(menu.unwrap_or_else(|| json!({ "button": [] })))
}

/// `GET /sandbox/codes`: scenes and tickets of all codes, as they would hang on the walls.
#[handler]
pub async fn show_codes(Data(platform): Data<&Platform>) -> Json<Value> {
    let state = platform.state();
    let codes = state.account.codes.iter();
    let codes: Vec<Value> = codes
        .map(|(scene, ticket)| json!({ "scene": scene, "ticket": ticket }))
        .collect();
    Json(json!(codes))
}

/// `POST /sandbox/scan`: what the picture of a code says; the bytes as the body.
#[handler]
pub async fn scan(Data(platform): Data<&Platform>, body: Body) -> poem::Result<Json<Value>> {
    let no_code = || poem::Error::from_string("图里没有二维码", StatusCode::BAD_REQUEST);
    let bytes = body.into_bytes_limit(MOST_PICTURE).await;
    let scene = picture::scene_of(&bytes.map_err(|_| no_code())?).ok_or_else(no_code)?;
    if platform.state().account.codes.contains_key(&scene) {
        Ok(Json(json!({ "scene": scene })))
    } else {
        Err(no_code())
    }
}
