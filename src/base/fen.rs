//! Money as people write and read it. Inside it is whole fen, `i64`, everywhere. Pure; any module may use it.

use std::fmt;

use super::text::half_width;

/// Digits before the point that are taken: below ten billion yuan.
const MOST_DIGITS: usize = 10;
const DIGITS: [&str; 10] = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];
const PLACES: [(u64, &str); 4] = [(1_000, "仟"), (100, "佰"), (10, "拾"), (1, "")];

/// An amount in fen (分), shown in yuan: `161.10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fen(pub i64);

impl Fen {
    /// An amount of yuan as it is typed: `161.1`, `1,234.50`, `161.10元`, `¥161`. None for a sign, for more
    /// than two places and for what is no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.trim().chars().map(half_width).collect();
        let plain = plain.trim_start_matches(['¥', '￥']);
        let plain = plain.trim_end_matches(['元', '块']).trim();
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let whole = grouped(whole)?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > MOST_DIGITS || part.len() > 2 {
            return None;
        }
        if !digits(&whole) || !digits(part) {
            return None;
        }
        format!("{whole}{part:0<2}").parse().ok().map(Self)
    }

    /// As published accounts write it: `-1,234.05`.
    #[must_use]
    pub fn in_groups(self) -> String {
        let plain = self.to_string();
        let (sign, digits) = plain
            .strip_prefix('-')
            .map_or(("", plain.as_str()), |rest| ("-", rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "00"));
        let mut out = sign.to_owned();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        format!("{out}.{part}")
    }

    /// As receipts write it (人民币大写): `壹仟零伍元整`.
    #[must_use]
    pub fn capitals(self) -> String {
        let fen = self.0.unsigned_abs();
        let (yuan, jiao, rest) = (fen / 100, fen / 10 % 10, fen % 10);
        let mut out = String::new();
        if self.0 < 0 {
            out.push('负');
        }
        if yuan > 0 {
            count(yuan, &mut out);
            out.push('元');
        } else if fen == 0 {
            out.push_str("零元");
        }
        if jiao > 0 {
            digit(jiao, &mut out);
            out.push('角');
        } else if yuan > 0 && rest > 0 {
            out.push('零');
        }
        if rest > 0 {
            digit(rest, &mut out);
            out.push('分');
        } else {
            out.push('整');
        }
        out
    }
}

/// Commas only where groups of three end: `1,234`.
fn grouped(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(',');
    let first = groups
        .next()
        .filter(|first| (1..=3).contains(&first.len()))?;
    let mut out = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        out.push_str(group);
    }
    Some(out)
}

fn digit(number: u64, out: &mut String) {
    let word = usize::try_from(number).ok().and_then(|at| DIGITS.get(at));
    out.push_str(word.copied().unwrap_or_default());
}

/// A number above zero in words; what is 10 000 or more counts in 万 and 亿.
fn count(number: u64, out: &mut String) {
    for (unit, word) in [(100_000_000, "亿"), (10_000, "万")] {
        if number >= unit {
            count(number / unit, out);
            out.push_str(word);
            let rest = number % unit;
            if rest > 0 {
                if rest < unit / 10 {
                    out.push('零');
                }
                count(rest, out);
            }
            return;
        }
    }
    let (mut begun, mut gap) = (false, false);
    for (unit, word) in PLACES {
        let one = number / unit % 10;
        if one == 0 {
            gap = begun;
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        digit(one, out);
        out.push_str(word);
        begun = true;
    }
}

/// `161.10`
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fen = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_of_three() {
        for (fen, says) in [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (123_405, "1,234.05"),
            (-100_000_000, "-1,000,000.00"),
            (99_999, "999.99"),
            (i64::MIN, "-92,233,720,368,547,758.08"),
        ] {
            assert_eq!(Fen(fen).in_groups(), says);
        }
    }

    #[test]
    fn yuan_are_read_as_they_are_typed() {
        for (typed, fen) in [
            ("161.1", 16_110),
            ("161.10", 16_110),
            ("161", 16_100),
            ("0.05", 5),
            ("1,234.50", 123_450),
            ("1,234,567", 123_456_700),
            (" １２．５０元 ", 1_250),
            ("¥128", 12_800),
            ("9999999999.99", 999_999_999_999),
        ] {
            assert_eq!(Fen::parse(typed), Some(Fen(fen)), "{typed}");
        }
        for typed in [
            "",
            ".",
            "-1",
            "+1",
            "1.234",
            "1e5",
            "一百",
            "1.2.3",
            "1,23",
            "12345,678",
            ",123",
            "10000000000",
            "1 2",
            "元",
        ] {
            assert_eq!(Fen::parse(typed), None, "{typed}");
        }
        assert_eq!(Fen(-5).to_string(), "-0.05");
    }

    #[test]
    fn capitals_are_written_as_on_a_receipt() {
        for (fen, words) in [
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (55, "伍角伍分"),
            (100, "壹元整"),
            (105, "壹元零伍分"),
            (1_050, "壹拾元伍角整"),
            (100_500, "壹仟零伍元整"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (10_000_000, "壹拾万元整"),
            (10_700_053, "壹拾万柒仟元伍角叁分"),
            (100_000_500, "壹佰万零伍元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_500_000, "壹亿零伍仟元整"),
            (12_000_000_000, "壹亿贰仟万元整"),
            (100_000_000_100, "壹拾亿零壹元整"),
            (
                123_456_789_012_300,
                "壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万零壹佰贰拾叁元整",
            ),
            (-16_110, "负壹佰陆拾壹元壹角整"),
        ] {
            assert_eq!(Fen(fen).capitals(), words, "{fen}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(fen in 0_i64..1_000_000_000_000) {
            prop_assert_eq!(Fen::parse(&Fen(fen).to_string()), Some(Fen(fen)));
        }

        #[test]
        fn no_two_amounts_have_the_same_words(one in 0_i64..10_000_000_000, other in 0_i64..10_000_000_000) {
            prop_assume!(one != other);
            prop_assert_ne!(Fen(one).capitals(), Fen(other).capitals());
            prop_assert!(!Fen(one).capitals().contains("零零"));
        }
    }
}
