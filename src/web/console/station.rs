//! `/console/stations/:id`: a station's visits, the code at its door and its set-up, and the addresses of the pages
//! beside it. These are `station_tabs.rs`, what the forms do is `station_act.rs`, the sheet for the door
//! `station_door.rs`.

use askama::Template;
use chrono::Datelike;
use entity::{station_room, station_service, station_thing};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::month::Month;
use crate::base::page::Slice;
use crate::station::door;
use crate::station::queries::figures::{self, Day};
use crate::station::queries::lending::things;
use crate::station::queries::{self, Found, Seen, no_such, rooms, windows};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::station_tabs::{booked, lent, served};
use crate::web::pages::qr;

/// Lines of a page.
pub(super) const LINES: u64 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) cursor: String,
    month: String,
    pub(super) said: String,
}

/// A page of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    SetUp,
    Lending,
    Rooms,
    Windows,
}

impl Tab {
    /// Behind the station's address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::SetUp => "",
            Self::Lending => "/lending",
            Self::Rooms => "/rooms",
            Self::Windows => "/windows",
        }
    }
}

/// What stands above each of its pages.
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) tab: Tab,
    pub(super) keeps: bool,
    /// What did not work, where no field says it.
    pub(super) problem: Option<String>,
}

impl Head {
    /// Address, name, whether it is the one.
    pub(super) fn tabs(&self) -> Vec<(&'static str, &'static str, bool)> {
        let tab = |tab: Tab, name| (tab.path(), name, tab == self.tab);
        let all = [
            tab(Tab::SetUp, "来访和资料"),
            tab(Tab::Lending, "借用"),
            tab(Tab::Rooms, "房间"),
            tab(Tab::Windows, "窗口和寄存"),
        ];
        // Whoever only sets it up sees nothing of whom it serves.
        let shown = if self.keeps { all.len() } else { 1 };
        all.into_iter().take(shown).collect()
    }
}

/// A form that did not work, and why.
#[derive(Clone, Copy)]
pub(super) struct Tried<'a> {
    pub form: &'a Form,
    pub fault: &'a Fault,
}

/// What a form of the page shows again, and what is said above it.
pub(super) fn typed(
    tried: Option<Tried<'_>>,
    fields: &[&str],
) -> (Typed, Option<String>, StatusCode) {
    match tried {
        None => (Typed::default(), None, StatusCode::OK),
        Some(Tried { form, fault }) => {
            let typed = Typed::wrong(form, fault);
            let above = typed.general(fields).map(str::to_owned);
            (typed, above, status(fault))
        }
    }
}

pub(super) fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, |_| no_such())
}

/// The page of a tab.
pub(super) async fn page(
    desk: &Desk,
    id: i64,
    tab: Tab,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    match tab {
        Tab::SetUp => set_up(desk, id, asked, tried).await,
        Tab::Lending => lent(desk, id, asked, tried).await,
        Tab::Rooms => booked(desk, id, asked, tried).await,
        Tab::Windows => served(desk, id, asked, tried).await,
    }
}

#[derive(Template)]
#[template(path = "web/console/station.html")]
struct SetUp {
    frame: Frame,
    head: Head,
    place: String,
    spot: String,
    open: String,
    week: String,
    facilities: String,
    keeps: bool,
    sets: bool,
    month: String,
    before: String,
    visits: i64,
    days: Vec<Day>,
    version: i32,
    own_days: Vec<(String, String)>,
    things: Vec<station_thing::Model>,
    next: Option<String>,
    rooms: Vec<station_room::Model>,
    services: Vec<station_service::Model>,
    /// The code at its door, once it was made.
    code: Option<String>,
    typed: Typed,
}

/// Fields of the page that say beside them what is wrong; what is wrong with a number is said above, too: two
/// forms have such a field.
const FIELDS: [&str; 12] = [
    "visits",
    "name",
    "spot",
    "hours",
    "facilities",
    "day",
    "open",
    "code",
    "thing",
    "room",
    "window",
    "service",
];

/// The station, for whoever keeps it or sets it up.
pub(super) async fn desk_of(desk: &Desk, id: i64) -> Result<(Found, bool), Fault> {
    let found = queries::found(desk.app.store.read(), desk.actor(), id).await?;
    let sets = may(desk.actor(), Deed::SetStations, &found.place.path);
    match found.keeps || sets {
        true => Ok((found, sets)),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// What the form of the station begins with, whatever became of another form of the page.
fn filled(typed: Typed, seen: &Seen) -> Typed {
    let row = &seen.station;
    let holidays = if row.public_holidays { "1" } else { "" };
    typed
        .set("name", &row.name)
        .set("spot", &row.spot)
        .set("hours", &seen.week())
        .set("public_holidays", holidays)
        .set("facilities", &seen.facilities.join("、"))
}

async fn set_up(
    desk: &Desk,
    id: i64,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let (found, sets) = desk_of(desk, id).await?;
    let seen = queries::seen(db, desk.actor(), now, id).await?;
    let today = Month::of(china(now).date_naive());
    let month = Month::parse(&asked.month).unwrap_or(today);
    let days = figures::days(db, id, month).await?;
    let (mut typed, problem, code) = typed(tried, &FIELDS);
    let row = &seen.station;
    if tried.is_none_or(|tried| tried.form.text("version").is_empty()) {
        typed = filled(typed, &seen);
    }
    let own_days = queries::days_of(db, id).await?;
    let own_days = own_days
        .into_iter()
        .filter(|day| day.day >= china(now).date_naive());
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let things = things(db, desk.actor(), id, slice).await?;
    let services = windows::offered(db, id).await?;
    let page = SetUp {
        frame: Frame::new(desk, row.name.clone()).saying(&asked.said),
        head: Head {
            id,
            name: row.name.clone(),
            tab: Tab::SetUp,
            keeps: found.keeps,
            problem,
        },
        place: seen.place.clone(),
        spot: row.spot.clone(),
        open: seen.open.says(),
        week: seen.opens(),
        keeps: found.keeps,
        sets,
        month: month.says(),
        before: written(month.before()),
        visits: days.iter().map(Day::whole).sum(),
        days,
        version: row.version,
        own_days: own_days
            .map(|day| {
                let hours = day.hours.unwrap_or_else(|| "关门".to_owned());
                (day.day.to_string(), hours)
            })
            .collect(),
        next: things.next,
        things: things.items,
        rooms: rooms::rooms_of(db, &[id]).await?,
        services,
        code: door::kept(&desk.app, row).map(qr).transpose()?,
        facilities: seen.facilities.join("、"),
        typed,
    };
    show(code, &page)
}

/// As it stands in an address: `2026-11`.
fn written(month: Month) -> String {
    let first = month.first();
    format!("{}-{:02}", first.year(), first.month())
}

/// `GET /console/stations/:id`
///
/// # Errors
/// `not_found` for a station that is not theirs to see, `forbidden` for whoever neither keeps it nor sets it up.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, number(&id)?, Tab::SetUp, &asked, None).await
}

/// `GET /console/stations/:id/lending`
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn lending_page(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, number(&id)?, Tab::Lending, &asked, None).await
}

/// `GET /console/stations/:id/rooms`
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn rooms_page(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, number(&id)?, Tab::Rooms, &asked, None).await
}

/// `GET /console/stations/:id/windows`
///
/// # Errors
/// As [`open`].
#[handler]
pub async fn windows_page(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, number(&id)?, Tab::Windows, &asked, None).await
}
