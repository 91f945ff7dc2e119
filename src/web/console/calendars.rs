//! `/console/calendars`: in which hours clocks run: the calendars of a place and those that it has from
//! above; a week with split shifts, days off and days worked for them, a year at a glance, and when
//! something would be due. What the page shows of a year is made in `year.rs`; its forms are `days.rs`.

use askama::Template;
use chrono::{Datelike, NaiveDateTime};
use entity::kinds::{Grade, Level};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may, require};
use crate::base::calendar::Calendar;
use crate::base::calendar::hours::{self, Week};
use crate::base::clock::{Moment, begin_of, china, say};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::policy::grade_says;
use crate::policy::queries::{self, FullCalendar};
use crate::policy::rules::Timetable;
use crate::web::console::at::At;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::policies::{DEEDS, promises};
use crate::web::console::year::{DayLine, MonthLine, own_days, year_of};

pub(super) const PAGE: &str = "/console/calendars";
/// Years that a page shows.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
/// Field, name, English name of each weekday.
pub(super) const DAYS: [(&str, &str, &str); 7] = [
    ("mo", "周一", "Mo"),
    ("tu", "周二", "Tu"),
    ("we", "周三", "We"),
    ("th", "周四", "Th"),
    ("fr", "周五", "Fr"),
    ("sa", "周六", "Sa"),
    ("su", "周日", "Su"),
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) place: String,
    pub(super) year: String,
    pub(super) at: String,
    pub(super) copy: String,
    pub(super) said: String,
}

/// A calendar in the list.
struct Line {
    id: i64,
    name: String,
    hours: String,
    holidays: bool,
    days: usize,
    whose: String,
}

#[derive(Template)]
#[template(path = "web/console/calendars.html")]
struct Calendars {
    frame: Frame,
    at: At,
    lines: Vec<Line>,
    can_set: bool,
}

/// `GET /console/calendars`
///
/// # Errors
/// `not_found` for a place that is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let db = desk.app.store.read();
    let all = queries::calendars_at(db, desk.actor(), at.place.id).await?;
    let page = Calendars {
        frame: Frame::new(desk, "日历").saying(&asked.said),
        lines: all.iter().map(|one| line(one, &at)).collect(),
        can_set: may(desk.actor(), Deed::SetClocks, &at.place.path),
        at,
    };
    show(StatusCode::OK, &page)
}

fn line(one: &FullCalendar, at: &At) -> Line {
    Line {
        id: one.calendar.id,
        name: one.calendar.name.clone(),
        hours: week_says(&one.table),
        holidays: one.table.public_holidays,
        days: one.table.days.len(),
        whose: whose(one, at),
    }
}

fn week_says(table: &Timetable) -> String {
    Week::parse(&table.hours).map_or_else(|_| table.hours.clone(), |week| week.says())
}

fn whose(one: &FullCalendar, at: &At) -> String {
    match one.calendar.place_id {
        None => "系统自带，大家共用".to_owned(),
        Some(id) if id == at.place.id => "本地的".to_owned(),
        Some(_) => "上级地点的".to_owned(),
    }
}

/// A weekday in the form.
struct DayField {
    field: &'static str,
    says: &'static str,
    value: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "web/console/calendar.html")]
struct CalendarPage {
    frame: Frame,
    at: At,
    /// None for a new one.
    id: Option<i64>,
    copy: String,
    version: i32,
    whose: String,
    can_set: bool,
    week: String,
    fields: Vec<DayField>,
    holidays: bool,
    form: Typed,
    problem: Option<String>,
    days_form: Typed,
    days: Vec<DayLine>,
    year: i32,
    months: Vec<MonthLine>,
    from: String,
    from_wrong: Option<&'static str>,
    due: Vec<String>,
}

/// Which form was sent, and what became of it.
#[derive(Clone, Copy)]
pub(super) enum Tried<'a> {
    Week(&'a Form, &'a Fault),
    Days(&'a Form, &'a Fault),
}

/// `GET /console/calendars/new`
///
/// # Errors
/// `not_found` for a place or a calendar that is not theirs; `forbidden` for who may not set clocks.
#[handler]
pub async fn begin(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, None, &asked, None).await
}

/// `GET /console/calendars/:id`
///
/// # Errors
/// `not_found` for a calendar that does not hold at the place.
#[handler]
pub async fn show_one(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, Some(number(&id)?), &asked, None).await
}

fn no_calendar() -> Fault {
    Fault::not_found("没有找到这个日历。")
}

pub(super) fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, |_| no_calendar())
}

/// The calendar with this key, if it may be chosen at the place.
pub(super) async fn found(desk: &Desk, at: &At, id: i64) -> Result<FullCalendar, Fault> {
    let db = desk.app.store.read();
    let all = queries::calendars_at(db, desk.actor(), at.place.id).await?;
    let found = all.into_iter().find(|one| one.calendar.id == id);
    found.ok_or_else(no_calendar)
}

/// The calendar that the page shows, or that a new one begins with.
pub(super) async fn shown(
    desk: &Desk,
    at: &At,
    id: Option<i64>,
    copy: &str,
) -> Result<Option<FullCalendar>, Fault> {
    match (id, copy) {
        (Some(id), _) => found(desk, at, id).await.map(Some),
        (None, "") => Ok(None),
        (None, copy) => found(desk, at, number(copy)?).await.map(Some),
    }
}

