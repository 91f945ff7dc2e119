//! Frames of the long connection (protocols.md §4.7): text of JSON, `{cmd, headers{req_id}, body}`; an
//! answer to a frame carries its `req_id`, `errcode` and `errmsg`.

use serde_json::{Value, json};

use super::reply::Reply;
use crate::wechat::Error;

/// First frame on a connection.
pub const SUBSCRIBE: &str = "aibot_subscribe";
/// Each 30 s.
pub const PING: &str = "ping";
/// Somebody said something.
pub const MESSAGE: &str = "aibot_msg_callback";
/// Something happened.
pub const EVENT: &str = "aibot_event_callback";
/// Answers a message.
pub const RESPOND: &str = "aibot_respond_msg";
/// Answers `enter_chat`, within 5 s.
pub const RESPOND_WELCOME: &str = "aibot_respond_welcome_msg";
/// Answers the button of a card, within 5 s.
pub const RESPOND_UPDATE: &str = "aibot_respond_update_msg";
/// Says something unasked.
pub const SEND: &str = "aibot_send_msg";

/// A frame, whichever way it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What it is; empty for an answer.
    pub cmd: String,
    /// Ties answers to what they answer.
    pub req_id: String,
    /// Content.
    pub body: Value,
    /// Of an answer.
    pub errcode: Option<i64>,
    /// Of an answer.
    pub errmsg: String,
}

impl Frame {
    /// Something to be sent.
    #[must_use]
    pub fn new(cmd: &str, req_id: &str, body: Value) -> Self {
        Self {
            cmd: cmd.to_owned(),
            req_id: req_id.to_owned(),
            body,
            errcode: None,
            errmsg: String::new(),
        }
    }

    /// Asks for the robot's messages.
    #[must_use]
    pub fn subscribe(req_id: &str, bot_id: &str, secret: &str) -> Self {
        let body = json!({ "bot_id": bot_id, "secret": secret });
        Self::new(SUBSCRIBE, req_id, body)
    }

    /// Keeps the connection.
    #[must_use]
    pub fn ping(req_id: &str) -> Self {
        Self::new(PING, req_id, Value::Null)
    }

    /// Answers what came under `req_id`.
    #[must_use]
    pub fn respond(cmd: &str, req_id: &str, reply: &Reply) -> Self {
        Self::new(cmd, req_id, reply.json())
    }

    /// Says something unasked, in Markdown; `chat_id` is a group's, or a member's for the chat with
    /// them alone.
    #[must_use]
    pub fn send(req_id: &str, chat_id: &str, markdown: &str) -> Self {
        let content = super::reply::cut(markdown, super::reply::MOST_BYTES);
        let body = json!({
            "chatid": chat_id, "msgtype": "markdown", "markdown": { "content": content },
        });
        Self::new(SEND, req_id, body)
    }

    /// Reads one.
    ///
    /// # Errors
    /// `Nonsense` when it is no frame.
    pub fn read(text: &str) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text).map_err(|_| Error::Nonsense)?;
        let word = |value: &Value, name: &str| {
            let word = value.get(name).and_then(Value::as_str);
            word.unwrap_or_default().to_owned()
        };
        if !value.is_object() {
            return Err(Error::Nonsense);
        }
        let req_id = value.get("headers").map(|headers| word(headers, "req_id"));
        Ok(Self {
            cmd: word(&value, "cmd"),
            req_id: req_id.unwrap_or_default(),
            body: value.get("body").cloned().unwrap_or(Value::Null),
            errcode: value.get("errcode").and_then(Value::as_i64),
            errmsg: word(&value, "errmsg"),
        })
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn text(&self) -> String {
        let mut value = json!({ "headers": { "req_id": self.req_id } });
        if let Some(fields) = value.as_object_mut() {
            if !self.cmd.is_empty() {
                fields.insert("cmd".to_owned(), json!(self.cmd));
            }
            if !self.body.is_null() {
                fields.insert("body".to_owned(), self.body.clone());
            }
            if let Some(code) = self.errcode {
                fields.insert("errcode".to_owned(), json!(code));
                fields.insert("errmsg".to_owned(), json!(self.errmsg));
            }
        }
        value.to_string()
    }
}
