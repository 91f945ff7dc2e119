//! Reads import files: a folder of CSV files or one XLSX workbook. Finds out the encoding, says
//! what it did, judges nothing else. Called by the import command and the demo.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use calamine::{Data, Reader};
use csv::StringRecord;

use super::tables::{BadRow, Row, SHAPES, Shape, Table, Tables, shape};

/// Largest file that is read.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Reads a folder or a workbook.
///
/// # Errors
/// When the path cannot be read or holds no table of the import.
pub fn read(source: &Path) -> anyhow::Result<Tables> {
    let tables = if source.is_dir() {
        read_folder(source)?
    } else {
        read_workbook(source)?
    };
    if tables.tables.is_empty() && tables.bad.is_empty() {
        let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
        bail!(
            "{} 中没有可导入的表,需要这些名字的 CSV 文件或工作表: {}",
            source.display(),
            names.join(", ")
        );
    }
    Ok(tables)
}

/// Reads tables that are part of the program: name and text of each CSV.
#[must_use]
pub fn read_texts(texts: &[(&str, &str)]) -> Tables {
    let mut out = Tables::default();
    for shape in SHAPES {
        if let Some((_, text)) = texts.iter().find(|(name, _)| *name == shape.name) {
            read_csv(shape, format!("{}.csv", shape.name), text, &mut out);
        }
    }
    out
}

/// Reads files that came out of a browser: CSV files by their names, whatever is in them.
#[must_use]
pub fn read_files(files: &[(String, Vec<u8>)]) -> Tables {
    let mut out = Tables::default();
    for shape in SHAPES {
        let wanted = format!("{}.csv", shape.name);
        let mut found = files.iter().filter(|(name, _)| *name == wanted);
        let Some((name, bytes)) = found.next() else {
            continue;
        };
        if found.next().is_some() {
            out.bad.push(whole_file(name.clone(), "这个文件选了两次"));
        }
        read_bytes(shape, name.clone(), bytes, &mut out);
    }
    for (name, _) in files {
        let stem = name.strip_suffix(".csv").unwrap_or_default();
        if shape(stem).is_none() {
            out.notes.push(format!("{name} 不是导入用的文件名,已忽略"));
        }
    }
    out
}

/// A CSV file in whatever encoding. What holds a zero is no text, though GBK might read it.
fn read_bytes(shape: &'static Shape, file: String, bytes: &[u8], out: &mut Tables) {
    let decoded = decode(bytes).filter(|(text, _)| !text.contains('\0'));
    match decoded {
        Some((text, encoding)) => {
            if let Some(encoding) = encoding {
                out.notes.push(format!("{file} 是 {encoding} 编码,已转换"));
            }
            read_csv(shape, file, &text, out);
        }
        None => out.bad.push(whole_file(
            file,
            "既不是 UTF-8 也不是 GBK 编码,请另存为 UTF-8 CSV",
        )),
    }
}

fn read_folder(folder: &Path) -> anyhow::Result<Tables> {
    let mut out = Tables::default();
    let mut known = Vec::new();
    for shape in SHAPES {
        let file = format!("{}.csv", shape.name);
        let path = folder.join(&file);
        known.push(file.clone());
        if !path.exists() {
            continue;
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&path)
            .and_then(|opened| opened.take(MOST_BYTES + 1).read_to_end(&mut bytes))
            .with_context(|| format!("无法读取 {}", path.display()))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
            bail!("{} 太大,请分成几份导入", path.display());
        }
        read_bytes(shape, file, &bytes, &mut out);
    }
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("无法读取 {}", folder.display()))?
    {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.to_lowercase().ends_with(".csv") && !known.contains(&name) {
            out.notes.push(format!("{name} 不是导入用的文件名,已忽略"));
        }
    }
    Ok(out)
}

pub(super) fn whole_file(file: String, reason: &str) -> BadRow {
    BadRow {
        file,
        line: 1,
        column: String::new(),
        position: 0,
        reason: reason.to_owned(),
    }
}

/// Text of a file, and the name of its encoding when it is not plain UTF-8.
fn decode(bytes: &[u8]) -> Option<(String, Option<&'static str>)> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(bytes.get(mark..)?);
        let name = (encoding != encoding_rs::UTF_8).then(|| encoding.name());
        return (!broken).then(|| (text.into_owned(), name));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some((text.to_owned(), None));
    }
    let (text, broken) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
    (!broken).then(|| (text.into_owned(), Some("GBK")))
}

fn read_csv(shape: &'static Shape, file: String, text: &str, out: &mut Tables) {
    let delimiter = delimiter_of(text.lines().next().unwrap_or_default());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut table: Option<Table> = None;
    let mut lines = Lines::new(text);
    for record in reader.records() {
        // Text is UTF-8 by now and rows may have any length: nothing is left to fail.
        let Ok(record) = record else {
            out.bad.push(whole_file(file.clone(), "不是 CSV 格式"));
            return;
        };
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        match &mut table {
            _ if record.iter().all(|cell| cell.trim().is_empty()) => {}
            None => table = Some(Table::new(shape, file.clone(), &record)),
            Some(table) => table.rows.push(Row {
                line,
                cells: record,
            }),
        }
    }
    finish(table, file, out);
}

