//! What somebody types behind «绑定»: a home, a name, a phone in any order, maybe a compound in
//! front; or an invitation code. Pure; used by chat.rs.

use crate::base::phone::Phone;
use crate::base::text::{fold, half_width};
use crate::place::code;

/// Digits of an invitation code.
pub const CODE_DIGITS: usize = 8;

/// Longest name, characters: names of Uyghurs and foreigners are the longest on a roster.
const MOST_NAME: usize = 40;

/// Who somebody says to be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name or code of the compound, if written.
    pub compound: Option<String>,
    /// The home as typed, `3-2-501`.
    pub home: String,
    /// The name as typed.
    pub name: String,
    /// The phone.
    pub phone: Phone,
}

/// What is still missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// No home's number.
    Home,
    /// No name.
    Name,
    /// No phone of eleven digits.
    Phone,
}

/// An invitation code, if the whole text is one: eight digits, spaces and dashes between allowed.
#[must_use]
pub fn invitation_code(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .map(half_width)
        .filter(|c| !matches!(c, ' ' | '-'))
        .collect();
    let is_code = plain.len() == CODE_DIGITS && plain.bytes().all(|b| b.is_ascii_digit());
    // 3-2-10501 has eight signs with its dashes, but not eight digits.
    is_code.then_some(plain)
}

/// Reads a claim.
///
/// # Errors
/// The first thing that is missing.
pub fn parse(text: &str) -> Result<Claim, Unclear> {
    let plain: String = text
        .chars()
        .map(half_width)
        .map(|c| if matches!(c, ',' | ';' | ':') { ' ' } else { c })
        .collect();
    let mut words: Vec<String> = plain.split_whitespace().map(str::to_owned).collect();
    let phone = take_phone(&mut words).ok_or(Unclear::Phone)?;
    let words: Vec<String> = words.iter().flat_map(|word| split_glued(word)).collect();
    let Some(first) = words.iter().position(|word| is_codeish(word)) else {
        return Err(Unclear::Home);
    };
    let last = words
        .iter()
        .enumerate()
        .skip(first)
        .take_while(|(at, word)| *at == first || is_part(word))
        .map(|(at, _)| at)
        .last()
        .unwrap_or(first);
    let part = |from: usize, to: usize| words.get(from..to).unwrap_or_default().to_vec();
    let (mut before, home, after) = (
        part(0, first),
        part(first, last + 1),
        part(last + 1, words.len()),
    );
    // `GY2 3-2-501`: a compound whose code looks like a number of its own.
    if let Some(second) = after.iter().position(|word| is_codeish(word)) {
        let compound = join_home(&home);
        let home = after.get(second..=second).unwrap_or_default().join("");
        let name = after.get(second + 1..).unwrap_or_default().join(" ");
        return finish(Some(compound), home, name, phone);
    }
    let (compound, name) = if after.is_empty() {
        let compound = if before.len() > 1 { before.pop() } else { None };
        (compound, before.join(" "))
    } else {
        (
            (!before.is_empty()).then(|| before.join("")),
            after.join(" "),
        )
    };
    finish(compound, join_home(&home), name, phone)
}

fn finish(
    compound: Option<String>,
    home: String,
    name: String,
    phone: Phone,
) -> Result<Claim, Unclear> {
    // What is longer is no name, and would push the question out of what the steward reads.
    if name.is_empty() || name.chars().count() > MOST_NAME {
        return Err(Unclear::Name);
    }
    let (compound, home) = match home.rsplit_once('/') {
        Some((compound, home)) => (Some(compound.to_owned()), home.to_owned()),
        None => (compound, home),
    };
    if home.is_empty() {
        return Err(Unclear::Home);
    }
    Ok(Claim {
        compound,
        home,
        name,
        phone,
    })
}

/// Takes the phone out of the words: one word, a word's end, or up to three words in a row.
fn take_phone(words: &mut Vec<String>) -> Option<Phone> {
    for length in (1..=4_usize).rev() {
        for at in 0..words.len() {
            let Some(part) = words.get(at..at + length) else {
                break;
            };
            if let Some(phone) = Phone::parse(&part.concat()) {
                words.drain(at..at + length);
                return Some(phone);
            }
        }
    }
    let glued = words.iter_mut().find_map(|word| {
        let from = word
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_ascii_digit())
            .last()
            .map(|(at, _)| at)?;
        let phone = Phone::parse(word.get(from..)?)?;
        // `3-2-50113800000001` could be cut anywhere: only behind a name.
        let behind_a_name = word.get(..from)?.ends_with(|c: char| !c.is_ascii());
        behind_a_name.then(|| {
            word.truncate(from);
            phone
        })
    })?;
    Some(glued)
}

