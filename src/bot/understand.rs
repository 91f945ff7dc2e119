//! What a text means, given the commands and what was asked before. Pure: no I/O, never fails, and
//! every text has a meaning. Called by `bot/answer.rs`.

use crate::base::text;
use crate::bot::Section;
use crate::chat::{Args, Choice, Command, Dialog, Who};
use crate::handbook::sure::complains;

/// The command that brings a person: whatever stands behind it, set apart, it is meant.
const HUMAN: &str = "人工";
/// What people answer to many questions: a command only with a number behind it.
const ANSWERS: &[&str] = &["同意", "不同意"];
/// What a usage calls a sentence that stands behind a number: «驳回心愿 编号 原因».
const WORDS: &[&str] = &[
    "原因",
    "理由",
    "内容",
    "结果",
    "说明",
    "意见",
    "问题",
    "正文",
    "哪里",
    "什么事",
];
/// Letters of a text that are compared with command words.
const HEAD: usize = 24;
/// What people put before a command out of politeness.
const POLITE: &[&str] = &[
    "你好",
    "您好",
    "我想要",
    "麻烦您",
    "麻烦你",
    "我要",
    "我想",
    "帮我",
    "麻烦",
    "请",
];
/// What may stand between a command and the text behind it.
const BETWEEN: &str = ":：,，、。!！”’\"】」』》)）";
/// How much politeness is passed over.
const MOST_POLITE: usize = 4;

/// All commands by their words.
pub struct Lexicon {
    /// Longest words first.
    words: Vec<(Vec<char>, &'static Command)>,
    commands: Vec<&'static Command>,
    sections: &'static [Section],
}

/// Who speaks, as far as it matters for what is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speaker {
    /// Tied to a home or holds a role.
    pub bound: bool,
    /// Holds a role.
    pub staff: bool,
}

impl Speaker {
    /// Whether the command is for this speaker.
    #[must_use]
    pub fn may(self, command: &Command) -> bool {
        match command.who {
            Who::Anyone => true,
            Who::Bound => self.bound,
            Who::Staff => self.staff,
        }
    }
}

/// How a command was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its word.
    Word,
    /// By a digit of the last menu.
    Pick,
    /// It had asked for this text.
    Prompt,
}

/// What a text means.
#[derive(Clone)]
pub enum Meaning {
    /// Do this, with the text behind it.
    Run {
        /// What.
        command: &'static Command,
        /// As written.
        rest: String,
        /// How it was named.
        way: Way,
    },
    /// A command of the staff, from somebody who is none.
    NotYours(&'static Command),
    /// Back to the menu.
    Menu,
    /// A digit that the last menu did not offer.
    Missed,
    /// A digit though nothing was asked, or no longer.
    Lapsed,
    /// No letter and no digit in it.
    Wordless,
    /// A bare digit where a sentence was asked for.
    Unsaid,
    /// Anything else: offered to be filed.
    Unknown(String),
}

impl Lexicon {
    /// Joins the tables of the sections.
    #[must_use]
    pub fn new(sections: &'static [Section]) -> Self {
        let tables = sections.iter().flat_map(|section| section.tables);
        let commands: Vec<&'static Command> = tables.copied().flatten().collect();
        let mut words: Vec<_> = commands
            .iter()
            .flat_map(|command| command.words.iter().map(|word| (*word, *command)))
            .map(|(word, command)| (word.chars().collect::<Vec<_>>(), command))
            .collect();
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self {
            words,
            commands,
            sections,
        }
    }

    /// What the menu shows together.
    #[must_use]
    pub fn sections(&self) -> &'static [Section] {
        self.sections
    }

