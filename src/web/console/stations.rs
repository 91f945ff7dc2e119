//! `/console/stations`: the stations that somebody keeps or sets up, with the figures of the month, and a new
//! one. One of them is `station.rs`, what its forms do `station_act.rs`.

use askama::Template;
use entity::place;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may, may_somewhere};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::month::Month;
use crate::base::page::Slice;
use crate::station::actions::{self, Written};
use crate::station::queries::{self, figures, lending, windows};
use crate::web::console::asked::typed_place;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// Stations of a page.
const LINES: u64 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
}

struct Line {
    id: i64,
    name: String,
    spot: String,
    open: String,
    visits: i64,
    out: u64,
    left: u64,
}

#[derive(Template)]
#[template(path = "web/console/stations.html")]
struct Stations {
    frame: Frame,
    lines: Vec<Line>,
    /// Who keeps those that are not theirs.
    kept_by: Option<String>,
    next: Option<String>,
    can_add: bool,
    typed: Typed,
}

/// `GET /console/stations`
///
/// # Errors
/// `forbidden` for whoever neither keeps nor sets up any; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, Typed::default()).await
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    code: StatusCode,
    typed: Typed,
) -> Result<Response, Fault> {
    let (db, actor) = (desk.app.store.read(), desk.actor());
    let can_add = may_somewhere(actor, Deed::SetStations);
    if !can_add && !may_somewhere(actor, Deed::KeepStations) {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    let now = desk.app.clock.now();
    let month = Month::of(china(now).date_naive());
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, actor, now, slice).await?;
    let mut lines = Vec::new();
    for seen in page.items {
        let found = queries::found(db, actor, seen.station.id).await?;
        if !found.keeps && !may(actor, Deed::SetStations, &found.place.path) {
            continue;
        }
        lines.push(Line {
            id: seen.station.id,
            visits: figures::in_month(db, seen.station.id, month).await?,
            out: lending::count_out(db, seen.station.id).await?,
            left: windows::on_shelf(db, seen.station.id).await?,
            open: seen.open.says(),
            spot: format!("{} {}", seen.place, seen.station.spot),
            name: seen.station.name,
        });
    }
    let kept_by = match lines.is_empty() {
        true => queries::kept_by(db, actor, now).await?,
        false => None,
    };
    let page = Stations {
        frame: Frame::new(desk, "红色驿站").saying(&asked.said),
        lines,
        kept_by,
        next: page.next,
        can_add,
        typed,
    };
    show(code, &page)
}

/// `POST /console/stations/add`
///
/// # Errors
/// The database's; what is wrong with the form stands beside its fields.
#[handler]
pub async fn add(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let done = async {
        let db = desk.app.store.read();
        let place = typed_place(db, desk.actor(), form.text("place")).await?;
        let may_there = |place: &place::Model| may(desk.actor(), Deed::SetStations, &place.path);
        let place = place.filter(may_there).ok_or_else(|| {
            Fault::invalid("place", "没有找到这个地点，请写编号，例如 GY 或 GY/1。")
        })?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let row = actions::add(&mut tx, desk.actor(), &place, written(&form)).await?;
        tx.commit().await?;
        Ok::<_, Fault>(row.id)
    };
    match done.await {
        Ok(id) => Ok(go(&format!("/console/stations/{id}?said=station-added"))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            page(desk, &Asked::default(), status(&fault), typed).await
        }
    }
}

/// A station as a form writes it.
pub(super) fn written(form: &Form) -> Written<'_> {
    Written {
        name: form.text("name"),
        spot: form.text("spot"),
        hours: form.text("hours"),
        public_holidays: form.text("public_holidays") == "1",
        facilities: form.text("facilities"),
    }
}
