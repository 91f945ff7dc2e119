//! A turn of conversation: what nouns are handed and what they answer, whatever the channel.
//! Floor 2; `bot/` (floor 4) fills it in, the nouns' `chat.rs` declare their commands with it. Long lists are in
//! [`pages`].

mod command;
pub mod pages;

use std::fmt::Display;

use entity::kinds::PhotoStage;
use entity::{account, attachment};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::access::Actor;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::store::Tx;

pub use command::{Command, Run, Who, bound, staff};

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

    /// The same, unless the number belongs to the words: «补充 3栋也停了» names a building, no number of
    /// anything.
    #[must_use]
    pub fn id(&self) -> Option<(i64, Self)> {
        let (id, rest) = self.number()?;
        let marked = self.raw.starts_with(['#', '＃']);
        (marked || !rest.raw.starts_with(COUNTED)).then_some((id, rest))
    }
}

/// What is counted, measured or numbered by the number in front of it.
const COUNTED: &[char] = &[
    '栋', '幢', '棟', '楼', '樓', '单', '單', '室', '层', '層', '户', '戶', '个', '個', '点', '點',
    '天', '次', '元', '度', '米', '台', '月', '年', '日', '分', '-', '－',
];

/// The commands by which words that were meant for something else may be filed.
pub const FILINGS: [&str; 4] = ["报修", "投诉", "建议", "求助"];

/// What «通过» may be, and what «驳回».
const PASS: &[&str] = &["通过", "同意", "可以", "ok"];
const REFUSE: &[&str] = &["驳回", "拒绝", "不通过", "不同意", "不行"];

/// Yes or no of somebody who decides, and the words behind it; none when it is neither.
#[must_use]
pub fn verdict(text: &str) -> Option<(bool, String)> {
    let said = crate::base::text::fold(text);
    let lists = [(false, REFUSE), (true, PASS)];
    lists.into_iter().find_map(|(pass, words)| {
        let word = words.iter().find(|word| said.starts_with(**word))?;
        // Words of both lists are as long folded as written.
        let behind: String = text.chars().skip(word.chars().count()).collect();
        let signs = [' ', '\u{3000}', ',', '，', ':', '：', '。'];
        Some((pass, behind.trim_start_matches(signs).to_owned()))
    })
}

/// Who reads the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The one who wrote.
    Private,
    /// Everybody in this group, by the platform's id.
    Group(String),
}

impl Audience {
    /// Whether others read it, too.
    #[must_use]
    pub fn is_group(&self) -> bool {
        matches!(self, Self::Group(_))
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
    /// What was waiting when the message came; lapsed parts are out. Its draft, photos and spot
    /// stay for later turns unless they are taken out here.
    pub before: Dialog,
    /// What the next text may pick from; set by the command, stored by the bot.
    pub dialog: Option<Dialog>,
    /// Who reads the answer.
    pub audience: Audience,
    /// The answer is for the person alone though the question came in a group; set by the bot
    /// from [`Command::in_group`], and by a command that finds more than a group may read.
    pub aside: bool,
}

impl Turn<'_> {
    /// Time of this turn.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.tx.now()
    }

    /// Takes the place that the account sent within the last half hour, latitude and longitude
    /// as maps have them (GCJ-02): whoever files something stores it there.
    pub fn take_spot(&mut self) -> Option<(f64, f64)> {
        let spot = self.before.spot.take()?;
        Some((spot.latitude, spot.longitude))
    }

    /// Takes the place whose code the account scanned within the last half hour: whoever files
    /// something stores it there.
    pub fn take_here(&mut self) -> Option<i64> {
        self.before.here.take().map(|here| here.place_id)
    }

    /// Words that were not what was asked for are not lost: a digit files them. `why` stands in front; `also`
    /// are other commands that may take them, each with what is shown of it.
    pub fn offer_to_file(&mut self, why: &str, words: &str, also: &[(&str, &str)]) -> Reply {
        let filings = FILINGS.iter().map(|word| (*word, *word));
        let lines = self.in_a_row(filings.chain(also.iter().copied()));
        if let Some(dialog) = self.dialog.as_mut() {
            dialog.said = Some(words.to_owned());
        }
        Reply::text(format!(
            "{why}要把“{}”提交吗？请回复数字：\n{lines}\n0 返回菜单",
            shorten(words, 30)
        ))
    }

    /// A sentence that only begins like a command: all of it is offered so.
    pub fn not_meant(&mut self, why: &str, also: &[(&str, &str)]) -> Reply {
        let text = self.text.clone();
        self.offer_to_file(why, &text, also)
    }

    /// What was typed is no answer to the question of `prompt`: says `how` one is written and asks once more. Whoever
    /// meant something else files their words by a digit; so `how` shows an answer that is no digit alone.
    pub fn ask_again(&mut self, how: &str, said: &str, prompt: String) -> Reply {
        if !said.chars().any(char::is_alphabetic) {
            self.dialog = Some(Dialog::ask(prompt));
            return Reply::text(format!("{how}\n（0 返回菜单）"));
        }
        let reply = self.offer_to_file(&format!("{how}\n您写的没有丢，"), said, &[]);
        if let Some(offered) = self.dialog.as_mut() {
            offered.prompt = Some(prompt);
        }
        reply
    }

    /// A numbered list of commands, each with the line that is shown of it: a digit stands for one. `question`
    /// stands in front.
    pub fn offer_list(&mut self, question: &str, all: Vec<(String, String)>) -> Reply {
        let lines = self.numbered(all);
        Reply::text(format!("{question}回复前面的数字：\n{lines}"))
    }

    /// Lines with digits in front, each of which stands for a command.
    pub fn numbered<C: Into<String>, L: Display>(
        &mut self,
        all: impl IntoIterator<Item = (C, L)>,
    ) -> String {
        self.digits(all, "\n")
    }

    /// The same in one line, for a few words.
    pub fn in_a_row<C: Into<String>, L: Display>(
        &mut self,
        all: impl IntoIterator<Item = (C, L)>,
    ) -> String {
        self.digits(all, "  ")
    }

    fn digits<C: Into<String>, L: Display>(
        &mut self,
        all: impl IntoIterator<Item = (C, L)>,
        between: &str,
    ) -> String {
        let (mut commands, mut lines): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for (command, line) in all {
            commands.push(command.into());
            lines.push(format!("{} {line}", commands.len()));
        }
        self.dialog = Some(Dialog::pick(commands));
        lines.join(between)
    }

    /// Gives the photos and voices that the account sent within the last half hour, and that
    /// belong to nothing yet, to `subject` (`case:12`). One statement, and none when nothing
    /// waits. Returns how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn adopt_attachments(
        &mut self,
        subject: &str,
        compound_id: Option<i64>,
    ) -> Result<u64, Fault> {
        let until = std::mem::take(&mut self.before.photos_until_ms);
        if until == 0 {
            return Ok(0);
        }
        let since = self.now() - chrono::TimeDelta::minutes(KEPT_MINUTES);
        let done = attachment::Entity::update_many()
            .set(attachment::ActiveModel {
                subject: Set(Some(subject.to_owned())),
                compound_id: Set(compound_id),
                stage: Set(Some(PhotoStage::Before)),
                ..Default::default()
            })
            .filter(attachment::COLUMN.account_id.eq(self.account.id))
            .filter(attachment::COLUMN.subject.is_null())
            .filter(attachment::COLUMN.created_at.gte(since))
            .exec(self.tx.db())
            .await?;
        Ok(done.rows_affected)
    }
}

