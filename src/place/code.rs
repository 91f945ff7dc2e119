//! Codes of places as rosters write them and as people type them. Pure; used by the import and by
//! every command that names a home.

use crate::base::text::half_width;

/// Words between the parts of a home's number, longest first.
const BETWEEN: &[&str] = &["号楼", "单元", "号院", "栋", "幢", "座", "楼", "门"];
/// Words behind the last part.
const BEHIND: &[&str] = &["房间", "室", "户", "房", "号"];

/// The one form of a code: half width, simplified, upper case, no spaces, every dash a `-`.
/// Stored and searched in this form.
#[must_use]
pub fn normal(text: &str) -> String {
    fast2s::convert(text)
        .chars()
        .map(half_width)
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '_' | '~' => '-',
            '\\' => '/',
            _ => c,
        })
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .flat_map(char::to_uppercase)
        .collect()
}

/// A home's number as people type it, in the form of the roster: `3栋2单元501室` → `3-2-501`.
/// A compound in front (`GY/3-2-501`) is left as it is.
#[must_use]
pub fn typed(text: &str) -> String {
    let mut code = normal(text);
    for word in BEHIND {
        if let Some(rest) = code.strip_suffix(word)
            && rest.ends_with(|c: char| c.is_ascii_alphanumeric())
        {
            code = rest.to_owned();
            break;
        }
    }
    let (compound, local) = match code.rsplit_once('/') {
        Some((compound, local)) => (Some(compound.to_owned()), local.to_owned()),
        None => (None, code),
    };
    let mut local = local;
    for word in BETWEEN {
        local = local.replace(word, "-");
    }
    let local = local
        .split(['-', '#', '.', ','])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    match compound {
        Some(compound) => format!("{compound}/{local}"),
        None => local,
    }
}

/// Whether a word is only what stands between or behind numbers: `栋`, `单元`, `室`.
#[must_use]
pub fn is_unit_word(word: &str) -> bool {
    BETWEEN.contains(&word) || BEHIND.contains(&word)
}

/// Full code of a place in a compound.
#[must_use]
pub fn full(compound_code: &str, local: &str) -> String {
    format!("{compound_code}/{local}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_home_may_be_written_in_many_ways() {
        for text in [
            "3-2-501",
            "３－２－５０１",
            "3栋2单元501",
            "3棟2單元501室",
            "3幢 2 单元 501号",
            "3号楼2单元501",
            "3#2#501",
            "3—2—501",
        ] {
            assert_eq!(typed(text), "3-2-501", "{text}");
        }
        assert_eq!(typed("gy/3-2-501"), "GY/3-2-501");
        assert_eq!(typed("别墅7号"), "别墅7");
        assert_eq!(typed("a座1201"), "A-1201");
    }

    proptest! {
        #[test]
        fn typing_the_roster_code_finds_it(building in 1_u32..99, unit in 1_u32..9, room in 101_u32..3999) {
            let code = format!("{building}-{unit}-{room}");
            prop_assert_eq!(typed(&code), code.clone());
            let spoken = format!("{building}栋{unit}单元{room}室");
            prop_assert_eq!(typed(&spoken), code);
        }

        #[test]
        fn the_form_is_stable_and_no_text_panics(text in "\\PC{0,30}") {
            let once = normal(&text);
            prop_assert_eq!(normal(&once), once.clone());
            let _ = typed(&text);
        }
    }
}
