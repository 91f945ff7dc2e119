//! What stands in the place of figures that are still being counted (`report/reckoned.rs`). Used by the pages and
//! the files of figures.

use askama::Template;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use crate::base::fault::Fault;
use crate::web::console::figures::{Read, query};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// After which the browser looks again for figures that are being counted.
const AGAIN_SECONDS: u32 = 2;

/// Until there are figures to show.
#[derive(Template)]
#[template(path = "web/console/figures_wait.html")]
struct WaitPage {
    frame: Frame,
    name: String,
    says: String,
    to: String,
}

/// Says that the figures are being counted; the browser comes back by itself, and to the very figures that were asked
/// for.
///
/// # Errors
/// `internal` for an address that no header may hold, which cannot be.
pub(super) fn wait(desk: &Desk, read: &Read, path: &str) -> Result<Response, Fault> {
    let query = query(&read.scope.place.code, read.span);
    let since = read
        .since
        .map(|since| format!("&since={}", since.timestamp_millis()));
    let to = format!("{path}?{query}{}", since.unwrap_or_default());
    let page = WaitPage {
        frame: Frame::new(desk, "正在统计"),
        name: read.scope.place.name.clone(),
        says: read.span.says(),
        to: to.clone(),
    };
    let mut response = show(StatusCode::ACCEPTED, &page)?;
    let again = HeaderValue::try_from(format!("{AGAIN_SECONDS}; url={to}"));
    let again = again.map_err(Fault::internal)?;
    response.headers_mut().insert(header::REFRESH, again);
    Ok(response)
}
