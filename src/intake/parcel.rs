//! Files out of a browser: what they are is found out by their bytes, and nothing is unpacked that is
//! larger than it may be. Kept as one sealed parcel until the import is done. Pure; the bytes are given.

use std::io::{Cursor, Read};

use anyhow::{Context, bail, ensure};
use calamine::{Data, DataRef, Reader, Xlsx};
use csv::StringRecord;

use super::read::{cell_text, finish, read_files};
use super::tables::{Row, SHAPES, Table, Tables, shape};
use crate::base::fault::Fault;
use crate::base::text::{clean, shorten};

/// Largest upload, bytes.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// What a workbook may hold unpacked: enough for a city's homes, too little to bring the program down.
const MOST_UNPACKED: u64 = 400 * 1024 * 1024;
/// Files inside of a workbook.
const MOST_PARTS: usize = 1_000;
/// Columns of a sheet; the import has ten.
const MOST_COLUMNS: u32 = 100;
/// Cells of a sheet.
const MOST_CELLS: usize = 8_000_000;
/// Files of one upload.
const MOST_FILES: usize = 20;
/// How a workbook begins, and one of before 2007.
const ZIP: &[u8] = b"PK\x03\x04";
const OLD: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// A file: its name and its bytes.
pub type File = (String, Vec<u8>);

/// Looks at what was sent before it is kept: what cannot be an import at all is said beside the field.
///
/// # Errors
/// `invalid` with what to choose instead.
pub fn sort_out(files: Vec<File>) -> Result<Vec<File>, Fault> {
    let wrong = |text: &str| Fault::invalid("files", text.to_owned());
    // A browser sends an empty file without a name when nothing was chosen.
    let files: Vec<File> = files
        .into_iter()
        .map(|(name, bytes)| (plain_name(&name), bytes))
        .filter(|(name, bytes)| !(name.is_empty() && bytes.is_empty()))
        .collect();
    if files.is_empty() {
        return Err(wrong("请先选择文件。"));
    }
    if files.len() > MOST_FILES {
        return Err(wrong("文件太多，请只选导入用的几个 CSV，或一个 XLSX。"));
    }
    if let Some((name, _)) = files.iter().find(|(_, bytes)| bytes.is_empty()) {
        return Err(wrong(&format!("“{name}”是空文件，请重新选择。")));
    }
    if files.iter().any(|(_, bytes)| bytes.starts_with(OLD)) {
        return Err(wrong("这是旧格式的 XLS，请另存为 XLSX 再上传。"));
    }
    if files.iter().any(|(_, bytes)| bytes.starts_with(ZIP)) {
        if files.len() > 1 {
            return Err(wrong("XLSX 只能单独上传一个，不能和别的文件一起。"));
        }
        return Ok(files);
    }
    let known = |name: &str| {
        let stem = name.strip_suffix(".csv").unwrap_or_default();
        shape(stem).is_some()
    };
    if !files.iter().any(|(name, _)| known(name)) {
        let names: Vec<String> = SHAPES
            .iter()
            .map(|shape| format!("{}.csv", shape.name))
            .collect();
        return Err(wrong(&format!(
            "没有认得的文件。请选这些名字的 CSV：{}；或一个 XLSX。",
            names.join("、")
        )));
    }
    Ok(files)
}

/// The last part of a name, as the import writes names.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    shorten(clean(last).trim(), 80).to_lowercase()
}

