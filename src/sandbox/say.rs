//! What a person can do in the chat, and WeChat's XML for it (protocols.md §1.6, §1.7).

use serde::Deserialize;

use super::config::ACCOUNT;
use super::platform::{Entry, How};
use crate::wechat::xml::Writer;

/// One act of a person.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Say {
    /// Types.
    Text(String),
    /// Taps a line of a menu message.
    Tap {
        /// The line's id.
        id: String,
        /// Its words.
        content: String,
    },
    /// Sends a picture that lies on the platform.
    Image {
        /// Its id.
        media_id: String,
    },
    /// Speaks.
    Voice {
        /// What speech recognition understood; none where it is switched off.
        recognition: Option<String>,
    },
    /// Films.
    Video {
        /// Its id.
        media_id: String,
    },
    /// Sends a place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What the map calls it.
        label: String,
    },
    /// Follows, leaves, scans, presses a button of the menu.
    Event {
        /// `subscribe`, `unsubscribe`, `SCAN`, `CLICK`, `VIEW`, or any other name.
        event: String,
        /// Scene of the code, key of the button.
        #[serde(default)]
        key: String,
    },
    /// Any kind of message, with no more than its name.
    Other(String),
}

impl Say {
    /// Typed text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An event by name and key.
    pub fn event(event: &str, key: &str) -> Self {
        Self::Event {
            event: event.to_owned(),
            key: key.to_owned(),
        }
    }

    /// How it looks in the conversation.
    pub(super) fn entry(&self, openid: &str) -> Entry {
        let said = |text: String| Entry::new(openid, How::Said, text);
        match self {
            Self::Text(text) => said(text.clone()),
            Self::Tap { content, .. } => said(content.clone()),
            Self::Image { media_id } => {
                let mut entry = said("[图片]".to_owned());
                entry.media = Some(media_id.clone());
                entry
            }
            Self::Voice { recognition } => said(match recognition {
                Some(text) => format!("[语音] {text}"),
                None => "[语音]".to_owned(),
            }),
            Self::Video { .. } => said("[视频]".to_owned()),
            Self::Location { label, .. } => said(format!("[位置] {label}")),
            Self::Other(kind) => said(format!("[{kind}]")),
            Self::Event { event, key } => Entry::new(
                openid,
                How::Event,
                match event.as_str() {
                    "subscribe" if key.is_empty() => "关注了公众号".to_owned(),
                    "subscribe" => format!("扫码「{key}」并关注了公众号"),
                    "unsubscribe" => "取消了关注".to_owned(),
                    "SCAN" => format!("扫码「{key}」"),
                    "CLICK" => format!("点了菜单「{key}」"),
                    other => format!("{other} {key}"),
                },
            ),
        }
    }

    /// The message itself, without the root: so that the compatible mode can add to it.
    pub(super) fn xml(&self, openid: &str, created_at: i64, msg_id: i64) -> Writer {
        self.xml_to(ACCOUNT, openid, created_at, msg_id)
    }

    /// The same to any account of ours.
    pub(super) fn xml_to(
        &self,
        account: &str,
        openid: &str,
        created_at: i64,
        msg_id: i64,
    ) -> Writer {
        let head = |kind: &str| {
            Writer::default()
                .text("ToUserName", account)
                .text("FromUserName", openid)
                .number("CreateTime", created_at)
                .text("MsgType", kind)
        };
        let body = match self {
            Self::Text(text) => head("text").text("Content", text),
            Self::Tap { id, content } => head("text")
                .text("Content", content)
                .text("bizmsgmenuid", id),
            Self::Image { media_id } => head("image")
                .text("PicUrl", "http://mmbiz.qpic.cn/sandbox/0")
                .text("MediaId", media_id),
            Self::Voice { recognition } => {
                let voice = head("voice")
                    .text("MediaId", &format!("voice-{msg_id}"))
                    .text("Format", "amr");
                match recognition {
                    Some(text) => voice.text("Recognition", text),
                    None => voice,
                }
            }
            Self::Video { media_id } => head("video")
                .text("MediaId", media_id)
                .text("ThumbMediaId", &format!("thumb-{msg_id}")),
            Self::Location {
                latitude,
                longitude,
                label,
            } => head("location")
                .text("Location_X", &format!("{latitude:.6}"))
                .text("Location_Y", &format!("{longitude:.6}"))
                .number("Scale", 15)
                .text("Label", label),
            Self::Other(kind) => head(kind),
            Self::Event { event, key } => {
                let scanned = event == "SCAN" || (event == "subscribe" && !key.is_empty());
                let key = match event.as_str() {
                    "subscribe" if scanned => format!("qrscene_{key}"),
                    _ => key.clone(),
                };
                let body = head("event").text("Event", event).text("EventKey", &key);
                // Events carry no MsgId.
                return if scanned {
                    body.text("Ticket", &format!("ticket-{msg_id}"))
                } else {
                    body
                };
            }
        };
        body.number("MsgId", msg_id)
    }
}

/// The report of what became of a template message.
pub(super) fn receipt_xml(openid: &str, created_at: i64, msg_id: i64, status: &str) -> Writer {
    Writer::default()
        .text("ToUserName", ACCOUNT)
        .text("FromUserName", openid)
        .number("CreateTime", created_at)
        .text("MsgType", "event")
        .text("Event", "TEMPLATESENDJOBFINISH")
        .number("MsgID", msg_id)
        .text("Status", status)
}
