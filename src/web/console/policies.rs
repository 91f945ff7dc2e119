//! `/console/policies`: how long cases may take at a place, by grade and level: what holds, where each
//! figure comes from, and setting or taking away what is the place's own.

use askama::Template;
use entity::kinds::{Grade, Level};
use entity::place;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::access::permit::{Deed, may, require};
use crate::base::calendar::Calendar;
use crate::base::clock::{Moment, say, say_minutes};
use crate::base::fault::Fault;
use crate::case::level_says;
use crate::place::queries as places;
use crate::policy::queries::{self, FullCalendar, Holding};
use crate::policy::rules::{Figures, read_minutes};
use crate::policy::{Policy, Slot, actions, grade_says};
use crate::web::console::at::At;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

const PAGE: &str = "/console/policies";
/// Whoever may look: they see the cases of the place, or set its clocks.
pub(super) const DEEDS: &[Deed] = &[Deed::SeeCases, Deed::SetClocks];
/// Of the place and the slot, in the page's address and in the form.
const FIELDS: &[&str] = &[
    "accept_minutes",
    "arrive_minutes",
    "finish_minutes",
    "plan_minutes",
    "calendar",
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    grade: String,
    level: String,
    said: String,
}

/// What holds for a level.
struct Line {
    level: &'static str,
    accept: String,
    arrive: String,
    finish: String,
    plan: String,
    hours: String,
    from: String,
    own: bool,
    /// `grade=major&level=street`
    slot: String,
}

/// A grade, and when things would be due that are filed now.
struct Group {
    says: &'static str,
    now: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "web/console/policies.html")]
struct Policies {
    frame: Frame,
    at: At,
    groups: Vec<Group>,
    can_set: bool,
}

/// `GET /console/policies`
///
/// # Errors
/// `not_found` for a place that is not theirs to see.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let db = desk.app.store.read();
    let holding = queries::holding(db, desk.actor(), at.place.id).await?;
    let above = places::on_path(db, &at.place.path).await?;
    let named = holding.iter().filter_map(|one| one.policy().calendar_id);
    let mut named: Vec<i64> = named.collect();
    named.sort_unstable();
    named.dedup();
    let hours = queries::calendars(db, &named).await?;
    let calendars = queries::calendars_at(db, desk.actor(), at.place.id).await?;
    let now = desk.app.clock.now();
    let groups = Grade::iter().map(|grade| {
        let of_grade: Vec<&Holding> = holding.iter().filter(|one| one.grade == grade).collect();
        let first = of_grade
            .iter()
            .find(|one| one.level == Some(Level::Compound));
        let now = first.map_or_else(Vec::new, |one| {
            let policy = one.policy();
            let hours = policy.calendar_id.and_then(|id| hours.get(&id));
            promises(policy, hours.unwrap_or(&Calendar::Always), now)
        });
        Group {
            says: grade_says(grade),
            now,
            lines: of_grade
                .into_iter()
                .map(|one| line(one, &at.place, &above, &calendars))
                .collect(),
        }
    });
    let page = Policies {
        frame: Frame::new(desk, "时限").saying(&asked.said),
        groups: groups.collect(),
        can_set: may(desk.actor(), Deed::SetClocks, &at.place.path),
        at,
    };
    show(StatusCode::OK, &page)
}

/// When it would have to be accepted, finished and planned if it were filed at this moment:
/// `5分钟内接单 → 11月30日 09:05`.
pub(super) fn promises(policy: Policy, hours: &Calendar, from: Moment) -> Vec<String> {
    let clocks = [
        (Some(policy.accept_minutes), "接单"),
        (policy.finish_minutes, "办结"),
        (policy.plan_minutes, "出方案"),
    ];
    let set = clocks.into_iter().filter_map(|(minutes, does)| {
        let minutes = minutes?;
        let due = say(hours.due(from, minutes));
        Some(format!("{}内{does} → {due}", say_minutes(minutes)))
    });
    set.collect()
}