pub(super) async fn page(
    desk: &Desk,
    id: Option<i64>,
    asked: &Asked,
    tried: Option<Tried<'_>>,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    if id.is_none() {
        require(desk.actor(), Deed::SetClocks, &at.place.path)?;
    }
    let one = shown(desk, &at, id, &asked.copy).await?;
    let own = one.as_ref().filter(|_| id.is_some());
    let can_set = may(desk.actor(), Deed::SetClocks, &at.place.path)
        && own.is_none_or(|one| one.calendar.place_id == Some(at.place.id));
    let now = desk.app.clock.now();
    let (from, from_wrong) = moment(&asked.at, now);
    let year = year(&asked.year, from);
    let hours = one.as_ref().and_then(|one| one.table.read().ok());
    let calendar = hours.clone().map_or(Calendar::Always, Calendar::Hours);
    let (form, days_form, code) = match &tried {
        None => (Typed::with(&[]), Typed::default(), StatusCode::OK),
        Some(Tried::Week(form, fault)) => {
            (Typed::wrong(form, fault), Typed::default(), status(fault))
        }
        Some(Tried::Days(form, fault)) => {
            (Typed::with(&[]), Typed::wrong(form, fault), status(fault))
        }
    };
    let sent = matches!(tried, Some(Tried::Week(..)));
    let title = match &own {
        Some(one) => format!("日历：{}", one.calendar.name),
        None => format!("{}：新日历", at.name),
    };
    let fields: Vec<&str> = DAYS
        .iter()
        .map(|day| day.0)
        .chain(["name", "hours"])
        .collect();
    let page = CalendarPage {
        frame: Frame::new(desk, title).saying(&asked.said),
        id,
        copy: asked.copy.clone(),
        version: own.map_or(0, |one| one.calendar.version),
        whose: own.map_or_else(String::new, |one| whose(one, &at)),
        can_set,
        week: one
            .as_ref()
            .map(|one| week_says(&one.table))
            .unwrap_or_default(),
        fields: day_fields(one.as_ref(), &form, sent),
        holidays: match sent {
            true => form.value("public_holidays") == "1",
            false => one.as_ref().is_none_or(|one| one.table.public_holidays),
        },
        problem: form.general(&fields).map(str::to_owned),
        form: match (sent, &one) {
            (false, Some(one)) => Typed::with(&[("name", &one.calendar.name)]),
            _ => form,
        },
        days: one
            .as_ref()
            .map(|one| own_days(&one.table, year))
            .unwrap_or_default(),
        months: hours.map(|hours| year_of(&hours, year)).unwrap_or_default(),
        days_form,
        year,
        from: china(from).format("%Y-%m-%dT%H:%M").to_string(),
        from_wrong,
        due: due(desk, &at, &calendar, from).await?,
        at,
    };
    show(code, &page)
}

/// What stands in the fields of the weekdays: what was sent, or what the calendar has.
fn day_fields(one: Option<&FullCalendar>, form: &Typed, sent: bool) -> Vec<DayField> {
    let week = one.and_then(|one| Week::parse(&one.table.hours).ok());
    let days = DAYS.iter().zip(WEEKDAYS);
    days.map(|((field, says, _), day)| DayField {
        field,
        says,
        value: match (sent, &week) {
            (true, _) => form.value(field).to_owned(),
            (false, Some(week)) => hours::says(week.of(day)).replace(',', " "),
            (false, None) => String::new(),
        },
        error: form.error(field).map(str::to_owned),
    })
    .collect()
}

const WEEKDAYS: [chrono::Weekday; 7] = {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
};

/// The moment from which something is counted: as typed, on China's wall clock, or the present.
fn moment(typed: &str, now: Moment) -> (Moment, Option<&'static str>) {
    if typed.is_empty() {
        return (now, None);
    }
    let read = NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M").ok();
    let read = read.filter(|at| YEARS.contains(&at.year()));
    match read {
        Some(at) => {
            let since = at - at.date().and_time(chrono::NaiveTime::MIN);
            (begin_of(at.date()) + since, None)
        }
        None => (now, Some("时间写成 2026-11-30T09:00 这样。")),
    }
}

fn year(typed: &str, from: Moment) -> i32 {
    let read = typed.parse().ok().filter(|year| YEARS.contains(year));
    read.unwrap_or_else(|| china(from).year())
}

/// When the clocks of each grade, as they hold at the place, would end by this calendar.
async fn due(
    desk: &Desk,
    at: &At,
    calendar: &Calendar,
    from: Moment,
) -> Result<Vec<String>, Fault> {
    let db = desk.app.store.read();
    let holding = queries::holding(db, desk.actor(), at.place.id).await?;
    let here = holding
        .iter()
        .filter(|one| one.level == Some(Level::Compound));
    let mut words = vec![format!("从 {} 起", say(from))];
    for one in here {
        let promises = promises(one.policy(), calendar, from);
        // The first clock is the same for most grades: said once.
        let skip = usize::from(one.grade != Grade::Ordinary);
        words.extend(
            promises
                .iter()
                .skip(skip)
                .map(|promise| format!("{}：{promise}", grade_says(one.grade))),
        );
    }
    Ok(words)
}
