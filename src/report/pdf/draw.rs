//! Writes what is laid out as a file: letters and boxes, the structure of the text, bookmarks, what the paper
//! is. Called by [`super::render`].

use std::num::NonZeroU16;

use chrono::{Datelike, Timelike};
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use super::Paper;
use super::layout::{HEIGHT, Ink, Kind, Layout, Mark, Of, Part, WIDTH};
use super::letters::{Letters, plain};
use crate::base::clock::china;
use crate::base::fault::Fault;

const LANGUAGE: &str = "zh-CN";
/// What made it; also the title of what has none.
const HOUSE: &str = "邻里";
/// How much thicker strong letters are, in parts of their size.
const THICKER: f32 = 0.028;

/// The file.
///
/// # Errors
/// `internal` when it cannot be written, or would be no PDF/A.
pub(super) fn write(paper: &Paper, letters: &Letters, laid: Layout<'_>) -> Result<Vec<u8>, Fault> {
    let odd = |what: &str| Fault::internal(what.to_owned());
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| odd(&format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let Layout {
        pages,
        parts,
        headings,
        ..
    } = laid;
    let mut leaves: Vec<Vec<Node>> = parts.iter().map(|_| Vec::new()).collect();
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| odd("size of a page"))?;
    for laid in pages {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        for (of, mark) in &laid.marks {
            let id = surface.start_tagged(tag(*of, mark));
            draw(&mut surface, letters, mark);
            surface.end_tagged();
            keep(&mut leaves, *of, id);
        }
        surface.finish();
        for way in laid.ways {
            let [x, y, width, height] = way.at;
            let Some(rect) = Rect::from_xywh(x, y, width, height) else {
                continue;
            };
            let to = Target::Action(Action::Link(LinkAction::new(way.url.clone())));
            let link = Annotation::new_link(LinkAnnotation::new(rect, to), Some(way.url));
            let id = page.add_tagged_annotation(link);
            keep(&mut leaves, Of::Part(way.part), id);
        }
        page.finish();
    }
    document.set_tag_tree(tree(&parts, leaves));
    document.set_outline(outline(headings));
    document.set_metadata(about(paper));
    document
        .finish()
        .map_err(|error| odd(&format!("{error}: {error:?}")))
}

fn tag(of: Of, mark: &Mark) -> ContentTag<'static> {
    match (of, mark) {
        (Of::Part(_), Mark::Line { .. }) => ContentTag::Span(SpanTag::empty()),
        (Of::Part(_), Mark::Boxes { .. }) => ContentTag::Other,
        (Of::Looks, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        (Of::Page, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
    }
}

fn keep(leaves: &mut [Vec<Node>], of: Of, id: Identifier) {
    if let Of::Part(at) = of
        && let Some(own) = leaves.get_mut(at)
    {
        own.push(id.into());
    }
}

fn fill(ink: Ink) -> Fill {
    let [red, green, blue] = ink;
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

fn draw(surface: &mut Surface<'_>, letters: &Letters, mark: &Mark) {
    match mark {
        Mark::Line { x, y, letter, text } => {
            let fill = fill(letter.ink);
            // There is one weight of the font: strong letters get an outline.
            let stroke = letter.strong.then(|| Stroke {
                paint: fill.paint.clone(),
                width: letter.size * THICKER,
                ..Stroke::default()
            });
            surface.set_fill(Some(fill));
            surface.set_stroke(stroke);
            let glyphs = letters.shape(text);
            let font = letters.font.clone();
            surface.draw_glyphs(
                Point::from_xy(*x, *y),
                &glyphs,
                font,
                text,
                letter.size,
                false,
            );
        }
        Mark::Boxes { boxes, ink } => {
            let mut path = PathBuilder::new();
            for [x, y, width, height] in boxes {
                if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                    path.push_rect(rect);
                }
            }
            surface.set_fill(Some(fill(*ink)));
            surface.set_stroke(None);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

/// The structure of the text, for whoever has it read aloud.
fn tree(parts: &[Part], mut leaves: Vec<Vec<Node>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    // What belongs to a part stands behind it: from the end, each is whole when its own part comes.
    let mut whole: Vec<Node> = Vec::new();
    let mut inside: Vec<Vec<Node>> = parts.iter().map(|_| Vec::new()).collect();
    for (at, part) in parts.iter().enumerate().rev() {
        let mut children = leaves.get_mut(at).map(std::mem::take).unwrap_or_default();
        let mut own = inside.get_mut(at).map(std::mem::take).unwrap_or_default();
        own.reverse();
        children.append(&mut own);
        let group = Node::from(TagGroup::with_children(kind(&part.kind), children));
        match part.of.and_then(|of| inside.get_mut(of)) {
            Some(of) => of.push(group),
            None => whole.push(group),
        }
    }
    for group in whole.into_iter().rev() {
        tree.push(group);
    }
    tree
}

fn kind(kind: &Kind) -> TagKind {
    let level = |level| NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    match kind {
        Kind::Title(words) => Tag::Hn(level(1), Some(named(words))).into(),
        Kind::Heading(words) => Tag::Hn(level(2), Some(named(words))).into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::Picture(words) => Tag::Figure(Some(words.clone())).into(),
        Kind::Link => Tag::Link.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Row => Tag::TR.into(),
        Kind::Head(true) => Tag::TH(TableHeaderScope::Column).into(),
        Kind::Head(false) => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
    }
}

/// The standard asks for a title of the paper and of each heading.
fn named(words: &str) -> String {
    match words.trim().is_empty() {
        true => HOUSE.to_owned(),
        false => words.to_owned(),
    }
}

fn outline(headings: Vec<(String, usize, f32)>) -> Outline {
    let mut outline = Outline::new();
    for (words, page, y) in headings {
        let to = XyzDestination::new(page, Point::from_xy(0.0, y));
        outline.push_child(OutlineNode::new(words, to));
    }
    outline
}

fn about(paper: &Paper) -> Metadata {
    let made = china(paper.made);
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let date = DateTime::new(u16::try_from(made.year()).unwrap_or_default())
        .month(small(made.month()))
        .day(small(made.day()))
        .hour(small(made.hour()))
        .minute(small(made.minute()))
        .second(small(made.second()))
        .utc_offset_hour(8);
    Metadata::new()
        .title(named(&plain(&paper.title)))
        .authors(vec![plain(&paper.author)])
        .creator(HOUSE.to_owned())
        .language(LANGUAGE.to_owned())
        .creation_date(date)
}
