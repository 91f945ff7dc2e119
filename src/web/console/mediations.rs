//! `/console/mediations`: the mediations that whoever is signed in leads or is a side of. Nobody else
//! learns that there is one.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::mediation::queries::{self, Seen, is_ahead};
use crate::mediation::step::is_over;
use crate::mediation::{centre_says, state_says};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// Lines of a page.
const LINES: u64 = 30;

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
}

struct Line {
    id: i64,
    about: String,
    centre: &'static str,
    state: &'static str,
    waits: bool,
    mediator: String,
    parties: usize,
    meets: Option<String>,
    opened: String,
}

#[derive(Template)]
#[template(path = "web/console/mediations.html")]
struct Mediations {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/mediations`
///
/// # Errors
/// `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(desk.app.store.read(), desk.actor(), slice).await?;
    let now = desk.app.clock.now();
    let line = |seen: Seen| Line {
        id: seen.mediation.id,
        centre: centre_says(seen.mediation.centre),
        state: state_says(seen.mediation.state),
        waits: !is_over(seen.mediation.state),
        parties: seen.party_count,
        meets: seen
            .session
            .filter(|session| is_ahead(session, now))
            .map(|session| say(session.at)),
        opened: say(seen.mediation.created_at),
        about: seen.about,
        mediator: seen.mediator,
    };
    let page = Mediations {
        frame: Frame::new(desk, "调解"),
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &page)
}
