//! The API of the official account (protocols.md §2.3, §2.5, §2.7): template messages,
//! customer-service messages, media.

use chrono::TimeDelta;
use poem::web::{Data, Query};
use poem::{Body, Request, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{MAX_BODY, Refusal, field, hand_out, read_json, respond};
use super::config::Template;
use super::faults::{Api, Hit, Kind};
use super::media::{self, Shelf};
use super::platform::{Card, Entry, How, Platform, Standing, State, Wire};
use super::{mini, push, template};
use crate::base::clock::Moment;

/// Minutes in which the same `client_msg_id` to the same person is sent once.
const CLIENT_ID_MINUTES: i64 = 10;
/// Longest text of a customer-service message, bytes.
const MAX_TEXT: usize = 2048;

/// The query of every call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    access_token: String,
    media_id: String,
    r#type: String,
}

/// `POST /cgi-bin/message/template/send`
#[handler]
pub async fn template_send(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Template, |hit| {
        let body = body?;
        let now = platform.now();
        platform.state().tokens.check(&call.access_token, now)?;
        send_template(platform, &body, hit, now)
    })
    .await
}

fn send_template(
    platform: &Platform,
    body: &Value,
    hit: Option<&Hit>,
    now: Moment,
) -> Result<Value, Refusal> {
    let to = field(body, "touser");
    let standing = check_receiver(&platform.state(), to)?;
    let card = read_card(platform, body)?;
    let client_id = field(body, "client_msg_id");
    if client_id.len() > 32 {
        return Err(Refusal::new(45067));
    }
    let id = platform.msg_id();
    if !client_id.is_empty() {
        let mut state = platform.state();
        let window = TimeDelta::minutes(CLIENT_ID_MINUTES);
        state.client_ids.retain(|_, (at, _)| now - *at < window);
        let key = (to.to_owned(), client_id.to_owned());
        if let Some((_, earlier)) = state.client_ids.get(&key) {
            return Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": earlier }));
        }
        state.client_ids.insert(key, (now, id));
    }
    let answer = json!({ "errcode": 0, "errmsg": "ok", "msgid": id });
    let status = match hit.map(|hit| &hit.kind) {
        Some(Kind::Receipt(status)) => status.as_str(),
        _ if standing == Standing::Refuses => "failed:user block",
        _ => "success",
    };
    let lost = hit.is_some_and(|hit| hit.kind == Kind::Lost);
    if status == "success" {
        let lines = card.fields.iter();
        let lines: Vec<String> = lines
            .map(|(word, value)| format!("{word}：{value}"))
            .collect();
        let mut entry = Entry::new(to, How::Template, lines.join("\n"));
        entry.msg_id = Some(id.to_string());
        entry.wire = wire("message/template/send", body, &answer);
        entry.card = Some(card);
        platform.add(entry);
    }
    if platform.0.config.receipts && !lost {
        push::receipt(platform, to, id, status);
    }
    Ok(answer)
}

fn check_receiver(state: &State, to: &str) -> Result<Standing, Refusal> {
    match state.standing(to) {
        None => Err(Refusal::new(40003)),
        Some(Standing::Left) => Err(Refusal::new(43004)),
        Some(Standing::Blacklisted) => Err(Refusal::new(43019)),
        Some(standing) => Ok(standing),
    }
}

fn read_card(platform: &Platform, body: &Value) -> Result<Card, Refusal> {
    let known = platform
        .template(field(body, "template_id"))
        .ok_or_else(|| Refusal::new(40037))?;
    lay_out_card(known, body)
}

