//! What the program calls (protocols.md §4.2, §4.3).

use poem::web::{Data, Query};
use poem::{Body, Response, handler};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MOST, PREFIX, WorkCard};
use crate::base::clock::Moment;
use crate::base::text::cut_bytes;
use crate::sandbox::answer::{Refusal, field, hand_out, read_json, respond};
use crate::sandbox::faults::Api;
use crate::sandbox::platform::{Entry, How, Platform, State, Wire};
use chrono::TimeDelta;

/// Bytes of a text; longer ones are cut without a word.
const TEXT_BYTES: usize = 2048;

/// The query of every call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    pub(super) access_token: String,
    media_id: String,
    agentid: String,
    corpid: String,
    corpsecret: String,
}

pub(super) fn config(platform: &Platform) -> Result<&super::Config, Refusal> {
    platform
        .0
        .config
        .work
        .as_ref()
        .ok_or_else(|| Refusal::new(40013))
}

/// `GET /cgi-bin/gettoken`
#[handler]
pub async fn gettoken(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Gettoken, |_| {
        config(platform)?.check(&call.corpid, &call.corpsecret)?;
        let now = platform.now();
        let fresh = platform.0.dice.token();
        let (token, left) = platform.state().work.token(fresh, now);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": left }))
    })
    .await
}

/// `POST /cgi-bin/message/send`
#[handler]
pub async fn send(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Send, |_| {
        let body = body?;
        let now = platform.now();
        platform.state().work.check_token(&call.access_token, now)?;
        if body.get("agentid").and_then(Value::as_i64) != Some(config(platform)?.agent_id) {
            return Err(Refusal::new(301_002));
        }
        deliver(platform, &body, now)
    })
    .await
}

/// What a member will see of a message.
struct Shown {
    text: String,
    card: Option<WorkCard>,
}

fn lay_out(body: &Value) -> Result<Shown, Refusal> {
    let kind = field(body, "msgtype");
    let inner = body.get(kind).ok_or_else(|| Refusal::new(40008))?;
    let plain = |text: String| {
        if text.is_empty() {
            return Err(Refusal::new(44004));
        }
        Ok(Shown { text, card: None })
    };
    match kind {
        "text" | "markdown" => plain(cut_bytes(field(inner, "content"), TEXT_BYTES).to_owned()),
        "textcard" => {
            let url = field(inner, "url");
            if !url.contains("://") {
                return Err(Refusal::new(40058));
            }
            let title = cut_bytes(field(inner, "title"), 128);
            let words = cut_bytes(field(inner, "description"), 512);
            plain(format!("{title}\n{words}\n{url}"))
        }
        "template_card" => {
            let card = WorkCard::from_json(inner)?;
            Ok(Shown {
                text: card.words(),
                card: Some(card),
            })
        }
        _ => Err(Refusal::new(40008)),
    }
}

