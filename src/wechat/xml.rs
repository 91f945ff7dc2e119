//! The guarded XML reader and the safe writer of the callbacks (protocols.md §6.3, §6.6). The
//! reader takes a grammar far smaller than XML: elements and text, nothing that could expand, nest
//! deeply or hide a second value. Called by the accounts of this module.

use super::Error;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use std::borrow::Cow;

/// Largest body, bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting; the root counts as 1.
const MAX_DEPTH: usize = 6;
/// Most children of one element; bounds the search for duplicates.
const MAX_CHILDREN: usize = 64;
/// Longest element name, bytes.
const MAX_NAME: usize = 64;

/// One element: its text, or its children. Borrows from the message: a callback is read twice (the
/// envelope, then what was in it), and copying every value would cost more than decrypting it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element<'a> {
    text: Cow<'a, str>,
    children: Vec<(&'a str, Element<'a>)>,
}

impl<'a> Element<'a> {
    /// The text of the child `name`, cleaned of forbidden characters; `None` when there is none.
    /// Fails when the child carries elements where a scalar belongs.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Error> {
        match self.child(name) {
            Some(child) if child.children.is_empty() => Ok(Some(&child.text)),
            Some(_) => Err(Error::Malformed("elements inside a scalar")),
            None => Ok(None),
        }
    }

    /// The text of the child `name`, which must be there and not be empty.
    pub fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.filled(name)?.ok_or(Error::Malformed(name))
    }

    /// The text of the child `name` unless it is empty.
    pub fn filled(&self, name: &'static str) -> Result<Option<&str>, Error> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    /// The first child `name`.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, child)| child)
    }

    /// All children in order; none where there is text.
    pub(super) fn children(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.children.iter().map(|(name, child)| (*name, child))
    }

    /// The text inside; empty where there are children.
    pub(super) fn inner_text(&self) -> &str {
        &self.text
    }

    /// All children `name`, of a list.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        let named = self
            .children
            .iter()
            .filter(move |(other, _)| *other == name);
        named.map(|(_, child)| child)
    }

    /// The texts of all children `name`, of a list of scalars.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).map(|child| child.text.to_string()).collect()
    }

    /// Adds a child; a name may come again only where each is a list entry: with elements inside,
    /// or, below the root's own fields, one of nothing but its like.
    fn adopt(&mut self, name: &'a str, child: Self, nested: bool) -> Result<(), Error> {
        if self.children.len() >= MAX_CHILDREN {
            return Err(Error::Malformed("too many elements"));
        }
        let list = nested && self.children.iter().all(|(other, _)| *other == name);
        let scalar = child.children.is_empty() && !list;
        let twin = |(other, own): &(&str, Element<'_>)| {
            *other == name && (scalar || (own.children.is_empty() && !list))
        };
        // A list of scalars that ends with something else was a scalar that came twice.
        let mixed = matches!(self.children.as_slice(), [(one, own), (two, _), ..]
            if one == two && own.children.is_empty() && *one != name);
        if mixed || self.children.iter().any(twin) {
            return Err(Error::Malformed("duplicate element"));
        }
        if self.children.capacity() == 0 {
            self.children.reserve(8); // most messages have five to eight
        }
        self.children.push((name, child));
        Ok(())
    }
}

/// Reads a whole message whose root is `xml`.
pub fn parse(body: &[u8]) -> Result<Element<'_>, Error> {
    if body.len() > MAX_BYTES {
        return Err(Error::Malformed("body too large"));
    }
    parse_text(std::str::from_utf8(body).map_err(|_| Error::Malformed("not UTF-8"))?)
}

/// [`parse`] for what is known to be text.
pub fn parse_text(text: &str) -> Result<Element<'_>, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::Malformed("body too large"));
    }
    let mut builder = Builder::default();
    let mut reader = Reader::from_str(text);
    loop {
        let at = reader.buffer_position();
        match reader
            .read_event()
            .map_err(|_| Error::Malformed("broken XML"))?
        {
            Event::Start(start) => builder.open(name_at(text, at, start.name().as_ref())?)?,
            Event::Empty(start) => {
                builder.open(name_at(text, at, start.name().as_ref())?)?;
                builder.close()?;
            }
            Event::End(_) => builder.close()?,
            Event::Text(piece) => builder.write(piece.xml10_content())?,
            Event::CData(piece) => builder.write(piece.xml10_content())?,
            Event::GeneralRef(piece) => match piece.resolve_char_ref() {
                Ok(Some(letter)) => builder.write(Cow::Owned(letter.to_string()))?,
                Ok(None) => builder.write(Cow::Borrowed(
                    resolve_predefined_entity(&piece).ok_or(Error::Malformed("unknown entity"))?,
                ))?,
                Err(_) => return Err(Error::Malformed("bad character reference")),
            },
            Event::Eof => return builder.finish(),
            Event::DocType(_) => return Err(Error::Malformed("DOCTYPE")),
            Event::PI(_) | Event::Decl(_) | Event::Comment(_) => {
                return Err(Error::Malformed("processing instruction or comment"));
            }
        }
    }
}

