//! `POST /console/stations/:id/do/:act`: what the forms of a station's pages do. What does not work is said on
//! the page that the form stands on, with what was typed. The pages are `station.rs`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use poem::web::Path;
use poem::{Response, handler};

use crate::base::clock::{Moment, begin_of};
use crate::base::fault::{Code, Fault};
use crate::station::actions::{self, Asked, NewThing, Outcome};
use crate::station::queries::lending::{no_loan, no_thing};
use crate::station::queries::no_such;
use crate::station::queries::rooms::{no_booking, no_room};
use crate::station::queries::windows::{no_deposit, no_service};
use crate::store::Tx;
use crate::web::console::form::Form;
use crate::web::console::guard::Desk;
use crate::web::console::station::{self, Tab, Tried, number, page};
use crate::web::console::stations::written;
use crate::web::pages::go;

/// On which page a form stands; none for one that is none of ours.
fn tab_of(act: &str) -> Option<Tab> {
    Some(match act {
        "visits" | "change" | "day" | "remove" | "thing" | "thing-change" | "thing-off"
        | "room" | "room-off" | "service" | "service-off" => Tab::SetUp,
        "lend" | "loan-returned" | "loan-denied" | "loan-gone" => Tab::Lending,
        "book" | "cancel" | "absent" => Tab::Rooms,
        "tap" | "untap" | "deposit" | "collect" | "clear" => Tab::Windows,
        _ => return None,
    })
}

/// `POST /console/stations/:id/do/:act`
///
/// # Errors
/// `not_found` for what is not theirs, `forbidden` for what they may not do there; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = number(&id)?;
    let tab = tab_of(&act).ok_or_else(no_such)?;
    match run(desk, id, tab, &act, &form).await {
        Ok("station-removed") => Ok(go("/console/stations?said=station-removed")),
        Ok(said) => Ok(go(&format!(
            "/console/stations/{id}{}?said={said}",
            tab.path()
        ))),
        Err(fault) => {
            // Somebody who is not found is said beside the field where they were typed.
            let named = fault.code == Code::NotFound && !form.text("who").is_empty();
            if fault.is_ours() || fault.code == Code::Forbidden {
                return Err(fault);
            }
            if fault.code == Code::NotFound && !named {
                return Err(fault);
            }
            let tried = Tried {
                form: &form,
                fault: &fault,
            };
            page(desk, id, tab, &station::Asked::default(), Some(tried)).await
        }
    }
}

/// Does it; the key of what is said then.
async fn run(
    desk: &Desk,
    id: i64,
    tab: Tab,
    act: &str,
    form: &Form,
) -> Result<&'static str, Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let said = match tab {
        Tab::SetUp => set_up(&mut tx, desk, id, act, form).await?,
        Tab::Lending => lend(&mut tx, desk, act, form).await?,
        Tab::Rooms => book(&mut tx, desk, act, form).await?,
        Tab::Windows => serve(&mut tx, desk, id, act, form).await?,
    };
    tx.commit().await?;
    Ok(said)
}

fn key(form: &Form, field: &str, none: impl Fn() -> Fault) -> Result<i64, Fault> {
    form.text(field).parse().map_err(|_| none())
}

/// A whole number in a field.
fn whole<T: std::str::FromStr>(form: &Form, field: &'static str) -> Result<T, Fault> {
    let typed: String = form
        .text(field)
        .trim()
        .chars()
        .map(crate::base::text::half_width)
        .collect();
    typed
        .parse()
        .map_err(|_| Fault::invalid(field, "请写数字，例如 3。"))
}

async fn set_up(
    tx: &mut Tx,
    desk: &Desk,
    id: i64,
    act: &str,
    form: &Form,
) -> Result<&'static str, Fault> {
    let actor = desk.actor();
    match act {
        "visits" => {
            actions::count(tx, actor, id, whole(form, "visits")?).await?;
            return Ok("station-visits");
        }
        "remove" => {
            actions::remove(tx, actor, id).await?;
            return Ok("station-removed");
        }
        "change" => {
            let version = form.text("version").parse().unwrap_or_default();
            actions::change(tx, actor, id, version, written(form)).await?;
        }
        "day" => set_day(tx, desk, id, form).await?,
        "thing" => {
            let new = NewThing {
                code: form.text("code"),
                name: form.text("thing"),
                quantity: whole(form, "quantity")?,
                days: whole(form, "days")?,
            };
            actions::add_thing(tx, actor, id, new).await?;
        }
        "thing-change" => {
            let thing = key(form, "thing_id", no_thing)?;
            let (quantity, days) = (whole(form, "quantity")?, whole(form, "days")?);
            actions::change_thing(tx, actor, thing, quantity, days).await?;
        }
        "thing-off" => {
            actions::remove_thing(tx, actor, key(form, "thing_id", no_thing)?).await?;
        }
        "room" => {
            let seats = whole(form, "seats")?;
            actions::add_room(tx, actor, id, form.text("room"), seats).await?;
        }
        "room-off" => actions::remove_room(tx, actor, key(form, "room_id", no_room)?).await?,
        "service" => {
            let (window, name) = (form.text("window"), form.text("service"));
            actions::add_service(tx, actor, id, window, name).await?;
        }
        _ => {
            actions::remove_service(tx, actor, key(form, "service_id", no_service)?).await?;
        }
    }
    Ok("station-changed")
}