/// Several files as one.
#[must_use]
pub fn pack(files: &[File]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        for part in [name.as_bytes(), bytes] {
            out.extend((part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
    out
}

/// The files again.
///
/// # Errors
/// `internal` for what [`pack`] has not made.
pub fn unpack(mut parcel: &[u8]) -> Result<Vec<File>, Fault> {
    let mut files = Vec::new();
    while !parcel.is_empty() {
        let mut take = || -> Option<Vec<u8>> {
            let (length, rest) = parcel.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            parcel = rest;
            Some(part.to_vec())
        };
        let (Some(name), Some(bytes)) = (take(), take()) else {
            return Err(Fault::internal("a parcel of import files is broken"));
        };
        files.push((String::from_utf8_lossy(&name).into_owned(), bytes));
    }
    Ok(files)
}

/// Reads what was sent: CSV files, or the one workbook.
///
/// # Errors
/// When a workbook cannot be read; the text says it to people.
pub fn read(mut files: Vec<File>) -> anyhow::Result<Tables> {
    let is_book = |file: &File| file.1.starts_with(ZIP);
    let tables = match files.pop() {
        Some(file) if files.is_empty() && is_book(&file) => read_book(file.1)?,
        Some(file) => {
            files.push(file);
            read_files(&files)
        }
        None => Tables::default(),
    };
    if tables.tables.is_empty() && tables.bad.is_empty() {
        let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
        bail!(
            "里面没有可导入的表，工作表要叫这些名字：{}",
            names.join("、")
        );
    }
    Ok(tables)
}

fn read_book(bytes: Vec<u8>) -> anyhow::Result<Tables> {
    weigh(&bytes, MOST_UNPACKED)?;
    let unreadable = "这个文件不是能读的 XLSX，请用表格软件打开后另存为 XLSX 再上传";
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).context(unreadable)?;
    let mut out = Tables::default();
    let names = book.sheet_names();
    for name in &names {
        if shape(&name.trim().to_lowercase()).is_none() {
            let name = shorten(&clean(name), 40);
            out.notes
                .push(format!("工作表 {name} 不是导入用的名字,已忽略"));
        }
    }
    for shape in SHAPES {
        let named = |name: &&String| name.trim().to_lowercase() == shape.name;
        let Some(name) = names.iter().find(named) else {
            continue;
        };
        let mut cells = book.worksheet_cells_reader(name).context(unreadable)?;
        let mut table: Option<Table> = None;
        let mut row: (u32, Vec<String>) = (0, Vec::new());
        let mut count = 0;
        // Cell by cell: two cells in the corners of a sheet would otherwise be sixteen billion.
        while let Some(cell) = cells.next_cell().context(unreadable)? {
            let (line, column) = cell.get_position();
            count += 1;
            ensure!(
                column < MOST_COLUMNS && count <= MOST_CELLS,
                "工作表 {} 太大，请只留导入用的列和行",
                shape.name
            );
            if line != row.0 {
                take_row(&mut table, shape, name, &mut row);
                row.0 = line;
            }
            let at = usize::try_from(column).unwrap_or_default();
            if row.1.len() <= at {
                row.1.resize(at + 1, String::new());
            }
            if let Some(slot) = row.1.get_mut(at) {
                *slot = text_of(cell.get_value());
            }
        }
        take_row(&mut table, shape, name, &mut row);
        finish(table, name.clone(), &mut out);
    }
    Ok(out)
}

fn take_row(
    table: &mut Option<Table>,
    shape: &'static super::tables::Shape,
    name: &str,
    row: &mut (u32, Vec<String>),
) {
    let cells: StringRecord = std::mem::take(&mut row.1).into_iter().collect();
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return;
    }
    match table {
        None => *table = Some(Table::new(shape, name.to_owned(), &cells)),
        Some(table) => table.rows.push(Row {
            line: u64::from(row.0) + 1,
            cells,
        }),
    }
}

fn text_of(cell: &DataRef<'_>) -> String {
    cell_text(&Data::from(cell.clone()))
}

/// Unpacks every part once and throws it away, to learn how large it really is: what the file says of
/// itself may be a lie.
fn weigh(bytes: &[u8], most: u64) -> anyhow::Result<()> {
    let unreadable = "这个文件打不开，请用表格软件另存为 XLSX 再上传";
    let large = "这个文件展开后太大，请分成几份导入";
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).context(unreadable)?;
    ensure!(archive.len() <= MOST_PARTS, large);
    let mut left = most;
    for at in 0..archive.len() {
        let part = archive.by_index(at).context(unreadable)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let read = read.context(unreadable)?;
        ensure!(read <= left, large);
        left -= read;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> File {
        (name.to_owned(), bytes.to_vec())
    }

    #[test]
    fn a_parcel_comes_out_as_it_went_in() {
        let files = vec![file("places.csv", b"a"), file("people.csv", b"")];
        assert_eq!(unpack(&pack(&files)).unwrap(), files);
        assert!(unpack(b"broken").is_err());
        assert!(unpack(&[0xff; 24]).is_err());
    }

    #[test]
    fn what_cannot_be_an_import_is_said_at_once() {
        for (files, words) in [
            (vec![], "请先选择文件"),
            (vec![file("", b"")], "请先选择文件"),
            (vec![file("places.csv", b"")], "空文件"),
            (
                vec![file("photo.jpg", b"\xff\xd8\xff\xe0")],
                "没有认得的文件",
            ),
            (vec![file("book.xls", OLD)], "XLS"),
            (
                vec![file("book.xlsx", ZIP), file("places.csv", b"code")],
                "单独上传",
            ),
        ] {
            let fault = sort_out(files).unwrap_err();
            assert!(fault.detail.contains(words), "{}", fault.detail);
        }
        let files = sort_out(vec![file("C:\\x\\Places.CSV", b"code")]).unwrap();
        assert_eq!(files[0].0, "places.csv");
    }

    #[test]
    fn a_bomb_is_not_unpacked_whatever_it_says_of_itself() {
        const MEGABYTE: usize = 1024 * 1024;
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for part in ["xl/a.xml", "xl/b.xml", "xl/c.xml"] {
            zip.start_file(part, options).unwrap();
            zip.write_all(&vec![b' '; MEGABYTE]).unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        assert!(bytes.len() < MEGABYTE / 100);
        let most = MEGABYTE as u64;
        assert!(weigh(&bytes, 3 * most).is_ok());
        let error = weigh(&bytes, 3 * most - 1).unwrap_err();
        assert!(error.to_string().contains("太大"), "{error:#}");
        // The sizes that the directory at the end tells are taken for nothing.
        let size = u32::try_from(MEGABYTE).unwrap().to_le_bytes();
        let told: Vec<usize> = (0..bytes.len() - 4)
            .filter(|at| bytes[*at..*at + 4] == size)
            .collect();
        assert!(told.len() >= 3);
        for at in told {
            bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        }
        assert!(weigh(&bytes, 2 * most).is_err());
    }

    #[test]
    fn corners_of_a_sheet_are_no_sheet_between_them() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("places").unwrap();
        sheet.write_string(0, 0, "code").unwrap();
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let error = read(vec![("corners.xlsx".to_owned(), bytes)]).unwrap_err();
        assert!(error.to_string().contains("太大"), "{error:#}");
    }

    #[test]
    fn a_workbook_reads_as_its_csv_would() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("places").unwrap();
        for (column, name) in (0..).zip(["code", "kind", "name", "parent_code"]) {
            sheet.write_string(0, column, name).unwrap();
        }
        sheet.write_string(2, 0, "A").unwrap();
        sheet.write_number(2, 2, 501.0).unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let tables = read(vec![("a.xlsx".to_owned(), bytes)]).unwrap();
        let table = &tables.tables[0];
        assert_eq!(table.rows[0].line, 3);
        assert_eq!(table.cell(&table.rows[0], "name"), "501");
        assert_eq!(table.cell(&table.rows[0], "parent_code"), "");
    }

    #[test]
    fn a_zip_that_is_no_workbook_is_refused_in_words() {
        let error = read(vec![("a.xlsx".to_owned(), b"PK\x03\x04nonsense".to_vec())]).unwrap_err();
        assert!(error.to_string().contains("打不开"), "{error:#}");
    }
}