    /// All commands, table by table.
    pub fn commands(&self) -> impl Iterator<Item = &'static Command> {
        self.commands.iter().copied()
    }

    /// The command with this proper or other word.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&'static Command> {
        let mut commands = self.commands();
        commands.find(|command| command.words.contains(&word))
    }

    /// The command that a text begins with, and what is behind it as written. Politeness in front
    /// («您好，我要报修…») is passed over.
    #[must_use]
    pub fn read<'t>(&self, text: &'t str) -> Option<(&'static Command, &'t str)> {
        let mut behind = text;
        for _ in 0..MOST_POLITE {
            let head = Head::of(behind);
            let Some(end) = POLITE.iter().find_map(|polite| head.begins(polite)) else {
                break;
            };
            behind = head.rest(end);
        }
        let found = self.read_at(&Head::of(behind));
        match found {
            None if behind.len() < text.len() => self.read_at(&Head::of(text)),
            found => found,
        }
    }

    fn read_at<'t>(&self, head: &Head<'t>) -> Option<(&'static Command, &'t str)> {
        self.words.iter().find_map(|(word, command)| {
            let end = head.begins_with(word)?;
            let rest = head.rest(end);
            let calls = command.words.first() == Some(&HUMAN) && is_apart(head.text, rest);
            (calls || fits(word, command, rest)).then_some((*command, rest))
        })
    }

    /// At most three commands whose words are like the beginning of the text, or in it: likeliest
    /// first, each as a text to run.
    #[must_use]
    pub fn nearest(&self, text: &str, speaker: Speaker) -> Vec<String> {
        let folded: Vec<char> = text::fold(text).chars().take(40).collect();
        let mut found: Vec<(usize, &'static Command, String)> = Vec::new();
        let may = |command: &&'static Command| speaker.may(command) && !is_answer(command);
        for command in self.commands().filter(may) {
            let likeness = command.words.iter().filter_map(|word| {
                let word: Vec<char> = word.chars().collect();
                let (distance, end) = likeness(&word, &folded)?;
                Some((distance, folded.get(end..).unwrap_or_default()))
            });
            if let Some((distance, rest)) = likeness.min_by_key(|(distance, _)| *distance) {
                let word = command.words.first().copied().unwrap_or_default();
                let rest: String = rest.iter().collect();
                // Only a number is carried over: free text is put behind what asks for it.
                let line = match Args::new(&rest).number() {
                    Some((number, _)) => format!("{word} {number}"),
                    None => word.to_owned(),
                };
                found.push((distance, command, line));
            }
        }
        found.sort_by_key(|(distance, ..)| *distance);
        found.into_iter().take(3).map(|(.., line)| line).collect()
    }
}

/// Distance of a word from the beginning of a text (0: it is somewhere in it), and where in the
/// text the arguments would begin; none when they are not alike.
fn likeness(word: &[char], text: &[char]) -> Option<(usize, usize)> {
    if word.len() < 2 {
        return None;
    }
    if let Some(at) = text.windows(word.len()).position(|part| part == word) {
        return Some((0, at + word.len()));
    }
    let head = text.get(..word.len())?;
    // A number is no mistyped letter, and a long sentence is no mistyped word of two.
    let is_sentence = word.len() == 2 && text.iter().filter(|c| c.is_alphabetic()).count() > 5;
    if is_sentence || head.iter().any(char::is_ascii_digit) {
        return None;
    }
    let same = word.iter().zip(head).filter(|(a, b)| a == b).count();
    let distance = word.len() - same;
    (same > 0 && distance <= word.len() / 2).then_some((distance, word.len()))
}

/// Whether a sign or a space stands between a word and the text behind it.
fn is_apart(text: &str, rest: &str) -> bool {
    let head = text.strip_suffix(rest).unwrap_or(text);
    let last = head.chars().next_back();
    last.is_some_and(|last| last.is_whitespace() || BETWEEN.contains(last))
}

/// Whether the text behind a word lets it be the command: a command without arguments is not meant
/// by a sentence that only begins like it (我的水管爆了), nor an English word by a longer one.
fn fits(word: &[char], command: &Command, rest: &str) -> bool {
    let next = rest.chars().next();
    if word.last().is_some_and(char::is_ascii_alphanumeric)
        && next.is_some_and(|next| next.is_ascii_alphanumeric())
    {
        return false;
    }
    if is_answer(command) {
        return Args::new(rest).number().is_some();
    }
    takes_arguments(command) || !rest.chars().any(char::is_alphabetic)
}

fn is_answer(command: &Command) -> bool {
    command.words.iter().any(|word| ANSWERS.contains(word))
}

/// Whether something may stand behind the command's word.
#[must_use]
pub fn takes_arguments(command: &Command) -> bool {
    command.asks.is_some() || command.usage.contains(' ')
}

/// The first letters of a text, folded one by one so that each knows where it stands in the text.
struct Head<'t> {
    text: &'t str,
    /// Folded letter, and the byte behind it.
    letters: Vec<(char, usize)>,
}

