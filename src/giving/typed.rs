//! What somebody types who gives: for which drive, how much or how many, for which room, and whether their name
//! is shown. Pure; asked by `chat`.

use crate::base::fen::Fen;
use crate::base::text::half_width;

/// Stands in place of the number of a drive: for none.
pub const ANY: &str = "不限";
/// Stands in place of a room: wherever it is needed.
pub const ANYWHERE: &str = "社区安排";
/// Before the pieces, where somebody was asked for them.
pub const TIMES: char = '×';
/// Before the room.
const ROOM: &str = " 放 ";
/// Words at the end, and whether they keep the name secret.
const NAMED: [(&str, bool); 2] = [("公开", false), ("匿名", true)];
/// What things are counted with.
const MEASURES: &str = "件台个本箱袋套把张幅只支条双辆盆床";
/// Numbers that are written in characters; `两` is the second of two.
const NUMERALS: &str = "一二三四五六七八九十";

/// A gift as far as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// None: not said; `Some(None)`: for no drive.
    pub drive: Option<Option<i64>>,
    /// What stands between: an amount, or goods.
    pub rest: String,
    /// Whether the name is kept secret; none: not said.
    pub anonymous: Option<bool>,
}

/// Reads what stands behind «捐款» or «捐物».
#[must_use]
pub fn read(raw: &str) -> Typed {
    let mut text = raw.trim();
    let mut anonymous = None;
    for (word, secret) in NAMED {
        if let Some(before) = text.strip_suffix(word)
            && (before.is_empty() || before.ends_with([' ', '\u{3000}', ',', '，', '元']))
        {
            text = before.trim_end_matches([' ', '\u{3000}', ',', '，']);
            anonymous = Some(secret);
        }
    }
    let (drive, rest) = match text.strip_prefix(ANY) {
        Some(rest) => (Some(None), rest),
        None => match numbered(text) {
            Some((id, rest)) => (Some(Some(id)), rest),
            None => (None, text),
        },
    };
    Typed {
        drive,
        rest: rest.trim().to_owned(),
        anonymous,
    }
}

/// A drive's number at the front: `12 旧书`, `#12`; not `12.50` and `100元`, which are amounts, and not `3台`.
fn numbered(text: &str) -> Option<(i64, &str)> {
    let marked = text.strip_prefix(['#', '＃']);
    let text = marked.unwrap_or(text);
    let end = text
        .char_indices()
        .find(|(_, c)| !half_width(*c).is_ascii_digit())
        .map_or(text.len(), |(at, _)| at);
    let (digits, rest) = text.split_at(end);
    let apart = rest.is_empty() || rest.starts_with([' ', '\u{3000}', ',', '，', '号']);
    let number: String = digits.chars().map(half_width).collect();
    let id: i64 = number.parse().ok().filter(|id| *id > 0)?;
    let rest = rest.trim_start_matches([' ', '\u{3000}', ',', '，', '号']);
    apart.then_some((id, rest))
}

/// An amount of yuan as it is typed, in fen; none for what is no amount.
#[must_use]
pub fn amount(text: &str) -> Option<i64> {
    Fen::parse(text).map(|amount| amount.0)
}

/// Whether a text that is no amount may have been meant as one: `1.234`, `-1`, `一百元`.
#[must_use]
pub fn is_like_amount(text: &str) -> bool {
    let of_money = |c: char| NUMERALS.contains(c) || "两零百千万元块角毛分钱".contains(c);
    text.chars().all(|c| !c.is_alphabetic() || of_money(c))
}

/// Goods, how many of them if it is said, and the room if one is said.
#[must_use]
pub fn goods(text: &str) -> (String, Option<i64>, Option<String>) {
    let (text, room) = match text.rsplit_once(ROOM) {
        Some((before, room)) => (before.trim(), Some(room.trim().to_owned())),
        None => (text.trim(), None),
    };
    if let Some((what, count)) = text.rsplit_once(TIMES) {
        let count = pieces(count.trim());
        return (what.trim().to_owned(), count, room);
    }
    let (what, count) = counted(text);
    (what.to_owned(), count, room)
}