fn deliver(platform: &Platform, body: &Value, now: Moment) -> Result<Value, Refusal> {
    let shown = lay_out(body)?;
    let to: Vec<String> = field(body, "touser")
        .split('|')
        .filter(|id| !id.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if to.len() > 1000 {
        return Err(Refusal::new(40058));
    }
    let (known, unknown): (Vec<String>, Vec<String>) = {
        let state = platform.state();
        let strangers = &state.work.strangers;
        to.into_iter().partition(|id| !strangers.contains(id))
    };
    if known.is_empty() {
        return Err(Refusal::new(81013));
    }
    let msg_id = platform.dice_id();
    let code = (shown.card.as_ref()).map(|_| platform.0.dice.token());
    let mut answer = json!({
        "errcode": 0, "errmsg": "ok", "invaliduser": unknown.join("|"), "invalidparty": "",
        "invalidtag": "", "unlicenseduser": "", "msgid": msg_id,
    });
    if let (Some(map), Some(code)) = (answer.as_object_mut(), &code) {
        map.insert("response_code".to_owned(), json!(code));
    }
    for userid in known {
        if let Some((earlier, earlier_code)) = repeated(platform, body, &userid, now) {
            if let Some(map) = answer.as_object_mut() {
                map.insert("msgid".to_owned(), json!(earlier));
                if let Some(code) = earlier_code {
                    map.insert("response_code".to_owned(), json!(code));
                }
            }
            continue;
        }
        remember(platform, body, &userid, (now, msg_id.clone(), code.clone()));
        if !platform.state().work.rates.take(&userid, now) {
            continue;
        }
        let mut entry = Entry::new(&format!("{PREFIX}{userid}"), How::App, shown.text.clone());
        entry.msg_id = Some(msg_id.clone());
        entry.wire = wire("message/send", body, &answer);
        entry.work_card.clone_from(&shown.card);
        let entry = platform.add(entry);
        if let (Some(code), Some(card)) = (&code, &shown.card) {
            let mut state = platform.state();
            state.work.new_code(code, entry.id, &userid, now);
            state
                .work
                .tasks
                .insert(format!("{userid} {}", card.task_id), entry.id);
        }
    }
    Ok(answer)
}

fn content_of(body: &Value, userid: &str) -> (String, String) {
    let inner = body.get(field(body, "msgtype")).unwrap_or(&Value::Null);
    (userid.to_owned(), inner.to_string())
}

/// What was answered when the same content went to the member shortly before.
fn repeated(
    platform: &Platform,
    body: &Value,
    userid: &str,
    now: Moment,
) -> Option<(String, Option<String>)> {
    if body.get("enable_duplicate_check").and_then(Value::as_i64) != Some(1) {
        return None;
    }
    let seconds = body.get("duplicate_check_interval").and_then(Value::as_i64);
    let within = TimeDelta::seconds(seconds.unwrap_or(1800).clamp(0, 14_400));
    let state = platform.state();
    let (at, msg_id, code) = state.work.sent.get(&content_of(body, userid))?;
    (now - *at < within).then(|| (msg_id.clone(), code.clone()))
}

fn remember(
    platform: &Platform,
    body: &Value,
    userid: &str,
    sent: (Moment, String, Option<String>),
) {
    let mut state = platform.state();
    if state.work.sent.len() >= MOST {
        let old = sent.0 - TimeDelta::hours(4);
        state.work.sent.retain(|_, (at, ..)| *at > old);
    }
    state.work.sent.insert(content_of(body, userid), sent);
}

/// `POST /cgi-bin/message/update_template_card`
#[handler]
pub async fn update_card(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Card, |_| {
        let body = body?;
        let now = platform.now();
        platform.state().work.check_token(&call.access_token, now)?;
        update(platform, &body, now)
    })
    .await
}

fn update(platform: &Platform, body: &Value, now: Moment) -> Result<Value, Refusal> {
    let bad = |why: &str| Refusal::about(40058, format!("invalid {why}"));
    let word = body.get("button").map(|inner| field(inner, "replace_name"));
    let card = match body.get("template_card") {
        Some(card) => Some(WorkCard::from_json(card)?),
        None if word.is_none_or(str::is_empty) => return Err(bad("template_card")),
        None => None,
    };
    let code = platform
        .state()
        .work
        .take_code(field(body, "response_code"), now)
        .ok_or_else(|| bad("response_code"))?;
    let users = body.get("userids").and_then(Value::as_array);
    let named = |id: &Value| {
        id.as_str()
            .is_some_and(|id| id.eq_ignore_ascii_case(&code.userid))
    };
    if users.is_none_or(|users| !users.iter().any(named)) {
        return Ok(json!({ "errcode": 0, "errmsg": "ok", "invaliduser": [] }));
    }
    let answer = json!({ "errcode": 0, "errmsg": "ok", "invaliduser": [] });
    let wires = wire("message/update_template_card", body, &answer);
    platform.change_card(code.entry, card, word, wires);
    Ok(answer)
}

/// `GET /cgi-bin/media/get`: the bytes, or an error as JSON with status 200.
#[handler]
pub async fn media_get(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    let check = |state: &mut State, now| state.work.check_token(&call.access_token, now);
    hand_out(platform, &call.media_id, None, check).await
}

/// `GET /cgi-bin/agent/get`
#[handler]
pub async fn agent(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Agent, |_| {
        let now = platform.now();
        platform.state().work.check_token(&call.access_token, now)?;
        let own = config(platform)?.agent_id;
        if call.agentid.parse() != Ok(own) {
            return Err(Refusal::new(301_002));
        }
        Ok(json!({ "errcode": 0, "errmsg": "ok", "agentid": own, "name": "邻里" }))
    })
    .await
}

/// `GET /cgi-bin/getcallbackip` and `GET /cgi-bin/get_api_domain_ip`
#[handler]
pub async fn ips(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
) -> poem::Result<Response> {
    respond(platform, Api::Agent, |_| {
        let now = platform.now();
        platform.state().work.check_token(&call.access_token, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1"] }))
    })
    .await
}

fn wire(path: &str, body: &Value, answer: &Value) -> Vec<Wire> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    vec![
        Wire::new(
            &format!("程序 → 企业微信 POST /cgi-bin/{path}"),
            &pretty(body),
        ),
        Wire::new("企业微信 → 程序 应答", &pretty(answer)),
    ]
}
