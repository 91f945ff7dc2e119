//! What the board shows of a finished case (示): kind, building and result, without a phone, a home
//! or a name. Pure; asked when a case is finished. In doubt it hides: a number too few on a board
//! hurts nobody.

use entity::kinds::CaseKind;

use crate::base::text::{clean, half_width, shorten};
use crate::case::kind_says;

/// Most characters of a published text.
const MOST: usize = 300;
/// A run of so many digits is a phone or an identity number.
const LONG_NUMBER: usize = 7;
const HIDDEN: &str = "***";
const SOMEONE: &str = "某某";

/// Words behind a number that make it an amount, not a home.
const UNITS: &[&str] = &[
    "元", "块", "米", "年", "月", "日", "点", "时", "分", "秒", "个", "瓦", "伏", "%", "公", "斤",
    "次", "人", "v", "w", "V", "W", "mm", "cm", "m", "kg", "毫", "厘", "平", "度", "天", "小时",
    "件", "台", "把", "根", "升",
];
/// Words behind a number that make it a home or a part of a building.
const HOMES: &[&str] = &["室", "户", "房", "单元", "号房", "号门", "门牌"];
const TITLES: &[&str] = &[
    "先生", "女士", "小姐", "师傅", "阿姨", "大爷", "大妈", "大姐", "大哥", "奶奶", "爷爷", "叔叔",
    "老师", "经理", "主任", "书记", "医生", "家",
];
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";

/// The text for the board. What could not be solved says so.
#[must_use]
pub fn text(kind: CaseKind, place: &str, result: &str, solved: bool, names: &[String]) -> String {
    let result = shorten(&mask(result, names), MOST);
    let end = if solved { "" } else { "未能解决，" };
    format!("{}·{place}：{end}{result}", kind_says(kind))
}

/// Hides phones, identity numbers, homes, the given names, and whoever is called by surname and title.
#[must_use]
pub fn mask(text: &str, names: &[String]) -> String {
    let mut text: String = simplified(&clean(text)).chars().map(plain).collect();
    let mut names: Vec<String> = names
        .iter()
        .map(|name| simplified(name.trim()))
        .filter(|name| name.chars().count() >= 2)
        .collect();
    // The longer first: 欧阳明 is not to become 欧阳某某.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        text = text.replace(&name, SOMEONE);
    }
    hide_numbers(&hide_titled(&text))
}

/// 張秀英 and 张秀英 are one name: the board is written in simplified characters.
#[must_use]
pub fn simplified(text: &str) -> String {
    fast2s::convert(text)
}

/// Full-width digits, letters and dashes to plain ones; other punctuation stays Chinese.
pub(super) fn plain(c: char) -> char {
    match c {
        '－' | '—' | '–' | '‐' => '-',
        c if half_width(c).is_ascii_alphanumeric() => half_width(c),
        c => c,
    }
}

/// «王师傅», «张秀英女士».
fn hide_titled(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let length = if SURNAMES.contains(*c) {
            (1..=3).find(|length| {
                let rest: String = chars.iter().skip(at + length).take(2).collect();
                // «家» alone only directly behind the surname: 王家, not 高层住家.
                TITLES
                    .iter()
                    .any(|title| rest.starts_with(title) && (*title != "家" || *length == 1))
            })
        } else {
            None
        };
        if let Some(length) = length {
            out.push('某');
            at += length;
        } else {
            out.push(*c);
            at += 1;
        }
    }
    out
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || "零〇○一二三四五六七八九幺两".contains(c)
}

fn is_joint(c: char) -> bool {
    matches!(c, '-' | ' ' | '(' | ')' | '/' | '_' | '·' | '#')
}

/// Phones, identity numbers, home numbers.
fn hide_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if !is_number(*c) {
            out.push(*c);
            at += 1;
            continue;
        }
        let end = run_end(&chars, at);
        let run = chars.get(at..end).unwrap_or_default();
        let behind: String = chars.iter().skip(end).take(2).collect();
        if is_private(run, &behind) {
            out.push_str(HIDDEN);
        } else {
            out.extend(run);
        }
        at = end;
    }
    out
}

