//! Forms of the page of a calendar: a new one, its name and week, days off and days of its own, taking it
//! away. Each sends the version that its page showed. The page is `calendars.rs`.

use chrono::{Datelike, NaiveDate, TimeDelta};
use poem::web::Path;
use poem::{Response, handler};

use crate::base::calendar::hours;
use crate::base::fault::{Code, Fault};
use crate::policy::actions;
use crate::policy::queries::FullCalendar;
use crate::policy::rules::Timetable;
use crate::web::console::at::At;
use crate::web::console::calendars::{Asked, DAYS, PAGE, Tried, YEARS, found, number, page, shown};
use crate::web::console::form::Form;
use crate::web::console::guard::Desk;
use crate::web::console::policies::{DEEDS, seen};
use crate::web::pages::go;

/// Days that one form may name.
const MOST_AT_ONCE: i64 = 62;

/// `POST /console/calendars/add`
///
/// # Errors
/// `not_found` for a place or a calendar that is not theirs.
#[handler]
pub async fn add(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let asked = asked_in(&form);
    let copied = shown(desk, &at, None, &asked.copy).await?;
    let days = copied.map(|one| one.table.days).unwrap_or_default();
    let done = async {
        let table = Timetable {
            days,
            ..week_in(&form)?
        };
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let name = form.text("name");
        let row = actions::add_calendar(&mut tx, desk.actor(), at.place.id, name, &table).await?;
        tx.commit().await?;
        Ok(row.id)
    };
    match done.await {
        Ok(id) => Ok(done_with(&at, id, "calendar-added")),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => page(desk, None, &asked, Some(Tried::Week(&form, &fault))).await,
    }
}

/// `POST /console/calendars/:id`: its name and its week.
///
/// # Errors
/// As [`add`].
#[handler]
pub async fn change(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id = number(&id)?;
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let one = found(desk, &at, id).await?;
    let done = async {
        let table = Timetable {
            days: one.table.days,
            ..week_in(&form)?
        };
        store(desk, &form, id, form.text("name"), &table).await
    };
    let asked = asked_in(&form);
    match done.await {
        Ok(()) => Ok(done_with(&at, id, "calendar-changed")),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => page(desk, Some(id), &asked, Some(Tried::Week(&form, &fault))).await,
    }
}

/// `POST /console/calendars/:id/days`: days off, or days with hours of their own, one or several; with
/// `remove` a day that is to be as its week says again.
///
/// # Errors
/// As [`add`].
#[handler]
pub async fn store_days(
    desk: &Desk,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Fault> {
    let id = number(&id)?;
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let FullCalendar {
        calendar,
        mut table,
    } = found(desk, &at, id).await?;
    let mut asked = asked_in(&form);
    let done = async {
        let first = match form.text("remove") {
            "" => set_days(&form, &mut table)?,
            day => {
                let day = read_day(day, "from")?;
                table.days.remove(&day);
                day
            }
        };
        store(desk, &form, id, &calendar.name, &table).await?;
        Ok(first.year())
    };
    match done.await {
        Ok(year) => Ok(go(&format!(
            "{PAGE}/{id}?place={}&year={year}&said=calendar-changed",
            at.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            asked.year = form.text("year").to_owned();
            page(desk, Some(id), &asked, Some(Tried::Days(&form, &fault))).await
        }
    }
}

/// `POST /console/calendars/:id/remove`
///
/// # Errors
/// As [`add`].
#[handler]
pub async fn remove(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id = number(&id)?;
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    found(desk, &at, id).await?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let version = seen(&form).unwrap_or_default();
        actions::remove_calendar(&mut tx, desk.actor(), id, version).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?place={}&said=calendar-removed",
            at.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let asked = asked_in(&form);
            page(desk, Some(id), &asked, Some(Tried::Days(&form, &fault))).await
        }
    }
}

async fn store(
    desk: &Desk,
    form: &Form,
    id: i64,
    name: &str,
    table: &Timetable,
) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let version = seen(form).unwrap_or_default();
    actions::change_calendar(&mut tx, desk.actor(), id, version, name, table).await?;
    tx.commit().await
}

fn done_with(at: &At, id: i64, said: &str) -> Response {
    go(&format!("{PAGE}/{id}?place={}&said={said}", at.code))
}

/// Whether a fault is none of the form: the page cannot say it beside a field.
pub(super) fn is_elsewhere(fault: &Fault) -> bool {
    fault.is_ours() || fault.code == Code::NotFound
}

fn asked_in(form: &Form) -> Asked {
    Asked {
        place: form.text("place").to_owned(),
        copy: form.text("copy").to_owned(),
        ..Asked::default()
    }
}

/// The week of a form, each day beside its field.
fn week_in(form: &Form) -> Result<Timetable, Fault> {
    let mut parts = Vec::new();
    for (field, _, name) in DAYS {
        let typed = form.text(field).trim();
        if typed.is_empty() || typed == "休息" || typed == "休" {
            continue;
        }
        let spans = hours::spans(typed).map_err(|why| Fault::invalid(field, format!("{why}。")))?;
        parts.push(format!("{name} {}", hours::says(&spans)));
    }
    Ok(Timetable {
        hours: parts.join("; "),
        public_holidays: form.text("public_holidays") == "1",
        days: Default::default(),
    })
}

fn read_day(typed: &str, field: &'static str) -> Result<NaiveDate, Fault> {
    NaiveDate::parse_from_str(typed.trim(), "%Y-%m-%d")
        .ok()
        .filter(|day| YEARS.contains(&day.year()))
        .ok_or_else(|| Fault::invalid(field, "请写真有的日期，例如 2027-02-06。"))
}

/// Puts the days of a form into the table; gives the first.
fn set_days(form: &Form, table: &mut Timetable) -> Result<NaiveDate, Fault> {
    let from = read_day(form.text("from"), "from")?;
    let to = match form.text("to").trim() {
        "" => from,
        typed => read_day(typed, "to")?,
    };
    if to < from {
        return Err(Fault::invalid("to", "结束的日期比开始的早。"));
    }
    if to - from >= TimeDelta::days(MOST_AT_ONCE) {
        return Err(Fault::invalid(
            "to",
            format!("一次最多{MOST_AT_ONCE}天，请分几次。"),
        ));
    }
    let open = match form.text("open").trim() {
        "" | "休息" | "休" => None,
        typed => {
            let spans = hours::spans(typed);
            let spans = spans.map_err(|why| Fault::invalid("open", format!("{why}。")))?;
            Some(hours::says(&spans))
        }
    };
    let days = from.iter_days().take_while(|day| *day <= to);
    table.days.extend(days.map(|day| (day, open.clone())));
    Ok(from)
}
