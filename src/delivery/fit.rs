//! Values cut to what the fields of a template take (protocols.md §2.4): one value that does not
//! fit makes the platform refuse the whole message. Pure; called by `send`.

use crate::base::clock::{Moment, china};

/// A moment as the fields `time` and `date` take it.
#[must_use]
pub fn time_value(at: Moment) -> String {
    china(at).format("%Y年%-m月%-d日 %H:%M").to_string()
}

/// A value that cannot be made to fit its field: sent, it would be refused (47003).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("模板字段 {field} 没有合适的内容")]
pub struct Misfit {
    /// Which field.
    pub field: String,
}

/// THE rule for every type of field (`thing1`, `phrase2`, `time3` …): the value as it fits, never
/// empty. Words are cut, and stand-ins are used where there are none; numbers and times are not
/// guessed. `allowed` are the values of an `enum` field, as configured.
///
/// # Errors
/// When it cannot be made to fit.
pub fn fit(field: &str, value: &str, allowed: &[&str]) -> Result<String, Misfit> {
    let kind = field.trim_end_matches(|c: char| c.is_ascii_digit());
    let line = one_line(value);
    let fitted = match kind {
        "phrase" => or(take(&line, 5, is_chinese), "更新"),
        "name" => {
            let most = if line.is_ascii() { 20 } else { 10 };
            or(take(&line, most, |c| !c.is_ascii_digit()), "住户")
        }
        "number" => number(&line, 32),
        "amount" => amount(&line),
        "letter" => take(&line, 32, |c| c.is_ascii_alphabetic()),
        "symbol" => take(&line, 5, |c| !c.is_alphanumeric() && !c.is_whitespace()),
        "character_string" => or(take(&line, 32, |c| c.is_ascii_graphic()), "-"),
        "phone_number" => phone(&line),
        "car_number" => take(&line, 8, char::is_alphanumeric),
        "time" if has_clock(&line) => take(&line, 40, |_| true),
        "date" if has_date(&line) => take(&line, 40, |_| true),
        "time" | "date" => String::new(),
        "enum" => line_of(allowed, &line),
        // `thing`, and the free names of older templates.
        _ => or(shorten(&line, 20), "无"),
    };
    if fitted.is_empty() {
        return Err(Misfit {
            field: field.to_owned(),
        });
    }
    Ok(fitted)
}

fn or(fitted: String, instead: &str) -> String {
    if fitted.is_empty() {
        instead.to_owned()
    } else {
        fitted
    }
}

fn line_of(allowed: &[&str], line: &str) -> String {
    let found = allowed.iter().find(|one| **one == line);
    found.map(|one| (*one).to_owned()).unwrap_or_default()
}

/// `8:30` stands in it, with a minute and an hour that can be.
fn has_clock(text: &str) -> bool {
    text.match_indices(':').any(|(at, _)| {
        let (before, behind) = text.split_at(at);
        let behind = behind.get(1..).unwrap_or_default();
        let hour = trailing_digits(before);
        let minute: String = behind.chars().take_while(char::is_ascii_digit).collect();
        hour.parse::<u32>().is_ok_and(|hour| hour < 24)
            && minute.len() == 2
            && minute.parse::<u32>().is_ok_and(|minute| minute < 60)
    })
}

/// `2026年11月21日`, `2026-11-21`, `2026/11/21`.
fn has_date(text: &str) -> bool {
    let parts: Vec<u32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    matches!(parts.as_slice(), [year, month, day, ..]
        if (1900..=2999).contains(year) && (1..=12).contains(month) && (1..=31).contains(day))
}

fn trailing_digits(text: &str) -> &str {
    let kept = text.trim_end_matches(|c: char| c.is_ascii_digit());
    text.get(kept.len()..).unwrap_or_default()
}

/// A phone as it is: a part of one would be somebody else's.
fn phone(line: &str) -> String {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
    let kept: String = line.chars().filter(|c| part(*c)).collect();
    let digits = kept.chars().filter(char::is_ascii_digit).count();
    if digits < 3 || kept.len() > 17 {
        String::new()
    } else {
        kept
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

/// Digits and one point; none when there are more digits than fit: another number is no help.
fn number(text: &str, most: usize) -> String {
    let mut pointed = false;
    let kept: String = text
        .chars()
        .filter(|c| {
            let point = *c == '.' && !pointed;
            pointed |= point;
            c.is_ascii_digit() || point
        })
        .collect();
    let kept = kept.trim_matches('.');
    let minus = text.starts_with('-') && !kept.is_empty();
    match kept.len() + usize::from(minus) {
        length if length > most => String::new(),
        _ if minus => format!("-{kept}"),
        _ => kept.to_owned(),
    }
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
            ("amount5", "¥128.50", "128.50元"),
            ("name6", "阿卜杜拉·买买提明江阿", "阿卜杜拉·买买提明江"),
            ("name6", "Zhang San 3", "Zhang San"),
            ("character_string7", "GY/3-2-501 三栋", "GY/3-2-501"),
            ("phone_number8", "+86 138-0000-0001", "+86138-0000-0001"),
            ("letter9", "A栋b", "Ab"),
            ("symbol9", "a?!", "?!"),
            ("car_number9", "鄂A·12345", "鄂A12345"),
            ("number4", "-3.5", "-3.5"),
            ("time3", "8:30~9:15", "8:30~9:15"),
            ("date3", "2026-11-21", "2026-11-21"),
            ("date3", "2026年11月21日 08:30", "2026年11月21日 08:30"),
            ("character_string7", "三栋", "-"),
            ("name6", "13", "住户"),
            ("enum5", "已办结", "已办结"),
            ("content", "短", "短"),
        ];
        for (field, value, wanted) in table {
            let fitted = fit(field, value, &["待接单", "已办结"]);
            assert_eq!(fitted.as_deref(), Ok(wanted), "{field} {value}");
        }
    }

    #[test]
    fn what_cannot_be_made_right_is_told_and_not_guessed() {
        let long = "1".repeat(33);
        for (field, value) in [
            ("number4", "十二"),
            ("number4", ""),
            ("number4", long.as_str()),
            ("amount5", "若干"),
            ("amount5", "12345678901"),
            ("time3", "明天"),
            ("time3", "25:00"),
            ("time3", "8:5"),
            ("date3", "08:30"),
            ("date3", "2026年13月1日"),
            ("phone_number8", "12"),
            ("phone_number8", "138000000011380000"),
            ("letter9", "三"),
            ("symbol9", "abc"),
            ("car_number9", "—"),
            ("enum5", "处理中"),
            ("enum5", ""),
        ] {
            let misfit = fit(field, value, &["待接单", "已办结"]).unwrap_err();
            assert_eq!(misfit.field, field, "{value}");
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
            for (field, most) in [
                ("thing1", 20), ("phrase2", 5), ("name3", 20), ("letter4", 32), ("number5", 32),
                ("symbol6", 5), ("character_string7", 32), ("time8", 40), ("date9", 40),
                ("amount10", 12), ("phone_number11", 17), ("car_number12", 8), ("enum13", 0),
            ] {
                let Ok(fitted) = fit(field, &value, &[]) else {
                    continue;
                };
                prop_assert!(!fitted.is_empty());
                prop_assert!(fitted.encode_utf16().count() <= most);
                prop_assert!(!fitted.chars().any(char::is_control));
            }
        }
    }
}
