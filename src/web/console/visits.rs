//! `/console/visits`: whoever no message reaches and who is to be told at the door by whoever is signed in
//! (decision 0010), each with what to say; and «told».

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::visit::actions;
use crate::visit::queries::{self, Seen};
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
    place: String,
    name: String,
    text: String,
    why: String,
    result: String,
}

#[derive(Template)]
#[template(path = "web/console/visits.html")]
struct Visits {
    frame: Frame,
    count: u64,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// `GET /console/visits`
///
/// # Errors
/// `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, None).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: Option<(i64, String, String)>,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let actor = desk.actor();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, actor, slice).await?;
    let typed = |id: i64| match &tried {
        Some((tried, result, _)) if *tried == id => result.clone(),
        _ => String::new(),
    };
    let line = |seen: Seen| Line {
        id: seen.visit.id,
        result: typed(seen.visit.id),
        why: queries::why(&seen.visit),
        text: seen.visit.text,
        place: seen.place,
        name: seen.name,
    };
    let shown = Visits {
        frame: Frame::new(desk, "上门").saying(&asked.said),
        count: queries::count(db, actor).await?,
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
        problem: tried.as_ref().map(|(.., says)| says.clone()),
    };
    show(status, &shown)
}

/// `POST /console/visits/:id`: it was told.
///
/// # Errors
/// `not_found` for a visit that is not one's own; the database's.
#[handler]
pub async fn make(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let none = || Fault::not_found("没有找到这次上门。");
    let id: i64 = id.parse().map_err(|_| none())?;
    queries::own(desk.app.store.read(), desk.actor(), id)
        .await
        .map_err(|fault| if fault.is_ours() { fault } else { none() })?;
    match told(desk, id, form.text("result")).await {
        Ok(()) => Ok(go("/console/visits?said=visited")),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let tried = (id, form.text("result").to_owned(), fault.detail.to_string());
            page(desk, &Asked::default(), status(&fault), Some(tried)).await
        }
    }
}

async fn told(desk: &Desk, id: i64, result: &str) -> Result<(), Fault> {
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    actions::make(&tx, desk.actor(), id, result).await?;
    tx.commit().await
}
