//! What a group may read: phone numbers, numbers of identity cards, homes and names are made
//! unreadable. The last guard before anything goes into a group; it rather hides too much. Pure.

use crate::base::text::{digit, half_width};

/// In place of a hidden number.
const HIDDEN: &str = "***";
/// Digits of a mobile phone number.
const PHONE: usize = 11;
/// So many digits are an identity card's (the old form) or more than any number of ours has.
const IDENTITY: usize = 15;
/// So many digits without a gap are a number that a group has no use for.
const LONG: usize = 7;
/// What stands behind numbers that count something: then they are no home.
const COUNTED: &str = "元块分点个人天度米年月日号%％次件";

/// Hides what personal data it finds: phones, identity numbers, homes (`3-2-501` → `3栋`), and these
/// names (`张秀英` → `张*`). Redacting twice changes nothing more.
#[must_use]
pub fn redact(text: &str, names: &[String]) -> String {
    hide(&hide_names(text, names), true)
}

/// Hides phones and identity numbers, and nothing else.
#[must_use]
pub fn hide_numbers(text: &str) -> String {
    hide(text, false)
}

fn hide(text: &str, homes: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if digit(c).is_none() {
            out.push(c);
            at += 1;
            continue;
        }
        if let Some(end) = secret(&chars, at) {
            out.push_str(HIDDEN);
            at = end;
        } else if let Some((building, end)) = home(&chars, at).filter(|_| homes) {
            out.extend(chars.get(at..building).unwrap_or_default());
            out.push('栋');
            at = end;
        } else if let Some(end) = room(&chars, at).filter(|_| homes) {
            out.push_str("*室");
            at = end;
        } else {
            // A number before a secret one that the same run holds is hidden piece by piece.
            let end = group(&chars, at);
            out.extend(chars.get(at..end).unwrap_or_default());
            at = end;
        }
    }
    out
}

/// The longest names first, so that a part of one does not spare the rest.
fn hide_names(text: &str, names: &[String]) -> String {
    let mut names: Vec<&String> = names
        .iter()
        .filter(|name| name.chars().count() > 1)
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut text = text.to_owned();
    for name in names {
        if let Some(family) = name.chars().next() {
            text = text.replace(name.as_str(), &format!("{family}*"));
        }
    }
    text
}

/// What people put between the digits of one number; some of it cannot be seen.
fn is_gap(c: char) -> bool {
    matches!(
        half_width(c),
        ' ' | '-'
            | '.'
            | '('
            | ')'
            | '_'
            | '+'
            | ','
            | '·'
            | '•'
            | '—'
            | '–'
            | '‐'
            | '‑'
            | '−'
            | '~'
    ) || c.is_whitespace() && c != '\n'
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
}

fn is_dash(c: char) -> bool {
    matches!(half_width(c), '-' | '—' | '–' | '‐' | '‑' | '−' | '~' | '_')
}

/// The end of the digits that follow one another without a gap.
fn group(chars: &[char], at: usize) -> usize {
    let rest = chars.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|c| digit(**c).is_some()).count()
}

/// The places of all digits of the run that begins here, gaps of at most two characters within.
fn run(chars: &[char], from: usize) -> Vec<usize> {
    let (mut found, mut gap) = (Vec::new(), 0);
    for (at, c) in chars.iter().enumerate().skip(from) {
        if digit(*c).is_some() {
            found.push(at);
            gap = 0;
        } else if is_gap(*c) && gap < 2 {
            gap += 1;
        } else {
            break;
        }
        if found.len() > 64 {
            break;
        }
    }
    found
}

/// The end of a number that nobody may read and that begins here.
fn secret(chars: &[char], at: usize) -> Option<usize> {
    let run = run(chars, at);
    let value = |place: usize| run.get(place).and_then(|at| digit(*chars.get(*at)?));
    let behind = |count: usize| run.get(count.checked_sub(1)?).map(|last| last + 1);
    let without_gap = group(chars, at) - at;
    if without_gap >= IDENTITY || is_identity(chars, &run) {
        let end = behind(run.len().min(18).max(without_gap))?;
        let checked = chars
            .get(end)
            .is_some_and(|c| matches!(half_width(*c), 'x' | 'X'));
        return Some(end + usize::from(checked));
    }
    if run.len() >= PHONE && value(0) == Some(1) && value(1).is_some_and(|second| second >= 3) {
        return behind(PHONE);
    }
    let area = value(0) == Some(0) && (10..=12).contains(&run.len());
    if area {
        return behind(run.len());
    }
    let numbered = at.checked_sub(1).and_then(|before| chars.get(before));
    let ours = numbered.is_some_and(|c| matches!(c, '#' | '＃'));
    (without_gap >= LONG && !ours).then_some(at + without_gap)
}

