//! `/console/activities/:id`: one activity: what it says, who has signed up and who waits, the code at the door, and
//! what may be done: let people know, change it, end the sign-up, call it off, write down who came, add photos.

use askama::Template;
use entity::activity;
use entity::life::{ActivityState, SignupState};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::activity::line::{Guest, came, guests};
use crate::activity::queries::{self, no_such};
use crate::activity::step::is_ahead;
use crate::activity::{
    MOST_REASON, MOST_TEXT, MOST_TITLE, actions, kind_says, link, places_say, span_says, state_says,
};
use crate::attachment::actions as attachments;
use crate::attachment::link::{Variant, path as file_path};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::web::console::activities::{Choice, FIELDS, filled, kinds, read};
use crate::web::console::files::keep_picture;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::photos::FIELD;
use crate::web::console::upload::Uploads;
use crate::web::pages::{go, qr};

/// People of one page.
const MOST: u64 = 200;
/// Photos sent at once.
const MOST_PHOTOS: usize = 9;
/// Forms with photos of one person in a minute.
const PER_MINUTE: u32 = 10;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
    cursor: String,
}

struct GuestLine {
    id: i64,
    name: String,
    size: i32,
    state: &'static str,
    waits: bool,
    checked: Option<String>,
    may_check: bool,
}

#[derive(Template)]
#[template(path = "web/console/activity.html")]
struct ActivityPage {
    frame: Frame,
    id: i64,
    state: &'static str,
    ahead: bool,
    title: String,
    text: String,
    facts: Vec<(&'static str, String)>,
    photos: Vec<String>,
    guests: Vec<GuestLine>,
    next: Option<String>,
    may_open: bool,
    may_change: bool,
    may_close: bool,
    may_reopen: bool,
    may_add: bool,
    door: Option<String>,
    url: Option<String>,
    kinds: Vec<Choice>,
    most_title: usize,
    most_text: usize,
    most_reason: usize,
    tried: String,
    typed: Typed,
    problem: Option<String>,
    wrong_photo: Option<String>,
    wrong_reason: Option<String>,
    reason: String,
}

/// `GET /console/activities/:id`
///
/// # Errors
/// `not_found` for one that is not theirs to see, `forbidden` for whoever may not lead it; `invalid` for a cursor that
/// is none.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, key_in(&id, no_such)?, StatusCode::OK, None, &asked).await
}

#[derive(Template)]
#[template(path = "web/console/activity_door.html")]
struct DoorPage {
    frame: Frame,
    id: i64,
    when: String,
    venue: String,
    code: String,
}

/// `GET /console/activities/:id/door`: a sheet with the code by which people come in, to hang up at the door.
///
/// # Errors
/// `not_found` for one that is not theirs to see, or that nobody can come to, `forbidden` for whoever may not lead it.
#[handler]
pub async fn show_door(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let (app, id) = (&desk.app, key_in(&id, no_such)?);
    let row = queries::led(app.store.read(), desk.actor(), id)
        .await?
        .activity;
    if !is_ahead(row.state) {
        return Err(no_such(id));
    }
    let page = DoorPage {
        frame: Frame::new(desk, row.title),
        id,
        when: span_says(row.starts_at, row.ends_at),
        venue: row.venue,
        code: qr(&link::door(app, id))?,
    };
    show(StatusCode::OK, &page)
}

/// What was tried and did not work.
struct Tried {
    act: String,
    typed: Typed,
}

async fn page(
    desk: &Desk,
    id: i64,
    status: StatusCode,
    tried: Option<Tried>,
    asked: &Asked,
) -> Result<Response, Fault> {
    let (app, db) = (&desk.app, desk.app.store.read());
    let row = queries::led(db, desk.actor(), id).await?.activity;
    let slice = Slice {
        limit: MOST,
        ..Slice::parse(Some(&asked.cursor), None)?
    };
    let line = guests(db, id, slice).await?;
    let out = row.opened_at.is_some();
    let (act, typed) = match tried {
        Some(tried) => (tried.act, tried.typed),
        None => (String::new(), Typed::default()),
    };
    let beside = |name: &str| typed.error(name).map(str::to_owned);
    let problem = match act.as_str() {
        "change" => typed.general(&FIELDS),
        "cancel" => typed.general(&["reason"]),
        "photos" => typed.general(&[FIELD]),
        _ => typed.general(&[]),
    };
    let photos = queries::photos(db, id).await?;
    // The form for a change, as it was typed or as the activity stands.
    let fields = match act.as_str() {
        "change" => typed.clone(),
        _ => filled(&row),
    };
    let page = ActivityPage {
        frame: Frame::new(desk, format!("活动 #{id} {}", row.title)).saying(&asked.said),
        id,
        state: state_says(row.state),
        ahead: is_ahead(row.state),
        facts: facts(&row, came(db, id).await?),
        photos: photos
            .iter()
            .filter_map(|photo| file_path(app, photo, Variant::Small))
            .collect(),
        guests: line
            .items
            .into_iter()
            .map(|guest| guest_line(guest, &row))
            .collect(),
        next: line.next,
        may_open: row.state == ActivityState::Draft,
        may_change: is_ahead(row.state) || row.state == ActivityState::Draft,
        may_close: row.state == ActivityState::Open,
        may_reopen: row.state == ActivityState::Closed,
        may_add: out && row.state != ActivityState::Cancelled,
        door: match is_ahead(row.state) {
            true => Some(qr(&link::door(app, id))?),
            false => None,
        },
        url: out.then(|| link::public(app, id)),
        most_title: MOST_TITLE,
        most_text: MOST_TEXT,
        most_reason: MOST_REASON,
        problem: problem.map(str::to_owned),
        wrong_photo: beside(FIELD),
        wrong_reason: beside("reason"),
        reason: typed.value("reason").to_owned(),
        kinds: kinds(&fields),
        typed: fields,
        tried: act,
        title: row.title,
        text: row.text,
    };
    show(status, &page)
}