/// The end of a run of numbers that may be joined by dashes or single spaces.
fn run_end(chars: &[char], start: usize) -> usize {
    let mut end = start;
    let mut at = start;
    while let Some(c) = chars.get(at) {
        if is_number(*c) {
            at += 1;
            end = at;
        } else if is_joint(*c) && at - end < 2 {
            at += 1;
        } else {
            break;
        }
    }
    end
}

fn is_private(run: &[char], behind: &str) -> bool {
    let count = run.iter().filter(|c| is_number(**c)).count();
    let begins = |words: &[&str]| words.iter().any(|word| behind.starts_with(word));
    if count >= LONG_NUMBER || begins(HOMES) {
        return true;
    }
    let ascii = run.iter().all(char::is_ascii);
    let joined = run.iter().any(|c| matches!(c, '-' | '/' | '_' | '#'));
    if joined {
        return ascii;
    }
    let long = count >= 3 && (ascii || run.iter().any(|c| matches!(c, '零' | '〇' | '○' | '幺')));
    long && !begins(UNITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn phones_homes_and_names_do_not_reach_the_board() {
        let names = vec!["张秀英".to_owned(), "李强".to_owned()];
        for (text, published) in [
            ("已联系13800000001", "已联系***"),
            ("已联系１３８ ００００ ０００１的住户", "已联系***的住户"),
            ("电话0539-8000000", "电话***"),
            ("电话一三八零零零零零零零一", "电话***"),
            ("到3-2-501更换水管", "到***更换水管"),
            ("到３－２－５０１更换", "到***更换"),
            ("3栋2单元501室已修好", "3栋***单元***室已修好"),
            ("五零一室已修好", "***室已修好"),
            ("已更换501门锁", "已更换***门锁"),
            ("張秀英家的門由李强修好", "某某家的门由某某修好"),
            ("张秀英家的门由李强修好", "某某家的门由某某修好"),
            ("王师傅已到场，陈小明先生确认", "某师傅已到场，某先生确认"),
            (
                "更换钢绳1根，用时30分钟，共200元",
                "更换钢绳1根，用时30分钟，共200元",
            ),
            ("一楼和二楼的灯都亮了", "一楼和二楼的灯都亮了"),
        ] {
            assert_eq!(mask(text, &names), published, "{text}");
        }
    }

    #[test]
    fn the_board_says_kind_place_and_result() {
        assert_eq!(
            text(CaseKind::Repair, "桂园小区3栋", "电梯已恢复", true, &[]),
            "报修·桂园小区3栋：电梯已恢复"
        );
        assert_eq!(
            text(
                CaseKind::Repair,
                "桂园小区3栋",
                "房屋结构不允许",
                false,
                &[]
            ),
            "报修·桂园小区3栋：未能解决，房屋结构不允许"
        );
    }

    proptest! {
        #[test]
        fn no_phone_survives(before in "\\PC{0,10}", phone in "1[3-9][0-9]{9}", after in "\\PC{0,10}") {
            let masked = mask(&format!("{before}{phone}{after}"), &[]);
            prop_assert!(!masked.contains(&phone));
        }

        #[test]
        fn no_name_survives(before in "[a-z，。]{0,10}", name in "[欧阳秀英强明]{2,4}", after in "[a-z，。]{0,10}") {
            let masked = mask(&format!("{before}{name}{after}"), std::slice::from_ref(&name));
            prop_assert!(!masked.contains(&name));
        }

        #[test]
        fn no_home_survives(building in 1_u32..99, unit in 1_u32..9, home in 101_u32..3399) {
            let code = format!("{building}-{unit}-{home}");
            let masked = mask(&format!("在{code}门口"), &[]);
            prop_assert!(!masked.contains(&home.to_string()), "{}", masked);
        }
    }
}