/// `3栋2单元501室张秀英` → the number and the name.
fn split_glued(word: &str) -> Vec<String> {
    let Some((last_digit, _)) = word.char_indices().rfind(|(_, c)| c.is_ascii_digit()) else {
        return vec![word.to_owned()];
    };
    let (number, mut rest) = word.split_at(last_digit + 1);
    let mut number = number.to_owned();
    for unit in [
        "房间", "单元", "号楼", "室", "户", "房", "号", "栋", "幢", "座", "棟",
    ] {
        if let Some(behind) = rest.strip_prefix(unit) {
            number.push_str(unit);
            rest = behind;
            break;
        }
    }
    let is_name = rest.chars().count() >= 2 && rest.chars().all(|c| !c.is_ascii());
    if is_name {
        vec![number, rest.to_owned()]
    } else {
        vec![word.to_owned()]
    }
}

/// Holds a number: the begin of a home.
fn is_codeish(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) || word.contains('/')
}

/// Goes on with a number begun: `2`, `单元`, `-501`, `2单元`.
fn is_part(word: &str) -> bool {
    let simple = fold(word);
    code::is_unit_word(&simple)
        || simple.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && !simple.contains('/')
            && code::typed(&simple).len() <= 5
}

/// `3 2 501` and `3 栋 2 单元 501` → one code.
fn join_home(words: &[String]) -> String {
    let mut out = String::new();
    for word in words {
        let simple = fold(word);
        let ends_open = out.ends_with(|c: char| c.is_ascii_digit());
        if ends_open && simple.starts_with(|c: char| c.is_ascii_digit()) {
            out.push('-');
        }
        out.push_str(&simple);
    }
    code::typed(&out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_claim_may_be_written_in_many_ways() {
        for text in [
            "3-2-501 张秀英 13800000001",
            "3-2-501 13800000001 张秀英",
            "张秀英 3-2-501 13800000001",
            "13800000001 张秀英 3-2-501",
            "3栋2单元501 张秀英 13800000001",
            "3棟2單元501室 张秀英 138 0000 0001",
            "３－２－５０１　张秀英　１３８０００００００１",
            "3-2-501,张秀英,+86 13800000001",
            "3 2 501 张秀英 13800000001",
            "3 栋 2 单元 501 室 张秀英 13800000001",
            "3栋2单元501室张秀英13800000001",
            "3-2-501张秀英 13800000001",
        ] {
            let claim = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!(code::typed(&claim.home), "3-2-501", "{text}");
            assert_eq!(claim.name, "张秀英", "{text}");
            assert_eq!(claim.phone.digits(), "13800000001", "{text}");
            assert_eq!(claim.compound, None, "{text}");
        }
    }

    #[test]
    fn a_compound_may_stand_in_front() {
        for (text, compound) in [
            ("桂园 3-2-501 张秀英 13800000001", "桂园"),
            ("GY/3-2-501 张秀英 13800000001", "GY"),
            ("gy 3-2-501 张秀英 13800000001", "GY"),
            ("张秀英 桂园小区 3-2-501 13800000001", "桂园小区"),
        ] {
            let claim = parse(text).unwrap();
            assert_eq!(claim.home.to_uppercase(), "3-2-501", "{text}");
            let written = claim.compound.unwrap().to_uppercase();
            assert_eq!(written, compound.to_uppercase(), "{text}");
            assert_eq!(claim.name, "张秀英", "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(parse("3-2-501 张秀英"), Err(Unclear::Phone));
        assert_eq!(parse("张秀英 13800000001"), Err(Unclear::Home));
        assert_eq!(parse("3-2-501 13800000001"), Err(Unclear::Name));
        assert_eq!(parse(""), Err(Unclear::Phone));
        let long = format!("3-2-501 {} 13800000001", "名".repeat(41));
        assert_eq!(parse(&long), Err(Unclear::Name));
    }

    #[test]
    fn a_code_is_eight_digits_and_nothing_else() {
        assert_eq!(invitation_code("1234 5678").as_deref(), Some("12345678"));
        assert_eq!(
            invitation_code("１２３４５６７８").as_deref(),
            Some("12345678")
        );
        for text in ["1234567", "123456789", "3-2-501", "12345678 张秀英", ""] {
            assert_eq!(invitation_code(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = parse(&text);
            let _ = invitation_code(&text);
        }

        #[test]
        fn whatever_the_home_it_comes_back(b in 1_u32..60, u in 1_u32..9, r in 101_u32..3999) {
            let claim = parse(&format!("{b}栋{u}单元{r} 王芳 13800000001")).unwrap();
            prop_assert_eq!(code::typed(&claim.home), format!("{b}-{u}-{r}"));
            prop_assert_eq!(claim.name, "王芳");
        }
    }
}
