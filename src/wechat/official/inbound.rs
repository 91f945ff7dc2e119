//! What a person did in the chat, as types (protocols.md §1.6, §1.7). Built by
//! [`super::Account::open`]; read by the bot.

use crate::wechat::{
    Error,
    crypto::signature,
    mini::{PushKind, push},
    xml::{self, Element},
};

/// One message or event.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// Our account (`gh_…`).
    pub to: String,
    /// The person's openid; case sensitive.
    pub from: String,
    /// UTC seconds, by the platform's clock; 0 when a message with an id came without it.
    pub created_at: i64,
    /// Present on messages, absent on events.
    pub msg_id: Option<String>,
    /// What it says.
    pub kind: InboundKind,
}

/// The kinds of message.
#[derive(Debug, Clone, PartialEq)]
pub enum InboundKind {
    /// Typed text; `menu_id` when it answers a menu message.
    Text {
        content: String,
        menu_id: Option<String>,
    },
    /// A picture; `pic_url` comes from outside, fetch by `media_id` instead.
    Image { pic_url: String, media_id: String },
    /// A voice message; `recognition` when speech recognition is on and understood something.
    Voice {
        media_id: String,
        format: String,
        recognition: Option<String>,
    },
    /// A video, short or long.
    Video {
        media_id: String,
        thumb_media_id: String,
    },
    /// A place sent on purpose.
    Location {
        latitude: f64,
        longitude: f64,
        scale: Option<i64>,
        label: String,
    },
    /// A shared link.
    Link {
        title: String,
        description: String,
        url: String,
    },
    /// Something happened.
    Event(Event),
    /// A kind unknown to us: acknowledge it.
    Other(String),
}

/// The kinds of event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A person follows; `scene` (without `qrscene_`) and `ticket` when by a QR code.
    Subscribe {
        scene: Option<String>,
        ticket: Option<String>,
    },
    /// A person has left.
    Unsubscribe,
    /// A follower scanned a QR code.
    Scan { scene: String },
    /// A menu button.
    Click { key: String },
    /// A menu button that opens a page.
    View { url: String },
    /// The position reported when the chat is entered.
    Location {
        latitude: f64,
        longitude: f64,
        precision: Option<f64>,
    },
    /// The fate of a template message; `msg_id` is the id that sending returned.
    TemplateSendJobFinish { msg_id: String, status: JobStatus },
    /// What somebody answered about subscription notices (订阅通知), or how some ended; with a digest
    /// that tells two of one second apart.
    Notices { what: PushKind, digest: String },
    /// An event unknown to us: acknowledge it.
    Other(String),
}

/// Whether a template message arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStatus {
    /// It arrived.
    Delivered,
    /// The person blocks our messages.
    Blocked,
    /// Anything else, in the platform's words.
    Failed(String),
}

impl Inbound {
    /// The key by which a repetition is known (protocols.md §1.5): the id of the message; for
    /// events sender, second and name, and the event's key, so that two different buttons pressed
    /// in one second stay two. At most 200 bytes of ASCII, provided that names are.
    #[must_use]
    pub fn key(&self) -> String {
        if let Some(id) = &self.msg_id {
            return format!("msg:{id}");
        }
        let (name, detail) = match &self.kind {
            InboundKind::Event(event) => event.identity(),
            _ => ("message", ""),
        };
        let from = xml::cut(&signature(&[&self.from]), 20).to_owned();
        let base = format!("event:{from}:{}:{name}", self.created_at);
        match detail {
            "" => base,
            detail => format!("{base}:{}", xml::cut(&signature(&[detail]), 16)),
        }
    }

    pub(super) fn read(xml: &Element) -> Result<Self, Error> {
        let msg_id = whole::<u64>(xml, "MsgId")?.map(|id| id.to_string());
        let created_at = match whole::<i64>(xml, "CreateTime")? {
            Some(seconds) => seconds,
            // Without an id the second is what tells a repetition from a new event.
            None if msg_id.is_none() => return Err(Error::Malformed("CreateTime")),
            None => 0,
        };
        Ok(Self {
            to: name(xml, "ToUserName")?,
            from: name(xml, "FromUserName")?,
            created_at,
            kind: InboundKind::read(xml)?,
            msg_id,
        })
    }
}

