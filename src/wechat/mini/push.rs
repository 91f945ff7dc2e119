//! What the platform pushes for a mini-program (protocols.md §1.7), JSON or XML as its page says,
//! in the envelope of the official account: verdicts on media, and what people answer to requests
//! for subscription messages.

use serde_json::{Map, Value};

use super::client::Suggest;
use crate::wechat::{
    Error,
    crypto::{hex, signature},
    http::scalar,
    official::Account,
    xml::{self, Element},
};

/// Most entries of one list; the platform asks for five templates at once.
const MOST_ENTRIES: usize = 50;

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The person's openid.
    pub from: String,
    /// UTC seconds, by the platform's clock.
    pub created_at: i64,
    /// What happened.
    pub kind: PushKind,
    /// By which a repetition is known: sender, second, event and a digest of all of it, so that two
    /// answers of one second stay two.
    pub key: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushKind {
    /// `wxa_media_check`: the verdict on a picture or a sound.
    MediaCheck(MediaVerdict),
    /// `subscribe_msg_popup_event`: what somebody answered.
    Popup(Vec<Answered>),
    /// `subscribe_msg_change_event`: what somebody changed on the settings page.
    Change(Vec<Answered>),
    /// `subscribe_msg_sent_event`: how messages ended.
    Sent(Vec<Sent>),
    /// Anything else: acknowledge it.
    Other(String),
}

/// The verdict on what `media_check_async` was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaVerdict {
    /// As the call returned it.
    pub trace_id: String,
    /// Other than 0: not looked at (-1008: could not be downloaded).
    pub errcode: i64,
    /// What the platform advises; none when it was not looked at.
    pub suggest: Option<Suggest>,
    /// 100 is normal (protocols.md §2.8).
    pub label: i64,
}

/// An answer about one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Which.
    pub template_id: String,
    /// Accepted, or refused.
    pub accepted: bool,
}

/// How one subscription message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Which template.
    pub template_id: String,
    /// The platform's id of the message.
    pub msg_id: String,
    /// 0 when it arrived.
    pub errcode: i64,
    /// The platform's words.
    pub status: String,
}

/// What an event of an official account says of subscription notices, and a digest of all of it: its
/// elements are those of the mini-program. None for other events.
pub(in crate::wechat) fn of_account(
    message: &Element<'_>,
) -> Result<Option<(PushKind, String)>, Error> {
    let push = Push::read(&as_json(message))?;
    Ok(match push.kind {
        PushKind::Popup(_) | PushKind::Change(_) | PushKind::Sent(_) => Some((push.kind, push.key)),
        PushKind::MediaCheck(_) | PushKind::Other(_) => None,
    })
}

/// Opens one POST as [`Account::open`] does, whatever of the two formats the page is set to.
pub fn read(account: &Account, raw_query: &str, body: &[u8], now: i64) -> Result<Push, Error> {
    let inner = account.unseal(raw_query, body, now, |body| {
        Ok(scalar(&parse(body)?, "Encrypt"))
    })?;
    Push::read(&parse(&inner)?)
}

/// A message as JSON; XML becomes what the platform would have sent as JSON.
fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.len() > xml::MAX_BYTES {
        return Err(Error::Malformed("body too large"));
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Ok(as_json(&xml::parse(bytes)?));
    }
    serde_json::from_slice(bytes).map_err(|_| Error::Malformed("broken JSON"))
}

fn as_json(element: &Element<'_>) -> Value {
    let mut map = Map::new();
    for (name, child) in element.children() {
        let value = as_json(child);
        match map.get_mut(name) {
            None => {
                map.insert(name.to_owned(), value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(first) => {
                let first_value = first.take();
                *first = Value::Array(vec![first_value, value]);
            }
        }
    }
    if map.is_empty() {
        Value::String(element.inner_text().to_owned())
    } else {
        Value::Object(map)
    }
}

impl Push {
    fn read(message: &Value) -> Result<Self, Error> {
        let from = name(message, "FromUserName")?;
        let created_at = number(message, "CreateTime")?;
        let event = text(message, "Event");
        // The order of keys in a JSON object is the sender's; a repetition is byte for byte the same.
        let digest = signature(&[&message.to_string()]);
        let kind = match event.as_str() {
            "wxa_media_check" => PushKind::MediaCheck(MediaVerdict::read(message)?),
            "subscribe_msg_popup_event" => {
                PushKind::Popup(entries(message, "SubscribeMsgPopupEvent", answered)?)
            }
            "subscribe_msg_change_event" => {
                PushKind::Change(entries(message, "SubscribeMsgChangeEvent", answered)?)
            }
            "subscribe_msg_sent_event" => {
                PushKind::Sent(entries(message, "SubscribeMsgSentEvent", sent)?)
            }
            other => PushKind::Other(xml::cut(other, 64).to_owned()),
        };
        let event = hex(xml::cut(&event, 24).as_bytes());
        Ok(Self {
            // The digest tells two senders apart; an openid does not stand in keys.
            key: format!("{created_at}:{event}:{digest}"),
            from,
            created_at,
            kind,
        })
    }
}

impl MediaVerdict {
    fn read(message: &Value) -> Result<Self, Error> {
        let trace_id = text(message, "trace_id");
        if trace_id.is_empty() || trace_id.len() > 128 {
            return Err(Error::Malformed("trace_id"));
        }
        let result = message.get("result");
        Ok(Self {
            trace_id,
            errcode: optional(message, "errcode")?.unwrap_or_default(),
            suggest: result
                .and_then(|result| scalar(result, "suggest"))
                .map(|word| Suggest::read(&word)),
            label: match result {
                Some(result) => optional(result, "label")?.unwrap_or_default(),
                None => 0,
            },
        })
    }
}

/// `List` at the top (JSON) or below the event's own element (XML): one entry or several.
fn entries<T>(
    message: &Value,
    wrapper: &str,
    read: impl Fn(&Value) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let list = message
        .get("List")
        .or_else(|| message.get(wrapper)?.get("List"));
    let all = match list {
        Some(Value::Array(all)) if all.len() <= MOST_ENTRIES => all.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return Err(Error::Malformed("List")),
    };
    all.iter().map(read).collect()
}

fn answered(entry: &Value) -> Result<Answered, Error> {
    Ok(Answered {
        template_id: name(entry, "TemplateId")?,
        accepted: text(entry, "SubscribeStatusString") == "accept",
    })
}

fn sent(entry: &Value) -> Result<Sent, Error> {
    Ok(Sent {
        template_id: name(entry, "TemplateId")?,
        msg_id: name(entry, "MsgID")?,
        errcode: optional(entry, "ErrorCode")?.unwrap_or_default(),
        status: xml::cut(&text(entry, "ErrorStatus"), 100).to_owned(),
    })
}

fn text(value: &Value, field: &str) -> String {
    scalar(value, field).unwrap_or_default()
}

/// Becomes part of keys, hence its narrow shape.
fn name(value: &Value, field: &'static str) -> Result<String, Error> {
    scalar(value, field)
        .filter(|text| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or(Error::Malformed(field))
}

fn number(value: &Value, field: &'static str) -> Result<i64, Error> {
    optional(value, field)?.ok_or(Error::Malformed(field))
}

fn optional(value: &Value, field: &'static str) -> Result<Option<i64>, Error> {
    match scalar(value, field) {
        None => Ok(None),
        Some(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| Error::Malformed(field)),
    }
}