fn facts(row: &activity::Model, came: u64) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("类型", kind_says(row.kind).to_owned()),
        ("时间", span_says(row.starts_at, row.ends_at)),
        ("地点", row.venue.clone()),
        ("报名截止", say(row.closes_at)),
        ("名额", places_say(row)),
        ("已报", format!("{} 人", row.taken)),
        ("候补", format!("{} 人", row.waiting)),
        ("签到", format!("{came} 家")),
    ];
    if let Some(reason) = &row.reason {
        facts.push(("取消原因", reason.clone()));
    }
    facts
}

fn guest_line(guest: Guest, row: &activity::Model) -> GuestLine {
    let signup = guest.signup;
    let possible = matches!(
        row.state,
        ActivityState::Open | ActivityState::Closed | ActivityState::Held
    );
    GuestLine {
        id: signup.id,
        name: guest.name,
        size: signup.size,
        state: crate::activity::signup_says(signup.state),
        waits: signup.state == SignupState::Waiting,
        checked: signup.checked_at.map(say),
        may_check: possible && signup.checked_at.is_none(),
    }
}

/// `POST /console/activities/:id/:act`: open, change, close, reopen, cancel, check.
///
/// # Errors
/// `not_found` for one that is not theirs; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let said = match act.as_str() {
        "open" => "activity-opened",
        "change" => "activity-changed",
        "close" => "activity-closed",
        "reopen" => "activity-reopened",
        "cancel" => "activity-cancelled",
        "check" => "activity-checked",
        _ => return Err(no_such(0)),
    };
    let done = change(desk, id, &act, &form).await;
    answer(desk, id, &act, &form, done, said).await
}

/// The page again, with what was done or what was wrong.
async fn answer(
    desk: &Desk,
    id: i64,
    act: &str,
    form: &Form,
    done: Result<(), Fault>,
    said: &str,
) -> Result<Response, Fault> {
    match done {
        Ok(()) => Ok(go(&format!("/console/activities/{id}?said={said}"))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let tried = Tried {
                act: act.to_owned(),
                typed: Typed::wrong(form, &fault),
            };
            page(desk, id, status(&fault), Some(tried), &Asked::default()).await
        }
    }
}

async fn change(desk: &Desk, id: i64, act: &str, form: &Form) -> Result<(), Fault> {
    let actor = desk.actor();
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match act {
        "open" => actions::open(&mut tx, actor, id).await?,
        "change" => {
            let was = queries::led(tx.db(), actor, id).await?.activity;
            actions::change(&mut tx, actor, id, read(form, Some(&was))?).await?
        }
        "close" => actions::close(&mut tx, actor, id).await?,
        "reopen" => actions::reopen(&mut tx, actor, id).await?,
        "cancel" => actions::cancel(&mut tx, actor, id, form.text("reason")).await?,
        _ => {
            let guest = form.text("guest").parse().map_err(|_| no_such(id))?;
            actions::check_in_by_hand(&mut tx, actor, id, guest).await?
        }
    };
    tx.commit().await
}

/// `POST /console/activities/:id/photos`
///
/// # Errors
/// `not_found` for one that is not theirs; the database's.
#[handler]
pub async fn take_photos(
    desk: &Desk,
    Path(id): Path<String>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    let id = key_in(&id, no_such)?;
    let done = add(desk, id, &uploads).await;
    answer(desk, id, "photos", &form, done, "activity-photos").await
}

async fn add(desk: &Desk, id: i64, uploads: &Uploads) -> Result<(), Fault> {
    let app = &desk.app;
    // Nothing is kept for whoever may not.
    queries::led(app.store.read(), desk.actor(), id).await?;
    let files: Vec<&[u8]> = uploads
        .of(FIELD)
        .map(|upload| upload.bytes.as_slice())
        .collect();
    if files.is_empty() || files.len() > MOST_PHOTOS {
        return Err(Fault::invalid(
            FIELD,
            format!("请选1到{MOST_PHOTOS}张照片。"),
        ));
    }
    let by = desk.actor().require_person()?;
    let key = format!("console:photos:{by}");
    if !app.limiter.take(&key, PER_MINUTE).await {
        return Err(Fault::too_many(30));
    }
    let mut kept = Vec::new();
    for file in files {
        kept.push(keep_picture(desk, FIELD, file).await?);
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    let mut ids = Vec::new();
    for (photo, change) in kept {
        ids.push(attachments::settle(&tx, photo, change).await?.id);
    }
    actions::add_photos(&mut tx, desk.actor(), id, &ids).await?;
    tx.commit().await
}
