//! Who stands behind a case: what the staff writes down for somebody at the counter or on the phone
//! (代报), and how a case without a name (匿名) is kept without one. Pure; used by the actions.
//!
//! What must not be seen is not stored where it could be: the text of an anonymous case bears no
//! name, home or phone of its reporter, and its place is the building, so that no reply, card, push
//! or page has anything to leak.

use entity::kinds::Channel;

use crate::access::Actor;
use crate::base::phone::Phone;
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, digit, half_width, shorten};
use crate::case::publish::{plain, simplified};

/// What others read in place of a name.
pub const NAMELESS: &str = "匿名居民";
/// In place of the own name, and of the own home.
const SOMEONE: &str = "某居民";
const SOME_HOME: &str = "某户";
/// In place of a spot on the map, and of what the map calls it.
const SOME_SPOT: &str = "位置已隐去";
/// What the chat puts in front of a spot, and how many characters may stand between both.
const SPOT_MARK: [char; 2] = ['位', '置'];
const MOST_LABEL: usize = 80;
/// Characters of how somebody calls themselves.
const MOST_ASKER: usize = 20;

/// What is written behind «代报».
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// At the counter or by phone.
    pub channel: Channel,
    /// Without a name.
    pub anonymous: bool,
    /// Who asks.
    pub whom: Whom,
    /// The rest.
    pub text: String,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Whoever lives in this home, as typed.
    Home(String),
    /// Whoever has this phone.
    Phone(Phone),
    /// Somebody who calls themselves so.
    Called(String),
    /// Nothing is said of them.
    Unsaid,
}

/// Reads `[来电|来访] [匿名] [房号|手机号|称呼] 内容`. How somebody calls themselves stands only
/// behind 来电 or 来访: otherwise the first word may be the matter itself.
#[must_use]
pub fn read(text: &str) -> Said {
    let mut said = Said {
        channel: Channel::WalkIn,
        anonymous: false,
        whom: Whom::Unsaid,
        text: clean(text),
    };
    let mut marked = false;
    loop {
        if let Some(rest) = behind(&said.text, &["来电", "电话"]) {
            (said.channel, said.text, marked) = (Channel::Phone, rest, true);
        } else if let Some(rest) = behind(&said.text, &["来访", "上门来"]) {
            (said.channel, said.text, marked) = (Channel::WalkIn, rest, true);
        } else if let Some(rest) = behind(&said.text, &["匿名"]) {
            (said.anonymous, said.text) = (true, rest);
        } else {
            break;
        }
    }
    let (first, rest) = first_word(&said.text);
    if let Some(phone) = Phone::parse(first) {
        said.whom = Whom::Phone(phone);
    } else if is_home(first) {
        said.whom = Whom::Home(first.to_owned());
    } else if marked && !rest.is_empty() {
        said.whom = Whom::Called(shorten(first, MOST_ASKER));
    } else {
        return said;
    }
    said.text = rest.to_owned();
    said
}

fn behind(text: &str, words: &[&str]) -> Option<String> {
    let simple = simplified(text);
    let rest = words.iter().find_map(|word| simple.strip_prefix(word))?;
    let skipped = simple.chars().count() - rest.chars().count();
    let rest: String = text.chars().skip(skipped).collect();
    Some(trim(&rest).to_owned())
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '、'])
}

fn first_word(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | ':' | '：'))
        .unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    (first, trim(rest.trim_start()))
}

/// `3-2-501`, `GY/3-2-501`, `3栋2单元501`: two numbers at least, and nothing but letters, numbers
/// and what stands between them.
fn is_home(word: &str) -> bool {
    let word: String = word.chars().map(half_width).map(plain).collect();
    let bare = ["号楼", "单元", "栋", "幢", "室", "号"]
        .iter()
        .fold(word, |word, unit| word.replace(unit, "-"));
    let local = bare
        .rsplit_once('/')
        .map_or(bare.as_str(), |(_, local)| local);
    let parts: Vec<&str> = local.split('-').filter(|part| !part.is_empty()).collect();
    let simple = |part: &&str| part.len() <= 6 && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (2..=4).contains(&parts.len())
        && parts.iter().all(simple)
        && parts
            .last()
            .is_some_and(|part| part.bytes().any(|b| b.is_ascii_digit()))
}