/// Characters that are kept of a line of a menu.
const MOST_LABEL: usize = 60;

/// Minutes that a photo or a place waits for the filing it belongs to, and that a photo still
/// finds the case filed before it.
pub const KEPT_MINUTES: i64 = 30;

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
/// it never swallows a new complaint. Commands make one with [`Dialog::pick`] or [`Dialog::ask`];
/// the bot fills in the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialog {
    /// Digits that pick a command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Free text is put behind this command: `报修`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Text that was not understood: put behind the picked command if that one asks for text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The part of the last reply that did not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
    /// How often in a row the answer did not fit.
    #[serde(skip_serializing_if = "is_zero")]
    pub misses: i64,
    /// Milliseconds since 1970, UTC: all of the above lapses then. 0: the bot sets it.
    pub until_ms: i64,
    /// Command and text of an unbound person that wait to be filed after binding: `报修 灯坏了`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// When the draft lapses.
    #[serde(skip_serializing_if = "is_zero")]
    pub draft_until_ms: i64,
    /// Until when photos without a subject wait for a filing; 0 when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub photos_until_ms: i64,
    /// The place sent last, for the next filing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    /// The place whose code was scanned last: the next filing stands there, the next binding begins
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<Box<Here>>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Dialog {
    /// Digits 1, 2, 3 … stand for these commands: `进度 12`.
    pub fn pick<T: Into<String>>(commands: impl IntoIterator<Item = T>) -> Self {
        let choices = commands.into_iter().enumerate();
        Self {
            choices: choices
                .map(|(at, command)| Choice {
                    digit: (at + 1).to_string(),
                    command: command.into(),
                    label: None,
                })
                .collect(),
            ..Self::default()
        }
    }

    /// The same with the line that is shown of each: who types its words means it, too. For what the house itself
    /// calls so; what people have written does not stay in somebody else's dialog.
    pub fn lines(lines: impl IntoIterator<Item = (String, String)>) -> Self {
        let (commands, labels): (Vec<String>, Vec<String>) = lines.into_iter().unzip();
        let mut dialog = Self::pick(commands);
        for (choice, label) in dialog.choices.iter_mut().zip(labels) {
            choice.label = Some(shorten(&label, MOST_LABEL));
        }
        dialog
    }

    /// The next text is put behind this command: `报修`, `评价 12`.
    pub fn ask(command: impl Into<String>) -> Self {
        Self {
            prompt: Some(command.into()),
            ..Self::default()
        }
    }
}

/// A place that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Degrees, GCJ-02: chosen on a map of WeChat's.
    pub latitude: f64,
    /// Degrees, GCJ-02: chosen on a map of WeChat's.
    pub longitude: f64,
    /// Milliseconds since 1970, UTC: lapses then.
    pub until_ms: i64,
}

/// A place whose code was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// Key of the place.
    pub place_id: i64,
    /// Its full code, `GY/3`.
    pub code: String,
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
    /// What is shown behind the digit, where its words pick it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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

    #[test]
    fn a_verdict_and_its_reason() {
        assert_eq!(verdict("通过"), Some((true, String::new())));
        assert_eq!(verdict("通過。"), Some((true, String::new())));
        assert_eq!(
            verdict("不通过：有广告"),
            Some((false, "有广告".to_owned()))
        );
        assert_eq!(verdict("驳回 有电话"), Some((false, "有电话".to_owned())));
        assert_eq!(verdict("看看"), None);
        assert_eq!(verdict(""), None);
    }

    #[test]
    fn a_building_is_no_number_of_anything() {
        for text in ["3栋也停了", "3-2-501 漏水", "2次了", "５楼的灯"] {
            assert_eq!(Args::new(text).id(), None, "{text}");
        }
        for text in ["#3栋也停了", "3 也停了", "3号 好了", "3"] {
            assert_eq!(Args::new(text).id().unwrap().0, 3, "{text}");
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
