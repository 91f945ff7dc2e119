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
const MEASURES: &[&str] = &[
    "公斤", "千克", "斤", "箱", "袋", "套", "双", "包", "盒", "瓶", "桶", "罐", "件", "台", "个",
    "本", "把", "张", "幅", "只", "支", "条", "辆", "盆", "床", "册", "部", "块", "盏", "副",
];
/// With these it matters what they are: they stay with the name.
const HOLDING: &[&str] = &[
    "公斤", "千克", "斤", "箱", "袋", "套", "双", "包", "盒", "瓶", "桶", "罐",
];
/// Digits that are written in characters, each at its value.
const NUMERALS: &str = "零一二三四五六七八九";
/// What they are multiplied with.
const TENS: [(char, i64); 3] = [('千', 1000), ('百', 100), ('十', 10)];

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
    let of_money = |c: char| NUMERALS.contains(c) || "两十百千万元块角毛分钱".contains(c);
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
        let (bare, measure) = measured(count.trim());
        return (held(what.trim(), measure), value(bare), room);
    }
    let (what, count) = counted(text);
    (what, count, room)
}

/// A text without what things are counted with at its end, and with what they are.
fn measured(text: &str) -> (&str, &'static str) {
    let found = MEASURES.iter().find_map(|measure| {
        let bare = text.strip_suffix(measure)?;
        Some((bare.trim_end(), *measure))
    });
    found.unwrap_or((text, ""))
}

/// A name with what it is counted in, where that matters: `苹果（箱）`.
fn held(what: &str, measure: &str) -> String {
    let ending = format!("（{measure}）");
    match HOLDING.contains(&measure) && !what.ends_with(&ending) {
        true => format!("{what}{ending}"),
        false => what.to_owned(),
    }
}

/// A number alone, in digits or in characters.
fn value(text: &str) -> Option<i64> {
    let plain: String = text.trim().chars().map(half_width).collect();
    match !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit()) {
        true => plain.parse().ok(),
        false => numeral(&plain),
    }
}

fn digit(c: char) -> Option<i64> {
    if matches!(c, '两' | '兩') {
        return Some(2);
    }
    let at = match c {
        '〇' => 0,
        _ => NUMERALS.chars().position(|one| one == c)?,
    };
    i64::try_from(at).ok()
}

fn tens(c: char) -> Option<i64> {
    let found = TENS.iter().find(|(known, _)| *known == c);
    found.map(|(_, tens)| *tens)
}

/// `二十`, `十二`, `一百零五`, and `一百二`, which is a hundred and twenty; below ten thousand.
fn numeral(text: &str) -> Option<i64> {
    let (mut sum, mut open, mut last, mut zero) = (0, None, 10_000, false);
    for c in text.chars() {
        if let Some(tens) = tens(c) {
            // «百» alone is a name: «百科全书».
            let times = open.take().or((tens == 10).then_some(1))?;
            if tens >= last {
                return None;
            }
            (sum, last, zero) = (sum + times * tens, tens, false);
            continue;
        }
        match digit(c)? {
            0 if sum > 0 && open.is_none() => zero = true,
            value if value > 0 && open.is_none() => open = Some(value),
            _ => return None,
        }
    }
    let one = match last {
        100 | 1000 if !zero => last / 10,
        _ => 1,
    };
    let sum = sum + open.unwrap_or(0) * one;
    (sum > 0).then_some(sum)
}

fn is_ascii_number(c: char) -> bool {
    half_width(c).is_ascii_digit()
}

fn is_of_number(c: char) -> bool {
    is_ascii_number(c) || digit(c).is_some() || tens(c).is_some()
}

/// Whether a cut between two parts goes through a number: `1|2`, `2.|5`.
fn cuts_number(before: &str, behind: &str) -> bool {
    let last = before.chars().next_back().map_or(' ', half_width);
    let first = behind.chars().next().map_or(' ', half_width);
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    (first.is_ascii_digit() && goes_on(last)) || (last.is_ascii_digit() && goes_on(first))
}

/// The longest number at the end of a text, and what stands before it.
fn number_behind(text: &str) -> Option<(&str, i64)> {
    let letters = text.char_indices().rev();
    let starts: Vec<usize> = letters
        .take_while(|(_, c)| is_of_number(*c))
        .map(|(at, _)| at)
        .collect();
    starts.into_iter().rev().find_map(|at| {
        let (before, number) = text.split_at(at);
        let whole = !cuts_number(before, number);
        Some((before, value(number).filter(|_| whole)?))
    })
}