impl<'t> Head<'t> {
    fn of(text: &'t str) -> Self {
        let start = text
            .char_indices()
            .find(|(_, c)| c.is_alphanumeric() || matches!(c, '?' | '？'))
            .map_or(text.len(), |(at, _)| at);
        let body = text.get(start..).unwrap_or_default();
        let raw: Vec<(usize, char)> = body.char_indices().take(HEAD).collect();
        let plain: String = raw.iter().map(|(_, c)| c).collect();
        let mut simple: Vec<char> = fast2s::convert(&plain).chars().collect();
        if simple.len() != raw.len() {
            simple = plain.chars().collect();
        }
        let letters = raw.iter().zip(simple).map(|((at, c), simple)| {
            let folded = text::half_width(simple).to_lowercase().next();
            (folded.unwrap_or(simple), start + at + c.len_utf8())
        });
        Self {
            text,
            letters: letters.collect(),
        }
    }

    /// How many letters the word has, if the text begins with it.
    fn begins_with(&self, word: &[char]) -> Option<usize> {
        let part = self.letters.get(..word.len())?;
        let same = part.iter().map(|(c, _)| c).eq(word);
        same.then_some(word.len())
    }

    fn begins(&self, word: &str) -> Option<usize> {
        self.begins_with(&word.chars().collect::<Vec<_>>())
    }

    /// What is behind the first `count` letters, without what separates.
    fn rest(&self, count: usize) -> &'t str {
        let byte = count
            .checked_sub(1)
            .and_then(|last| self.letters.get(last))
            .map_or(0, |(_, byte)| *byte);
        let rest = self.text.get(byte..).unwrap_or_default();
        rest.trim_start_matches(|c: char| c.is_whitespace() || BETWEEN.contains(c))
    }
}

/// What a text means to somebody who was asked `dialog` (lapsed dialogs are empty).
#[must_use]
pub fn understand(lexicon: &Lexicon, text: &str, dialog: &Dialog, speaker: Speaker) -> Meaning {
    if !text
        .chars()
        .any(|c| c.is_alphanumeric() || matches!(c, '?' | '？'))
    {
        return Meaning::Wordless;
    }
    if let Some(digit) = digit(text) {
        return understand_digit(lexicon, text, &digit, dialog, speaker);
    }
    if let Some(number) = number(text).filter(|_| !dialog.choices.is_empty()) {
        return understand_digit(lexicon, text, &number, dialog, speaker);
    }
    let not_yours = match lexicon.read(text) {
        Some((command, rest)) if command.who != Who::Staff || speaker.staff => {
            if only_begins_so(text, command, rest)
                && let Some(answer) = answer_to_prompt(lexicon, text, dialog, speaker)
            {
                return answer;
            }
            return Meaning::Run {
                command,
                rest: rest.to_owned(),
                way: Way::Word,
            };
        }
        // «方案什么时候出来» of a resident is a question, «接单 12» is not.
        Some((command, rest)) if rest.is_empty() || Args::new(rest).number().is_some() => {
            Some(command)
        }
        _ => None,
    };
    if let Some(command) = not_yours {
        return Meaning::NotYours(command);
    }
    answer_to_prompt(lexicon, text, dialog, speaker)
        .unwrap_or_else(|| Meaning::Unknown(text.to_owned()))
}

/// Whether a sentence begins like a command that wants a number, and has none: «完成维修» answers «请写下办理
/// 结果», and is no word on a wish, while «补充 水更大了», set apart, is one on a case.
fn only_begins_so(text: &str, command: &Command, rest: &str) -> bool {
    command.asks.is_none()
        && command.usage.contains("编号")
        && !rest.is_empty()
        && !is_apart(text, rest)
        && Args::new(rest).id().is_none()
}

fn understand_digit(
    lexicon: &Lexicon,
    text: &str,
    digit: &str,
    dialog: &Dialog,
    speaker: Speaker,
) -> Meaning {
    if digit == "0" {
        return Meaning::Menu;
    }
    let choice = dialog.choices.iter().find(|choice| choice.digit == digit);
    if let Some(choice) = choice {
        return pick(lexicon, &choice.command, dialog);
    }
    if wants_words(lexicon, dialog) {
        return Meaning::Unsaid;
    }
    if let Some(meaning) = answer_to_prompt(lexicon, text, dialog, speaker) {
        return meaning;
    }
    // Somebody who types the number of the thing instead of the line's.
    let ending = format!(" {digit}");
    let named = |choice: &&Choice| choice.command.ends_with(&ending);
    if let Some(choice) = dialog.choices.iter().find(named) {
        return pick(lexicon, &choice.command, dialog);
    }
    if dialog.choices.is_empty() {
        Meaning::Lapsed
    } else {
        Meaning::Missed
    }
}