async fn set_day(tx: &mut Tx, desk: &Desk, id: i64, form: &Form) -> Result<(), Fault> {
    let (typed, open) = match form.text("remove") {
        "" => (form.text("day"), Some(form.text("open"))),
        day => (day, None),
    };
    let day: Option<NaiveDate> = typed.trim().parse().ok();
    let day = day.ok_or_else(|| Fault::invalid("day", "请写真有的日期，例如 2027-02-06。"))?;
    actions::set_day(tx, desk.actor(), id, day, open).await
}

async fn lend(tx: &mut Tx, desk: &Desk, act: &str, form: &Form) -> Result<&'static str, Fault> {
    let actor = desk.actor();
    if act == "lend" {
        let thing: Option<i64> = form.text("thing_id").parse().ok();
        let thing = thing.ok_or_else(|| Fault::invalid("thing_id", "请选择借哪一样。"))?;
        let terms = &desk.app.settings.stations;
        actions::lend(tx, actor, terms, thing, form.text("who")).await?;
        return Ok("station-lent");
    }
    let loan = key(form, "loan_id", || no_loan(0))?;
    let note = form.text("note");
    match (act, form.text("outcome")) {
        ("loan-returned", _) => actions::end(tx, actor, loan, Outcome::Returned, note).await?,
        ("loan-denied", _) => actions::deny(tx, actor, loan).await?,
        (_, "damaged") => actions::end(tx, actor, loan, Outcome::Damaged, note).await?,
        (_, "lost") => actions::end(tx, actor, loan, Outcome::Lost, note).await?,
        _ => return Err(Fault::invalid("outcome", "请选择丢失或损坏。")),
    };
    Ok("station-loan")
}

async fn book(tx: &mut Tx, desk: &Desk, act: &str, form: &Form) -> Result<&'static str, Fault> {
    let actor = desk.actor();
    if act == "book" {
        let asked = Asked {
            room_id: key(form, "room_id", no_room)?,
            from: moment(form, "from")?,
            to: moment(form, "to")?,
            purpose: form.text("purpose"),
        };
        let (_, displaced) = actions::book_officially(tx, actor, asked).await?;
        return Ok(match displaced {
            0 => "station-booked",
            _ => "station-displaced",
        });
    }
    let booking = key(form, "booking_id", || no_booking(0))?;
    if act == "cancel" {
        actions::cancel(tx, actor, booking, form.text("reason")).await?;
        return Ok("station-booking-off");
    }
    actions::absent(tx, actor, booking).await?;
    Ok("station-absent")
}

/// A moment on China's wall clock, as a browser writes it.
fn moment(form: &Form, field: &'static str) -> Result<Moment, Fault> {
    let read = NaiveDateTime::parse_from_str(form.text(field).trim(), "%Y-%m-%dT%H:%M");
    let at = read.map_err(|_| Fault::invalid(field, "请写日期和时间，例如 2026-12-01T14:00。"))?;
    Ok(begin_of(at.date()) + (at - at.date().and_time(NaiveTime::MIN)))
}

async fn serve(
    tx: &mut Tx,
    desk: &Desk,
    id: i64,
    act: &str,
    form: &Form,
) -> Result<&'static str, Fault> {
    let actor = desk.actor();
    match act {
        "tap" => {
            let service = key(form, "service_id", no_service)?;
            actions::tap(tx, actor, service, form.text("note")).await?;
            return Ok("station-served");
        }
        "untap" => {
            actions::untap(tx, actor, key(form, "service_id", no_service)?).await?;
        }
        "deposit" => {
            let terms = &desk.app.settings.stations;
            let (thing, who) = (form.text("thing"), form.text("who"));
            actions::deposit(tx, actor, terms, id, thing, who).await?;
            return Ok("station-deposit");
        }
        "collect" => {
            let deposit = key(form, "deposit_id", || no_deposit(0))?;
            actions::collect(tx, actor, deposit).await?;
        }
        _ => {
            let deposit = key(form, "deposit_id", || no_deposit(0))?;
            actions::clear(tx, actor, deposit, form.text("note")).await?;
        }
    }
    Ok("station-deposit-end")
}