/// Counts the lines of a text. The reader's own count stands before the line feed of a CRLF and
/// before empty lines; a person counts from the row's first character.
struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the row that the reader says begins at this byte; rows come in order.
    fn at(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(byte) = self.bytes.get(self.at) {
            if self.at >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            if *byte == b'\n' {
                self.line += 1;
            }
            self.at += 1;
        }
        self.line
    }
}

/// Semicolons and tabs come from spreadsheets of other languages.
fn delimiter_of(header: &str) -> u8 {
    if header.contains(',') {
        b','
    } else if header.contains('\t') {
        b'\t'
    } else if header.contains(';') {
        b';'
    } else {
        b','
    }
}

/// Takes the table if its header will do; says what is wrong with it otherwise.
pub(super) fn finish(table: Option<Table>, file: String, out: &mut Tables) {
    let Some(table) = table else {
        out.bad.push(whole_file(file, "文件是空的,第一行应为列名"));
        return;
    };
    let missing = table.missing();
    if missing.is_empty() {
        let unknown: Vec<&str> = table.unknown().collect();
        if !unknown.is_empty() {
            let note = format!("{file} 中这些列没有用到,已忽略: {}", unknown.join(", "));
            out.notes.push(note);
        }
        out.tables.push(table);
        return;
    }
    for column in missing {
        out.bad.push(BadRow {
            column: column.to_owned(),
            ..whole_file(file.clone(), "缺少这一列")
        });
    }
}

fn read_workbook(path: &Path) -> anyhow::Result<Tables> {
    let mut book = calamine::open_workbook_auto(path)
        .with_context(|| format!("无法读取 {}:需要 CSV 文件夹或 XLSX 文件", path.display()))?;
    let mut out = Tables::default();
    let names = book.sheet_names();
    for name in &names {
        if shape(&name.trim().to_lowercase()).is_none() {
            out.notes
                .push(format!("工作表 {name} 不是导入用的名字,已忽略"));
        }
    }
    for shape in SHAPES {
        let Some(name) = names
            .iter()
            .find(|name| name.trim().to_lowercase() == shape.name)
        else {
            continue;
        };
        let range = book
            .worksheet_range(name)
            .with_context(|| format!("无法读取工作表 {name}"))?;
        let first = u64::from(range.start().map_or(0, |(row, _)| row)) + 1;
        let mut table: Option<Table> = None;
        for (line, cells) in (first..).zip(range.rows()) {
            let record: StringRecord = cells.iter().map(cell_text).collect();
            match &mut table {
                _ if record.iter().all(|cell| cell.trim().is_empty()) => {}
                None => table = Some(Table::new(shape, name.clone(), &record)),
                Some(table) => table.rows.push(Row {
                    line,
                    cells: record,
                }),
            }
        }
        finish(table, name.clone(), &mut out);
    }
    Ok(out)
}

/// A cell as a CSV would hold it: whole numbers without a point, dates as 2026-11-20.
pub(super) fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::Bool(true) => "yes".to_owned(),
        Data::Bool(false) => "no".to_owned(),
        Data::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_found_out() {
        let (gbk, _, _) = encoding_rs::GBK.encode("code,name\nGY,桂园小区\n");
        let (text, encoding) = decode(&gbk).unwrap();
        assert!(text.contains("桂园小区"));
        assert_eq!(encoding, Some("GBK"));
        assert_eq!(
            decode("\u{feff}桂园".as_bytes()).unwrap(),
            ("桂园".to_owned(), None)
        );
        assert!(decode(&[0x80, 0xff, 0xff]).is_none());
    }

    #[test]
    fn lines_are_those_of_the_file_even_behind_a_cell_with_line_feeds() {
        let text =
            "code,kind,name,parent_code,note\r\n\r\nA,city,甲,,\"一\r\n二\"\r\nB,city,乙,,\r\n";
        let tables = read_texts(&[("places", text)]);
        let lines: Vec<u64> = tables.tables[0].rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 5]);
    }

    #[test]
    fn a_missing_column_and_an_empty_file_are_named() {
        let tables = read_texts(&[("places", "code,name\nA,甲\n"), ("people", "\n")]);
        assert!(tables.tables.is_empty());
        let said: Vec<String> = tables.bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "places.csv 第1行 kind: 缺少这一列",
                "places.csv 第1行 parent_code: 缺少这一列",
                "people.csv 第1行: 文件是空的,第一行应为列名",
            ]
        );
    }

    #[test]
    fn cells_of_a_workbook_read_as_a_csv_would() {
        assert_eq!(cell_text(&Data::Float(501.0)), "501");
        assert_eq!(cell_text(&Data::Float(89.5)), "89.5");
        assert_eq!(cell_text(&Data::Float(13_800_000_001.0)), "13800000001");
        assert_eq!(cell_text(&Data::Bool(true)), "yes");
    }
}
