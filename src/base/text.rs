//! Text as people type it: folding for commands and search, cutting for the platforms. The
//! original is always kept; folding is for comparison only. Any module may use it.

/// Full-width forms to half-width; everything else as it is.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '。' => '.',
        '、' => ',',
        _ => c,
    }
}

/// Half-width, simplified, lower case, white space joined to single spaces, control characters
/// dropped: two texts that mean the same command fold to the same string.
#[must_use]
pub fn fold(text: &str) -> String {
    let simple: String = fast2s::convert(text)
        .chars()
        .map(half_width)
        .filter(|c| !c.is_control() || c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    simple.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many bytes, cut between characters.
#[must_use]
pub fn cut_bytes(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// At most so many characters, `…` in place of the rest.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{head}…")
}

/// What may be stored and shown: control characters out (line feeds stay), what is not seen out, ends
/// trimmed.
#[must_use]
pub fn clean(text: &str) -> String {
    let kept: String = text
        .replace("\r\n", "\n")
        .replace(['\u{2028}', '\u{2029}'], "\n")
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !is_hidden(*c))
        .collect();
    kept.trim().to_owned()
}

/// What nobody sees, and what turns the letters behind it around or makes a title of nothing. What joins
/// emoji and the letters of other scripts stays.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn traditional_and_full_width_fold_to_the_same() {
        assert_eq!(fold("報修 3棟電梯停了"), fold("报修 3栋电梯停了"));
        assert_eq!(fold("接單#12"), "接单#12");
        assert_eq!(fold("  我的 \u{3000} 管家\t"), "我的 管家");
    }

    proptest! {
        #[test]
        fn cutting_never_splits_a_character(text in ".{0,60}", most in 0_usize..100) {
            let cut = cut_bytes(&text, most);
            prop_assert!(cut.len() <= most);
            prop_assert!(text.starts_with(cut));
        }

        #[test]
        fn folding_twice_changes_nothing_more(text in "[a-zA-Z0-9報修一-龥 ]{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }

    #[test]
    fn control_characters_do_not_stay() {
        assert_eq!(clean("停\u{1d}了\r\n快来\u{0}\n"), "停了\n快来");
    }

    #[test]
    fn neither_does_what_is_not_seen_or_turns_a_line_around() {
        assert_eq!(clean("\u{200b}\u{feff} \u{2060}"), "");
        assert_eq!(clean("欠费\u{202e}00.05\u{202c}元"), "欠费00.05元");
        assert_eq!(clean("停水\u{2028}周六"), "停水\n周六");
        // One family, and not three people.
        assert_eq!(clean("👨\u{200d}👩\u{200d}👧"), "👨\u{200d}👩\u{200d}👧");
    }
}
