//! `/console/stations/:id` and what stands below it: a station's visits and set-up, what it has lent, who has
//! booked its rooms, its windows. What the forms do is `station_act.rs`.

use askama::Template;
use chrono::Datelike;
use entity::kinds::{BookingState, DepositState, LoanState};
use entity::{station_room, station_service, station_thing};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::page::Slice;
use crate::station::queries::figures::{self, Day};
use crate::station::queries::lending::{self, Loan, Whose, things};
use crate::station::queries::rooms::{self, Booking, Which};
use crate::station::queries::windows::{self, Deposit, Left, Service};
use crate::station::queries::{self, Found, no_such};
use crate::station::{booking_says, deposit_says, loan_says};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};

/// Lines of a page, and of what has ended lately.
const LINES: u64 = 30;
const ENDED: u64 = 20;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    month: String,
    said: String,
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
struct Head {
    id: i64,
    name: String,
    tab: Tab,
    keeps: bool,
    /// What did not work, where no field says it.
    problem: Option<String>,
}

impl Head {
    /// Address, name, whether it is the one.
    fn tabs(&self) -> Vec<(&'static str, &'static str, bool)> {
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
fn typed(tried: Option<Tried<'_>>, fields: &[&str]) -> (Typed, Option<String>, StatusCode) {
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
    id.parse().map_err(|_| no_such())
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
    typed: Typed,
}

/// The station, for whoever keeps it or sets it up.
async fn desk_of(desk: &Desk, id: i64) -> Result<(Found, bool), Fault> {
    let found = queries::found(desk.app.store.read(), desk.actor(), id).await?;
    let sets = may(desk.actor(), Deed::SetStations, &found.place.path);
    match found.keeps || sets {
        true => Ok((found, sets)),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

async fn set_up(
    desk: &Desk,
    id: i64,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    const FIELDS: [&str; 13] = [
        "visits", "name", "spot", "hours", "facilities", "day", "open", "code", "thing",
        "quantity", "days", "room", "seats",
    ];
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let (found, sets) = desk_of(desk, id).await?;
    let seen = queries::seen(db, desk.actor(), now, id).await?;
    let today = Month::of(china(now).date_naive());
    let month = Month::parse(&asked.month).unwrap_or(today);
    let days = figures::days(db, id, month).await?;
    let (mut typed, problem, code) = typed(tried, &FIELDS);
    let row = &seen.station;
    let facilities = seen.facilities.join("、");
    let changing = tried.is_some_and(|tried| !tried.form.text("version").is_empty());
    if !changing {
        let holidays = if row.public_holidays { "1" } else { "" };
        let week = seen.week();
        for (name, value) in [
            ("name", row.name.as_str()),
            ("spot", &row.spot),
            ("hours", &week),
            ("public_holidays", holidays),
            ("facilities", &facilities),
        ] {
            typed = typed.set(name, value);
        }
    }
    let own_days = queries::days_of(db, id).await?;
    let own_days = own_days.into_iter().filter(|day| day.day >= china(now).date_naive());
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
        week: seen.week(),
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
        facilities,
        typed,
    };
    show(code, &page)
}

/// As it stands in an address: `2026-11`.
fn written(month: Month) -> String {
    let first = month.first();
    format!("{}-{:02}", first.year(), first.month())
}

struct LoanLine {
    id: i64,
    thing: String,
    borrower: String,
    state: &'static str,
    waits: bool,
    late: bool,
    lent: String,
    due: String,
    note: String,
}

#[derive(Template)]
#[template(path = "web/console/station_lending.html")]
struct Lending {
    frame: Frame,
    head: Head,
    things: Vec<(i64, String, bool)>,
    lines: Vec<LoanLine>,
    next: Option<String>,
    ended: Vec<LoanLine>,
    typed: Typed,
}

/// The head of a page that keepers alone see.
async fn head_of(
    desk: &Desk,
    id: i64,
    tab: Tab,
    problem: Option<String>,
) -> Result<Head, Fault> {
    let found = queries::kept(desk.app.store.read(), desk.actor(), id).await?;
    Ok(Head {
        id,
        name: found.station.name,
        tab,
        keeps: true,
        problem,
    })
}

async fn lent(
    desk: &Desk,
    id: i64,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let (typed, problem, code) = typed(tried, &["who"]);
    let head = head_of(desk, id, Tab::Lending, problem).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let out = lending::loans(db, desk.actor(), Whose::Out(id), slice).await?;
    let last = Slice {
        before: None,
        limit: ENDED,
    };
    let ended = lending::loans(db, desk.actor(), Whose::Ended(id), last).await?;
    let line = |loan: Loan| {
        let row = loan.row;
        LoanLine {
            id: row.id,
            thing: format!("{} {}", loan.thing.code, loan.thing.name),
            borrower: loan.borrower.unwrap_or_default(),
            state: loan_says(row.state),
            waits: row.state == LoanState::Handed,
            late: row.due_at < now,
            lent: say(row.lent_at),
            due: say(row.due_at),
            note: row.note.unwrap_or_default(),
        }
    };
    let chosen = typed.value("thing_id");
    let things = lending::to_lend(db, id).await?;
    let things = things.into_iter().map(|one| {
        let here = one.id.to_string() == chosen;
        let left = one.quantity - one.lent;
        let words = format!("{} {}（还有{left}）", one.code, one.name);
        (one.id, words, here)
    });
    let page = Lending {
        frame: Frame::new(desk, format!("{}：借用", head.name)).saying(&asked.said),
        head,
        things: things.collect(),
        lines: out.items.into_iter().map(line).collect(),
        next: out.next,
        ended: ended.items.into_iter().map(line).collect(),
        typed,
    };
    show(code, &page)
}

struct BookingLine {
    id: i64,
    room: String,
    time: String,
    booker: String,
    official: bool,
    purpose: String,
    reason: String,
    state: &'static str,
    ahead: bool,
    begun: bool,
}

#[derive(Template)]
#[template(path = "web/console/station_rooms.html")]
struct Booked {
    frame: Frame,
    head: Head,
    rooms: Vec<(i64, String, bool)>,
    lines: Vec<BookingLine>,
    next: Option<String>,
    typed: Typed,
}

async fn booked(
    desk: &Desk,
    id: i64,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let (typed, problem, code) = typed(tried, &["from", "to", "purpose"]);
    let head = head_of(desk, id, Tab::Rooms, problem).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let booked = rooms::bookings(db, desk.actor(), Which::Of(id), slice).await?;
    let line = |one: Booking| {
        let time = one.slot().says();
        let row = one.row;
        let holds = row.state == BookingState::Booked;
        BookingLine {
            id: row.id,
            room: one.room,
            time,
            booker: one.booker.unwrap_or_default(),
            official: row.official,
            purpose: row.purpose.unwrap_or_default(),
            reason: row.reason.unwrap_or_default(),
            state: booking_says(row.state),
            ahead: holds && row.from_at > now,
            begun: holds && row.from_at <= now,
        }
    };
    let chosen = typed.value("room_id");
    let rooms = rooms::rooms_of(db, &[id]).await?;
    let rooms = rooms.into_iter().map(|room| {
        let here = room.id.to_string() == chosen;
        (room.id, room.name, here)
    });
    let page = Booked {
        frame: Frame::new(desk, format!("{}：房间", head.name)).saying(&asked.said),
        head,
        rooms: rooms.collect(),
        lines: booked.items.into_iter().map(line).collect(),
        next: booked.next,
        typed,
    };
    show(code, &page)
}

struct DepositLine {
    id: i64,
    thing: String,
    owner: String,
    at: String,
    state: &'static str,
    over: bool,
}

#[derive(Template)]
#[template(path = "web/console/station_windows.html")]
struct Served {
    frame: Frame,
    head: Head,
    services: Vec<Service>,
    shelf: Vec<DepositLine>,
    next: Option<String>,
    typed: Typed,
}

async fn served(
    desk: &Desk,
    id: i64,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let (typed, problem, code) = typed(tried, &["thing", "who"]);
    let head = head_of(desk, id, Tab::Windows, problem).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let shelf = windows::deposits(db, desk.actor(), Left::OnShelf(id), slice).await?;
    let line = |one: Deposit| DepositLine {
        id: one.row.id,
        thing: one.row.thing,
        owner: one.owner.unwrap_or_default(),
        at: say(one.row.at),
        state: deposit_says(one.row.state),
        over: one.row.state == DepositState::Unclaimed,
    };
    let today = china(now).date_naive();
    let page = Served {
        frame: Frame::new(desk, format!("{}：窗口和寄存", head.name)).saying(&asked.said),
        head,
        services: windows::services(db, desk.actor(), id, today).await?,
        shelf: shelf.items.into_iter().map(line).collect(),
        next: shelf.next,
        typed,
    };
    show(code, &page)
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
