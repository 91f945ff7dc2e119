//! Values cut to what the fields of a template take (protocols.md §2.4): one value that does not
//! fit makes the platform refuse the whole message. Pure; called by `send`.

use crate::base::clock::{Moment, china};

/// A moment as the fields `time` and `date` take it.
#[must_use]
pub fn time_value(at: Moment) -> String {
    china(at).format("%Y年%-m月%-d日 %H:%M").to_string()
}

/// A value that fits a field (`thing1`, `phrase2`, `time3` …), never empty.
#[must_use]
pub fn fit(field: &str, value: &str) -> String {
    let kind = field.trim_end_matches(|c: char| c.is_ascii_digit());
    let line = one_line(value);
    let (fitted, instead) = match kind {
        "thing" => (shorten(&line, 20), "无"),
        "phrase" => (take(&line, 5, is_chinese), "更新"),
        "name" => {
            let most = if line.is_ascii() { 20 } else { 10 };
            (take(&line, most, |c| !c.is_ascii_digit()), "住户")
        }
        "number" => (number(&line, 32), "0"),
        "amount" => (amount(&line), "0元"),
        "letter" => (take(&line, 32, |c| c.is_ascii_alphabetic()), "A"),
        "symbol" => (take(&line, 5, |c| !c.is_alphanumeric()), "-"),
        "character_string" => (take(&line, 32, |c| c.is_ascii_graphic()), "-"),
        "phone_number" => {
            let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
            (take(&line, 17, part), "0")
        }
        "car_number" => (take(&line, 8, char::is_alphanumeric), "无"),
        "time" | "date" => (take(&line, 32, |_| true), "00:00"),
        _ => (shorten(&line, 20), "无"),
    };
    if fitted.is_empty() {
        instead.to_owned()
    } else {
        fitted
    }
}

/// One line without control characters, emoji and doubled spaces. How the platform counts emoji is
/// not known, so they stay out.
fn one_line(value: &str) -> String {
    let kept: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !is_emoji(*c))
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x20d0..=0x20ff | 0x2190..=0x21ff
        | 0x2300..=0x23ff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0xe000..=0xf8ff | 0xfe00..=0xfe0f
        | 0xfeff | 0xfff0..=0xffff | 0x1_0000..=0x1_ffff | 0xe_0000..=0x10_ffff)
}

fn is_chinese(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff)
}

/// At most so many UTF-16 units, `…` in place of the rest: the stricter of the ways to count.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().map(char::len_utf16).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut out = cut(text.chars(), most.saturating_sub(1));
    out.push('…');
    out
}

fn take(text: &str, most: usize, keep: impl Fn(char) -> bool) -> String {
    cut(text.chars().filter(|c| keep(*c)), most)
        .trim()
        .to_owned()
}

fn cut(letters: impl Iterator<Item = char>, most: usize) -> String {
    let mut units = 0;
    letters
        .take_while(|c| {
            units += c.len_utf16();
            units <= most
        })
        .collect()
}

/// Digits and one point.
fn number(text: &str, most: usize) -> String {
    let mut pointed = false;
    let kept = text.chars().filter(|c| {
        let point = *c == '.' && !pointed;
        pointed |= point;
        c.is_ascii_digit() || point
    });
    cut(kept, most).trim_matches('.').to_owned()
}

/// Digits, one point, and 元 behind.
fn amount(text: &str) -> String {
    let number = number(text, 10);
    if number.is_empty() {
        number
    } else {
        format!("{number}元")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn the_table_of_types() {
        let twenty = "一二三四五六七八九十一二三四五六七八九十";
        let table = [
            ("thing1", twenty, twenty),
            (
                "thing1",
                &format!("{twenty}一"),
                "一二三四五六七八九十一二三四五六七八九…",
            ),
            (
                "thing1",
                " 3栋\r\n电梯\u{1d}停了😀\u{fe0f} ",
                "3栋 电梯 停了",
            ),
            ("thing12", "😀👨‍👩‍👧", "无"),
            ("thing1", "", "无"),
            ("thing1", "𠮷野家", "𠮷野家"),
            ("phrase2", "处理中", "处理中"),
            ("phrase2", "已经受理完毕", "已经受理完"),
            ("phrase2", "done", "更新"),
            ("time3", "2026年11月21日 08:30", "2026年11月21日 08:30"),
            ("number4", "12.50.3元", "12.503"),
            ("number4", "十二", "0"),
            ("amount5", "¥128.50", "128.50元"),
            ("name6", "阿卜杜拉·买买提明江阿", "阿卜杜拉·买买提明江"),
            ("name6", "Zhang San 3", "Zhang San"),
            ("character_string7", "GY/3-2-501 三栋", "GY/3-2-501"),
            ("phone_number8", "+86 138-0000-0001", "+86138-0000-0001"),
            ("letter9", "A栋b", "Ab"),
            ("symbol9", "a?!", "?!"),
            ("car_number9", "鄂A·12345", "鄂A12345"),
            ("content", "短", "短"),
        ];
        for (field, value, wanted) in table {
            assert_eq!(fit(field, value), wanted, "{field} {value}");
        }
    }

    #[test]
    fn a_time_is_chinas() {
        assert_eq!(
            time_value(from_ms(1_700_000_000_000).unwrap()),
            "2023年11月15日 06:13"
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_fits(value in ".{0,60}") {
            for (field, most) in [("thing1", 20), ("phrase2", 5), ("name3", 20), ("letter4", 32)] {
                let fitted = fit(field, &value);
                prop_assert!(!fitted.is_empty());
                prop_assert!(fitted.encode_utf16().count() <= most);
                prop_assert!(!fitted.chars().any(char::is_control));
            }
        }
    }
}
