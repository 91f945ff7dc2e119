//! `/assets/{name}-{hash}`: what browsers load, under names that change with the contents, so that they
//! may be kept for ever. Libraries come with `build.rs`; where they could not be had they are absent,
//! and pages work without. Mounted by `router.rs`; pages ask [`path`].

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use poem::http::header;
use poem::web::Path;
use poem::{Response, handler};

use crate::base::fault::{Code, Fault};

/// Libraries, by name.
const LIBRARIES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/front.rs"));
/// What is ours.
const OWN: &[(&str, &[u8])] = &[
    ("pages.css", include_bytes!("pages/pages.css")),
    ("console.css", include_bytes!("console/console.css")),
    ("console.js", include_bytes!("console/console.js")),
    ("pay.js", include_bytes!("pages/pay.js")),
    ("charts.js", include_bytes!("pages/charts.js")),
];
/// Characters of a hash in a name: enough to tell two versions apart.
const HASH: usize = 16;

struct Asset {
    name: &'static str,
    /// `/assets/htmx-0123456789abcdef.js`
    path: String,
    bytes: &'static [u8],
}

static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = LIBRARIES.iter().chain(OWN);
    files.map(|(name, bytes)| named(name, bytes)).collect()
});

fn named(name: &'static str, bytes: &'static [u8]) -> Asset {
    let hash: String = digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hash = hash.get(..HASH).unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    Asset {
        name,
        path: format!("/assets/{stem}-{hash}.{ending}"),
        bytes,
    }
}

/// Where a file is (`htmx.js`); none when this build has it not.
#[must_use]
pub fn path(name: &str) -> Option<&'static str> {
    let found = ALL.iter().find(|asset| asset.name == name);
    found.map(|asset| asset.path.as_str())
}

/// What draws the charts of a page anew, in the order in which it is loaded: nothing where this build lacks the library.
#[must_use]
pub fn charts() -> Vec<&'static str> {
    let Some(library) = path("echarts.js") else {
        return Vec::new();
    };
    std::iter::once(library).chain(path("charts.js")).collect()
}

/// `GET /assets/:file`
///
/// # Errors
/// `not_found` for a name that is not of this build.
#[handler]
pub fn show_asset(Path(file): Path<String>) -> Result<Response, Fault> {
    let found = ALL
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(file.as_str()))
        .ok_or_else(|| Fault::plain(Code::NotFound))?;
    let kind = if found.name.ends_with(".css") {
        "text/css; charset=utf-8"
    } else {
        "text/javascript; charset=utf-8"
    };
    Ok(Response::builder()
        .content_type(kind)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .body(found.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_the_contents_alone() {
        let (one, same, other) = (
            named("a.js", b"1"),
            named("a.js", b"1"),
            named("a.js", b"2"),
        );
        assert_eq!(one.path, same.path);
        assert_ne!(one.path, other.path);
        assert!(path("console.css").is_some() && path("jquery.js").is_none());
    }
}