/// Seventeen digits and one more or an X, perhaps in groups: the seventh to tenth are a year.
fn is_identity(chars: &[char], run: &[usize]) -> bool {
    let digits: Vec<u32> = run
        .iter()
        .take(17)
        .filter_map(|at| digit(*chars.get(*at)?))
        .collect();
    let year = digits
        .get(6..10)
        .map(|year| year.iter().fold(0, |sum, d| sum * 10 + d));
    let month = digits
        .get(10..12)
        .map(|month| month.iter().fold(0, |sum, d| sum * 10 + d));
    digits.len() == 17
        && year.is_some_and(|year| (1900..2100).contains(&year))
        && month.is_some_and(|month| (1..=12).contains(&month))
}

/// A home that begins here: where its building ends, and where it ends. `3-2-501`, `3-501`,
/// `3栋2单元501室`, `3栋501`.
fn home(chars: &[char], at: usize) -> Option<(usize, usize)> {
    let building = number(chars, at, 1, 3)?;
    written_home(chars, building)
        .or_else(|| dashed_home(chars, building))
        .map(|end| (building, end))
}

/// `-2-501`, `-501` behind the building.
fn dashed_home(chars: &[char], building: usize) -> Option<usize> {
    let next = dash(chars, building)?;
    let two = number(chars, next, 1, 2)
        .and_then(|unit| dash(chars, unit))
        .and_then(|last| number(chars, last, 2, 4));
    let end = match two {
        Some(end) => end,
        None => {
            let end = number(chars, next, 3, 4)?;
            let counted = chars.get(end).is_some_and(|c| COUNTED.contains(*c));
            // A third number makes it a date or something else.
            if counted || dash(chars, end).is_some() {
                return None;
            }
            end
        }
    };
    Some(
        end + usize::from(
            chars
                .get(end)
                .is_some_and(|c| matches!(c, '室' | '房' | '户')),
        ),
    )
}

/// `栋2单元501室`, `号楼501` behind the building.
fn written_home(chars: &[char], building: usize) -> Option<usize> {
    let mut at = after(
        chars,
        blank(chars, building),
        &["号楼", "號樓", "栋", "幢", "棟", "座", "楼"],
    )?;
    at = blank(chars, at);
    if let Some(unit) = number(chars, at, 1, 2)
        && let Some(end) = after(chars, blank(chars, unit), &["单元", "單元", "门", "-"])
    {
        at = blank(chars, end);
    }
    let end = number(chars, at, 2, 4)?;
    match after(chars, blank(chars, end), &["室", "房", "户", "號", "号"]) {
        Some(end) => Some(end),
        // «3栋20人»: two digits and no room's word behind them count something.
        None if end - at >= 3 && !chars.get(end).is_some_and(|c| COUNTED.contains(*c)) => Some(end),
        None => None,
    }
}

/// `501室`
fn room(chars: &[char], at: usize) -> Option<usize> {
    let end = number(chars, at, 3, 4)?;
    after(chars, blank(chars, end), &["室", "房"])
}

/// The end of a number of so many digits, no more, that begins here.
fn number(chars: &[char], at: usize, least: usize, most: usize) -> Option<usize> {
    let end = group(chars, at);
    (least..=most).contains(&(end - at)).then_some(end)
}

fn dash(chars: &[char], at: usize) -> Option<usize> {
    let at = blank(chars, at);
    chars.get(at).filter(|c| is_dash(**c))?;
    Some(blank(chars, at + 1))
}

fn blank(chars: &[char], at: usize) -> usize {
    at + usize::from(chars.get(at).is_some_and(|c| matches!(c, ' ' | '\u{3000}')))
}