/// Checks a message against its template and lays it out.
pub(super) fn lay_out_card(known: &Template, body: &Value) -> Result<Card, Refusal> {
    let bad = |at: &str, why: &str| Refusal::about(47003, format!("argument invalid! {at} {why}"));
    let data = body.get("data").and_then(Value::as_object);
    let data = data.ok_or_else(|| bad("data", "invalid"))?;
    let mut fields = Vec::new();
    for (name, word) in &known.fields {
        let at = format!("data.{name}.value");
        let value = data.get(name).and_then(|inner| inner.get("value"));
        let value = match value.and_then(Value::as_str) {
            None | Some("") => return Err(bad(&at, "is empty")),
            Some(value) if !template::fits(name, value) => return Err(bad(&at, "invalid")),
            Some(value) => value,
        };
        fields.push((word.clone(), value.to_owned()));
    }
    Ok(Card {
        title: known.title.clone(),
        fields,
        url: Some(field(body, "url").to_owned()).filter(|url| !url.is_empty()),
    })
}

pub(super) fn wire(path: &str, body: &Value, answer: &Value) -> Vec<Wire> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    vec![
        Wire::new(&format!("程序 → 平台 POST /cgi-bin/{path}"), &pretty(body)),
        Wire::new("平台 → 程序 应答", &pretty(answer)),
    ]
}

/// `POST /cgi-bin/message/custom/send`
#[handler]
pub async fn custom_send(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Custom, |_| {
        let body = body?;
        let now = platform.now();
        platform.state().tokens.check(&call.access_token, now)?;
        send_custom(platform, &body, now)
    })
    .await
}

fn send_custom(platform: &Platform, body: &Value, now: Moment) -> Result<Value, Refusal> {
    let to = field(body, "touser");
    let kind = field(body, "msgtype");
    let mut entry = {
        let mut state = platform.state();
        match state.standing(to) {
            None => return Err(Refusal::new(40003)),
            Some(Standing::Follows) => {}
            Some(_) => return Err(Refusal::new(45015)),
        }
        let entry = lay_out(&state.media, to, kind, body, now)?;
        take_quota(&mut state, to, now)?;
        entry
    };
    let answer = json!({ "errcode": 0, "errmsg": "ok" });
    entry.wire = wire("message/custom/send", body, &answer);
    platform.add(entry);
    Ok(answer)
}

/// One of the messages that the person's last acts allow: 3 within a minute of an event, 5 within
/// 48 hours of a message.
fn take_quota(state: &mut State, to: &str, now: Moment) -> Result<(), Refusal> {
    let person = state.person(to);
    let mut open = false;
    for window in [&mut person.by_event, &mut person.by_message] {
        let Some(window) = window.as_mut().filter(|window| now < window.until) else {
            continue;
        };
        open = true;
        if let Some(left) = window.left.checked_sub(1) {
            window.left = left;
            return Ok(());
        }
    }
    Err(Refusal::new(if open { 45047 } else { 45015 }))
}

fn lay_out(
    shelf: &Shelf,
    to: &str,
    kind: &str,
    body: &Value,
    now: Moment,
) -> Result<Entry, Refusal> {
    let inner = body.get(kind).ok_or_else(|| Refusal::new(40008))?;
    let content = match kind {
        "text" => field(inner, "content").to_owned(),
        "msgmenu" => {
            let list = inner.get("list").and_then(Value::as_array);
            let text = |item: &Value, name: &str| field(item, name).to_owned();
            let lines: Vec<(String, String)> = list
                .into_iter()
                .flatten()
                .map(|item| (text(item, "id"), text(item, "content")))
                .collect();
            if lines.is_empty()
                || lines
                    .iter()
                    .any(|(id, words)| id.is_empty() || words.is_empty())
            {
                return Err(Refusal::new(47001));
            }
            let words = [field(inner, "head_content"), field(inner, "tail_content")];
            let words: Vec<&str> = words
                .into_iter()
                .filter(|words| !words.is_empty())
                .collect();
            let mut entry = Entry::new(to, How::Custom, words.join("\n"));
            entry.menu = lines;
            return Ok(entry);
        }
        "image" => {
            let id = field(inner, "media_id");
            shelf.get(id, now).ok_or_else(|| Refusal::new(40007))?;
            let mut entry = Entry::new(to, How::Custom, "[图片]");
            entry.media = Some(id.to_owned());
            return Ok(entry);
        }
        "voice" | "video" | "music" | "mpnews" | "wxcard" | "miniprogrampage" => {
            format!("[{kind}]")
        }
        "news" => {
            let articles = inner.get("articles").and_then(Value::as_array);
            match articles.map(Vec::as_slice) {
                Some([one]) => format!("{}\n{}", field(one, "title"), field(one, "url")),
                _ => return Err(Refusal::new(45008)),
            }
        }
        _ => return Err(Refusal::new(40008)),
    };
    match content.len() {
        0 => Err(Refusal::new(44004)),
        length if length > MAX_TEXT => Err(Refusal::new(45002)),
        _ => Ok(Entry::new(to, How::Custom, content)),
    }
}

