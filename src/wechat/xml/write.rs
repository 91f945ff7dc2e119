//! The safe writer: no text of a person can become an element.

use super::cleaned;
use std::borrow::Cow;

/// Writes a message from the inside out, so that no text can become an element.
#[derive(Debug, Clone, Default)]
pub struct Writer(String);

impl Writer {
    /// A text element in CDATA: forbidden characters go first, so that none of them can hide a
    /// `]]>`, which is then split over two sections.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: &str) -> Self {
        let safe = cleaned(Cow::Borrowed(text));
        self.0.reserve(safe.len() + 2 * name.len() + 17);
        self.tag("<", name, "><![CDATA[");
        if safe.contains(']') {
            self.0.push_str(&safe.replace("]]>", "]]]]><![CDATA[>"));
        } else {
            self.0.push_str(&safe);
        }
        self.tag("]]></", name, ">");
        self
    }

    /// A whole number.
    #[must_use]
    pub fn number(mut self, name: &'static str, number: i64) -> Self {
        self.tag("<", name, ">");
        self.0.push_str(&number.to_string());
        self.tag("</", name, ">");
        self
    }

    /// An element with elements inside.
    #[must_use]
    pub fn element(mut self, name: &'static str, inside: &Self) -> Self {
        self.tag("<", name, ">");
        self.0.push_str(&inside.0);
        self.tag("</", name, ">");
        self
    }

    /// All elements of another one behind its own.
    #[must_use]
    pub fn join(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// The message with its root.
    #[must_use]
    pub fn finish(self) -> String {
        ["<xml>", &self.0, "</xml>"].concat()
    }

    fn tag(&mut self, before: &str, name: &str, behind: &str) {
        self.0.push_str(before);
        self.0.push_str(name);
        self.0.push_str(behind);
    }
}