/// A choice may stand for any text, not only for a command: what could not be done the first time.
pub(super) fn pick(lexicon: &Lexicon, line: &str, dialog: &Dialog) -> Meaning {
    let Some((command, rest)) = lexicon.read(line) else {
        return Meaning::Unknown(line.to_owned());
    };
    let said = dialog.said.as_deref().filter(|_| command.asks.is_some());
    let rest = match said {
        Some(said) if rest.is_empty() => said,
        _ => rest,
    };
    Meaning::Run {
        command,
        rest: rest.to_owned(),
        way: Way::Pick,
    }
}

/// The text is put behind the command that asked. A command that asked for a number does not take
/// a sentence without any, one that asked for a home or a day none that tells of trouble, and none takes one of
/// somebody who may not do it any more: it may be a new complaint. What is to stand behind a number only the noun
/// can tell, which offers what is no answer ([`crate::chat::Turn::ask_again`]).
fn answer_to_prompt(
    lexicon: &Lexicon,
    text: &str,
    dialog: &Dialog,
    speaker: Speaker,
) -> Option<Meaning> {
    let prompt = dialog.prompt.as_deref()?;
    let (command, before) = lexicon.read(prompt)?;
    if !speaker.may(command) || (complains(text) && !takes_words(command)) {
        return None;
    }
    let takes = match command.asks {
        _ if !before.is_empty() || !wants_number(command) => true,
        // «3栋电梯停了» is no number of anything.
        None => Args::new(text).id().is_some(),
        Some(_) => has_digit(text),
    };
    takes.then(|| Meaning::Run {
        command,
        rest: format!("{before} {text}").trim().to_owned(),
        way: Way::Prompt,
    })
}

/// Whether a sentence was asked for, in which a digit alone says nothing.
fn wants_words(lexicon: &Lexicon, dialog: &Dialog) -> bool {
    let prompt = dialog.prompt.as_deref().unwrap_or_default();
    let Some((command, before)) = lexicon.read(prompt) else {
        return false;
    };
    let says = match before.is_empty() {
        true => command.asks.is_some(),
        false => WORDS.iter().any(|word| command.usage.contains(word)),
    };
    says && !has_digit(command.usage)
}

/// Whether a sentence in somebody's own words may stand behind the command.
fn takes_words(command: &Command) -> bool {
    let asked = command.asks.is_some() && !has_digit(command.usage);
    asked || WORDS.iter().any(|word| command.usage.contains(word))
}

/// Whether what stands behind the command always has a number in it: of a case, of a home.
fn wants_number(command: &Command) -> bool {
    command.asks.is_none() || has_digit(command.usage)
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|c| text::half_width(c).is_ascii_digit())
}

/// A text that is nothing but a number, too long for a line of a menu: of a case, of a bill.
fn number(text: &str) -> Option<String> {
    let folded = text::fold(text);
    let core = folded.trim_start_matches('#').trim_end_matches('号').trim();
    let is_number = (3..=18).contains(&core.len()) && core.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| core.to_owned())
}

/// A text that is a bare digit of a menu, however it is written: `1`, `１。`, `(1)`, `第一个`, `1️⃣`.
fn digit(text: &str) -> Option<String> {
    if text.chars().count() > 8 {
        return None;
    }
    let folded = text::fold(text);
    let core = folded.trim_matches(|c: char| !c.is_alphanumeric());
    let core = core.trim_start_matches(['选', '第', '回', '复']);
    let core = core.trim_end_matches(['个', '项', '条']);
    const NUMERALS: &str = "〇一二三四五六七八九";
    let mut letters = core.chars();
    if let (Some(only), None) = (letters.next(), letters.next())
        && let Some(value) = NUMERALS.chars().position(|numeral| numeral == only)
    {
        return Some(value.to_string());
    }
    let digits = !core.is_empty() && core.len() <= 2 && core.bytes().all(|b| b.is_ascii_digit());
    let value: u32 = core.parse().ok().filter(|_| digits)?;
    Some(value.to_string())
}
