//! The pretended robot platform (protocols.md §4.7): members talk to the robot alone or by its mention
//! in a group. What they say goes to the program as encrypted JSON, or over the long connection when
//! somebody has subscribed; streams are polled to their end. Also the address by which one more
//! answer may come, and the group robots (§4.5).

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use poem::web::{Data, Query};
use poem::{Body, Response, handler};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Refusal, field, read_json, respond};
use super::faults::{Api, Kind};
use super::platform::{Entry, How, Platform, Wire};
use super::robot_socket::Sockets;
use crate::base::clock::Moment;
use crate::wechat::crypto::{Cipher, same, signature};

/// Pause between two polls of a stream.
const POLL: Duration = Duration::from_millis(200);
/// The platform gives a stream up after so long.
const STREAM: Duration = Duration::from_secs(360);
/// Most bytes of a stream's text.
pub(super) const MOST_STREAM: usize = 20_480;
/// Messages of one group robot in any minute.
const MOST_A_MINUTE: usize = 20;
/// Codes of answers by address that are kept.
const MOST_CODES: usize = 1000;

/// What the platform remembers of robots.
#[derive(Default)]
pub(super) struct Robots {
    /// Chats to which one more answer may be sent, by code.
    codes: HashMap<String, (String, Moment)>,
    /// When each group robot has spoken within the last minute.
    spoken: HashMap<String, VecDeque<Moment>>,
    /// Who has subscribed to the long connection.
    pub(super) sockets: Sockets,
}

/// Where somebody talks to the robot: alone, or in this group.
#[derive(Clone, Debug, Deserialize)]
pub struct RobotSay {
    /// By the corporation's user id.
    pub userid: String,
    /// The group; none: with the robot alone.
    #[serde(default)]
    pub chat: Option<String>,
    /// What is typed behind the mention.
    pub text: String,
}

/// How it went.
#[derive(Clone, Debug, Serialize)]
pub struct RobotSaid {
    /// The platform's id of the message.
    pub msg_id: String,
    /// Every answer as it was on the plain wire, in order.
    pub answers: Vec<Value>,
    /// HTTP status of the last answer; 0 over the long connection, or when there was none.
    pub status: u16,
    /// Milliseconds to the first answer.
    pub first_ms: u64,
}

impl RobotSaid {
    /// The words of the last answer.
    #[must_use]
    pub fn text(&self) -> String {
        self.answers.last().map(words).unwrap_or_default()
    }

    /// Whether the last answer is the end of it.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.answers.last().is_none_or(is_finished)
    }
}

/// The conversation of a chat, as entries name it.
#[must_use]
pub fn room(chat: Option<&str>, userid: &str) -> String {
    match chat {
        Some(chat) => format!("group:{chat}"),
        None => format!("robot:{userid}"),
    }
}

/// What an answer says.
pub(super) fn words(answer: &Value) -> String {
    let part = |name: &str, inner: &str| {
        let text = answer.get(name).and_then(|body| body.get(inner));
        text.and_then(Value::as_str).map(str::to_owned)
    };
    part("stream", "content")
        .or_else(|| part("text", "content"))
        .or_else(|| part("markdown", "content"))
        .or_else(|| part("template_card", "sub_title_text"))
        .unwrap_or_default()
}

pub(super) fn is_finished(answer: &Value) -> bool {
    let stream = answer.get("stream");
    stream.is_none_or(|stream| stream.get("finish") == Some(&Value::Bool(true)))
}

impl Platform {
    /// A member says something; returns when the answer is whole.
    pub async fn robot_says(&self, said: &RobotSay) -> RobotSaid {
        let text = match &said.chat {
            Some(_) => format!("@{} {}", self.0.config.robot.name, said.text),
            None => said.text.clone(),
        };
        let room = room(said.chat.as_deref(), &said.userid);
        let mut entry = Entry::new(&room, How::Said, &text);
        entry.by = Some(said.userid.clone());
        let entry = self.add(entry);
        let body = json!({ "msgtype": "text", "text": { "content": text } });
        let message = self.robot_message(said.chat.as_deref(), &said.userid, &body);
        self.robot_hears(&message, &room, Some(entry.id)).await
    }

