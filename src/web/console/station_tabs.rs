//! The pages of a station that its keepers alone see: what it has lent, who has booked its rooms, its windows
//! and what was left there. Called by `station.rs`.

use askama::Template;
use entity::kinds::{BookingState, DepositState, LoanState};
use poem::Response;

use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::station::queries;
use crate::station::queries::lending::{self, Loan, Whose};
use crate::station::queries::rooms::{self, Booking, Which};
use crate::station::queries::windows::{self, Deposit, Left, Service};
use crate::station::{booking_says, deposit_says, loan_says};
use crate::web::console::form::Typed;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::station::{Asked, Head, LINES, Tab, Tried, typed};

/// Of what has ended lately, so many.
const ENDED: u64 = 20;

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
async fn head_of(desk: &Desk, id: i64, tab: Tab, problem: Option<String>) -> Result<Head, Fault> {
    let found = queries::kept(desk.app.store.read(), desk.actor(), id).await?;
    Ok(Head {
        id,
        name: found.station.name,
        tab,
        keeps: true,
        problem,
    })
}

pub(super) async fn lent(
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
    let last = Slice::first(ENDED);
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

pub(super) async fn booked(
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

pub(super) async fn served(
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
