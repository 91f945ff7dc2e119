//! What import files look like: tables, their columns, and the rows as read. Pure; read.rs fills
//! it, check.rs judges it, export.rs writes it.

use std::fmt;

use csv::StringRecord;

use crate::report::sheet::FORMULA;

/// A table of the import: a CSV file or a sheet of that name.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// `places` for `places.csv`.
    pub name: &'static str,
    /// Columns that must be there.
    pub required: &'static [&'static str],
    /// Columns that may be missing.
    pub optional: &'static [&'static str],
}

impl Shape {
    /// All columns in the order of the export.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }
}

/// Every table, in the order of import.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "places",
        required: &["code", "kind", "name", "parent_code"],
        optional: &["area_m2", "note"],
    },
    Shape {
        name: "organisations",
        required: &["code", "name", "kind", "place_code"],
        optional: &[
            "parent_code",
            "credit_code",
            "service_phone",
            "service_hours",
        ],
    },
    Shape {
        name: "people",
        required: &["key", "name", "phone"],
        optional: &["party_member", "wecom_userid"],
    },
    Shape {
        name: "homes",
        required: &["place_code", "person_key", "relation"],
        optional: &["share"],
    },
    Shape {
        name: "roles",
        required: &["person_key", "role", "place_code"],
        optional: &["from", "to", "organisation_code"],
    },
    Shape {
        name: "fee_items",
        required: &["compound_code", "name", "kind", "unit_price_fen", "due_day"],
        optional: &["split", "place_code", "from_month", "to_month", "basis"],
    },
    Shape {
        name: "fee_readings",
        required: &["place_code", "item", "month", "before", "after"],
        optional: &[],
    },
    Shape {
        name: "fee_spaces",
        required: &["place_code", "item", "code", "from"],
        optional: &["to"],
    },
    Shape {
        name: "dispatch_rules",
        required: &["place_code", "position"],
        optional: &[
            "kind",
            "category",
            "organisation_code",
            "person_key",
            "role",
        ],
    },
    Shape {
        name: "response_policies",
        required: &["place_code", "accept_minutes", "finish_minutes"],
        optional: &[
            "grade",
            "level",
            "arrive_minutes",
            "plan_minutes",
            "calendar",
        ],
    },
];

/// The shape with this name.
#[must_use]
pub fn shape(name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.name == name)
}

/// A row as read.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line of the file, from 1; the header is line 1 as a rule.
    pub line: u64,
    /// Its cells.
    pub cells: StringRecord,
}

/// One table as read.
#[derive(Clone, Debug)]
pub struct Table {
    /// Which.
    pub shape: &'static Shape,
    /// File or sheet, for messages.
    pub file: String,
    /// The header.
    header: Vec<String>,
    /// The rows, without empty ones.
    pub rows: Vec<Row>,
}

impl Table {
    /// A table with this header.
    #[must_use]
    pub fn new(shape: &'static Shape, file: String, header: &StringRecord) -> Self {
        let header = header
            .iter()
            .map(|name| name.trim().trim_start_matches('\u{feff}').to_lowercase())
            .collect();
        Self {
            shape,
            file,
            header,
            rows: Vec::new(),
        }
    }

    /// Required columns that the header lacks.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let lacks = |column: &&'static str| !self.header.iter().any(|name| name == column);
        self.shape.required.iter().copied().filter(lacks).collect()
    }

    /// Columns of the header that nobody reads.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.header
            .iter()
            .map(String::as_str)
            .filter(|name| !name.is_empty() && !self.shape.columns().any(|column| column == *name))
    }

    /// Where a column stands in the file, from 1.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        let at = self.header.iter().position(|name| name == column)?;
        Some(at + 1)
    }

    /// The trimmed text of a cell; empty when it is not there. An apostrophe in front of what a
    /// spreadsheet would take for a formula belongs to the export and is taken off.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        let text = self
            .position(column)
            .and_then(|position| row.cells.get(position - 1))
            .unwrap_or_default()
            .trim();
        match text.strip_prefix('\'') {
            Some(rest) if rest.starts_with(FORMULA) => rest,
            _ => text,
        }
    }
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// In the order of import; a table that is not there was not given.
    pub tables: Vec<Table>,
    /// What the operator should know: other encodings, unknown columns and files.
    pub notes: Vec<String>,
    /// What could not be read at all.
    pub bad: Vec<BadRow>,
}

impl Tables {
    /// The table with this name, if it was given.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.shape.name == name)
    }
}

/// A row that cannot be taken, and why. Never shows a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// File or sheet.
    pub file: String,
    /// Line of the file, from 1.
    pub line: u64,
    /// Name of the column; empty when it is the row as a whole.
    pub column: String,
    /// Its place in the file, from 1; 0 when there is none.
    pub position: usize,
    /// Why, and what to do.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 第{}行", self.file, self.line)?;
        if self.position > 0 {
            write!(f, " 第{}列 {}", self.position, self.column)?;
        } else if !self.column.is_empty() {
            write!(f, " {}", self.column)?;
        }
        write!(f, ": {}", self.reason)
    }
}
