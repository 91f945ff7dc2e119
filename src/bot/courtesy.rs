//! Thanks, goodbye, all right: answered kindly in one line, never filed. «收到» alone answers a notice. Called by
//! `bot/first.rs` and `bot/answer.rs`.

use crate::base::text::fold;
use crate::bot::dialog;
use crate::chat::{Dialog, Turn};

/// What people say to be kind, and what says that all is well; folded, longer ones before what they begin with.
const COURTESIES: &[&str] = &[
    "谢谢您们",
    "谢谢你们",
    "谢谢大家",
    "知道了",
    "晓得了",
    "明白了",
    "了解了",
    "辛苦了",
    "麻烦了",
    "不客气",
    "不用谢",
    "没事了",
    "不用了",
    "好的呢",
    "谢谢您",
    "谢谢你",
    "多谢晒",
    "早上好",
    "中午好",
    "下午好",
    "晚上好",
    "知道",
    "晓得",
    "明白",
    "了解",
    "收到",
    "辛苦",
    "没事",
    "好的",
    "好吧",
    "好滴",
    "好嘞",
    "好哒",
    "好啊",
    "谢谢",
    "谢了",
    "多谢",
    "唔该",
    "感谢",
    "再见",
    "拜拜",
    "晚安",
    "早安",
    "okay",
    "thank you",
    "thanks",
    "thx",
    "bye",
    "嗯",
    "哦",
    "噢",
    "好",
    "行",
    "ok",
    "啦",
    "啊",
    "哈",
    "呢",
    "您",
    "你",
];
/// Particles and persons: no courtesy alone.
const WEAK: &[&str] = &["啦", "啊", "哈", "呢", "您", "你"];
/// Letters of a courtesy at most.
const MOST_COURTESY: usize = 16;

/// Whether a text is nothing but a courtesy: «好的，谢谢您！».
pub(super) fn is_courtesy(text: &str) -> bool {
    let folded = fold(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric() && c != ' ');
    let words: Vec<&str> = parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let mut rest = words.join(" ");
    if rest.is_empty() || rest.chars().count() > MOST_COURTESY {
        return false;
    }
    let mut says = false;
    while !rest.is_empty() {
        let Some(word) = COURTESIES.iter().find(|word| rest.starts_with(**word)) else {
            return false;
        };
        says |= !WEAK.contains(word);
        let behind = rest.get(word.len()..).unwrap_or_default();
        // «book» is no «ok», and «okra» neither.
        let runs_on = word.is_ascii() && behind.starts_with(|c: char| c.is_ascii_alphanumeric());
        if runs_on {
            return false;
        }
        rest = behind.trim_start().to_owned();
    }
    says
}

/// The answer to a courtesy; what was asked before waits on.
pub(super) fn welcome(turn: &mut Turn<'_>) -> String {
    if dialog::asks(&turn.before) {
        turn.dialog = Some(Dialog {
            until_ms: 0,
            ..turn.before.clone()
        });
    }
    "不客气，有事随时写给我。".to_owned()
}