/// `POST /cgi-bin/message/custom/typing`
#[handler]
pub async fn custom_typing(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Typing, |_| {
        let body = body?;
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        check_receiver(&state, field(&body, "touser"))?;
        match field(&body, "command") {
            "Typing" | "CancelTyping" => Ok(json!({ "errcode": 0, "errmsg": "ok" })),
            _ => Err(Refusal::new(47001)),
        }
    })
    .await
}

/// `POST /cgi-bin/user/info/batchget`: who up to 100 people are across the operator's accounts.
#[handler]
pub async fn user_info(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::User, |_| {
        let body = body?;
        let now = platform.now();
        let mut state = platform.state();
        state.tokens.check(&call.access_token, now)?;
        let asked = body.get("user_list").and_then(Value::as_array);
        let asked = asked.filter(|list| (1..=100).contains(&list.len()));
        let answers = asked.ok_or_else(|| Refusal::new(47001))?.iter().map(|one| {
            let openid = field(one, "openid");
            // Of somebody who does not follow nothing else is told.
            match check_receiver(&state, openid) {
                Ok(_) => json!({
                    "subscribe": 1, "openid": openid, "unionid": mini::union_id(openid),
                }),
                Err(_) => json!({ "subscribe": 0, "openid": openid }),
            }
        });
        Ok(json!({ "user_info_list": answers.collect::<Vec<_>>() }))
    })
    .await
}

/// `GET /cgi-bin/media/get`: the bytes, or an error as JSON with status 200.
#[handler]
pub async fn media_get(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    let name = format!("attachment; filename=\"{}\"", call.media_id);
    let check = |state: &mut State, now| state.tokens.check(&call.access_token, now);
    hand_out(platform, &call.media_id, Some(name), check).await
}

/// `POST /cgi-bin/media/upload`
#[handler]
pub async fn media_upload(
    request: &Request,
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let bytes = body.into_bytes_limit(MAX_BODY).await;
    let file = bytes.ok().and_then(|bytes| {
        media::multipart_file(request.content_type().unwrap_or_default(), &bytes)
    });
    respond(platform, Api::Media, |_| {
        let now = platform.now();
        platform.state().tokens.check(&call.access_token, now)?;
        if !matches!(call.r#type.as_str(), "image" | "voice" | "video" | "thumb") {
            return Err(Refusal::new(40004));
        }
        let (kind, bytes) = file.ok_or_else(|| Refusal::new(41005))?;
        if bytes.len() > media::MAX_BYTES {
            return Err(Refusal::new(40006));
        }
        let id = platform.keep_media(&kind, bytes);
        Ok(json!({ "type": call.r#type, "media_id": id, "created_at": now.timestamp() }))
    })
    .await
}

impl Platform {
    /// Keeps an upload and names it.
    pub(super) fn keep_media(&self, content_type: &str, bytes: Vec<u8>) -> String {
        let id = format!("media-{}", self.0.dice.token());
        let now = self.now();
        self.state().media.put(&id, content_type, bytes, now);
        id
    }
}
