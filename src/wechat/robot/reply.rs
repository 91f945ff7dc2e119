//! What can be answered to the robot's platform (protocols.md §4.7).

use serde_json::{Value, json};

/// Most bytes of a stream's text; longer ones are refused by the platform.
pub const MOST_BYTES: usize = 20_480;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The whole text so far.
    Stream {
        /// By which the platform asks for the rest.
        id: String,
        /// Whether this is all.
        finish: bool,
        /// The text; cut to what the platform takes.
        content: String,
    },
    /// The whole answer, and a card under it.
    WithCard {
        /// As of a stream.
        id: String,
        /// The text; cut to what the platform takes.
        content: String,
        /// The card.
        card: Value,
    },
    /// A text: only as a welcome.
    Text(String),
    /// A card.
    Card(Value),
    /// The card whose button was pressed, as it is from now on.
    Update(Value),
}

impl Reply {
    /// The whole answer.
    #[must_use]
    pub fn finished(id: &str, content: &str) -> Self {
        Self::Stream {
            id: id.to_owned(),
            finish: true,
            content: content.to_owned(),
        }
    }

    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Stream {
                id,
                finish,
                content,
            } => json!({ "msgtype": "stream", "stream": stream(id, *finish, content) }),
            Self::WithCard { id, content, card } => json!({
                "msgtype": "stream_with_template_card",
                "stream": stream(id, true, content),
                "template_card": card,
            }),
            Self::Text(content) => json!({
                "msgtype": "text", "text": { "content": cut(&harmless(content), 2048) },
            }),
            Self::Card(card) => json!({ "msgtype": "template_card", "template_card": card }),
            Self::Update(card) => json!({
                "response_type": "update_template_card", "template_card": card,
            }),
        }
    }
}

fn stream(id: &str, finish: bool, content: &str) -> Value {
    let content = harmless(content);
    json!({ "id": id, "finish": finish, "content": cut(&content, MOST_BYTES) })
}

/// At most so many bytes, cut between characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    let end = text.floor_char_boundary(most.min(text.len()));
    text.get(..end).unwrap_or_default()
}

/// People's own words come back in answers, which WeCom shows as Markdown: no mention (`<@all>`),
/// no link, no hidden thoughts (`<think>`) may come of them (protocols.md §6.6).
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        let opens = |next: char| next.is_ascii_alphabetic() || matches!(next, '@' | '/' | '!');
        out.push(match (c, next) {
            ('<', Some(next)) if opens(next) => '＜',
            (']', Some('(' | '[' | ':')) => '］',
            _ => c,
        });
    }
    out
}