fn after(chars: &[char], at: usize, words: &[&str]) -> Option<usize> {
    let rest = chars.get(at..)?;
    let word = words.iter().find(|word| {
        let mut letters = word.chars().enumerate();
        letters.all(|(at, letter)| rest.get(at) == Some(&letter))
    })?;
    Some(at + word.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_of_what_is_hidden() {
        let names = ["张秀英".to_owned(), "张秀".to_owned()];
        for (text, wanted) in [
            ("请找张秀英,13800000001", "请找张*,***"),
            ("138-0000-0001 或 138 0000 0001", "*** 或 ***"),
            ("１３８００００００01", "***"),
            ("一三八零零零零零零零一", "***"),
            ("+86 13800000001", "+86 ***"),
            ("0571-88880000", "***"),
            ("身份证 330106199001011234", "身份证 ***"),
            ("身份证 33010619900101123X 在此", "身份证 *** 在此"),
            ("3-2-501 漏水", "3栋 漏水"),
            ("GY/3-2-501室漏水", "GY/3栋漏水"),
            ("12－1－1203漏水", "12栋漏水"),
            ("3-501 漏水", "3栋 漏水"),
            ("3栋2单元501室电梯", "3栋电梯"),
            ("三栋二单元五零一电梯", "三栋电梯"),
            ("3号楼501漏水", "3栋漏水"),
            ("3 栋 501 室", "3栋"),
            ("住501 室", "住*室"),
            ("微信同号88881234", "微信同号***"),
        ] {
            assert_eq!(redact(text, &names), wanted, "{text}");
        }
    }

    #[test]
    fn what_a_group_needs_stays() {
        for text in [
            "诉求 #12 已接单。请在2026-11-21 14:30前办结。",
            "3栋电梯停了",
            "3栋2单元门禁坏了",
            "紧急情况请直接拨打 110、119、120。",
            "回复数字：\n1 报修\n2 投诉\n10-200元",
            "诉求 #12345678 已办结",
            "11月21日 8:00—18:00 停水",
            "3楼20人",
        ] {
            assert_eq!(redact(text, &[]), text);
        }
    }

    /// What a reader could still put together: all digits, whatever stands between them.
    fn digits(text: &str) -> String {
        let plain = text.chars().filter_map(digit);
        plain
            .filter_map(|value| char::from_digit(value, 10))
            .collect()
    }

    proptest! {
        #[test]
        fn no_phone_survives(
            before in "[^0-9]{0,12}", after in "[^0-9]{0,12}",
            second in 3..10_u32, rest in 0..1_000_000_000_u64, gap in "[ .\\-　]{0,2}", wide in any::<bool>(),
        ) {
            let number = format!("1{second}{rest:09}");
            let (head, tail) = number.split_at(3);
            let (middle, tail) = tail.split_at(4);
            let mut shown = format!("{head}{gap}{middle}{gap}{tail}");
            if wide {
                shown = shown.chars().map(|c| match c {
                    '0'..='9' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
                    c => c,
                }).collect();
            }
            let text = redact(&format!("{before}电话{shown}。{after}"), &[]);
            prop_assert!(!digits(&text).contains(&number), "{}", text);
        }

        #[test]
        fn no_identity_number_survives(
            area in 110_000..660_000_u32, year in 1920..2020_u32, month in 1..13_u32, day in 1..29_u32,
            last in 0..1000_u32, check in "[0-9X]",
        ) {
            let number = format!("{area}{year}{month:02}{day:02}{last:03}");
            let text = redact(&format!("证件{number}{check}号"), &[]);
            prop_assert_eq!(text, "证件***号");
        }

        #[test]
        fn no_home_survives(building in 1..200_u32, unit in 1..10_u32, room in 101..3000_u32, words in "[东西漏水。]{0,6}") {
            for text in [
                format!("{words}{building}-{unit}-{room}{words}"),
                format!("{words}{building}栋{unit}单元{room}室{words}"),
                format!("{words}{building}栋{unit}单元{room}{words}"),
            ] {
                let shown = redact(&text, &[]);
                prop_assert_eq!(shown, format!("{words}{building}栋{words}"), "{}", text);
            }
        }

        #[test]
        fn names_go_and_twice_is_once(text in "[a张秀英0-9 栋单元室\\-#]{0,40}") {
            let names = ["张秀英".to_owned(), "张英".to_owned()];
            let once = redact(&text, &names);
            prop_assert!(!names.iter().any(|name| once.contains(name)), "{}", once);
            prop_assert_eq!(redact(&once, &names), once.clone(), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _shown = redact(&text, &[]);
        }
    }
}