/// Hides who writes in what they write.
#[derive(Clone, Debug)]
pub struct Veil {
    name: String,
    homes: Vec<String>,
}

impl Veil {
    /// Of this person.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        let name = actor.person.as_ref().map(|person| person.name.as_str());
        let homes = actor.homes.iter().map(|home| home.local_code().to_owned());
        Self::new(name.unwrap_or_default(), homes.collect())
    }

    /// Of somebody by name and homes (`3-2-501`).
    #[must_use]
    pub fn new(name: &str, homes: Vec<String>) -> Self {
        Self {
            name: simplified(name.trim()),
            homes,
        }
    }

    /// The text in simplified characters without the own name, the own homes, phones, identity
    /// numbers and spots on the map. Names and homes of others stay: they are what the case is about.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let text: Vec<char> = simplified(&clean(text)).chars().map(plain).collect();
        let mut text = hide_spots(&text);
        if self.name.chars().count() >= 2 {
            text = blot(&text, &self.name, SOMEONE);
        }
        for home in &self.homes {
            for written in ways(home) {
                text = blot(&text, &written, SOME_HOME);
            }
        }
        hide_numbers(&text.into_iter().collect::<String>())
    }
}

/// Puts other words wherever a spot stands, with what the map calls it: `位置：北门（37.45000, 116.36000）`.
fn hide_spots(text: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text.get(at) {
        let Some(end) = spot(text, at) else {
            out.push(*c);
            at += 1;
            continue;
        };
        at = end;
        let label = out.windows(2).rposition(|pair| pair == SPOT_MARK);
        if let Some(label) = label.filter(|label| out.len() - label <= MOST_LABEL) {
            out.truncate(label);
            at += usize::from(matches!(text.get(at), Some('）' | ')')));
        }
        out.extend(SOME_SPOT.chars());
    }
    out
}

/// The end of two numbers of degrees that begin here.
fn spot(text: &[char], at: usize) -> Option<usize> {
    let first = degrees(text, at)?;
    let between = text.get(first..)?.iter();
    let between = between
        .take_while(|c| matches!(c, ',' | '，' | ' '))
        .count();
    if between == 0 {
        return None;
    }
    degrees(text, first + between)
}

/// The end of `116.36000`: three digits at most before the point, three at least behind it.
fn degrees(text: &[char], at: usize) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|c| c.is_ascii_digit()).count()
    };
    let point = at + digits(at);
    let behind = digits(point + 1);
    let is_one = (1..=3).contains(&(point - at)) && text.get(point) == Some(&'.') && behind >= 3;
    is_one.then_some(point + 1 + behind)
}

/// A home's number as people write it, the longest first.
fn ways(home: &str) -> Vec<String> {
    let parts: Vec<&str> = home.split('-').collect();
    let mut ways = vec![home.to_owned()];
    let (Some(building), Some(room)) = (parts.first(), parts.last()) else {
        return ways;
    };
    if parts.len() < 2 {
        return ways;
    }
    let units: Vec<String> = match parts.as_slice() {
        [_, unit, _] => vec![format!("{unit}单元"), format!("{unit}-")],
        _ => vec![String::new()],
    };
    for word in ["栋", "幢", "号楼", "-"] {
        for unit in units.iter().map(String::as_str).chain([""]) {
            ways.push(format!("{building}{word}{unit}{room}"));
        }
    }
    ways.extend(units.iter().map(|unit| format!("{unit}{room}")));
    // A short number alone may count anything.
    if room.chars().filter(char::is_ascii_digit).count() >= 3 {
        ways.push((*room).to_owned());
    }
    ways.sort_by_key(|way| std::cmp::Reverse(way.chars().count()));
    ways.dedup();
    ways
}

