//! Markdown of articles as a small set of elements of ours. Pure. Raw HTML and pictures are dropped, a link that
//! leads anywhere but to http, https or a path of ours loses its address; whoever makes HTML of it
//! (`web/pages/handbook.rs`) writes the elements itself and escapes every text. Nothing of an author is markup.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// A paragraph.
    Paragraph,
    /// A heading below the article's title.
    Heading,
    /// A list.
    List,
    /// A list with numbers.
    Numbered,
    /// An entry of a list.
    Item,
    /// Weighty.
    Strong,
    /// Stressed.
    Emphasis,
    /// Quoted.
    Quote,
    /// Lines as they are.
    Verbatim,
    /// Leads to an address that was looked at.
    Link(String),
    /// Stands for what is not shown as an element.
    Nothing,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An element begins.
    Open(Element),
    /// It ends.
    Close(Element),
    /// Words, not escaped.
    Text(String),
    /// A new line within a paragraph.
    Break,
}

/// Where a link may lead: the address, if it is one of those.
#[must_use]
pub fn address(link: &str) -> Option<&str> {
    let link = link.trim();
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if link.chars().any(odd) {
        return None;
    }
    let begins = |head: &str| {
        link.get(..head.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(head))
    };
    let outside = begins("https://") || begins("http://");
    let own = link.starts_with('/') && !link.starts_with("//");
    (outside || own).then_some(link)
}

fn element(tag: &Tag<'_>) -> Element {
    match tag {
        Tag::Paragraph => Element::Paragraph,
        Tag::Heading { .. } => Element::Heading,
        Tag::List(None) => Element::List,
        Tag::List(Some(_)) => Element::Numbered,
        Tag::Item => Element::Item,
        Tag::Strong => Element::Strong,
        Tag::Emphasis => Element::Emphasis,
        Tag::BlockQuote(_) => Element::Quote,
        Tag::CodeBlock(_) => Element::Verbatim,
        Tag::Link { dest_url, .. } => match address(dest_url) {
            Some(link) => Element::Link(link.to_owned()),
            None => Element::Nothing,
        },
        _ => Element::Nothing,
    }
}

/// The pieces of a text; every element that begins ends.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(tag) => {
                let element = element(&tag);
                pieces.push(Piece::Open(element.clone()));
                open.push(element);
            }
            Event::End(_) => pieces.extend(open.pop().map(Piece::Close)),
            Event::Text(words) | Event::Code(words) => {
                pieces.push(Piece::Text(words.into_string()));
            }
            Event::SoftBreak | Event::HardBreak => pieces.push(Piece::Break),
            // Raw HTML, and what the options leave off.
            _ => {}
        }
    }
    pieces.extend(open.into_iter().rev().map(Piece::Close));
    pieces
}

/// As plain text, for the chat: a line for each paragraph and entry.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    // The number of the next entry of each list that is open; none where they have none.
    let mut lists: Vec<Option<u32>> = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Open(Element::List) => lists.push(None),
            Piece::Open(Element::Numbered) => lists.push(Some(1)),
            Piece::Close(Element::List | Element::Numbered) => {
                lists.pop();
            }
            Piece::Open(Element::Item) => {
                new_line(&mut out);
                match lists.last_mut() {
                    Some(Some(number)) => {
                        out.push_str(&format!("{number}. "));
                        *number += 1;
                    }
                    _ => out.push_str("· "),
                }
            }
            Piece::Open(Element::Heading) => {
                new_line(&mut out);
                out.push('【');
            }
            Piece::Close(Element::Heading) => out.push_str("】\n"),
            Piece::Open(Element::Paragraph | Element::Verbatim) if lists.is_empty() => {
                new_line(&mut out);
            }
            Piece::Close(Element::Link(to)) if !to.starts_with('/') => {
                out.push_str(&format!("（{to}）"));
            }
            Piece::Text(words) => out.push_str(&words),
            Piece::Break => out.push('\n'),
            Piece::Open(_) | Piece::Close(_) => {}
        }
    }
    out.trim().to_owned()
}

fn new_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// The first paragraph, as plain text: the answer in short.
#[must_use]
pub fn lead(text: &str) -> String {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Close(Element::Paragraph) => break,
            Piece::Text(words) => out.push_str(&words),
            Piece::Break => out.push('\n'),
            Piece::Open(_) | Piece::Close(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_lead_to_the_web_or_to_paths_of_ours() {
        for good in [
            "https://www.gov.cn/a",
            "http://a.cn",
            "HTTPS://a.cn",
            "/board/GY",
        ] {
            assert_eq!(address(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " java\nscript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "ftp://a",
            "mailto:a@b.c",
            "board/GY",
            "",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn raw_html_is_dropped_and_a_bad_link_keeps_its_words() {
        let found = pieces(
            "<script>alert(1)</script>\n\n看[这里](javascript:alert(1))<b onclick=x>好</b> ![图](data:x)",
        );
        let text: String = found
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(words) => Some(words.as_str()),
                _ => None,
            })
            .collect();
        assert!(text.contains("看这里好"), "{text}");
        assert!(!text.contains('<') && !text.contains("onclick"), "{text}");
        let links = found
            .iter()
            .any(|piece| matches!(piece, Piece::Open(Element::Link(_))));
        assert!(!links, "{found:?}");
    }

    #[test]
    fn plain_text_for_the_chat() {
        let text = "先说**要点**。\n\n## 步骤\n1. 一\n2. 二，见[网站](https://a.cn)\n\n- 甲\n";
        assert_eq!(
            plain(text),
            "先说要点。\n【步骤】\n1. 一\n2. 二，见网站（https://a.cn）\n· 甲"
        );
        assert_eq!(lead(text), "先说要点。");
    }

    proptest! {
        #[test]
        fn what_begins_ends(text in "[\\PC\n>*_#`\\[\\]()<&-]{0,200}") {
            let mut open = Vec::new();
            for piece in pieces(&text) {
                match piece {
                    Piece::Open(element) => open.push(element),
                    Piece::Close(element) => prop_assert_eq!(open.pop(), Some(element)),
                    _ => {}
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
