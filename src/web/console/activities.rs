//! `/console/activities`: what whoever is signed in leads, by figure, and the form for a new one. Sending the form
//! makes a draft, whose page (`activity.rs`) shows it before people know of it.

use askama::Template;
use chrono::TimeDelta;
use entity::activity;
use entity::life::ActivityKind;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};
use serde::Deserialize;

use crate::access::permit::{Deed, require_somewhere};
use crate::activity::actions::{self, New};
use crate::activity::queries::{self, Figure, Seen, Which};
use crate::activity::times::Times;
use crate::activity::{MOST_TEXT, MOST_TITLE, kind_says, span_says, state_says};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::web::console::at::At;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::mediation::moment_of;
use crate::web::pages::go;

/// Where the form stands.
const NEW_PAGE: &str = "/console/activities/new";
/// Lines of a page.
const LINES: u64 = 30;
/// The fields beside which an error may stand.
pub(super) const FIELDS: [&str; 8] = [
    "title",
    "kind",
    "venue",
    "starts_at",
    "ends_at",
    "closes_at",
    "places",
    "text",
];

/// Which list, where it begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    list: String,
    cursor: String,
    place: String,
}

/// A figure, how many there are, and whether its list is shown.
struct Count {
    figure: Figure,
    count: u64,
    here: bool,
}

struct Line {
    id: i64,
    title: String,
    state: &'static str,
    waits: bool,
    when: String,
    taken: String,
}

#[derive(Template)]
#[template(path = "web/console/activities.html")]
struct Activities {
    frame: Frame,
    counts: Vec<Count>,
    figure: Figure,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /console/activities`
///
/// # Errors
/// `forbidden` for whoever leads nowhere; `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::LeadActivities)?;
    let db = desk.app.store.read();
    let figure = Figure::iter().find(|figure| figure.name() == asked.list);
    let shown = figure.unwrap_or(Figure::Ahead);
    let mut counts = Vec::new();
    for figure in Figure::iter() {
        counts.push(Count {
            figure,
            count: queries::count(db, desk.actor(), figure).await?,
            here: figure == shown,
        });
    }
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, desk.actor(), Which::Led(shown), slice).await?;
    let page = Activities {
        frame: Frame::new(desk, "活动"),
        counts,
        figure: shown,
        lines: page.items.iter().map(line).collect(),
        next: page.next,
    };
    show(StatusCode::OK, &page)
}

fn line(seen: &Seen) -> Line {
    let row = &seen.activity;
    let of = row
        .places
        .map_or_else(String::new, |places| format!("/{places}"));
    let waiting = match row.waiting {
        0 => String::new(),
        some => format!("，候补 {some}"),
    };
    Line {
        id: row.id,
        title: row.title.clone(),
        state: state_says(row.state),
        waits: !crate::activity::step::is_ahead(row.state),
        when: span_says(row.starts_at, row.ends_at),
        taken: format!("{}{of} 人{waiting}", row.taken),
    }
}

/// A kind to choose: its name, what people call it, whether it is chosen.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) says: &'static str,
    pub(super) on: bool,
}

/// The kinds, with what was typed chosen.
pub(super) fn kinds(typed: &Typed) -> Vec<Choice> {
    let chosen = typed.value("kind");
    let kinds = <ActivityKind as Iterable>::iter();
    kinds
        .map(|kind| {
            let name = kind.to_value();
            Choice {
                on: name == chosen,
                says: kind_says(kind),
                name,
            }
        })
        .collect()
}

/// A moment as browsers want it in a field.
pub(super) fn field(at: Moment) -> String {
    china(at).format("%Y-%m-%dT%H:%M").to_string()
}

/// The form as an activity stands.
pub(super) fn filled(row: &activity::Model) -> Typed {
    let places = row
        .places
        .map_or_else(String::new, |places| places.to_string());
    Typed::with(&[
        ("title", row.title.as_str()),
        ("kind", row.kind.to_value().as_str()),
        ("venue", row.venue.as_str()),
        ("starts_at", field(row.starts_at).as_str()),
        ("ends_at", field(row.ends_at).as_str()),
        ("closes_at", field(row.closes_at).as_str()),
        ("places", places.as_str()),
        ("text", row.text.as_str()),
    ])
}

/// What was typed, as the actions take it. The seconds of `was` that no field shows are kept.
///
/// # Errors
/// `invalid` for a kind, a time or a number that is none.
pub(super) fn read(form: &Form, was: Option<&activity::Model>) -> Result<New, Fault> {
    let kind = <ActivityKind as Iterable>::iter()
        .find(|kind| kind.to_value() == form.text("kind"))
        .ok_or_else(|| Fault::invalid("kind", "请选活动的类型。"))?;
    let time = |name: &'static str, was: Option<Moment>| {
        let typed = moment_of(name, form.text(name))?;
        Ok::<Moment, Fault>(match was {
            Some(was) if field(was) == field(typed) => was,
            _ => typed,
        })
    };
    let starts = time("starts_at", was.map(|was| was.starts_at))?;
    let closes = match form.text("closes_at").trim() {
        "" => starts,
        _ => time("closes_at", was.map(|was| was.closes_at))?,
    };
    let places = match form.text("places").trim() {
        "" => None,
        typed => Some(
            typed
                .parse()
                .map_err(|_| Fault::invalid("places", "名额请写数字，不限就不写。"))?,
        ),
    };
    Ok(New {
        kind,
        title: form.text("title").to_owned(),
        text: form.text("text").to_owned(),
        venue: form.text("venue").to_owned(),
        times: Times {
            starts,
            ends: time("ends_at", was.map(|was| was.ends_at))?,
            closes,
        },
        places,
    })
}

#[derive(Template)]
#[template(path = "web/console/activity_new.html")]
struct NewActivity {
    frame: Frame,
    at: At,
    kinds: Vec<Choice>,
    most_title: usize,
    most_text: usize,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/activities/new`
///
/// # Errors
/// `not_found` for a place that is not theirs; `forbidden` for who leads nowhere.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    // A day in a week, in the afternoon: something to change, not to type.
    let day = china(desk.app.clock.now() + TimeDelta::days(7)).format("%Y-%m-%dT");
    let typed = Typed::with(&[
        ("starts_at", format!("{day}14:00").as_str()),
        ("ends_at", format!("{day}16:00").as_str()),
    ]);
    form_page(desk, &asked.place, typed, StatusCode::OK).await
}

async fn form_page(
    desk: &Desk,
    place: &str,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, Fault> {
    let at = At::find(desk, NEW_PAGE, place, &[Deed::LeadActivities]).await?;
    let page = NewActivity {
        frame: Frame::new(desk, format!("{}：办活动", at.name)),
        kinds: kinds(&typed),
        most_title: MOST_TITLE,
        most_text: MOST_TEXT,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        at,
    };
    show(status, &page)
}

/// `POST /console/activities/new`: makes a draft.
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    // What is not theirs is not there; all else stands beside its field.
    let at = At::find(desk, NEW_PAGE, form.text("place"), &[Deed::LeadActivities]).await?;
    match store(desk, at.place.id, &form).await {
        Ok(row) => Ok(go(&format!(
            "/console/activities/{}?said=activity-drafted",
            row.id
        ))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            form_page(desk, form.text("place"), typed, status(&fault)).await
        }
    }
}

async fn store(desk: &Desk, place_id: i64, form: &Form) -> Result<activity::Model, Fault> {
    let new = read(form, None)?;
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let row = actions::draft(&mut tx, desk.actor(), place_id, new).await?;
    tx.commit().await?;
    Ok(row)
}
