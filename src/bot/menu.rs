//! The numbered menu: every command that a person may use, by digits alone, in a booklet of what is needed most,
//! the contents, and the pages of each section. Called by
//! `bot/help.rs` and `bot/answer.rs`.

use std::fmt::Write as _;

use crate::access::Actor;
use crate::bot::{Lexicon, Speaker, help, lexicon};
use crate::chat::{Args, Command, Dialog, Turn};

/// Commands of a page; one more line leads on, and one may be the draft's. A digit has nine.
const LINES: usize = 7;
/// Number of the page with the contents.
const CONTENTS: usize = 2;
/// Above the first page.
const FIRST: &str = "请回复数字，也可以直接写，例如“报修 3栋电梯停了”";
/// What staff sees first.
const STAFF_FIRST: &[&str] = &["待办", "接单", "到场", "办结", "报修", "求助", "进度"];
/// What residents see first.
const RESIDENT_FIRST: &[&str] = &["报修", "投诉", "建议", "求助", "进度", "评价", "我的管家"];
/// What newcomers see first.
const NEWCOMER_FIRST: &[&str] = &["绑定", "报修", "投诉", "建议", "求助"];

/// Who speaks.
pub fn speaker(actor: &Actor) -> Speaker {
    let here = actor.person.is_some();
    Speaker {
        bound: here && (!actor.homes.is_empty() || actor.is_staff()),
        staff: here && actor.is_staff(),
    }
}

/// A page of the menu: its lines, each with what its digit does.
struct Page {
    head: &'static str,
    lines: Vec<(String, String)>,
}

/// The pages of this kind of person's menu, like those of a booklet: first what they need most, then the
/// contents, then each section's. Newcomers see what residents may do, too: it asks them to bind and keeps
/// their words.
fn booklet(lexicon: &Lexicon, speaker: Speaker) -> Vec<Page> {
    let first = match speaker {
        Speaker { staff: true, .. } => STAFF_FIRST,
        Speaker { bound: true, .. } => RESIDENT_FIRST,
        Speaker { .. } => NEWCOMER_FIRST,
    };
    let shown = Speaker {
        bound: true,
        ..speaker
    };
    let may = |command: &&Command| shown.may(command) && !help::is_hidden(command);
    let line = |command: &Command| {
        let word = command.words.first().copied().unwrap_or_default();
        (format!("{word}：{}", command.help), word.to_owned())
    };
    let known = first.iter().filter_map(|word| lexicon.get(word));
    let mut lines: Vec<_> = known.filter(may).map(line).collect();
    lines.push(("更多功能".to_owned(), leaf(CONTENTS, "更多功能")));
    let mut pages = vec![Page { head: FIRST, lines }];
    let mut contents = Vec::new();
    let mut behind = Vec::new();
    for section in lexicon.sections() {
        let commands = section.tables.iter().copied().flatten();
        let lines: Vec<_> = commands.filter(may).map(line).collect();
        if lines.is_empty() {
            continue;
        }
        let begin = CONTENTS + 1 + behind.len();
        let text = format!("{}（{}项）", section.name, lines.len());
        contents.push((text, leaf(begin, section.name)));
        let parts = lines.chunks(LINES);
        let last = parts.len();
        for (at, part) in (1..).zip(parts) {
            let (on, word) = match at < last {
                true => (begin + at, "更多"),
                false => (CONTENTS, "回到目录"),
            };
            let mut lines = part.to_vec();
            lines.push((word.to_owned(), leaf(on, word)));
            behind.push(Page {
                head: section.name,
                lines,
            });
        }
    }
    contents.push(("回到第一页".to_owned(), leaf(1, "回到第一页")));
    pages.push(Page {
        head: "请回复数字，看这一类能做什么",
        lines: contents,
    });
    pages.append(&mut behind);
    pages
}

/// The command that opens a page, with its name for whoever is asked again.
fn leaf(number: usize, name: &str) -> String {
    format!("菜单 {number} {name}")
}

/// The number of the page that the text behind «菜单» means, if it means one: `3`, or `3 心愿和互助` as the
/// menu itself says it.
pub fn page_of(lexicon: &Lexicon, args: &Args) -> Option<usize> {
    let (page, name) = args.number()?;
    let names = ["更多功能", "更多", "回到目录", "回到第一页"];
    let known = lexicon.sections().iter().map(|section| section.name);
    let known = known.chain(names).chain([""]);
    let means = known.into_iter().any(|known| known == name.raw);
    means.then(|| usize::try_from(page).unwrap_or(1))
}

/// A page of the menu and its digits; a page that is not there is the first. `draft` is offered as
/// a line of its own.
pub fn page(
    lexicon: &Lexicon,
    speaker: Speaker,
    number: usize,
    draft: Option<&str>,
) -> (String, Dialog) {
    let mut pages = booklet(lexicon, speaker);
    let at = number
        .checked_sub(1)
        .filter(|at| *at < pages.len())
        .unwrap_or(0);
    let Page { head, mut lines } = pages.swap_remove(at);
    if let Some(draft) = draft.filter(|_| speaker.bound) {
        let shown = crate::base::text::shorten(draft, 12);
        lines.push((format!("提交之前写的“{shown}”"), draft.to_owned()));
    }
    let mut text = format!("{head}：");
    for (digit, (line, _)) in (1..).zip(&lines) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{digit} {line}");
    }
    (
        text,
        Dialog::pick(lines.into_iter().map(|(_, command)| command)),
    )
}

/// The first page, as the answer of this turn, behind a sentence.
pub fn show(turn: &mut Turn<'_>, sentence: &str) -> String {
    show_page(turn, sentence, 1)
}

/// A page, as the answer of this turn, behind a sentence.
pub fn show_page(turn: &mut Turn<'_>, sentence: &str, number: usize) -> String {
    let draft = turn.before.draft.clone();
    let speaker = speaker(&turn.actor);
    let (text, dialog) = page(lexicon(), speaker, number, draft.as_deref());
    turn.dialog = Some(dialog);
    if sentence.is_empty() {
        text
    } else {
        format!("{sentence}\n{text}")
    }
}
