//! What the platform says to the robot (protocols.md §4.7): the JSON is the same by callback and by
//! long connection. Unknown kinds are kept as such, unknown fields ignored.

use serde_json::Value;

use crate::wechat::Error;
use crate::wechat::crypto::signature;

/// Longest id that is taken, bytes.
const MOST_ID: usize = 256;

/// One message or event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// By which a repetition is known; empty when the platform gave none.
    pub msg_id: String,
    /// Where.
    pub chat: Chat,
    /// Who, as WeCom vouches for it; in lower case. Empty for what comes from nobody.
    pub user_id: String,
    /// Of which corporation, where the platform says so.
    pub corp_id: Option<String>,
    /// Seconds since 1970; events only.
    pub created_at: Option<i64>,
    /// Where one more answer may be sent; only by [`super::client`], which knows the one host.
    pub response_url: Option<String>,
    /// What.
    pub kind: InboundKind,
}

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chat {
    /// With the robot alone.
    Single,
    /// In a group, by its id.
    Group(String),
}

/// What was said or has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundKind {
    /// Text, without the mention of the robot in front.
    Text(String),
    /// A picture.
    Image(Picture),
    /// Text and pictures in one.
    Mixed {
        /// All text, line by line, without the mention in front.
        text: String,
        /// The pictures in their order.
        pictures: Vec<Picture>,
    },
    /// A voice, as it was understood.
    Voice(String),
    /// A file.
    File(Picture),
    /// A video.
    Video(Picture),
    /// The platform asks for the rest of an answer, by the id that we gave it.
    Poll(String),
    /// Something happened.
    Event(Event),
    /// Another kind, by its name.
    Other(String),
}

/// Encrypted bytes that can be fetched within five minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where; to be checked before it is called.
    pub url: String,
    /// Its own key (long connection); else the robot's.
    pub aes_key: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The first time of the day that somebody opens the chat with the robot.
    EnterChat,
    /// A button of a card.
    Card {
        /// The button's key.
        key: String,
        /// The card's id.
        task_id: String,
    },
    /// What somebody thinks of an answer; only an empty answer is allowed.
    Feedback,
    /// Another connection has taken this one's place.
    Disconnected,
    /// Another event, by its name.
    Other(String),
}

impl Inbound {
    /// Reads the message. `name` is the robot's: its mention in front of a group's text is taken off.
    ///
    /// # Errors
    /// `Malformed` when it has no type, an id is longer than any, or a group has no id.
    pub fn read(message: &Value, name: &str) -> Result<Self, Error> {
        let kind = text(message, "msgtype");
        if kind.is_empty() {
            return Err(Error::Malformed("msgtype is missing"));
        }
        let id = |value: &str| {
            let fits = value.len() <= MOST_ID && !value.chars().any(char::is_control);
            fits.then(|| value.to_owned())
                .ok_or(Error::Malformed("an id is too long"))
        };
        let chat = match (text(message, "chattype"), text(message, "chatid")) {
            ("group", "") => return Err(Error::Malformed("a group without an id")),
            // Whatever has a group's id is a group's, so that nothing private gets there.
            ("single", _) | (_, "") => Chat::Single,
            (_, chat_id) => Chat::Group(id(chat_id)?),
        };
        let from = message.get("from").unwrap_or(&Value::Null);
        let corp_id = id(text(from, "corpid"))?;
        Ok(Self {
            msg_id: id(text(message, "msgid"))?,
            user_id: id(text(from, "userid"))?.to_ascii_lowercase(),
            corp_id: Some(corp_id).filter(|corp_id| !corp_id.is_empty()),
            created_at: message.get("create_time").and_then(Value::as_i64),
            response_url: Some(text(message, "response_url").to_owned())
                .filter(|url| !url.is_empty()),
            kind: InboundKind::read(kind, message, &chat, name),
            chat,
        })
    }

    /// By which a repetition is known.
    #[must_use]
    pub fn key(&self) -> String {
        if !self.msg_id.is_empty() {
            return format!("msg:{}", self.msg_id);
        }
        let event = match &self.kind {
            InboundKind::Event(event) => format!("{event:?}"),
            other => format!("{other:?}"),
        };
        let at = self.created_at.unwrap_or_default();
        format!("event:{}:{at}", signature(&[&self.user_id, &event]))
    }
}

impl InboundKind {
    fn read(kind: &str, message: &Value, chat: &Chat, name: &str) -> Self {
        let body = message.get(kind).unwrap_or(&Value::Null);
        let own = |said: &str| match chat {
            Chat::Single => said.to_owned(),
            Chat::Group(_) => strip_mention(said, name).to_owned(),
        };
        match kind {
            "text" => Self::Text(own(text(body, "content"))),
            "voice" => Self::Voice(text(body, "content").to_owned()),
            "image" => Self::Image(Picture::read(body)),
            "file" => Self::File(Picture::read(body)),
            "video" => Self::Video(Picture::read(body)),
            "mixed" => mixed(body, own),
            "stream" => Self::Poll(text(body, "id").to_owned()),
            "event" => Self::Event(Event::read(body)),
            other => Self::Other(other.to_owned()),
        }
    }
}

fn mixed(body: &Value, own: impl Fn(&str) -> String) -> InboundKind {
    let items = body.get("msg_item").and_then(Value::as_array);
    let (mut words, mut pictures) = (Vec::new(), Vec::new());
    for item in items.into_iter().flatten() {
        match text(item, "msgtype") {
            "text" => words.push(text(item.get("text").unwrap_or(&Value::Null), "content")),
            "image" => pictures.push(Picture::read(item.get("image").unwrap_or(&Value::Null))),
            _ => {}
        }
    }
    InboundKind::Mixed {
        text: own(&words.join("\n")),
        pictures,
    }
}

impl Picture {
    fn read(body: &Value) -> Self {
        Self {
            url: text(body, "url").to_owned(),
            aes_key: Some(text(body, "aeskey").to_owned()).filter(|key| !key.is_empty()),
        }
    }
}

impl Event {
    fn read(body: &Value) -> Self {
        let name = text(body, "eventtype");
        // The page nests the fields, the official SDK's types do not.
        let inner = body.get(name).unwrap_or(&Value::Null);
        let field = |key: &str| match text(inner, key) {
            "" => text(body, key).to_owned(),
            nested => nested.to_owned(),
        };
        match name {
            "enter_chat" => Self::EnterChat,
            "template_card_event" => Self::Card {
                key: field("event_key"),
                task_id: field("task_id"),
            },
            "feedback_event" => Self::Feedback,
            "disconnected_event" => Self::Disconnected,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The text without the mention of `name` in front of it. Only there and only ours: other mentions
/// belong to what is said.
#[must_use]
pub fn strip_mention<'t>(text: &'t str, name: &str) -> &'t str {
    let said = text.trim_start();
    let behind = said
        .strip_prefix(['@', '＠'])
        .and_then(|mention| mention.strip_prefix(name));
    match behind {
        // Another's name may begin with ours.
        Some(rest) if !name.is_empty() && (rest.is_empty() || rest.starts_with(is_end)) => {
            rest.trim_start_matches(is_end)
        }
        _ => text,
    }
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | ':' | '：' | '、' | '\u{200b}')
}

/// A text of the JSON; anything else is empty.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
