//! The numbered menu: every command that a person may use, page by page, by digits alone. Called by
//! `bot/help.rs` and `bot/answer.rs`.

use std::fmt::Write as _;

use crate::access::Actor;
use crate::bot::{Lexicon, Speaker, help};
use crate::chat::{Command, Dialog, Turn};

/// Lines of a page; one more leads on.
const LINES: usize = 8;
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

/// Commands of the menu in their order: first what this kind of person needs most, then the rest.
/// Newcomers see what residents may do, too: it asks them to bind and keeps their words.
fn entries(lexicon: &Lexicon, speaker: Speaker) -> Vec<&'static Command> {
    let first = match speaker {
        Speaker { staff: true, .. } => STAFF_FIRST,
        Speaker { bound: true, .. } => RESIDENT_FIRST,
        Speaker { .. } => NEWCOMER_FIRST,
    };
    let shown = Speaker {
        bound: true,
        ..speaker
    };
    let mut entries: Vec<&'static Command> = lexicon
        .commands()
        .filter(|command| shown.may(command) && !help::is_hidden(command))
        .collect();
    let rank = |command: &&'static Command| {
        let proper = command.words.first().copied().unwrap_or_default();
        let place = first.iter().position(|word| *word == proper);
        place.unwrap_or(first.len())
    };
    entries.sort_by_key(rank);
    entries
}

/// A page of the menu and its digits; a page that is not there is the first. `draft` is offered as
/// a line of its own.
pub fn page(
    lexicon: &Lexicon,
    speaker: Speaker,
    number: usize,
    draft: Option<&str>,
) -> (String, Dialog) {
    let entries = entries(lexicon, speaker);
    let pages = entries.len().div_ceil(LINES).max(1);
    let number = if (1..=pages).contains(&number) {
        number
    } else {
        1
    };
    let shown = entries.iter().skip((number - 1) * LINES).take(LINES);
    let mut lines = String::new();
    let mut commands: Vec<String> = Vec::new();
    for command in shown {
        let word = command.words.first().copied().unwrap_or_default();
        commands.push(word.to_owned());
        // Writing to a string cannot fail.
        let _ = write!(lines, "\n{} {word}：{}", commands.len(), command.help);
    }
    if pages > 1 {
        let on = if number < pages { number + 1 } else { 1 };
        commands.push(format!("菜单 {on}"));
        let word = if on == 1 {
            "回到第一页"
        } else {
            "更多功能"
        };
        let _ = write!(lines, "\n{} {word}", commands.len());
    }
    if let Some(draft) = draft.filter(|_| speaker.bound) {
        commands.push(draft.to_owned());
        let shown = crate::base::text::shorten(draft, 12);
        let _ = write!(lines, "\n{} 提交之前写的“{shown}”", commands.len());
    }
    let text = format!("请回复数字，也可以直接写，例如“报修 3栋电梯停了”：{lines}");
    (text, Dialog::pick(commands))
}

/// The first page, as the answer of this turn, behind a sentence.
pub fn show(turn: &mut Turn<'_>, sentence: &str) -> String {
    show_page(turn, sentence, 1)
}

/// A page, as the answer of this turn, behind a sentence.
pub fn show_page(turn: &mut Turn<'_>, sentence: &str, number: usize) -> String {
    let draft = turn.before.draft.clone();
    let speaker = speaker(&turn.actor);
    let (text, dialog) = page(super::lexicon(), speaker, number, draft.as_deref());
    turn.dialog = Some(dialog);
    if sentence.is_empty() {
        text
    } else {
        format!("{sentence}\n{text}")
    }
}
