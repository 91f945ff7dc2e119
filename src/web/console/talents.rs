//! `/console/talents`: who offers what in a compound, how often each was asked, and how requests end. Not who asked
//! whom for what: that is between the two.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::Deed;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::talent::{kind_says, queries};
use crate::web::console::compound::ground;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    cursor: String,
}

struct Line {
    id: i64,
    name: String,
    kind: &'static str,
    text: String,
    at: String,
    asked: i32,
}

#[derive(Template)]
#[template(path = "web/console/talents.html")]
struct Talents {
    frame: Frame,
    name: String,
    code: String,
    ways: Vec<(String, String, bool)>,
    figures: Vec<(&'static str, usize)>,
    asked: usize,
    accepted: usize,
    kinds: Vec<(&'static str, usize)>,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/talents`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (compound, ways) = ground(desk, &asked.compound, &[Deed::RunDrives]).await?;
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let offered = queries::offered(db, compound.id, None).await?;
    let page = queries::offered_by(db, compound.id, slice).await?;
    let (figures, total, accepted) = queries::figures(db, compound.id).await?;
    let line = |(row, name): (entity::talent::Model, String)| Line {
        id: row.id,
        name,
        kind: kind_says(row.kind),
        text: row.text,
        at: say(row.consent_at),
        asked: row.asked,
    };
    let page = Talents {
        frame: Frame::new(desk, "特长"),
        name: compound.name,
        code: percent(&compound.code),
        ways,
        figures: figures.into_iter().collect(),
        asked: total,
        accepted,
        kinds: offered
            .into_iter()
            .map(|(kind, count)| (kind_says(kind), count))
            .collect(),
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &page)
}
