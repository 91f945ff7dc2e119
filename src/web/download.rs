//! Files to keep: what a browser stores instead of showing. Used by the pages that give their tables as files.

use poem::Response;
use poem::http::header;

/// Kind of a table as text.
pub const CSV: &str = "text/csv; charset=utf-8";
/// Kind of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file under this name: letters, digits, hyphens and points.
#[must_use]
pub fn download(name: &str, kind: &str, bytes: Vec<u8>) -> Response {
    Response::builder()
        .content_type(kind)
        .header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        )
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(bytes)
}

/// The code of a place as it may stand in such a name: `GY-3`.
#[must_use]
pub fn plain_code(code: &str) -> String {
    let letters = code.chars();
    letters
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_in_a_name() {
        assert_eq!(plain_code("GY/3-2-501"), "GY-3-2-501");
        assert_eq!(plain_code("桂园\"\r\n"), "-----");
    }

    #[test]
    fn a_file_is_stored_and_not_guessed_at() {
        let response = download("dues-2026-11.csv", CSV, b"a,b".to_vec());
        let header = |name: &'static str| response.header(name).unwrap_or_default();
        assert_eq!(
            header("content-disposition"),
            "attachment; filename=\"dues-2026-11.csv\""
        );
        assert_eq!(header("content-type"), CSV);
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
}