    /// A message of this content from a member; whatever is set in `body` goes over the rest.
    pub fn robot_message(&self, chat: Option<&str>, userid: &str, body: &Value) -> Value {
        let code = self.0.dice.token();
        let mut message = json!({
            "msgid": self.msg_id().to_string(),
            "create_time": self.now().timestamp(),
            "aibotid": self.0.config.robot.bot_id,
            "chattype": if chat.is_some() { "group" } else { "single" },
            "from": { "userid": userid },
            "response_url": format!(
                "{}/cgi-bin/aibot/response?response_code={code}", self.0.config.robot.api_base
            ),
        });
        if let Some(fields) = message.as_object_mut() {
            if let Some(chat) = chat {
                fields.insert("chatid".to_owned(), json!(chat));
            }
            for (name, value) in body.as_object().into_iter().flatten() {
                fields.insert(name.clone(), value.clone());
            }
        }
        let until = self.now() + TimeDelta::hours(1);
        let mut state = self.state();
        let codes = &mut state.robots.codes;
        if codes.len() >= MOST_CODES {
            codes.clear();
        }
        codes.insert(code, (room(chat, userid), until));
        message
    }

    /// Delivers a message, by whichever way the program has chosen, and shows the answer.
    pub async fn robot_hears(&self, message: &Value, room: &str, shown: Option<u64>) -> RobotSaid {
        let subscribed = self.state().robots.sockets.subscriber();
        let said = match subscribed {
            Some(line) => self.over_socket(&line, message).await,
            None => self.over_callback(message, shown).await,
        };
        let text = said.text();
        if !text.is_empty() {
            let mut entry = Entry::new(room, How::Reply, text);
            entry.by = Some(self.0.config.robot.name.clone());
            self.add(entry);
        } else if said.status != 200 && said.answers.is_empty() {
            self.add(Entry::new(room, How::Notice, "机器人没有回应"));
        }
        said
    }

