//! The chat face: a message goes in, a reply comes out, whatever the channel. One message is one
//! transaction ([`answer`]); what a text means is decided without I/O ([`understand`]). Called by
//! the callback routes of `web/` only; knows the nouns by their command tables alone.

mod answer;
mod attach;
mod board;
pub mod cards;
mod courtesy;
mod dialog;
mod first;
pub mod group;
mod help;
pub mod late;
mod menu;
mod objection;
mod question;
mod render;
mod scan;
mod sender;
mod stored;
mod tasks;
mod understand;
mod unknown;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use entity::kinds::Channel;
use serde::{Deserialize, Serialize};

pub use answer::answer;
pub use understand::{Lexicon, Meaning, Speaker, understand};

pub use crate::chat::Audience;
use crate::chat::Command;

/// A message or event as it came in, before it is known who sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// By which door.
    pub channel: Channel,
    /// openid or user id of the sender.
    pub external_id: String,
    /// By which a repetition is known, with the channel in front: `official:msg:123`.
    pub key: String,
    /// What was sent.
    pub kind: SpokenKind,
    /// Who reads the answer.
    pub audience: Audience,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SpokenKind {
    /// Typed text.
    Text(String),
    /// A tap on a line of a menu that was sent.
    Pick {
        /// The line's digit.
        digit: String,
        /// Which question it answers: when that lapses, in milliseconds.
        question: i64,
    },
    /// A picture, by the platform's id.
    Image {
        /// Good for three days.
        media_id: String,
    },
    /// A voice message.
    Voice {
        /// Good for three days.
        media_id: String,
        /// What the platform heard.
        recognition: Option<String>,
    },
    /// A video.
    Video {
        /// Good for three days.
        media_id: String,
    },
    /// A place sent on purpose.
    Location {
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
        /// What the map calls it.
        label: String,
    },
    /// Follows, perhaps by a QR code.
    Subscribe {
        /// What the code says: the code of a place, or a station's.
        scene: Option<String>,
    },
    /// Has left.
    Unsubscribe,
    /// A follower scanned a QR code.
    Scan {
        /// What the code says: the code of a place, or a station's.
        scene: String,
    },
    /// A button of the menu.
    Click {
        /// A command, with or without `CMD:` in front.
        key: String,
    },
    /// Anything else: taken and not answered.
    Other,
}

impl SpokenKind {
    /// What it is, for the log: nothing of what it says.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Pick { .. } => "pick",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::Location { .. } => "location",
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Scan { .. } => "scan",
            Self::Click { .. } => "click",
            Self::Other => "other",
        }
    }

    /// Whether somebody in danger may have sent it: then it is heard however much was sent before.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Text(text)
            | Self::Voice {
                recognition: Some(text),
                ..
            } => first::is_urgent(text),
            _ => false,
        }
    }
}

/// Commands that the menu shows together.
pub struct Section {
    /// As the menu calls it.
    pub name: &'static str,
    /// The nouns' tables.
    pub tables: &'static [&'static [Command]],
}

/// The nouns' tables and the bot's own, joined: this is where a noun with commands is registered.
const SECTIONS: &[Section] = &[
    Section {
        name: "诉求和调解",
        tables: &[
            crate::case::chat::COMMANDS,
            crate::case::chat::TOGETHER,
            tasks::COMMANDS,
            crate::mediation::chat::COMMANDS,
            crate::moderation::chat::COMMANDS,
            crate::visit::chat::COMMANDS,
            crate::answer::chat::COMMANDS,
        ],
    },
    Section {
        name: "缴费和账目",
        tables: &[
            crate::payment::chat::COMMANDS,
            crate::disclosure::chat::COMMANDS,
            crate::expense::chat::COMMANDS,
            objection::COMMANDS,
            question::COMMANDS,
        ],
    },
    Section {
        name: "公告、时间表和手册",
        tables: &[
            crate::notice::chat::COMMANDS,
            crate::timetable::chat::COMMANDS,
            crate::handbook::chat::COMMANDS,
            board::COMMANDS,
        ],
    },
    Section {
        name: "心愿和互助",
        tables: &[
            crate::wish::chat::COMMANDS,
            crate::offer::chat::COMMANDS,
            crate::talent::chat::COMMANDS,
            crate::giving::chat::COMMANDS,
            crate::agreement::chat::COMMANDS,
            crate::alliance::chat::COMMANDS,
        ],
    },
    Section {
        name: "活动和志愿服务",
        tables: &[
            crate::activity::chat::COMMANDS,
            crate::volunteer::chat::COMMANDS,
        ],
    },
    Section {
        name: "驿站和预约",
        tables: &[crate::station::chat::COMMANDS],
    },
    Section {
        name: "我的信息和提醒",
        tables: &[
            crate::person::chat::COMMANDS,
            crate::preference::chat::COMMANDS,
            crate::privacy::chat::COMMANDS,
            help::COMMANDS,
        ],
    },
];

/// All commands by their words.
pub fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(SECTIONS));
    &LEXICON
}
