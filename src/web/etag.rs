//! Whether a browser has the same already: digests of answers. Used by the board and by papers.

use aws_lc_rs::digest::{SHA256, digest};
use poem::Request;
use poem::http::header;

/// The tag of contents.
#[must_use]
pub fn tag(contents: &[u8]) -> String {
    let hash: String = digest(&SHA256, contents)
        .as_ref()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hash}\"")
}

/// Whether the browser says that it has what the tag is of.
#[must_use]
pub fn is_known(request: &Request, tag: &str) -> bool {
    request.header(header::IF_NONE_MATCH).is_some_and(|tags| {
        let mut tags = tags
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|known| known == tag || known == "*")
    })
}
