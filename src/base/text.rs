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

/// The value of a digit in any writing; 十 and 百 are none: they do not stand in numbers of phones and homes.
#[must_use]
pub fn digit(c: char) -> Option<u32> {
    if let Some(value) = half_width(c).to_digit(10) {
        return Some(value);
    }
    let written = [
        "零〇",
        "一壹幺",
        "二贰两",
        "三叁",
        "四肆",
        "五伍",
        "六陆",
        "七柒",
        "八捌",
        "九玖",
    ];
    let value = written.iter().position(|same| same.contains(c))?;
    u32::try_from(value).ok()
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

/// What nobody sees and what changes how the rest is read: no width, another direction of writing, order of bytes.
/// The joiner (U+200D) is none of them: emoji are made with it.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{061c}'
            | '\u{200b}'..='\u{200c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'..='\u{ffff}'
    )
}

/// What may be stored and shown: control characters and what nobody sees out (line feeds stay), ends trimmed.
#[must_use]
pub fn clean(text: &str) -> String {
    let kept: String = text
        .replace("\r\n", "\n")
        .replace(['\u{2028}', '\u{2029}'], "\n")
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !is_unseen(*c))
        .collect();
    kept.trim().to_owned()
}

/// The same on one line, for what stands in lists: a stranger's words make no line of their own there.
#[must_use]
pub fn line(text: &str) -> String {
    clean(text).replace('\n', " ")
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
    fn what_nobody_sees_does_not_stay_and_an_emoji_does() {
        for (text, left) in [
            ("1380\u{200b}0000\u{200c}101", "13800000101"),
            ("\u{feff}停水\u{2060}", "停水"),
            ("好\u{202e}丁甲\u{202c}人", "好丁甲人"),
            ("\u{2066}左\u{2069}\u{200e}右\u{200f}\u{61c}", "左右"),
            ("一\u{2028}二\u{2029}三", "一\n二\n三"),
            ("👨\u{200d}👩\u{200d}👧 一家", "👨\u{200d}👩\u{200d}👧 一家"),
        ] {
            assert_eq!(clean(text), left);
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line(text in "[\u{2028}\u{2029}\u{202e}\u{200b}\n\r\u{b}\u{c}\u{85}一-丁 1-9]{0,30}") {
            let line = line(&text);
            prop_assert!(line.chars().all(|c| !c.is_control() && !is_unseen(c)), "{line:?}");
            let ends = ['\n', '\u{2028}', '\u{2029}'];
            prop_assert!(!line.contains(ends));
            prop_assert_eq!(clean(&line), line);
        }
    }
}
