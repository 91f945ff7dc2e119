//! `/console/giving/new`: the form of a drive, as a new draft or an old one written anew. What it does is
//! `giving_act.rs`.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use super::giving::FIELDS;
use crate::access::permit::Deed;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::giving::queries;
use crate::web::console::compound::ground;
use crate::web::console::form::Typed;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

#[derive(Template)]
#[template(path = "web/console/giving_edit.html")]
struct Edit {
    frame: Frame,
    name: String,
    code: String,
    /// The draft's key and version; none of a new one.
    of: Option<(i64, i32)>,
    typed: Typed,
    problem: Option<String>,
}

/// What the address of the form says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    compound: String,
    of: String,
}

/// `GET /console/giving/new`; `?of=12` writes a draft anew.
///
/// # Errors
/// `forbidden`; `not_found` for a compound or a draft that is not theirs.
#[handler]
pub async fn ask(desk: &Desk, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let today = china(desk.app.clock.now()).date_naive().to_string();
    let known: Option<i64> = wanted.of.parse().ok();
    let Some(id) = known else {
        let typed = Typed::with(&[("from", &today)]);
        return edit(desk, &wanted.compound, None, StatusCode::OK, typed).await;
    };
    let (row, compound) = queries::drive(desk.app.store.read(), desk.actor(), id).await?;
    let goal = row.goal.map(|goal| Fen(goal).to_string());
    let last = row.to_day.map(|day| day.to_string());
    let typed = Typed::with(&[
        ("title", &row.title),
        ("text", &row.text),
        ("goal", &goal.unwrap_or_default()),
        ("from", &row.from_day.to_string()),
        ("to", &last.unwrap_or_default()),
    ]);
    let of = Some((row.id, row.version));
    edit(desk, &compound.code, of, StatusCode::OK, typed).await
}

/// The form of a drive.
pub(super) async fn edit(
    desk: &Desk,
    compound: &str,
    of: Option<(i64, i32)>,
    status: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let (compound, _) = ground(desk, compound, &[Deed::RunDrives]).await?;
    let page = Edit {
        frame: Frame::new(desk, "捐赠活动"),
        name: compound.name,
        code: compound.code,
        of,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
    };
    show(status, &page)
}
