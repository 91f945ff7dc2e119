//! The font of papers: which characters it has, how wide they are, and where a line of Chinese may end. It
//! comes with `build.rs` and is read when the first paper is made; what of it is not used stays on the disk.
//! Called by [`super`] alone.

use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

/// The file; none where npm was missing when the program was built.
static FILE: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/font.rs"));

static LETTERS: LazyLock<Option<Letters>> = LazyLock::new(|| FILE.and_then(Letters::read));

/// Printed where the font lacks a character: printers' own mark for that.
pub(super) const INSTEAD: char = '〓';
/// First character that stands alone: from here on it is Chinese and its punctuation.
const WIDE: char = '\u{2e80}';
/// No line begins with one of these.
const CLOSE: &str = "，。、；：？！）》〉」』】〕”’…—·％%‰℃㎡,.;:?!)]}";
/// No line ends with one of these.
const OPEN: &str = "（《〈「『【〔“‘￥¥([{";

/// Whether this build can make papers at all.
#[must_use]
pub fn available() -> bool {
    FILE.is_some()
}

/// The font, read once; none when this build has none.
pub(super) fn letters() -> Option<&'static Letters> {
    LETTERS.as_ref()
}

/// A font and its measures.
pub(super) struct Letters {
    pub font: Font,
    table: Charmap<'static>,
    measures: GlyphMetrics<'static>,
    em: f32,
    instead: u32,
}

impl Letters {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let font = Font::new(bytes.into(), 0)?;
        let file = FontRef::new(bytes).ok()?;
        let table = file.charmap();
        let instead = table.map(INSTEAD)?.to_u32();
        Some(Self {
            em: font.units_per_em(),
            measures: file.glyph_metrics(Size::unscaled(), LocationRef::default()),
            font,
            table,
            instead,
        })
    }

    /// Whether a character can be printed.
    pub fn has(&self, letter: char) -> bool {
        self.table.map(letter).is_some()
    }

    fn glyph(&self, letter: char) -> u32 {
        let own = self.table.map(letter);
        own.map_or(self.instead, skrifa::GlyphId::to_u32)
    }

    /// In parts of the letter's size.
    fn advance(&self, letter: char) -> f32 {
        let glyph = skrifa::GlyphId::new(self.glyph(letter));
        self.measures.advance_width(glyph).unwrap_or(self.em) / self.em
    }

    /// How wide a text of a size is, in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(letter)).sum::<f32>() * size
    }

    /// A line as glyphs. Each keeps its character, so that what is copied out of the file is what was meant,
    /// also where something stands instead.
    pub fn shape(&self, line: &str) -> Vec<KrillaGlyph> {
        line.char_indices()
            .map(|(at, letter)| KrillaGlyph {
                glyph_id: GlyphId::new(self.glyph(letter)),
                text_range: at..at + letter.len_utf8(),
                x_advance: self.advance(letter),
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            })
            .collect()
    }

    /// The lines of a text, none wider than that many points; at least one.
    pub fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for part in text.split('\n') {
            self.fold(part, size, width, &mut lines);
        }
        lines
    }

    fn fold(&self, text: &str, size: f32, width: f32, lines: &mut Vec<String>) {
        let (mut line, mut wide) = (String::new(), 0.0);
        for piece in pieces(text) {
            let own = self.width(piece.trim_end(), size);
            if wide + own > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                wide = 0.0;
            }
            if own <= width {
                line.push_str(piece);
                wide += self.width(piece, size);
                continue;
            }
            // One word that is longer than a line, such as a digest: it ends anywhere.
            for letter in piece.chars() {
                let own = self.advance(letter) * size;
                if wide + own > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    wide = 0.0;
                }
                line.push(letter);
                wide += own;
            }
        }
        lines.push(line);
    }
}

/// A text without what cannot be seen or is nobody's character: no control characters but the end of a line,
/// no marks of direction, no selectors of variants.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push('\n'),
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}' => {}
            '\u{2028}' | '\u{2029}' => out.push('\n'),
            control if control.is_control() => out.push(' '),
            // For private use: without the other side's font it means nothing.
            '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. | '\u{fdd0}'..='\u{fdef}' => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            odd if u32::from(odd) & 0xfffe == 0xfffe => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

/// What must stay together on a line: a word with the space behind it, a Chinese character with the
/// punctuation that belongs to it.
fn pieces(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut from, mut before) = (0, None);
    for (at, letter) in text.char_indices() {
        if before.is_some_and(|before| may_part(before, letter)) {
            all.extend(text.get(from..at));
            from = at;
        }
        before = Some(letter);
    }
    all.extend(text.get(from..));
    all
}

fn may_part(before: char, after: char) -> bool {
    if after == ' ' {
        return false;
    }
    if before == ' ' {
        return true;
    }
    if CLOSE.contains(after) && (after >= WIDE || before >= WIDE || !after.is_ascii()) {
        return false;
    }
    if OPEN.contains(before) {
        return false;
    }
    let narrow = |letter: char| letter < WIDE;
    !(narrow(before) && narrow(after)) || (before == '/' && after != '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_chinese_may_end() {
        let parts = |text| pieces(text).join("|");
        assert_eq!(parts("电梯，停了。"), "电|梯，|停|了。");
        assert_eq!(parts("交《合同》的"), "交|《合|同》|的");
        assert_eq!(parts("共 1,234.05 元"), "共 |1,234.05 |元");
        assert_eq!(parts("https://a.cn/b/c"), "https://|a.cn/|b/|c");
        assert_eq!(parts("￥12"), "￥12");
        assert_eq!(parts(""), "");
    }

    #[test]
    fn nothing_unseen_is_printed() {
        assert_eq!(plain("张\u{200b}三\t李\u{202e}四\n\u{fe0f}"), "张三 李四\n");
        assert_eq!(plain("\u{e000}\u{10ffff}\u{feff}"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn lines_are_no_wider_than_asked_and_lose_nothing() {
        let Some(letters) = letters() else {
            return;
        };
        let text = "绿园小区的物业服务中心（一期）0123456789abcdef0123456789abcdef0123456789，共 12 户\n完";
        for width in [20.0, 55.0, 120.0, 500.0] {
            let lines = letters.wrap(text, 10.0, width);
            for line in &lines {
                assert!(letters.width(line.trim_end(), 10.0) <= width, "{line}");
            }
            assert_eq!(lines.concat(), text.replace('\n', ""));
        }
        for letter in "〇￥·臺壹貳龘囍㎡〓".chars() {
            assert!(letters.has(letter), "{letter}");
        }
        assert!(!letters.has('😀') && letters.glyph('😀') == letters.glyph(INSTEAD));
    }
}