/// The longest number at the beginning of a text, and what stands behind it.
fn number_before(text: &str) -> Option<(i64, &str)> {
    let letters = text.char_indices();
    let ends: Vec<usize> = letters
        .take_while(|(_, c)| is_of_number(*c))
        .map(|(at, c)| at + c.len_utf8())
        .collect();
    ends.into_iter().rev().find_map(|at| {
        let (number, behind) = text.split_at(at);
        let whole = !cuts_number(number, behind);
        Some((value(number).filter(|_| whole)?, behind))
    })
}

/// `空调2台`, `旧书二十本`, `两台风扇`: what it is, and how many; all of it when it is not said like that.
fn counted(text: &str) -> (String, Option<i64>) {
    let whole = text.trim();
    let names = |what: &str| what.chars().any(char::is_alphabetic);
    let (bare, measure) = measured(whole);
    if !measure.is_empty()
        && let Some((what, count)) = number_behind(bare)
        && names(what)
    {
        return (held(what.trim(), measure), Some(count));
    }
    if let Some((count, behind)) = number_before(whole) {
        let behind = behind.trim_start();
        let found = MEASURES.iter().find_map(|measure| {
            let what = behind.strip_prefix(measure)?.trim();
            Some((*measure, what)).filter(|(_, what)| names(what))
        });
        if let Some((measure, what)) = found {
            return (held(what, measure), Some(count));
        }
    }
    (whole.to_owned(), None)
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
            ("旧书二十本", "旧书", Some(20), None),
            ("棉被三十床", "棉被", Some(30), None),
            ("碗十二个", "碗", Some(12), None),
            ("旧书一百零五本", "旧书", Some(105), None),
            (
                "旧书一百二十本 放 阅览室",
                "旧书",
                Some(120),
                Some("阅览室"),
            ),
            ("两台风扇", "风扇", Some(2), None),
            ("3台风扇", "风扇", Some(3), None),
            ("一百本书", "书", Some(100), None),
            ("苹果 3箱", "苹果（箱）", Some(3), None),
            ("苹果 3 箱", "苹果（箱）", Some(3), None),
            ("苹果（箱） × 3", "苹果（箱）", Some(3), None),
            ("苹果（箱） × 3箱", "苹果（箱）", Some(3), None),
            ("苹果 × 三箱", "苹果（箱）", Some(3), None),
            ("大米50斤", "大米（斤）", Some(50), None),
            ("５０公斤大米", "大米（公斤）", Some(50), None),
            ("百科全书十本", "百科全书", Some(10), None),
            ("大米2.5斤", "大米2.5斤", None, None),
            ("千纸鹤", "千纸鹤", None, None),
            ("十个", "十个", None, None),
            ("纸箱", "纸箱", None, None),
            ("第1箱旧书", "第1箱旧书", None, None),
        ] {
            let room = room.map(str::to_owned);
            assert_eq!(goods(text), (what.to_owned(), count, room), "{text}");
        }
    }

    /// As people write a number in characters.
    fn written(number: i64) -> String {
        let mut out = String::new();
        let mut zero = false;
        for (sign, tens) in [("千", 1000), ("百", 100), ("十", 10), ("", 1)] {
            let digit = number / tens % 10;
            if digit == 0 {
                zero = !out.is_empty();
                continue;
            }
            if zero {
                out.push('零');
                zero = false;
            }
            if !(out.is_empty() && tens == 10 && digit == 1) {
                out.extend(NUMERALS.chars().nth(usize::try_from(digit).unwrap()));
            }
            out.push_str(sign);
        }
        out
    }

    #[test]
    fn numbers_as_they_are_said() {
        for (text, number) in [
            ("十", Some(10)),
            ("两百", Some(200)),
            ("一百二", Some(120)),
            ("两千五", Some(2500)),
            ("一百零二", Some(102)),
            ("二三", None),
            ("百", None),
            ("十百", None),
            ("零", None),
            ("", None),
        ] {
            assert_eq!(numeral(text), number, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_numeral_is_cut(number in 1_i64..10_000) {
            let said = written(number);
            prop_assert_eq!(numeral(&said), Some(number), "{}", said);
            for count in [said, number.to_string()] {
                let behind = goods(&format!("旧书{count}本"));
                prop_assert_eq!(behind, ("旧书".to_owned(), Some(number), None));
                let before = goods(&format!("{count}本旧书"));
                prop_assert_eq!(before, ("旧书".to_owned(), Some(number), None));
                let answered = goods(&format!("苹果 × {count}箱"));
                prop_assert_eq!(answered, ("苹果（箱）".to_owned(), Some(number), None));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let typed = read(&text);
            let _ = (goods(&typed.rest), amount(&typed.rest));
        }
    }
}