    /// POSTs it, then polls until the stream is whole.
    async fn over_callback(&self, message: &Value, shown: Option<u64>) -> RobotSaid {
        let began = Instant::now();
        let (mut status, first) = self.post_robot(message, shown).await;
        let mut said = RobotSaid {
            msg_id: field(message, "msgid").to_owned(),
            answers: first.into_iter().collect(),
            status,
            first_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        while let Some(last) = said.answers.last().filter(|last| !is_finished(last))
            && began.elapsed() < STREAM
            && !self.0.stop.is_cancelled()
        {
            let mut poll = message.clone();
            if let (Some(fields), Some(stream)) = (poll.as_object_mut(), last.get("stream")) {
                fields.insert("msgtype".to_owned(), json!("stream"));
                fields.insert("msgid".to_owned(), json!(self.msg_id().to_string()));
                let id = stream.get("id").cloned().unwrap_or_default();
                fields.insert("stream".to_owned(), json!({ "id": id }));
                fields.remove("text");
            }
            tokio::time::sleep(POLL).await;
            let (code, answer) = self.post_robot(&poll, shown).await;
            status = code;
            match answer {
                Some(answer) => said.answers.push(answer),
                // The platform asks again.
                None if code == 0 => {}
                None => break,
            }
        }
        said.status = status;
        said
    }

    /// One POST; the status, 0 without any, and the opened answer.
    pub async fn post_robot(&self, message: &Value, shown: Option<u64>) -> (u16, Option<Value>) {
        let (Some(address), Some(cipher)) = (self.robot_callback(), self.robot_cipher()) else {
            return (0, None);
        };
        let repeat = self
            .enter(Api::Robot)
            .is_some_and(|hit| hit.kind == Kind::Repeat);
        let (query, body) = self.seal_robot(&cipher, &message.to_string());
        let mut wire = vec![
            Wire::new("平台 → 程序 明文", &message.to_string()),
            Wire::new("平台 → 程序 实际发送", &format!("POST\n\n{body}")),
        ];
        let post = || {
            let request = self.0.http.post(&address).query(&query);
            let request = request.header("Content-Type", "application/json");
            request.body(body.clone()).send()
        };
        let mut sent = post().await;
        if repeat {
            sent = post().await;
        }
        let (status, text) = match sent {
            Ok(response) => (
                response.status().as_u16(),
                response.text().await.unwrap_or_default(),
            ),
            Err(_) => (0, String::new()),
        };
        let opened = self.open_robot(&cipher, &text);
        wire.push(Wire::new(
            "程序 → 平台 实际应答",
            &format!("HTTP {status}\n{text}"),
        ));
        if let Some(opened) = &opened {
            wire.push(Wire::new("程序 → 平台 明文", &opened.to_string()));
        }
        if let Some(id) = shown {
            self.add_wire(id, wire);
        }
        (status, opened)
    }

    fn robot_cipher(&self) -> Option<Cipher> {
        let robot = &self.0.config.robot;
        Cipher::new(robot.encoding_aes_key.expose_secret(), "").ok()
    }

    fn robot_callback(&self) -> Option<String> {
        let official = self.callback()?;
        Some(official.replace("/wechat/official", "/wechat/robot"))
    }

    fn seal_robot(&self, cipher: &Cipher, plain: &str) -> (Vec<(&'static str, String)>, String) {
        let token = self.0.config.robot.token.expose_secret();
        let timestamp = self.now().timestamp().to_string();
        let nonce = self.0.dice.digits(10);
        let random = self.0.dice.bytes::<16>();
        let sealed = cipher.encrypt(plain.as_bytes(), random).unwrap_or_default();
        let signed = signature(&[token, &timestamp, &nonce, &sealed]);
        let query = vec![
            ("msg_signature", signed),
            ("timestamp", timestamp),
            ("nonce", nonce),
        ];
        (query, json!({ "encrypt": sealed }).to_string())
    }

    /// An answer, if it is signed and sealed as it must be.
    fn open_robot(&self, cipher: &Cipher, text: &str) -> Option<Value> {
        let outer: Value = serde_json::from_str(text).ok()?;
        let token = self.0.config.robot.token.expose_secret();
        let sealed = outer.get("encrypt")?.as_str()?;
        let timestamp = outer.get("timestamp")?.as_i64()?.to_string();
        let nonce = outer.get("nonce")?.as_str()?;
        let signed = signature(&[token, &timestamp, nonce, sealed]);
        if !same(outer.get("msgsignature")?.as_str()?, &signed) {
            return None;
        }
        serde_json::from_str(&cipher.decrypt(sealed).ok()?).ok()
    }

    /// The address check of the robot, as its page does when it is saved.
    pub async fn verify_robot(&self) -> bool {
        let (Some(address), Some(cipher)) = (self.robot_callback(), self.robot_cipher()) else {
            return false;
        };
        let echo = self.0.dice.digits(19);
        let (mut query, body) = self.seal_robot(&cipher, &echo);
        let sealed = serde_json::from_str::<Value>(&body).unwrap_or_default();
        query.push(("echostr", field(&sealed, "encrypt").to_owned()));
        let sent = self.0.http.get(&address).query(&query).send().await;
        match sent {
            Ok(response) if response.status().as_u16() == 200 => {
                response.text().await.is_ok_and(|body| body == echo)
            }
            _ => false,
        }
    }
}

impl Platform {
    /// Keeps a file that a member sends to the robot; the address where it lies sealed.
    #[must_use]
    pub fn robot_file(&self, content_type: &str, bytes: Vec<u8>) -> String {
        let id = self.keep_media(content_type, bytes);
        let base = &self.0.config.robot.api_base;
        format!("{base}/cgi-bin/aibot/media/{id}")
    }
}

/// `GET /cgi-bin/aibot/media/:id`: what was sent to the robot, sealed with its key.
#[handler]
pub async fn robot_media(
    Data(platform): Data<&Platform>,
    poem::web::Path(id): poem::web::Path<String>,
) -> poem::Result<Response> {
    let missing = || poem::Error::from_status(poem::http::StatusCode::NOT_FOUND);
    let now = platform.now();
    let item = platform.state().media.get(&id, now).cloned();
    let bytes = item.ok_or_else(missing)?.bytes;
    let cipher = platform.robot_cipher().ok_or_else(missing)?;
    let sealed = cipher.seal_file(bytes).map_err(|_| missing())?;
    Ok(Response::builder()
        .content_type("application/octet-stream")
        .body(sealed))
}

/// The query of a call without a token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Secret {
    key: String,
    response_code: String,
}

/// `POST /cgi-bin/webhook/send`: a group robot speaks; at most 20 in any minute.
#[handler]
pub async fn webhook_send(
    Data(platform): Data<&Platform>,
    Query(secret): Query<Secret>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Webhook, |_| {
        let body = body?;
        let groups = &platform.0.config.robot.groups;
        let known = groups
            .iter()
            .find(|(_, key)| key.expose_secret() == secret.key);
        let (chat, key) = known.ok_or_else(|| Refusal::new(93000))?;
        let content = match field(&body, "msgtype") {
            kind @ ("text" | "markdown") => {
                let most = if kind == "text" { 2048 } else { 4096 };
                let text = body.get(kind).map_or("", |inner| field(inner, "content"));
                if text.is_empty() || text.len() > most {
                    return Err(Refusal::new(40058));
                }
                text.to_owned()
            }
            "template_card" => words(&body),
            _ => return Err(Refusal::new(40058)),
        };
        take_minute(platform, key.expose_secret())?;
        let mut entry = Entry::new(&room(Some(chat), ""), How::Custom, content);
        entry.by = Some("群机器人".to_owned());
        platform.add(entry);
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    })
    .await
}

