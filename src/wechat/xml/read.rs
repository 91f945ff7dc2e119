//! The guarded reader: elements and text, nothing that could expand, nest deeply or hide a second value.

use super::{MAX_BYTES, cleaned};
use crate::wechat::Error;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use std::borrow::Cow;

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
    pub(in crate::wechat) fn children(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.children.iter().map(|(name, child)| (*name, child))
    }

    /// The text inside; empty where there are children.
    pub(in crate::wechat) fn inner_text(&self) -> &str {
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