/// The name of the element that opens at `at`, borrowed from the message and not from the event.
fn name_at<'a>(text: &'a str, at: u64, name: &str) -> Result<&'a str, Error> {
    let from = usize::try_from(at).unwrap_or(usize::MAX).saturating_add(1);
    text.get(from..)
        .and_then(|rest| rest.get(..name.len()))
        .filter(|found| *found == name)
        .ok_or(Error::Malformed("broken XML"))
}

/// The path of open elements, and the root once it is closed.
#[derive(Default)]
struct Builder<'a> {
    path: Vec<(&'a str, Element<'a>)>,
    root: Option<Element<'a>>,
}

impl<'a> Builder<'a> {
    fn open(&mut self, name: &'a str) -> Result<(), Error> {
        if self.path.is_empty() && (self.root.is_some() || name != "xml") {
            return Err(Error::Malformed("the root must be one xml element"));
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(Error::Malformed("nested too deeply"));
        }
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(letters) {
            return Err(Error::Malformed("element name"));
        }
        if self.path.capacity() == 0 {
            self.path.reserve(4);
        }
        self.path.push((name, Element::default()));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let (name, mut element) = self.path.pop().ok_or(Error::Malformed("broken XML"))?;
        if !element.children.is_empty() {
            if !element.text.trim().is_empty() {
                return Err(Error::Malformed("text between elements"));
            }
            element.text = Cow::default();
        }
        let nested = self.path.len() > 1;
        match self.path.last_mut() {
            Some((_, parent)) => parent.adopt(name, element, nested),
            None => {
                self.root = Some(element);
                Ok(())
            }
        }
    }

