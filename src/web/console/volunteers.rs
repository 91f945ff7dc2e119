//! `/console/volunteers`: the volunteers of a compound with their hours of the year, their tasks, and the hours that
//! wait to be confirmed; to make a task, call it off, and enter hours. Where hours are one's own, somebody else has
//! to look at them.

use std::collections::HashMap;

use askama::Template;
use entity::life::{ServiceState, VolunteerTaskState};
use entity::place;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::activity::queries as activities;
use crate::activity::span_says;
use crate::activity::step::is_ahead;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::place::queries as places;
use crate::volunteer::actions::{self, NewTask};
use crate::volunteer::hours::{self, Span, says};
use crate::volunteer::queries::{self, Part, Which, no_such};
use crate::volunteer::{MOST_REASON, MOST_TITLE, MOST_WANTED, service_says, tally, task_says_at};
use crate::web::console::activities::field;
use crate::web::console::at::At;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::mediation::moment_of;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Where the page is.
pub(super) const PAGE: &str = "/console/volunteers";
/// Tasks, volunteers and services of a page.
const TASKS: u64 = 20;
const MEMBERS: u64 = 100;
const PARTS: u64 = 500;
/// The fields of the form for a task.
const FIELDS: [&str; 5] = ["title", "venue", "starts_at", "ends_at", "wanted"];

/// At which place, for which activity, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    activity: String,
    /// Where the volunteers begin, and where the tasks.
    cursor: String,
    tasks: String,
    said: String,
}

struct PartLine {
    id: i64,
    name: String,
    state: &'static str,
    waits: bool,
    when: String,
    may_confirm: bool,
    may_refuse: bool,
}

struct TaskLine {
    id: i64,
    title: String,
    state: &'static str,
    open: bool,
    when: String,
    venue: String,
    of: String,
    from: String,
    until: String,
    parts: Vec<PartLine>,
}

/// A volunteer; hours and party unit are for whoever leads the whole compound.
struct MemberLine {
    id: i64,
    name: String,
    marks: String,
    served: String,
    times: i64,
}

