//! `/console/corrections`: what people say is wrong in what is kept of them, and waits for the word of whoever
//! answers for their home (更正 通过, 驳回).

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::privacy::actions::decide_correction;
use crate::privacy::queries::{self, Waiting};
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
    field: &'static str,
    value: String,
    since: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "web/console/corrections.html")]
struct Corrections {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// `GET /console/corrections`
///
/// # Errors
/// `forbidden` without the permission, `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::VerifyBindings)?;
    page(desk, &asked, StatusCode::OK, None).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: Option<(i64, String, String)>,
) -> Result<Response, Fault> {
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::corrections(&desk.app, desk.actor(), slice).await?;
    let typed = |id: i64| match &tried {
        Some((tried, reason, _)) if *tried == id => reason.clone(),
        _ => String::new(),
    };
    let line = |waiting: Waiting| Line {
        id: waiting.row.id,
        place: waiting.place,
        name: waiting.name,
        field: queries::field_says(waiting.row.field),
        value: waiting.value,
        since: say(waiting.row.created_at),
        reason: typed(waiting.row.id),
    };
    let shown = Corrections {
        frame: Frame::new(desk, "待核实的更正").saying(&asked.said),
        lines: page.items.into_iter().map(line).collect(),
        next: page.next,
        problem: tried.as_ref().map(|(.., says)| says.clone()),
    };
    show(status, &shown)
}

/// `POST /console/corrections/:id/:act`: `pass` or `refuse`.
///
/// # Errors
/// `not_found` for whoever may not decide there, and for an act that there is none of; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let pass = match act.as_str() {
        "pass" => true,
        "refuse" => false,
        _ => return Err(Fault::plain(Code::NotFound)),
    };
    let none = || Fault::not_found("没有找到这个更正申请，请核对编号。");
    let id: i64 = id.parse().map_err(|_| none())?;
    match decide(desk, id, pass, form.text("reason")).await {
        Ok(()) => {
            let said = if pass { "corrected" } else { "not-corrected" };
            Ok(go(&format!("/console/corrections?said={said}")))
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let reason = form.text("reason").to_owned();
            let tried = (id, reason, fault.detail.to_string());
            page(desk, &Asked::default(), status(&fault), Some(tried)).await
        }
    }
}

async fn decide(desk: &Desk, id: i64, pass: bool, reason: &str) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    decide_correction(&mut tx, &desk.app, desk.actor(), id, pass, reason).await?;
    tx.commit().await
}
