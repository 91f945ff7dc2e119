//! The chat face: a message goes in, a reply comes out, whatever the channel. One message is one
//! transaction ([`answer`]); what a text means is decided without I/O ([`understand`]). Called by
//! the callback routes of `web/` only; knows the nouns by their command tables alone.

mod answer;
mod attach;
mod dialog;
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

/// The nouns' tables and the bot's own, joined: this is where a noun with commands is registered.
const TABLES: &[&[Command]] = &[
    crate::case::chat::COMMANDS,
    crate::case::chat::TOGETHER,
    crate::person::chat::COMMANDS,
    crate::mediation::chat::COMMANDS,
    crate::moderation::chat::COMMANDS,
    crate::preference::chat::COMMANDS,
    crate::visit::chat::COMMANDS,
    crate::privacy::chat::COMMANDS,
    crate::answer::chat::COMMANDS,
    crate::payment::chat::COMMANDS,
    crate::disclosure::chat::COMMANDS,
    crate::expense::chat::COMMANDS,
    objection::COMMANDS,
    crate::wish::chat::COMMANDS,
    crate::offer::chat::COMMANDS,
    crate::agreement::chat::COMMANDS,
    crate::alliance::chat::COMMANDS,
    crate::giving::chat::COMMANDS,
    crate::talent::chat::COMMANDS,
    crate::activity::chat::COMMANDS,
    crate::volunteer::chat::COMMANDS,
    crate::station::chat::COMMANDS,
    crate::notice::chat::COMMANDS,
    crate::handbook::chat::COMMANDS,
    crate::timetable::chat::COMMANDS,
    question::COMMANDS,
    help::COMMANDS,
];

/// All commands by their words.
pub fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(TABLES));
    &LEXICON
}