fn line(
    one: &Holding,
    place: &place::Model,
    above: &[place::Model],
    calendars: &[FullCalendar],
) -> Line {
    let policy = one.policy();
    let minutes = |minutes: Option<i64>| minutes.map_or_else(|| "—".to_owned(), say_minutes);
    let level = one.level.map(|level| level.to_value()).unwrap_or_default();
    Line {
        level: one.level.map_or("各层级", level_says),
        accept: say_minutes(policy.accept_minutes),
        arrive: minutes(policy.arrive_minutes),
        finish: minutes(policy.finish_minutes),
        plan: minutes(policy.plan_minutes),
        hours: match policy.calendar_id {
            None => "全天".to_owned(),
            Some(id) => calendar_says(calendars, id),
        },
        from: source(one, place, above),
        own: one.own(place.id).is_some(),
        slot: format!("grade={}&level={level}", one.grade.to_value()),
    }
}

fn calendar_says(calendars: &[FullCalendar], id: i64) -> String {
    let found = calendars.iter().find(|known| known.calendar.id == id);
    found.map_or_else(
        || "原来的日历（已删除）".to_owned(),
        |known| known.calendar.name.clone(),
    )
}

/// `本地单独设置`, `桂园社区`, `5341 内置标准`.
fn source(one: &Holding, place: &place::Model, above: &[place::Model]) -> String {
    let Some(row) = &one.row else {
        return "5341 内置标准".to_owned();
    };
    let name = match above.iter().find(|known| known.id == row.place_id) {
        Some(known) if known.id == place.id => "本地设置",
        Some(known) => places::short_name(known),
        None => "上级设置",
    };
    let of = row.level.map_or("各层级", level_says);
    if row.level == one.level {
        name.to_owned()
    } else {
        format!("{name}（{of}）")
    }
}

#[derive(Template)]
#[template(path = "web/console/policy.html")]
struct PolicyPage {
    frame: Frame,
    at: At,
    grade: String,
    level: String,
    says: String,
    version: Option<i32>,
    from: String,
    typed: Typed,
    calendars: Vec<(String, String, bool)>,
    problem: Option<String>,
}

/// `GET /console/policies/edit`
///
/// # Errors
/// `not_found` for a place that is not theirs, or no such slot.
#[handler]
pub async fn edit(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (grade, level) = slot(&asked.grade, &asked.level)?;
    page(desk, &asked.place, grade, level, None).await
}

fn slot(grade: &str, level: &str) -> Result<(Grade, Option<Level>), Fault> {
    let none = || Fault::not_found("没有这一项时限，请从列表里重新选择。");
    let grade = Grade::try_from_value(&grade.to_owned()).map_err(|_| none())?;
    let level = match level {
        "" => None,
        level => Some(Level::try_from_value(&level.to_owned()).map_err(|_| none())?),
    };
    Ok((grade, level))
}

/// The form of a slot: what holds now, or what was typed and why it did not do.
async fn page(
    desk: &Desk,
    place: &str,
    grade: Grade,
    level: Option<Level>,
    wrong: Option<(&Form, &Fault)>,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, place, DEEDS).await?;
    require(desk.actor(), Deed::SetClocks, &at.place.path)?;
    let db = desk.app.store.read();
    let holding = queries::holding(db, desk.actor(), at.place.id).await?;
    let one = holding
        .iter()
        .find(|one| one.grade == grade && one.level == level)
        .ok_or_else(|| Fault::not_found("没有这一项时限，请从列表里重新选择。"))?;
    let above = places::on_path(db, &at.place.path).await?;
    let calendars = queries::calendars_at(db, desk.actor(), at.place.id).await?;
    let typed = match wrong {
        Some((form, fault)) => Typed::wrong(form, fault),
        None => as_it_is(one.policy()),
    };
    let chosen = typed.value("calendar").to_owned();
    let page = PolicyPage {
        frame: Frame::new(desk, format!("{}：{}", at.name, grade_says(grade))),
        grade: grade.to_value(),
        level: level.map(|level| level.to_value()).unwrap_or_default(),
        says: level.map_or("各层级", level_says).to_owned(),
        version: one.own(at.place.id).map(|row| row.version),
        from: now_holds(one, &at.place, &above),
        calendars: calendars
            .iter()
            .map(|known| {
                let id = known.calendar.id.to_string();
                let is = id == chosen;
                (id, known.calendar.name.clone(), is)
            })
            .collect(),
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        at,
    };
    let code = wrong.map_or(StatusCode::OK, |(_, fault)| status(fault));
    show(code, &page)
}

