//! Papers: PDF files with Chinese text on A4, to be printed, hung up and kept. A [`Paper`] says what stands on
//! it, block by block; [`render`] lays it out and writes it as PDF/A-2a and PDF/UA-1: with its font, with its
//! text to be copied and read aloud. The same paper is the same bytes. Used by pages that offer one.
//!
//! | file | what it does |
//! |---|---|
//! | `letters` | the font, widths, where lines end |
//! | `layout` | what goes where: pages, paragraphs, figures, bars, codes |
//! | `table` | tables that go on over pages |
//! | `draw` | the file |

mod draw;
mod layout;
mod letters;
mod table;

pub use letters::available;

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::report::chart::Bar;

/// What stands on paper.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Its title, large at the top and small on every page after the first.
    pub title: String,
    /// Below the title.
    pub under: String,
    /// Whose it is.
    pub author: String,
    /// Since when it says what it says; not when it was printed, which would make each copy another file.
    pub made: Moment,
    /// At the foot of every page, before the page's number.
    pub foot: String,
    /// The rest, in its order.
    pub blocks: Vec<Block>,
}

/// A part of a paper.
#[derive(Clone, Debug)]
pub enum Block {
    /// What comes next.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in small letters.
    Small(String),
    /// Names with a figure each, side by side, large.
    Figures(Vec<(String, String)>),
    /// Names with their values, a line each.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// Lying bars; beside them stands the table with the same numbers.
    Bars(Vec<Bar>),
    /// A QR code with words beside it.
    Code(Code),
    /// Lines to sign or to stamp on.
    Sign(Vec<String>),
}

/// A QR code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The address that it leads to; printed too, and to be clicked.
    pub url: String,
    /// What it is good for.
    pub words: Vec<String>,
}

/// A table. Its head is repeated on every page.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for each column.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    head: String,
    share: f32,
    kind: ColumnKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Text,
    /// Names what its row is about.
    Name,
    /// Ends at the right.
    Number,
}

impl Column {
    /// Text, of so much of the width as its share says.
    #[must_use]
    pub fn text(head: &str, share: f32) -> Self {
        Self::new(head, share, ColumnKind::Text)
    }

    /// What its row is about.
    #[must_use]
    pub fn name(head: &str, share: f32) -> Self {
        Self::new(head, share, ColumnKind::Name)
    }

    /// Numbers, which stand below each other by their ends.
    #[must_use]
    pub fn number(head: &str, share: f32) -> Self {
        Self::new(head, share, ColumnKind::Number)
    }

    fn new(head: &str, share: f32, kind: ColumnKind) -> Self {
        Self {
            head: head.to_owned(),
            share,
            kind,
        }
    }
}

/// A row of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What stands in it.
    pub cells: Vec<String>,
    /// Whether it is a sum.
    pub strong: bool,
}

impl Row {
    /// A row.
    #[must_use]
    pub const fn of(cells: Vec<String>) -> Self {
        Self {
            cells,
            strong: false,
        }
    }

    /// The sum of the rows before it.
    #[must_use]
    pub const fn sum(cells: Vec<String>) -> Self {
        Self {
            cells,
            strong: true,
        }
    }
}

/// The paper as a PDF file. Takes some milliseconds of a processor: not for an async worker.
///
/// # Errors
/// `internal` when the build has no font (see [`available`]) or the file cannot be written.
pub fn render(paper: &Paper) -> Result<Vec<u8>, Fault> {
    let letters = letters::letters().ok_or_else(|| Fault::internal("no font in this build"))?;
    let laid = layout::lay(paper, letters)?;
    draw::write(paper, letters, laid)
}
