//! The shape that all bills share (protocols.md §5.8): a header, rows whose values begin with a
//! backtick, a summary's header, one row of summary. Read line by line: memory stays flat.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::ops::Range;

use super::super::PayError;

/// Longest line, bytes.
const MAX_LINE: u64 = 64 * 1024;

/// Names of columns with their places, and how many there are.
#[derive(Debug, Default)]
pub struct Header {
    places: HashMap<String, usize>,
    count: usize,
}

impl Header {
    fn read(line: &str) -> Self {
        // Some bills write «收支金额（元）», some «收支金额(元)».
        let bare = |name: &str| {
            let name = name.trim().trim_start_matches('`');
            let end = name.find(['(', '（']).unwrap_or(name.len());
            name.get(..end).unwrap_or_default().to_owned()
        };
        let names = line.split(',').map(bare);
        Self {
            places: names.enumerate().map(|(at, name)| (name, at)).collect(),
            count: line.split(',').count(),
        }
    }

    /// Whether it has all of these.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.places.contains_key(*name))
    }
}

/// One line, taken apart in place.
#[derive(Debug, Default)]
pub struct Line {
    text: String,
    values: Vec<Range<usize>>,
}

impl Line {
    /// Takes the values apart; a value may hold commas, but no comma before a backtick.
    fn part(&mut self) -> Option<()> {
        self.values.clear();
        let mut rest = self.text.strip_prefix('`')?;
        loop {
            let begin = self.text.len() - rest.len();
            match rest.find(",`") {
                Some(at) => {
                    self.values.push(begin..begin + at);
                    rest = rest.get(at + 2..)?;
                }
                None => {
                    self.values.push(begin..self.text.len());
                    return Some(());
                }
            }
        }
    }
}

/// A line with the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    header: &'a Header,
    line: &'a Line,
}

impl<'a> Record<'a> {
    /// The value of a column, if there is such a column.
    pub(super) fn find(self, name: &str) -> Option<&'a str> {
        let at = *self.header.places.get(name)?;
        let range = self.line.values.get(at)?.clone();
        self.line.text.get(range)
    }

    /// The value of a column that every bill of the kind has.
    pub(super) fn get(self, name: &str) -> Result<&'a str, PayError> {
        self.find(name).ok_or(PayError::Bill("a column is missing"))
    }

    /// An amount in fen.
    pub(super) fn fen(self, name: &str) -> Result<i64, PayError> {
        super::yuan::fen(self.get(name)?.trim())
            .ok_or(PayError::Bill("an amount is no number of fen"))
    }

    /// An amount in fen; 0 when this bill has no such column.
    pub(super) fn fen_or_zero(self, name: &str) -> Result<i64, PayError> {
        self.find(name).map_or(Ok(0), |_| self.fen(name))
    }

    /// A number.
    pub(super) fn count(self, name: &str) -> Result<u64, PayError> {
        super::yuan::count(self.get(name)?.trim()).ok_or(PayError::Bill("a count is no number"))
    }

    /// A text; the platform writes 0 or nothing where there is none.
    pub(super) fn text(self, name: &str) -> Option<String> {
        self.find(name)
            .filter(|text| !matches!(*text, "" | "0"))
            .map(str::to_owned)
    }
}

/// What comes next in a bill.
pub(super) enum Next<'a> {
    /// A row.
    Row(Record<'a>),
    /// The summary, which is the end.
    Summary(Record<'a>),
}

/// The reader of one file.
pub(super) struct Table<R> {
    source: R,
    header: Header,
    summary: Option<Header>,
    line: Line,
}

impl<R: BufRead> Table<R> {
    /// Reads the header; these columns must be there.
    pub(super) fn open(source: R, needed: &[&str]) -> Result<Self, PayError> {
        let mut table = Self {
            source,
            header: Header::default(),
            summary: None,
            line: Line::default(),
        };
        if !table.read_line()? {
            return Err(PayError::Bill("it is empty"));
        }
        table.header = Header::read(table.line.text.trim_start_matches('\u{feff}'));
        if !table.header.has(needed) {
            return Err(PayError::Bill("a column is missing"));
        }
        Ok(table)
    }

    /// The next row, or the summary and with it the end.
    pub(super) fn next(&mut self) -> Result<Next<'_>, PayError> {
        if !self.read_line()? {
            return Err(PayError::Bill("it ends without a summary"));
        }
        if self.line.text.starts_with('`') {
            self.part(self.header.count)?;
            return Ok(Next::Row(Record {
                header: &self.header,
                line: &self.line,
            }));
        }
        let header = Header::read(&self.line.text);
        if !self.read_line()? {
            return Err(PayError::Bill("it ends without a summary"));
        }
        self.part(header.count)?;
        let header = self.summary.insert(header);
        // Nothing but empty lines may follow.
        let mut after = Line::default();
        while read_line(&mut self.source, &mut after)? {
            if !after.text.is_empty() {
                return Err(PayError::Bill("something stands behind the summary"));
            }
        }
        Ok(Next::Summary(Record {
            header,
            line: &self.line,
        }))
    }

    fn part(&mut self, columns: usize) -> Result<(), PayError> {
        let parted = self.line.part();
        let fits = parted.is_some() && self.line.values.len() == columns;
        fits.then_some(())
            .ok_or(PayError::Bill("a row has another number of columns"))
    }

    fn read_line(&mut self) -> Result<bool, PayError> {
        read_line(&mut self.source, &mut self.line)
    }
}

/// The next line without its end; false when there is none.
fn read_line(source: &mut impl BufRead, line: &mut Line) -> Result<bool, PayError> {
    let mut bytes = std::mem::take(&mut line.text).into_bytes();
    bytes.clear();
    let mut limited = source.by_ref().take(MAX_LINE);
    let count = limited
        .read_until(b'\n', &mut bytes)
        .map_err(|_| PayError::Bill("the file cannot be read"))?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if bytes.len() as u64 >= MAX_LINE {
        return Err(PayError::Bill("a line is too long"));
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    line.text = String::from_utf8(bytes).map_err(|_| PayError::Bill("it is no UTF-8"))?;
    Ok(count > 0)
}