/// A number alone, with or without what things are counted with: `2`, `2台`, `两台`.
fn pieces(text: &str) -> Option<i64> {
    let plain: String = text.chars().map(half_width).collect();
    let plain = plain.trim_end_matches(|c| MEASURES.contains(c)).trim();
    match plain.parse() {
        Ok(count) => Some(count),
        Err(_) => {
            let mut letters = plain.chars();
            let only = letters.next().filter(|_| letters.next().is_none());
            only.and_then(numeral)
        }
    }
}

fn numeral(c: char) -> Option<i64> {
    if c == '两' {
        return Some(2);
    }
    let at = NUMERALS.chars().position(|one| one == c)?;
    i64::try_from(at + 1).ok()
}

/// `空调2台`, `空调一台`: what it is, and how many; all of it when it does not end like that.
fn counted(text: &str) -> (&str, Option<i64>) {
    let whole = text.trim_end();
    let Some(bare) = whole.strip_suffix(|c| MEASURES.contains(c)) else {
        return (whole, None);
    };
    let digits = bare
        .chars()
        .rev()
        .take_while(|c| half_width(*c).is_ascii_digit())
        .map(char::len_utf8)
        .sum::<usize>();
    let (what, count) = match digits {
        0 => match bare.chars().next_back() {
            Some(last) => (bare.strip_suffix(last).unwrap_or(bare), numeral(last)),
            None => (bare, None),
        },
        some => {
            let (what, number) = bare.split_at(bare.len() - some);
            (what, pieces(number))
        }
    };
    match count {
        Some(count) if !what.trim().is_empty() => (what.trim(), Some(count)),
        _ => (whole, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gift_as_people_write_it() {
        let typed = |drive, rest: &str, anonymous| Typed {
            drive,
            rest: rest.to_owned(),
            anonymous,
        };
        for (raw, wanted) in [
            ("", typed(None, "", None)),
            ("12", typed(Some(Some(12)), "", None)),
            ("#12 28.5", typed(Some(Some(12)), "28.5", None)),
            (
                "12 28.5元 匿名",
                typed(Some(Some(12)), "28.5元", Some(true)),
            ),
            (
                "12 28.5元公开",
                typed(Some(Some(12)), "28.5元", Some(false)),
            ),
            ("不限 100 公开", typed(Some(None), "100", Some(false))),
            ("100元", typed(None, "100元", None)),
            ("28.50", typed(None, "28.50", None)),
            ("3台风扇", typed(None, "3台风扇", None)),
            ("12 -1", typed(Some(Some(12)), "-1", None)),
            ("箱坏了不公开", typed(None, "箱坏了不公开", None)),
        ] {
            assert_eq!(read(raw), wanted, "{raw}");
        }
    }

    #[test]
    fn what_may_have_been_an_amount() {
        for text in ["", "1.234", "-1", "一百元", "2百块", "99999999999"] {
            assert!(is_like_amount(text), "{text}");
        }
        for text in ["很多", "单元门打不开", "3栋的灯"] {
            assert!(!is_like_amount(text), "{text}");
        }
    }

    #[test]
    fn goods_and_how_many() {
        for (text, what, count, room) in [
            ("旧空调2台", "旧空调", Some(2), None),
            ("旧空调两台", "旧空调", Some(2), None),
            ("旧空调", "旧空调", None, None),
            ("旧空调 × 3", "旧空调", Some(3), None),
            ("旧空调 × 3台 放 书画室", "旧空调", Some(3), Some("书画室")),
            ("1.5匹空调", "1.5匹空调", None, None),
            ("2台", "2台", None, None),
            ("书 × 很多", "书", None, None),
        ] {
            let room = room.map(str::to_owned);
            assert_eq!(goods(text), (what.to_owned(), count, room), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let typed = read(&text);
            let _ = (goods(&typed.rest), amount(&typed.rest));
        }
    }
}
