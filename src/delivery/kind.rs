//! What a kind of reminder means: a message to compose, or a clock to obey. Nouns fill the table
//! in their `remind.rs`; `command/serve.rs` joins the parts.

use entity::reminder;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::topic::Topic;
use crate::reminder::{BoxFuture, Verdict};

/// Template of an answer that somebody asked for in a WeCom group and that goes to them alone.
pub const ASIDE_TEMPLATE: &str = "aside";

/// What is to be said, before a channel is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Name of the template: `task`, `progress` … (`wechat.official.templates`).
    pub template: &'static str,
    /// What it is about, in a few characters: at most 20 are shown.
    pub title: String,
    /// Where.
    pub place: String,
    /// State, at most five characters.
    pub state: String,
    /// When it happened or is due.
    pub at: Moment,
    /// What to do next, or what has happened where a template would not show it: at most 20 characters are shown.
    pub hint: String,
    /// The whole text, for channels without fields.
    pub text: String,
    /// Page to open, if any.
    pub url: Option<String>,
    /// Goes out in quiet hours too.
    pub urgent: bool,
    /// What can be done by pressing, where a channel has buttons; empty when there is nothing to do.
    pub buttons: Vec<Button>,
}

impl Message {
    /// The same for somebody who waits for it at this moment, at whatever hour.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self {
            urgent: true,
            ..self
        }
    }
}

/// Something that can be done by pressing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// On it: `接单`.
    pub label: &'static str,
    /// The chat command that it stands for: `接单 12`.
    pub command: String,
}

/// Composes one message out of the reminders of one recipient and subject, oldest first (never
/// empty); none when it is no longer needed.
pub type Compose =
    for<'a> fn(&'a App, &'a [reminder::Model]) -> BoxFuture<'a, Result<Option<Message>, Fault>>;

/// Obeys a clock. Runs its own transaction; must be safe to repeat.
pub type Obey = for<'a> fn(&'a App, &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>>;

/// What has to be done.
#[derive(Clone, Copy)]
pub enum Work {
    /// Tell the recipient, who knows it as this.
    Push(Topic, Compose),
    /// The same with what is nobody else's business: when nothing carries it, it is dropped. Nobody goes to a door
    /// for it, and it is no letter that staff reads and sends again.
    Alone(Topic, Compose),
    /// Do something when the time has come.
    Clock(Obey),
}

/// A row of the table of kinds.
#[derive(Clone, Copy)]
pub struct Kind {
    /// As stored in `reminder.kind`.
    pub name: &'static str,
    /// What it means.
    pub work: Work,
}
