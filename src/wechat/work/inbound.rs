//! What a member of the corporation did in the application, as types (protocols.md §4.1). Built by
//! [`super::Account::open`]; read by the bot's face.

use crate::wechat::{
    Error,
    crypto::signature,
    official::inbound::{degrees, name, string, whole},
    xml::{self, Element},
};

/// One message or event.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// The corporation's id.
    pub to: String,
    /// The member's user id, lower-cased: WeCom's ids mean the same in any case. `sys` when the
    /// address book itself speaks.
    pub from: String,
    /// UTC seconds, by WeCom's clock; 0 when a message with an id came without it.
    pub created_at: i64,
    /// Present on messages, absent on events.
    pub msg_id: Option<String>,
    /// Which application; the address book's events name none.
    pub agent_id: Option<i64>,
    /// What it says.
    pub kind: InboundKind,
}

/// The kinds of message.
#[derive(Debug, Clone, PartialEq)]
pub enum InboundKind {
    /// Typed text.
    Text(String),
    /// A picture; `pic_url` comes from outside, fetch by `media_id` instead.
    Image { pic_url: String, media_id: String },
    /// A voice message, `amr`; WeCom hears no words in it.
    Voice { media_id: String, format: String },
    /// A video.
    Video {
        media_id: String,
        thumb_media_id: String,
    },
    /// A place sent on purpose.
    Location {
        latitude: f64,
        longitude: f64,
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
    /// The member may see the application from now on.
    Subscribe,
    /// The member may not see it any more.
    Unsubscribe,
    /// The application was opened.
    EnterAgent,
    /// A menu button.
    Click { key: String },
    /// A menu button that opens a page.
    View { url: String },
    /// The position that the app reports by itself.
    Location { latitude: f64, longitude: f64 },
    /// A button of a card.
    CardPressed {
        /// The button's key.
        key: String,
        /// The card's.
        task_id: String,
        /// `button_interaction` …
        card_type: String,
        /// Good for one update of the card within 72 hours.
        response_code: String,
        /// What was picked in the card's lists.
        selected: Vec<Selected>,
    },
    /// The address book changed.
    Contact(ContactChange),
    /// An event unknown to us: acknowledge it.
    Other(String),
}

/// What was picked in one list of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Which list.
    pub question: String,
    /// Ids of what was picked.
    pub options: Vec<String>,
}

/// A change of the address book that matters to us. User ids lower-cased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactChange {
    /// `delete_user`
    Left { userid: String },
    /// `update_user` with a new id.
    Renamed { userid: String, now: String },
    /// Any other.
    Other(String),
}

impl Inbound {
    /// The key by which a repetition is known: the id of the message; for events sender, second and
    /// name, and what tells two such events of one second apart. At most 250 bytes of ASCII,
    /// provided that names are.
    #[must_use]
    pub fn key(&self) -> String {
        if let Some(id) = &self.msg_id {
            return format!("msg:{id}");
        }
        let (name, detail) = match &self.kind {
            InboundKind::Event(event) => event.identity(),
            _ => ("message", String::new()),
        };
        let from = xml::cut(&signature(&[&self.from]), 20).to_owned();
        let base = format!("event:{from}:{}:{name}", self.created_at);
        if detail.is_empty() {
            return base;
        }
        format!("{base}:{}", xml::cut(&signature(&[&detail]), 16))
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
            from: name(xml, "FromUserName")?.to_ascii_lowercase(),
            created_at,
            agent_id: whole(xml, "AgentID")?,
            kind: InboundKind::read(xml)?,
            msg_id,
        })
    }
}

impl InboundKind {
    fn read(xml: &Element) -> Result<Self, Error> {
        Ok(match xml.required("MsgType")? {
            "text" => Self::Text(string(xml, "Content")?),
            "image" => Self::Image {
                pic_url: string(xml, "PicUrl")?,
                media_id: string(xml, "MediaId")?,
            },
            "voice" => Self::Voice {
                media_id: string(xml, "MediaId")?,
                format: string(xml, "Format")?,
            },
            "video" => Self::Video {
                media_id: string(xml, "MediaId")?,
                thumb_media_id: string(xml, "ThumbMediaId")?,
            },
            "location" => Self::Location {
                latitude: degrees(xml, "Location_X")?.unwrap_or_default(),
                longitude: degrees(xml, "Location_Y")?.unwrap_or_default(),
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
            "subscribe" => Self::Subscribe,
            "unsubscribe" => Self::Unsubscribe,
            "enter_agent" => Self::EnterAgent,
            "click" => Self::Click {
                key: string(xml, "EventKey")?,
            },
            "view" => Self::View {
                url: string(xml, "EventKey")?,
            },
            "LOCATION" => Self::Location {
                latitude: degrees(xml, "Latitude")?.unwrap_or_default(),
                longitude: degrees(xml, "Longitude")?.unwrap_or_default(),
            },
            "template_card_event" => Self::CardPressed {
                key: string(xml, "EventKey")?,
                task_id: string(xml, "TaskId")?,
                card_type: string(xml, "CardType")?,
                response_code: string(xml, "ResponseCode")?,
                selected: selected(xml)?,
            },
            "change_contact" => Self::Contact(ContactChange::read(xml)?),
            other => Self::Other(xml::cut(other, 64).to_owned()),
        })
    }

    /// The event's name on the wire, and what tells two such events of one second apart.
    fn identity(&self) -> (&str, String) {
        match self {
            Self::Subscribe => ("subscribe", String::new()),
            Self::Unsubscribe => ("unsubscribe", String::new()),
            Self::EnterAgent => ("enter_agent", String::new()),
            Self::Click { key } => ("click", key.clone()),
            Self::View { url } => ("view", url.clone()),
            Self::Location { .. } => ("LOCATION", String::new()),
            Self::CardPressed { key, task_id, .. } => {
                ("template_card_event", format!("{task_id} {key}"))
            }
            Self::Contact(change) => ("change_contact", format!("{change:?}")),
            Self::Other(name) => (name, String::new()),
        }
    }
}

impl ContactChange {
    fn read(xml: &Element) -> Result<Self, Error> {
        let kind = xml.required("ChangeType")?;
        let userid = || Ok(name(xml, "UserID")?.to_ascii_lowercase());
        Ok(match kind {
            "delete_user" => Self::Left { userid: userid()? },
            "update_user" if xml.filled("NewUserID")?.is_some() => Self::Renamed {
                userid: userid()?,
                now: name(xml, "NewUserID")?.to_ascii_lowercase(),
            },
            other => Self::Other(xml::cut(other, 64).to_owned()),
        })
    }
}

fn selected(xml: &Element) -> Result<Vec<Selected>, Error> {
    let Some(list) = xml.child("SelectedItems") else {
        return Ok(Vec::new());
    };
    list.all("SelectedItem")
        .map(|item| {
            let options = item.child("OptionIds");
            Ok(Selected {
                question: string(item, "QuestionKey")?,
                options: options.map_or_else(Vec::new, |ids| ids.texts("OptionId")),
            })
        })
        .collect()
}
