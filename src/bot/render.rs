//! The last touch on a reply: what the chat would take for markup is made harmless, and what does
//! not fit into one message waits for «更多». Pure. Called by `bot/answer.rs`.

use crate::base::text;

/// Bytes that every client shows (protocols.md §1.8).
pub const MOST_BYTES: usize = 2000;
/// Bytes of a rest that are kept: ten messages.
const MOST_REST: usize = 20_000;
const TAIL: &str = "\n…(回复“更多”看其余)";

/// What is sent now, and what waits.
pub fn fit(reply: &str) -> (String, Option<String>) {
    let reply = once_ended(harmless(&text::clean(reply)));
    if reply.len() <= MOST_BYTES {
        return (reply, None);
    }
    let room = text::cut_bytes(&reply, MOST_BYTES - TAIL.len());
    // Rather between two lines, unless the last line is most of it.
    let head = match room.rfind('\n') {
        Some(line) if line > room.len() / 2 => reply.get(..line).unwrap_or(room),
        _ => room,
    };
    let rest = reply.get(head.len()..).unwrap_or_default();
    let rest = text::cut_bytes(rest.trim_start_matches('\n'), MOST_REST);
    (format!("{head}{TAIL}"), Some(rest.to_owned()))
}

/// People's own words end as they like, and ours go on with a stop behind them: one of the two is enough.
fn once_ended(reply: String) -> String {
    const DOUBLED: [(&str, &str); 3] = [("！。", "！"), ("？。", "？"), ("。。", "。")];
    DOUBLED.iter().fold(reply, |reply, (doubled, once)| {
        match reply.contains(doubled) {
            true => reply.replace(doubled, once),
            false => reply,
        }
    })
}

/// People's own words come back in replies, and the chat would make links of `<a href>`.
fn harmless(reply: &str) -> String {
    if !reply.contains('<') {
        return reply.to_owned();
    }
    let mut out = String::with_capacity(reply.len());
    let mut letters = reply.chars().peekable();
    while let Some(c) = letters.next() {
        let opens = c == '<'
            && letters
                .peek()
                .is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!'));
        out.push(if opens { '＜' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_do_not_come_back() {
        let (text, _) = fit(r#"收到：<a href="http://x">点我</a> 1<2"#);
        assert_eq!(text, r#"收到：＜a href="http://x">点我＜/a> 1<2"#);
    }

    #[test]
    fn a_sentence_ends_once() {
        let (text, _) = fit("已收到：没人管！。会有人看？。好。。");
        assert_eq!(text, "已收到：没人管！会有人看？好。");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_everything_fits(line in "[a-c楼道灯\\n]{0,1800}") {
            let line = text::clean(&line);
            let (mut shown, mut rest) = fit(&line);
            let mut whole = String::new();
            let mut messages = 1;
            while let Some(more) = rest {
                prop_assert!(shown.len() <= MOST_BYTES);
                whole.push_str(shown.strip_suffix(TAIL).unwrap());
                (shown, rest) = fit(&more);
                messages += 1;
                prop_assert!(messages < 10);
            }
            whole.push_str(&shown);
            let letters = |text: &str| text.replace('\n', "");
            prop_assert_eq!(letters(&whole), letters(&line));
        }
    }
}
