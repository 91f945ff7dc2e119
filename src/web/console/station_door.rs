//! `/console/stations/:id/door`: a sheet for the door of a station: what it is called, where and when it is open, its
//! code, and what one may do there. Where the platform does not make the code the sheet says why and is there all the
//! same. The station's page fetches the code from here.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};

use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::station::queries::lending::things;
use crate::station::queries::{self, rooms, windows};
use crate::station::{chat, door};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::station::{LINES, desk_of, number};
use crate::web::pages::qr;

/// Characters of a list of names: three rows of the sheet.
const SHOWN: usize = 60;

#[derive(Template)]
#[template(path = "web/console/station_door.html")]
struct DoorPage {
    frame: Frame,
    id: i64,
    place: String,
    spot: String,
    week: String,
    holidays: bool,
    facilities: String,
    code: Option<String>,
    /// Why there is no code.
    sorry: String,
    /// What is done by the code.
    words: String,
    /// What there is to be used: lent things, rooms, services.
    offers: Vec<(&'static str, String)>,
}

/// `GET /console/stations/:id/door`
///
/// # Errors
/// `not_found` for a station that is not theirs to see, `forbidden` for whoever neither keeps it nor sets it up.
#[handler]
pub async fn show_door(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let (db, id) = (desk.app.store.read(), number(&id)?);
    desk_of(desk, id).await?;
    let seen = queries::seen(db, desk.actor(), desk.app.clock.now(), id).await?;
    let row = &seen.station;
    let (code, sorry) = match door::code(&desk.app, row).await {
        Ok(url) => (Some(qr(&url)?), String::new()),
        Err(fault) if fault.code == Code::Outside => {
            tracing::warn!(?fault, station = id, "no code for a station's door");
            (None, fault.detail.into_owned())
        }
        Err(fault) => return Err(fault),
    };
    let words = chat::offers(id).map(|(word, _)| word);
    let page = DoorPage {
        frame: Frame::new(desk, row.name.clone()),
        id,
        place: seen.place.clone(),
        spot: row.spot.clone(),
        week: seen.opens(),
        holidays: row.public_holidays,
        facilities: shorten(&seen.facilities.join("、"), SHOWN),
        code,
        sorry,
        words: words.join("、"),
        offers: offers(desk, id).await?,
    };
    show(StatusCode::OK, &page)
}

/// What a station has to be lent, booked and asked for, each name once.
async fn offers(desk: &Desk, id: i64) -> Result<Vec<(&'static str, String)>, Fault> {
    let db = desk.app.store.read();
    let things = things(db, desk.actor(), id, Slice::first(LINES))
        .await?
        .items;
    let rooms = rooms::rooms_of(db, &[id]).await?;
    let services = windows::offered(db, id).await?;
    let services = services
        .into_iter()
        .map(|one| format!("{} {}", one.window_name, one.name));
    let all = [
        ("借用", named(things.into_iter().map(|one| one.name))),
        ("订房间", named(rooms.into_iter().map(|one| one.name))),
        ("窗口服务", named(services)),
    ];
    let some = all.into_iter().filter(|(_, names)| !names.is_empty());
    Ok(some.collect())
}

/// Names, each once, as far as the sheet has room.
fn named(names: impl Iterator<Item = String>) -> String {
    let mut each: Vec<String> = Vec::new();
    for name in names {
        if !each.contains(&name) {
            each.push(name);
        }
    }
    shorten(&each.join("、"), SHOWN)
}
