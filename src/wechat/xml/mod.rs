//! The guarded XML reader and the safe writer of the callbacks (protocols.md §6.3, §6.6). The
//! reader takes a grammar far smaller than XML: elements and text, nothing that could expand, nest
//! deeply or hide a second value. Called by the accounts of this module.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Element, parse, parse_text};
pub use write::Writer;

use std::borrow::Cow;

/// Largest body, bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Whether XML 1.0 allows the character (a `char` is never a lone surrogate).
fn legal(letter: char) -> bool {
    match letter {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        other => other >= ' ',
    }
}

/// Whether the text may hold forbidden characters; never says no when it does. Looks at many bytes
/// at once, since nearly every text is clean.
fn suspect(text: &str) -> bool {
    let bytes = text.as_bytes();
    let control = bytes
        .iter()
        .fold(false, |found, byte| found | (*byte < b' '));
    // U+FFFE and U+FFFF begin with EF BF, and little else does.
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    control | pairs.fold(false, |found, pair| found | (pair == (&0xEF, &0xBF)))
}

/// The text without the characters that XML 1.0 forbids; the same text where there are none.
fn cleaned(text: Cow<'_, str>) -> Cow<'_, str> {
    if !suspect(&text) || text.chars().all(legal) {
        return text;
    }
    Cow::Owned(text.chars().filter(|letter| legal(*letter)).collect())
}

/// The text without the characters that XML 1.0 forbids.
#[must_use]
pub fn clean(text: &str) -> String {
    cleaned(Cow::Borrowed(text)).into_owned()
}

/// The longest head of the text that has at most `bytes` bytes and ends between two characters.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}