impl InboundKind {
    fn read(xml: &Element) -> Result<Self, Error> {
        Ok(match xml.required("MsgType")? {
            "text" => Self::Text {
                content: string(xml, "Content")?,
                menu_id: xml.filled("bizmsgmenuid")?.map(str::to_owned),
            },
            "image" => Self::Image {
                pic_url: string(xml, "PicUrl")?,
                media_id: string(xml, "MediaId")?,
            },
            "voice" => Self::Voice {
                media_id: string(xml, "MediaId")?,
                format: string(xml, "Format")?,
                recognition: xml.filled("Recognition")?.map(str::to_owned),
            },
            "video" | "shortvideo" => Self::Video {
                media_id: string(xml, "MediaId")?,
                thumb_media_id: string(xml, "ThumbMediaId")?,
            },
            "location" => Self::Location {
                latitude: degrees(xml, "Location_X")?.unwrap_or_default(),
                longitude: degrees(xml, "Location_Y")?.unwrap_or_default(),
                scale: degrees(xml, "Scale")?.map(whole_part),
                label: string(xml, "Label")?,
            },
            "link" => Self::Link {
                title: string(xml, "Title")?,
                description: string(xml, "Description")?,
                url: string(xml, "Url")?,
            },
            "event" => Self::Event(Event::read(xml)?),
            other => Self::Other(xml::cut(other, 64).to_owned()),
        })
    }
}

impl Event {
    fn read(xml: &Element) -> Result<Self, Error> {
        Ok(match xml.required("Event")? {
            "subscribe" => Self::Subscribe {
                scene: string(xml, "EventKey")?
                    .strip_prefix("qrscene_")
                    .map(str::to_owned),
                ticket: xml.filled("Ticket")?.map(str::to_owned),
            },
            "unsubscribe" => Self::Unsubscribe,
            "SCAN" => Self::Scan {
                scene: string(xml, "EventKey")?,
            },
            "CLICK" => Self::Click {
                key: string(xml, "EventKey")?,
            },
            "VIEW" => Self::View {
                url: string(xml, "EventKey")?,
            },
            "LOCATION" => Self::Location {
                latitude: degrees(xml, "Latitude")?.unwrap_or_default(),
                longitude: degrees(xml, "Longitude")?.unwrap_or_default(),
                precision: degrees(xml, "Precision")?,
            },
            "TEMPLATESENDJOBFINISH" => Self::TemplateSendJobFinish {
                msg_id: whole::<u64>(xml, "MsgID")?
                    .ok_or(Error::Malformed("MsgID"))?
                    .to_string(),
                status: JobStatus::read(&string(xml, "Status")?),
            },
            other if other.starts_with("subscribe_msg_") => match push::of_account(xml)? {
                Some((what, digest)) => Self::Notices { what, digest },
                None => Self::Other(xml::cut(other, 64).to_owned()),
            },
            other => Self::Other(xml::cut(other, 64).to_owned()),
        })
    }

    /// The event's name on the wire, and what tells two such events of one second apart.
    fn identity(&self) -> (&str, &str) {
        match self {
            Self::Subscribe { scene, .. } => ("subscribe", scene.as_deref().unwrap_or_default()),
            Self::Unsubscribe => ("unsubscribe", ""),
            Self::Scan { scene } => ("SCAN", scene),
            Self::Click { key } => ("CLICK", key),
            Self::View { url } => ("VIEW", url),
            Self::Location { .. } => ("LOCATION", ""),
            Self::TemplateSendJobFinish { msg_id, .. } => ("TEMPLATESENDJOBFINISH", msg_id),
            Self::Notices { digest, .. } => ("subscribe_msg", digest),
            Self::Other(name) => (name, ""),
        }
    }
}

impl JobStatus {
    /// Seen: `success`, `failed:user block`, `failed: system failed`, `failed:freq limit`.
    fn read(status: &str) -> Self {
        let status = status.trim();
        match status.strip_prefix("failed:").map(str::trim) {
            None if status == "success" => Self::Delivered,
            Some("user block") => Self::Blocked,
            Some(reason) => Self::Failed(xml::cut(reason, 64).to_owned()),
            None => Self::Failed(xml::cut(status, 64).to_owned()),
        }
    }
}

/// A text that may be missing.
pub(in crate::wechat) fn string(xml: &Element, field: &'static str) -> Result<String, Error> {
    Ok(xml.text(field)?.unwrap_or_default().to_owned())
}

/// An openid or account name: it becomes part of keys, hence its narrow shape.
pub(in crate::wechat) fn name(xml: &Element, field: &'static str) -> Result<String, Error> {
    let text = xml.required(field)?;
    if text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Malformed(field));
    }
    Ok(text.to_owned())
}

/// A whole number; an empty element is as good as none.
pub(in crate::wechat) fn whole<T: std::str::FromStr>(
    xml: &Element,
    field: &'static str,
) -> Result<Option<T>, Error> {
    match xml.text(field)?.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Error::Malformed(field)),
    }
}

/// A finite decimal; an empty element is as good as none.
pub(in crate::wechat) fn degrees(xml: &Element, field: &'static str) -> Result<Option<f64>, Error> {
    match whole::<f64>(xml, field)? {
        Some(number) if !number.is_finite() => Err(Error::Malformed(field)),
        number => Ok(number),
    }
}

/// The map's zoom level, which old clients send with decimals.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, and it is a zoom level"
)]
fn whole_part(number: f64) -> i64 {
    number as i64
}