    fn write(&mut self, piece: Cow<'a, str>) -> Result<(), Error> {
        match self.path.last_mut() {
            Some((_, element)) if element.text.is_empty() => element.text = cleaned(piece),
            Some((_, element)) => element.text.to_mut().push_str(&cleaned(piece)),
            None if piece.trim().is_empty() => {}
            None => return Err(Error::Malformed("text outside the root")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element<'a>, Error> {
        if !self.path.is_empty() {
            return Err(Error::Malformed("ends too early"));
        }
        self.root.ok_or(Error::Malformed("no root"))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(body: &str) -> String {
        parse(body.as_bytes())
            .unwrap()
            .text("a")
            .unwrap()
            .unwrap()
            .to_owned()
    }

    fn fault(body: &str) -> &'static str {
        match parse(body.as_bytes()) {
            Err(Error::Malformed(fault)) => fault,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn joins_all_pieces_of_a_value() {
        assert_eq!(
            content("<xml><a>1<![CDATA[<2>]]>&amp;&lt;&#65;&#x4e00;3</a></xml>"),
            "1<2>&<A一3"
        );
        assert_eq!(content("<xml>\n <a>x]]&gt;</a>\n</xml>\n"), "x]]>");
        assert_eq!(content("<xml><a><![CDATA[]]></a></xml>"), "");
        assert_eq!(content("<xml><a/></xml>"), "");
        assert_eq!(content("<xml><a>🏠</a></xml>"), "🏠");
    }

    #[test]
    fn control_characters_are_dropped_not_refused() {
        assert_eq!(
            content("<xml><a><![CDATA[a\u{1d}b\u{0}\tc\u{ffff}]]>&#1;d</a></xml>"),
            "ab\tcd"
        );
    }

    #[test]
    fn nothing_that_expands_or_hides() {
        assert_eq!(fault("<!DOCTYPE xml><xml/>"), "DOCTYPE");
        let bomb =
            r#"<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>"#;
        assert_eq!(fault(bomb), "DOCTYPE");
        assert_eq!(fault("<xml><a>&e;</a></xml>"), "unknown entity");
        assert_eq!(
            fault("<xml><a>&#xD800;</a></xml>"),
            "bad character reference"
        );
        for hidden in [
            "<?php ?><xml/>",
            "<xml><?x y?></xml>",
            "<?xml version=\"1.0\"?><xml/>",
            "<xml><!-- a --></xml>",
        ] {
            assert_eq!(fault(hidden), "processing instruction or comment");
        }
    }

    #[test]
    fn exactly_one_closed_root() {
        assert_eq!(fault("<xml/><xml/>"), "the root must be one xml element");
        assert_eq!(fault("<xml></xml><b/>"), "the root must be one xml element");
        assert_eq!(fault("<html/>"), "the root must be one xml element");
        assert_eq!(fault("<xml/>x"), "text outside the root");
        assert_eq!(fault("x<xml/>"), "text outside the root");
        assert_eq!(fault("<xml><a>1</a>"), "ends too early");
        assert_eq!(fault(""), "no root");
        for broken in [
            "<xml><a></b></xml>",
            "</xml>",
            "<xml",
            "<xml><![CDATA[",
            "<xml>&amp</xml>",
        ] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn limits_hold() {
        let nested = |n: usize| format!("<xml>{}{}</xml>", "<a>".repeat(n), "</a>".repeat(n));
        assert!(parse(nested(5).as_bytes()).is_ok());
        assert_eq!(fault(&nested(6)), "nested too deeply");
        assert_eq!(fault(&nested(9000)), "nested too deeply");
        let wide = |n: usize| {
            let all: String = (0..n).map(|i| format!("<a{i}/>")).collect();
            format!("<xml>{all}</xml>")
        };
        assert!(parse(wide(64).as_bytes()).is_ok());
        assert_eq!(fault(&wide(65)), "too many elements");
        let long = |n: usize| format!("<xml><a>{}</a></xml>", "x".repeat(n - 18));
        assert!(parse(long(MAX_BYTES).as_bytes()).is_ok());
        assert_eq!(fault(&long(MAX_BYTES + 1)), "body too large");
        assert_eq!(
            fault(&format!("<xml><{}/></xml>", "a".repeat(65))),
            "element name"
        );
        assert_eq!(fault("<xml><内容/></xml>"), "element name");
        assert_eq!(
            parse(b"<xml>\xff</xml>"),
            Err(Error::Malformed("not UTF-8"))
        );
    }

    #[test]
    fn a_scalar_comes_once_and_holds_no_elements() {
        assert_eq!(fault("<xml><a>1</a><a>2</a></xml>"), "duplicate element");
        assert_eq!(
            fault("<xml><a><b>1</b></a><a>2</a></xml>"),
            "duplicate element"
        );
        assert_eq!(
            fault("<xml><a>2</a><a><b>1</b></a></xml>"),
            "duplicate element"
        );
        // A list holds nothing but its like.
        for mixed in [
            "<xml><l><b>1</b><a>1</a><a>1</a></l></xml>",
            "<xml><l><a>1</a><a>1</a><b>1</b></l></xml>",
            "<xml><l><a>1</a><a><b>1</b></a><b>1</b></l></xml>",
        ] {
            assert_eq!(fault(mixed), "duplicate element", "{mixed}");
        }
        let list = parse(b"<xml><l><a>1</a><a>2</a></l></xml>").unwrap();
        assert_eq!(list.child("l").unwrap().texts("a"), ["1", "2"]);
        assert_eq!(fault("<xml><a>1<b/></a></xml>"), "text between elements");
        let nested = parse(b"<xml><a><b>1</b></a></xml>").unwrap();
        assert_eq!(
            nested.text("a"),
            Err(Error::Malformed("elements inside a scalar"))
        );
        let list = parse(b"<xml><l><item><p>1</p></item><item><p>2</p></item></l></xml>").unwrap();
        assert_eq!(
            list.child("l").unwrap().child("item").unwrap().text("p"),
            Ok(Some("1"))
        );
    }

    #[test]
    fn user_text_cannot_become_an_element() {
        for evil in [
            "]]><MsgType>news</MsgType>",
            "]]\u{1}><b/>",
            "]]]]>>",
            "]]",
            "]",
            "<a>&amp;",
            "]]>]]>",
        ] {
            let xml = Writer::default().text("a", evil).number("n", -1).finish();
            let back = parse(xml.as_bytes()).unwrap();
            assert_eq!(back.text("a").unwrap().unwrap(), clean(evil));
            assert_eq!(back.children.len(), 2);
        }
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("小区", 6), "小区");
        assert_eq!(cut("小区", 5), "小");
        assert_eq!(cut("🏠🏠", 7), "🏠");
        assert_eq!(cut("小区", 2), "");
        assert_eq!(cut("", 0), "");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn almost_xml_never_panics(
            parts in proptest::collection::vec(prop_oneof![
                "<(/)?[a-z:!?]{0,5}(/)?>", "<xml>", "</xml>", "<!\\[CDATA\\[", "]]>", "&[#a-z0-9]{0,6};?", "\\PC{0,8}",
            ], 0..30)
        ) {
            let _ = parse(parts.concat().as_bytes());
        }

        #[test]
        fn any_text_survives_the_way_out_and_in(text in any::<String>()) {
            let xml = Writer::default().text("a", &text).finish();
            let wanted = clean(&text).replace("\r\n", "\n").replace('\r', "\n");
            if xml.len() <= MAX_BYTES {
                prop_assert_eq!(content(&xml), wanted);
            }
        }

        #[test]
        fn a_cut_never_exceeds_its_limit(text in any::<String>(), bytes in 0..50_usize) {
            prop_assert!(cut(&text, bytes).len() <= bytes);
            prop_assert!(text.starts_with(cut(&text, bytes)));
        }
    }
}
