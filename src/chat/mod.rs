//! A turn of conversation: what nouns are handed and what they answer, whatever the channel.
//! Floor 2; `bot/` (floor 4) fills it in, the nouns' `chat.rs` declare their commands with it.

use entity::account;
use serde::{Deserialize, Serialize};

use crate::access::Actor;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder::BoxFuture;
use crate::store::Tx;

/// Who may use a command. Finer rules are the action's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, bound or not.
    Anyone,
    /// Whoever is bound to a home or holds a role.
    Bound,
    /// Whoever holds a role.
    Staff,
}

/// A command of the chat: a row of a noun's table.
#[derive(Clone, Copy)]
pub struct Command {
    /// First words that call it, folded (`base::text::fold`), the proper one first.
    pub words: &'static [&'static str],
    /// Who may.
    pub who: Who,
    /// How to write it, shown when arguments are missing: `评价 编号 1-5 [说明]`.
    pub usage: &'static str,
    /// What it does, for the help: `给处理结果打分`.
    pub help: &'static str,
    /// Whether free text is asked for when it comes without arguments (报修 → «请写下…»).
    pub asks: Option<&'static str>,
    /// Does it.
    pub run: Run,
}

/// A command's function. Everything it stores goes through `turn.tx`.
pub type Run = for<'a, 'b> fn(&'a mut Turn<'b>, &'a Args) -> BoxFuture<'a, Result<Reply, Fault>>;

/// What came behind the command word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// As written, trimmed, control characters out.
    pub raw: String,
    /// Folded words of it.
    pub words: Vec<String>,
}

impl Args {
    /// From the text behind the command word.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let raw = crate::base::text::clean(raw);
        let words = crate::base::text::fold(&raw)
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        Self { raw, words }
    }

    /// A number at the front (`12`, `#12`, `＃12`), and what is left behind it as written.
    #[must_use]
    pub fn number(&self) -> Option<(i64, Self)> {
        let text = self.raw.trim_start();
        let text = text.strip_prefix(['#', '＃']).unwrap_or(text).trim_start();
        let mut digits = String::new();
        let mut end = 0;
        for (at, c) in text.char_indices() {
            let c = crate::base::text::half_width(c);
            if !c.is_ascii_digit() || digits.len() > 18 {
                break;
            }
            digits.push(c);
            end = at + text.get(at..)?.chars().next()?.len_utf8();
        }
        let number = digits.parse().ok().filter(|number| *number > 0)?;
        let rest = text.get(end..)?;
        let rest = rest.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '号']);
        Some((number, Self::new(rest)))
    }
}

/// One turn: the message is being answered inside `tx`.
pub struct Turn<'b> {
    /// The house.
    pub app: &'b App,
    /// The transaction of this message: its effect, its audit, its reply.
    pub tx: &'b mut Tx,
    /// Who writes.
    pub actor: Actor,
    /// By which account.
    pub account: account::Model,
    /// The whole text as written.
    pub text: String,
    /// What the next text may pick from; set by the command, stored by the bot.
    pub dialog: Option<Dialog>,
}

impl Turn<'_> {
    /// Time of this turn.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.tx.now()
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// One kind, short sentence and what comes next; cut by the bot to what the channel carries.
    pub text: String,
}

impl Reply {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// What an account's next message may mean. Lapses; a command word always goes before it, so that
/// it never swallows a new complaint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    /// Digits that pick a command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Free text is put behind this command: `报修`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Text of an unbound person that waits to be filed after binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// Milliseconds since 1970, UTC: lapses then.
    pub until_ms: i64,
}

/// A numbered line of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is typed: `1`.
    pub digit: String,
    /// The command that it stands for: `进度 12`.
    pub command: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_may_be_written_in_many_ways() {
        for text in [
            "12 好",
            "#12 好",
            "＃12 好",
            "１２，好",
            "12号 好",
            " # 12好",
        ] {
            let (number, rest) = Args::new(text).number().unwrap();
            assert_eq!((number, rest.raw.as_str()), (12, "好"), "{text}");
        }
        for text in ["", "好", "#", "0", "99999999999999999999", "-3"] {
            assert_eq!(Args::new(text).number(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let args = Args::new(&text);
            if let Some((number, rest)) = args.number() {
                prop_assert!(number > 0);
                prop_assert!(rest.raw.len() <= args.raw.len());
            }
        }
    }
}
