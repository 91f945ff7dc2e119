//! `/console/moderation`: what waits for a person's word before others may see it, with its picture; to
//! pass it, or to refuse it with a reason. The platform's check may still be under way; whoever speaks first
//! decides (decision 0008).

use askama::Template;
use entity::kinds::{ContentKind, ModerationState};
use entity::moderation;
use poem::http::{StatusCode, header};
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::attachment::queries as attachments;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::clean;
use crate::case::queries as cases;
use crate::moderation::actions;
use crate::moderation::queries::{self, no_such};
use crate::place::queries as places;
use crate::web::console::form::Form;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 20;

/// Where the page begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
}

struct Line {
    id: i64,
    text: Option<String>,
    place: String,
    case: Option<i64>,
    doubt: Option<String>,
    at: String,
    own: bool,
    reason: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "web/console/moderation.html")]
struct Moderation {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// What was tried and did not work.
struct Tried {
    id: i64,
    reason: String,
    says: String,
}

/// `GET /console/moderation`
///
/// # Errors
/// `forbidden` for whoever may decide nowhere; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, None).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: Option<Tried>,
) -> Result<Response, Fault> {
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::waiting(desk.app.store.read(), desk.actor(), slice).await?;
    let mut lines = Vec::new();
    for row in page.items {
        lines.push(line(desk, row, tried.as_ref()).await?);
    }
    // The line itself may be gone: somebody else was first.
    let problem = tried.filter(|tried| !lines.iter().any(|line| line.id == tried.id));
    let page = Moderation {
        frame: Frame::new(desk, "审核").saying(&asked.said),
        lines,
        next: page.next,
        problem: problem.map(|tried| tried.says),
    };
    show(status, &page)
}

async fn line(desk: &Desk, row: moderation::Model, tried: Option<&Tried>) -> Result<Line, Fault> {
    let db = desk.app.store.read();
    let place = places::by_id(db, row.place_id).await?;
    let place = match &place {
        Some(place) => cases::building_says(db, place).await?,
        None => String::new(),
    };
    let case = row.subject.strip_prefix("case:");
    let case = match case.and_then(|id| id.parse().ok()) {
        Some(id) if cases::visible(db, desk.actor(), id).await.is_ok() => Some(id),
        _ => None,
    };
    let tried = tried.filter(|tried| tried.id == row.id);
    Ok(Line {
        id: row.id,
        place,
        case,
        own: row.author_id.is_some() && row.author_id == desk.actor().person_id(),
        text: (row.kind == ContentKind::Text).then_some(row.content),
        doubt: row.doubt,
        at: say(row.created_at),
        reason: tried.map(|tried| tried.reason.clone()).unwrap_or_default(),
        wrong: tried.map(|tried| tried.says.clone()),
    })
}

/// `POST /console/moderation/:id`: `word` says pass or refuse.
///
/// # Errors
/// `not_found` for what the actor may not decide on; the database's.
#[handler]
pub async fn decide(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id: i64 = id.parse().map_err(|_| no_such(0))?;
    queries::to_decide(desk.app.store.read(), desk.actor(), id).await?;
    let pass = form.text("word") == "pass";
    match say_word(desk, id, pass, form.text("reason")).await {
        Ok(()) => {
            let said = if pass { "passed" } else { "refused" };
            Ok(go(&format!("/console/moderation?said={said}")))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let tried = Tried {
                id,
                reason: form.text("reason").to_owned(),
                says: fault.detail.to_string(),
            };
            page(desk, &Asked::default(), status(&fault), Some(tried)).await
        }
    }
}

async fn say_word(desk: &Desk, id: i64, pass: bool, reason: &str) -> Result<(), Fault> {
    if !pass && clean(reason).is_empty() {
        return Err(Fault::invalid(
            "reason",
            "请写明为什么不通过，作者会看到，例如：写了别人的姓名。",
        ));
    }
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    actions::decide(&mut tx, desk.actor(), id, pass, reason).await?;
    tx.commit().await
}

/// `GET /console/moderation/:id/picture`: the small picture of what waits.
///
/// # Errors
/// `not_found` for what the actor may not decide on, and for what is no picture.
#[handler]
pub async fn picture(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这张图片。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let db = desk.app.store.read();
    let row = queries::to_decide(db, desk.actor(), id).await?;
    if row.kind != ContentKind::Image || row.state != ModerationState::Pending {
        return Err(none());
    }
    let key = row.part.strip_prefix("photo:");
    let key = key.and_then(|key| key.parse().ok()).ok_or_else(none)?;
    let file = attachments::by_id(db, key).await?;
    let file = file.filter(|file| file.path.as_deref() == Some(row.content.as_str()));
    let file = file.ok_or_else(none)?;
    let path = file.small_path.or(file.path).ok_or_else(none)?;
    let bytes = desk.app.files.get(&path).await?;
    Ok(Response::builder()
        .content_type("image/jpeg")
        .header(header::CONTENT_DISPOSITION, "inline")
        .header("X-Content-Type-Options", "nosniff")
        .body(bytes))
}