fn take_minute(platform: &Platform, key: &str) -> Result<(), Refusal> {
    let now = platform.now();
    let mut state = platform.state();
    let spoken = state.robots.spoken.entry(key.to_owned()).or_default();
    spoken.retain(|at| now - *at < TimeDelta::minutes(1));
    if spoken.len() >= MOST_A_MINUTE {
        return Err(Refusal::new(45009));
    }
    spoken.push_back(now);
    Ok(())
}

/// `POST /cgi-bin/aibot/response`: one more answer to a message, once, within the hour.
#[handler]
pub async fn aibot_response(
    Data(platform): Data<&Platform>,
    Query(secret): Query<Secret>,
    body: Body,
) -> poem::Result<Response> {
    let body = read_json(body).await;
    respond(platform, Api::Response, |_| {
        let body = body?;
        let text = words(&body);
        if text.is_empty() || text.len() > MOST_STREAM {
            return Err(Refusal::new(40058));
        }
        let now = platform.now();
        let taken = platform.state().robots.codes.remove(&secret.response_code);
        let Some((room, _)) = taken.filter(|(_, until)| now < *until) else {
            return Err(Refusal::new(846_605));
        };
        platform.add(Entry::new(&room, How::Custom, text));
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    })
    .await
}

/// `POST /sandbox/robot/say`
#[handler]
pub async fn say(
    Data(platform): Data<&Platform>,
    poem::web::Json(said): poem::web::Json<RobotSay>,
) -> poem::Result<poem::web::Json<RobotSaid>> {
    let narrow = |text: &str| (1..=64).contains(&text.len()) && !text.chars().any(char::is_control);
    if !narrow(&said.userid) || !said.chat.as_deref().is_none_or(narrow) {
        let bad = poem::http::StatusCode::BAD_REQUEST;
        return Err(poem::Error::from_string("成员或群不正确", bad));
    }
    Ok(poem::web::Json(platform.robot_says(&said).await))
}

/// `GET /sandbox/robot`: what the page needs to know.
#[handler]
pub async fn show(Data(platform): Data<&Platform>) -> poem::web::Json<Value> {
    let robot = &platform.0.config.robot;
    let groups: Vec<&String> = robot.groups.iter().map(|(chat, _)| chat).collect();
    poem::web::Json(json!({
        "name": robot.name,
        "groups": groups,
        "connected": platform.state().robots.sockets.subscriber().is_some(),
    }))
}