/// Numbers however they are written, so that 五零一 is found where 501 is looked for.
fn shape(c: char) -> char {
    digit(c)
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

/// Puts other words wherever these stand; a number is not found inside of a longer one.
fn blot(text: &[char], wanted: &str, with: &str) -> Vec<char> {
    let shapes: Vec<char> = text.iter().map(|c| shape(*c)).collect();
    let wanted: Vec<char> = wanted.chars().map(shape).collect();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text.get(at) {
        let end = at + wanted.len();
        let is_digit = |place: Option<usize>| {
            place
                .and_then(|place| shapes.get(place))
                .is_some_and(char::is_ascii_digit)
        };
        let inside = is_digit(at.checked_sub(1)) && is_digit(Some(at))
            || is_digit(end.checked_sub(1)) && is_digit(Some(end));
        if !wanted.is_empty() && shapes.get(at..end) == Some(wanted.as_slice()) && !inside {
            out.extend(with.chars());
            at = end;
        } else {
            out.push(*c);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(channel: Channel, anonymous: bool, whom: Whom, text: &str) -> Said {
        Said {
            channel,
            anonymous,
            whom,
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_the_counter_writes_is_read() {
        let home = |code: &str| Whom::Home(code.to_owned());
        let phone = |digits: &str| Whom::Phone(Phone::parse(digits).unwrap());
        let called = |name: &str| Whom::Called(name.to_owned());
        for (text, wanted) in [
            (
                "3-2-501 电梯坏了",
                said(Channel::WalkIn, false, home("3-2-501"), "电梯坏了"),
            ),
            (
                "来电 3栋2单元501，电梯坏了",
                said(Channel::Phone, false, home("3栋2单元501"), "电梯坏了"),
            ),
            (
                "来電13800000101 电梯坏了",
                said(Channel::Phone, false, phone("13800000101"), "电梯坏了"),
            ),
            (
                "13800000101 电梯 坏了",
                said(Channel::WalkIn, false, phone("13800000101"), "电梯 坏了"),
            ),
            (
                "来访李阿姨 1栋电梯坏了",
                said(Channel::WalkIn, false, called("李阿姨"), "1栋电梯坏了"),
            ),
            (
                "匿名 来电 3-2-501 楼道堆物",
                said(Channel::Phone, true, home("3-2-501"), "楼道堆物"),
            ),
            (
                "电梯 坏了",
                said(Channel::WalkIn, false, Whom::Unsaid, "电梯 坏了"),
            ),
            (
                "1栋电梯坏了",
                said(Channel::WalkIn, false, Whom::Unsaid, "1栋电梯坏了"),
            ),
            (
                "来电 电梯坏了",
                said(Channel::Phone, false, Whom::Unsaid, "电梯坏了"),
            ),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    fn veil() -> Veil {
        Veil {
            name: "张秀英".to_owned(),
            homes: vec!["3-2-501".to_owned()],
        }
    }

    #[test]
    fn who_writes_is_not_in_what_is_stored() {
        for (text, stored) in [
            ("我是张秀英，楼上太吵", "我是某居民，楼上太吵"),
            ("張秀英住３－２－５０１", "某居民住某户"),
            ("我家3栋2单元501室，电话13800000101", "我家某户室，电话***"),
            ("三栋二单元五零一漏水", "某户漏水"),
            ("501家", "某户家"),
            ("投诉3-2-601王经理，15012元", "投诉3-2-601王经理，15012元"),
            (
                "堆物，位置：桂园小区北门（37.45000, 116.36000）快来",
                "堆物，位置已隐去快来",
            ),
            ("就在 37.45123，116.36123 这里", "就在 位置已隐去 这里"),
            (
                "水表 12.345 度，上月 11.2 度",
                "水表 12.345 度，上月 11.2 度",
            ),
        ] {
            assert_eq!(veil().hide(text), stored, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_own_name_home_or_phone_survives(before in "[a-z楼上太吵，。]{0,8}", after in "[a-z楼上太吵，。]{0,8}", phone in "1[3-9][0-9]{9}") {
            let text = format!("{before}张秀英{after}3-2-501{before}{phone}{after}");
            let hidden = veil().hide(&text);
            prop_assert!(!hidden.contains("张秀英") && !hidden.contains("501") && !hidden.contains(&phone), "{}", hidden);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = (read(&text), veil().hide(&text));
        }
    }
}
