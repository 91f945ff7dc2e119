//! `/console/boards`: the ways to the public boards of the compounds where whoever is signed in lives or serves; straight
//! to the one where there is but one.

use askama::Template;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::base::fault::Fault;
use crate::place::queries as places;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Compounds that are offered.
const MOST: u64 = 200;

#[derive(Template)]
#[template(path = "web/console/boards.html")]
struct Boards {
    frame: Frame,
    /// Where each leads, and whose it is.
    ways: Vec<(String, String)>,
}

/// `GET /console/boards`
///
/// # Errors
/// The database's.
#[handler]
pub async fn list(desk: &Desk) -> Result<Response, Fault> {
    let all = places::own_compounds(desk.app.store.read(), desk.actor(), None, MOST).await?;
    let mut ways: Vec<(String, String)> = all
        .iter()
        .map(|one| (format!("/board/{}", percent(&one.code)), one.name.clone()))
        .collect();
    if ways.len() == 1
        && let Some((path, _)) = ways.pop()
    {
        return Ok(go(&path));
    }
    let frame = Frame::new(desk, "公示栏");
    show(StatusCode::OK, &Boards { frame, ways })
}