/// `现在：接单5分钟，到场5分钟，办结30分钟（桂园社区）`
fn now_holds(one: &Holding, place: &place::Model, above: &[place::Model]) -> String {
    let policy = one.policy();
    let clocks = [
        ("接单", Some(policy.accept_minutes)),
        ("到场", policy.arrive_minutes),
        ("办结", policy.finish_minutes),
        ("方案", policy.plan_minutes),
    ];
    let set = clocks.into_iter();
    let set = set.filter_map(|(does, minutes)| Some(format!("{does}{}", say_minutes(minutes?))));
    let set: Vec<String> = set.collect();
    format!("现在：{}（{}）", set.join("，"), source(one, place, above))
}

fn as_it_is(policy: Policy) -> Typed {
    let minutes = |minutes: Option<i64>| minutes.map(say_minutes).unwrap_or_default();
    let calendar = policy.calendar_id.map(|id| id.to_string());
    Typed::with(&[
        ("accept_minutes", &say_minutes(policy.accept_minutes)),
        ("arrive_minutes", &minutes(policy.arrive_minutes)),
        ("finish_minutes", &minutes(policy.finish_minutes)),
        ("plan_minutes", &minutes(policy.plan_minutes)),
        ("calendar", calendar.as_deref().unwrap_or_default()),
    ])
}

/// `POST /console/policies/set`
///
/// # Errors
/// `not_found` for a place that is not theirs, or no such slot.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    answer(desk, &form, true).await
}

/// `POST /console/policies/remove`
///
/// # Errors
/// As [`save`].
#[handler]
pub async fn remove(desk: &Desk, form: Form) -> Result<Response, Fault> {
    answer(desk, &form, false).await
}

async fn answer(desk: &Desk, form: &Form, sets: bool) -> Result<Response, Fault> {
    let (grade, level) = slot(form.text("grade"), form.text("level"))?;
    let at = At::find(desk, PAGE, form.text("place"), DEEDS).await?;
    let slot = Slot {
        place_id: at.place.id,
        grade,
        level,
    };
    let done = if sets {
        store(desk, form, slot).await
    } else {
        take_away(desk, form, slot).await
    };
    let said = if sets { "policy-set" } else { "policy-removed" };
    match done {
        Ok(()) => Ok(go(&format!("{PAGE}?place={}&said={said}", at.code))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => page(desk, form.text("place"), grade, level, Some((form, &fault))).await,
    }
}

async fn store(desk: &Desk, form: &Form, slot: Slot) -> Result<(), Fault> {
    let figures = Figures {
        accept_minutes: minutes(form, "accept_minutes")?
            .ok_or_else(|| Fault::invalid("accept_minutes", "请写接单时限，例如 5分钟。"))?,
        arrive_minutes: minutes(form, "arrive_minutes")?,
        finish_minutes: minutes(form, "finish_minutes")?,
        plan_minutes: minutes(form, "plan_minutes")?,
    };
    let calendar = match form.text("calendar") {
        "" => None,
        id => Some(
            id.parse()
                .map_err(|_| Fault::invalid("calendar", "没有这个日历，请重新选择。"))?,
        ),
    };
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    actions::set(&mut tx, desk.actor(), slot, figures, calendar, seen(form)).await?;
    tx.commit().await
}

async fn take_away(desk: &Desk, form: &Form, slot: Slot) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let version = seen(form).unwrap_or_default();
    actions::remove(&mut tx, desk.actor(), slot, version).await?;
    tx.commit().await
}

/// The version that the page showed.
pub(super) fn seen(form: &Form) -> Option<i32> {
    form.text("version").parse().ok()
}

fn minutes(form: &Form, field: &'static str) -> Result<Option<i32>, Fault> {
    let typed = form.text(field).trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let read = read_minutes(typed);
    read.map(Some)
        .ok_or_else(|| Fault::invalid(field, "请写成 5分钟、4小时 或 1天。"))
}
