//! Tables for spreadsheets: CSV with a byte-order mark (spreadsheets need it) or XLSX. What a
//! spreadsheet would take for a formula gets an apostrophe in front. Used by the export command and by
//! pages that offer their tables.

use crate::base::fault::Fault;
use crate::base::fen::Fen;

/// First characters that a spreadsheet takes for a formula.
pub const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text; phones and codes stay as they are.
    Text(String),
    /// A number to reckon with.
    Number(i64),
    /// An amount in fen, written in yuan with two places.
    Yuan(i64),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Of the sheet of a workbook: at most 31 characters.
    pub name: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// The table as CSV.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn csv(sheet: &Sheet) -> Result<Vec<u8>, Fault> {
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let head = sheet.head.iter().map(|cell| safe(cell));
    out.write_record(head).map_err(Fault::internal)?;
    for row in &sheet.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => safe(text),
            Cell::Number(number) => number.to_string(),
            Cell::Yuan(fen) => Fen(*fen).to_string(),
        });
        out.write_record(cells).map_err(Fault::internal)?;
    }
    out.into_inner()
        .map_err(|error| Fault::internal(error.to_string()))
}

/// An apostrophe before what would be a formula; the import takes it off.
#[must_use]
pub fn safe(cell: &str) -> String {
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// The tables as one workbook. A text is written as text, which no spreadsheet takes for a formula.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn workbook(sheets: &[Sheet]) -> Result<Vec<u8>, Fault> {
    fill(sheets).map_err(Fault::internal)
}

fn fill(sheets: &[Sheet]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let yuan = rust_xlsxwriter::Format::new().set_num_format("#,##0.00");
    for sheet in sheets {
        let page = book.add_worksheet();
        page.set_name(&sheet.name)?;
        for (column, name) in (0_u16..).zip(&sheet.head) {
            page.write_string(0, column, name)?;
        }
        for (line, row) in (1_u32..).zip(&sheet.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) => page.write_string(line, column, text)?,
                    Cell::Number(number) => page.write_number(line, column, *number as f64)?,
                    // A spreadsheet reckons in binary fractions; what it shows is to the fen.
                    Cell::Yuan(fen) => {
                        page.write_number_with_format(line, column, *fen as f64 / 100.0, &yuan)?
                    }
                };
            }
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+86", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert!(safe(cell).starts_with('\''), "{cell}");
        }
        assert_eq!(safe("张三"), "张三");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_and_begins_no_formula(cells in proptest::collection::vec(".{0,12}", 1..5)) {
            let sheet = Sheet {
                name: "a".to_owned(),
                head: cells.iter().map(|_| "列".to_owned()).collect(),
                rows: vec![cells.iter().cloned().map(Cell::from).collect()],
            };
            let bytes = csv(&sheet).unwrap();
            let mark = "\u{feff}列".as_bytes();
            prop_assert!(bytes.starts_with(mark));
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[3..]);
            if let Some(row) = reader.records().next() {
                let row = row.unwrap();
                for (read, cell) in row.iter().zip(&cells) {
                    prop_assert!(!read.starts_with(FORMULA));
                    prop_assert_eq!(read.strip_prefix('\'').unwrap_or(read), cell.strip_prefix('\'').unwrap_or(cell));
                }
            }
        }
    }
}