#[derive(Template)]
#[template(path = "web/console/volunteers.html")]
struct Volunteers {
    frame: Frame,
    at: At,
    year: i32,
    totals: String,
    whole: bool,
    tasks: Vec<TaskLine>,
    older: Option<String>,
    members: Vec<MemberLine>,
    next: Option<String>,
    activity: Option<(i64, String)>,
    most_title: usize,
    most_wanted: i32,
    most_reason: usize,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/volunteers`
///
/// # Errors
/// `not_found` for a place that is not theirs; `forbidden` for who leads nowhere.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, "", Typed::default()).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: &str,
    typed: Typed,
) -> Result<Response, Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let activity = activity(desk, &asked.activity).await?;
    let place = match (&activity, asked.place.is_empty()) {
        (Some((_, _, code)), true) => code.clone(),
        _ => asked.place.clone(),
    };
    let at = At::find(desk, PAGE, &place, &[Deed::LeadActivities]).await?;
    let compound = places::compound_of(db, &at.place).await?;
    let year = hours::year_of(now);
    let leads = |place: &place::Model| may(desk.actor(), Deed::LeadActivities, &place.path);
    let whole = compound.as_ref().is_some_and(leads);
    let (members, next, totals) = match &compound {
        Some(compound) => members(desk, compound, (year, whole), &asked.cursor).await?,
        None => (Vec::new(), None, String::new()),
    };
    let (tasks, older) = tasks(desk, &at.place, &asked.tasks).await?;
    let problem = match tried {
        "add" => typed.general(&FIELDS),
        _ => typed.general(&[]),
    };
    let page = Volunteers {
        frame: Frame::new(desk, format!("{}：志愿者", at.name)).saying(&asked.said),
        year,
        totals,
        whole,
        tasks,
        older,
        members,
        next,
        activity: activity.map(|(id, title, _)| (id, title)),
        most_title: MOST_TITLE,
        most_wanted: MOST_WANTED,
        most_reason: MOST_REASON,
        problem: problem.map(str::to_owned),
        typed,
        at,
    };
    show(status, &page)
}

/// The activity at which volunteers are to help: key, title, code of its place; none once it is over.
async fn activity(desk: &Desk, typed: &str) -> Result<Option<(i64, String, String)>, Fault> {
    let Ok(id) = typed.parse::<i64>() else {
        return Ok(None);
    };
    let found = activities::led(desk.app.store.read(), desk.actor(), id).await?;
    let row = found.activity;
    Ok(is_ahead(row.state).then_some((id, row.title, found.place.code)))
}

/// The volunteers of a compound; of a part of it only who they are, so that their hours can be entered.
async fn members(
    desk: &Desk,
    compound: &place::Model,
    (year, whole): (i32, bool),
    cursor: &str,
) -> Result<(Vec<MemberLine>, Option<String>, String), Fault> {
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(cursor), Some(MEMBERS))?;
    let page = queries::members(db, compound.id, slice).await?;
    let Some(span) = hours::year(year) else {
        return Ok((Vec::new(), None, String::new()));
    };
    let people = page.items.iter().filter_map(|one| one.volunteer.person_id);
    let sums = match whole {
        true => tally::of_people(db, compound.id, span, people).await?,
        false => HashMap::new(),
    };
    let (all, party) = queries::count(db, compound.id).await?;
    let sum = tally::totals(db, compound.id, span).await?;
    let line = |member: queries::Member| {
        let row = member.volunteer;
        if !whole {
            return MemberLine {
                id: row.id,
                name: member.name,
                marks: String::new(),
                served: String::new(),
                times: 0,
            };
        }
        let person = row.person_id.unwrap_or_default();
        let (minutes, times) = sums.get(&person).copied().unwrap_or_default();
        let unit = row
            .unit
            .map_or_else(String::new, |unit| format!("：{unit}"));
        let mut marks = Vec::new();
        if row.party {
            marks.push(format!("双报到{unit}"));
        }
        if row.named {
            marks.push("愿意公开姓名".to_owned());
        }
        MemberLine {
            id: row.id,
            name: member.name,
            marks: marks.join("，"),
            served: says(minutes),
            times,
        }
    };
    let totals = format!(
        "志愿者 {all} 人，其中双报到党员 {party} 人；{year}年 {} 人服务了 {}。",
        sum.people,
        says(sum.minutes)
    );
    Ok((
        page.items.into_iter().map(line).collect(),
        page.next,
        totals,
    ))
}

/// The tasks that the actor leads in the compound of the place, the newest first, with who has a part in each; and
/// where older ones begin.
async fn tasks(
    desk: &Desk,
    at: &place::Model,
    cursor: &str,
) -> Result<(Vec<TaskLine>, Option<String>), Fault> {
    let (db, now) = (desk.app.store.read(), desk.app.clock.now());
    let slice = Slice::parse(Some(cursor), Some(TASKS))?;
    let which = at.compound_id.map_or(Which::Led, Which::LedIn);
    let page = queries::page(db, desk.actor(), which, now, slice).await?;
    let rows: Vec<_> = page.items.into_iter().map(|seen| seen.task).collect();
    let ids: Vec<i64> = rows.iter().map(|task| task.id).collect();
    let parts = queries::parts(db, &ids, PARTS).await?;
    let own = desk.actor().person_id();
    let line = |task: entity::volunteer_task::Model| TaskLine {
        id: task.id,
        state: task_says_at(&task, now),
        open: task.state == VolunteerTaskState::Open,
        when: span_says(task.starts_at, task.ends_at),
        of: format!("{}/{} 人", task.taken, task.wanted),
        from: field(task.starts_at),
        until: field(task.ends_at),
        parts: parts
            .iter()
            .filter(|part| part.service.task_id == task.id)
            .map(|part| part_line(part, own))
            .collect(),
        title: task.title,
        venue: task.venue,
    };
    Ok((rows.into_iter().map(line).collect(), page.next))
}

fn part_line(part: &Part, own: Option<i64>) -> PartLine {
    let service = &part.service;
    let mine = service.person_id == own;
    let when = match (service.in_at, service.out_at) {
        (Some(from), Some(until)) => format!(
            "{}，{}",
            span_says(from, until),
            says(service.minutes.unwrap_or_default().into())
        ),
        (Some(from), None) => format!("{}开始", say(from)),
        _ => String::new(),
    };
    PartLine {
        id: service.id,
        name: part.name.clone(),
        state: service_says(service.state),
        waits: service.state == ServiceState::Ended,
        when,
        may_confirm: service.state == ServiceState::Ended && !mine,
        may_refuse: matches!(
            service.state,
            ServiceState::Begun | ServiceState::Ended | ServiceState::Confirmed
        ) && !mine,
    }
}

/// Back to the page at the same place, with what was done or what was wrong.
async fn answer(
    desk: &Desk,
    form: &Form,
    tried: String,
    done: Result<(), Fault>,
    said: &str,
) -> Result<Response, Fault> {
    let asked = Asked {
        place: form.text("place").to_owned(),
        activity: form.text("activity").to_owned(),
        ..Asked::default()
    };
    match done {
        Ok(()) => Ok(go(&format!(
            "{PAGE}?place={}&said={said}",
            percent(&asked.place)
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(form, &fault);
            page(desk, &asked, status(&fault), &tried, typed).await
        }
    }
}

/// `POST /console/volunteers/tasks`: makes a task, by itself or at an activity.
///
/// # Errors
/// `not_found` for a place or an activity that is not theirs; the database's.
#[handler]
pub async fn add(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, form.text("place"), &[Deed::LeadActivities]).await?;
    let done = store(desk, at.place.id, &form).await;
    answer(desk, &form, "add".to_owned(), done, "task-added").await
}

async fn store(desk: &Desk, place_id: i64, form: &Form) -> Result<(), Fault> {
    let now = desk.app.clock.now();
    let activity = match form.text("activity") {
        "" => None,
        id => Some(key_in(id, no_such)?),
    };
    // At an activity they are its own.
    let time = |name: &'static str| match activity {
        Some(_) => Ok(now),
        None => moment_of(name, form.text(name)),
    };
    let wanted = form.text("wanted").trim().parse();
    let new = NewTask {
        title: form.text("title").to_owned(),
        venue: form.text("venue").to_owned(),
        starts_at: time("starts_at")?,
        ends_at: time("ends_at")?,
        wanted: wanted.map_err(|_| Fault::invalid("wanted", "需要的人数请写数字。"))?,
    };
    let mut tx = desk.app.store.begin(now).await?;
    actions::post(&mut tx, desk.actor(), place_id, activity, new).await?;
    tx.commit().await
}

/// `POST /console/volunteers/tasks/:id/:act`: cancel, confirm all, or record hours of somebody.
///
/// # Errors
/// `not_found` for a task that is not theirs; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let said = match act.as_str() {
        "cancel" => "task-cancelled",
        "confirm" => "hours-confirmed",
        "record" => "hours-recorded",
        _ => return Err(no_such(0)),
    };
    let done = change(desk, id, &act, &form).await;
    answer(desk, &form, format!("{act}-{id}"), done, said).await
}

async fn change(desk: &Desk, id: i64, act: &str, form: &Form) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let actor = desk.actor();
    match act {
        "cancel" => {
            actions::cancel(&mut tx, actor, id, form.text("reason")).await?;
        }
        "confirm" => {
            actions::confirm_all(&mut tx, actor, id).await?;
        }
        _ => {
            let who = form.text("volunteer").parse();
            let who = who.map_err(|_| Fault::invalid("volunteer", "请选一位志愿者。"))?;
            let span = Span {
                from: moment_of("from", form.text("from"))?,
                until: moment_of("until", form.text("until"))?,
            };
            actions::record(&mut tx, actor, id, who, span).await?;
        }
    }
    tx.commit().await
}

/// `POST /console/volunteers/services/:id/:act`: confirm or refuse the hours of one.
///
/// # Errors
/// `not_found` for a service that is not theirs; the database's.
#[handler]
pub async fn decide(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let said = match act.as_str() {
        "confirm" => "hours-confirmed",
        "refuse" => "hours-refused",
        _ => return Err(no_such(0)),
    };
    let done = judge(desk, id, &act, form.text("reason")).await;
    answer(desk, &form, format!("{act}-{id}"), done, said).await
}

async fn judge(desk: &Desk, id: i64, act: &str, reason: &str) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match act {
        "confirm" => actions::confirm(&mut tx, desk.actor(), id).await?,
        _ => actions::refuse(&mut tx, desk.actor(), id, reason).await?,
    };
    tx.commit().await
}
