//! The JSON of hours: the caller's record of a year, and what those who lead do with the hours of a task.

use poem::handler;
use poem::web::{Data, Json, Path, Query};
use serde::Deserialize;

use super::{Deed, change};
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::volunteer::actions;
use crate::volunteer::api::view::{
    NewHours, RecordLine, ServiceList, ServiceView, VolunteerReason, VolunteerTaskView, YearRecord,
};
use crate::volunteer::hours::{year, year_of};
use crate::volunteer::link::{self, Linked};
use crate::volunteer::queries::no_such;
use crate::volunteer::{queries, tally};

/// People of one list.
const MOST_PARTS: u64 = 500;

/// Of which year.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct YearQuery {
    /// This one if not given.
    pub year: Option<i32>,
}

/// The caller's record of a year.
#[utoipa::path(
    get, path = "/api/v1/volunteer/record", tag = "volunteers", security(("bearer" = [])),
    params(YearQuery),
    responses((status = 200, body = YearRecord), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn show_volunteer_record(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<YearQuery>,
) -> Result<Json<YearRecord>, Fault> {
    let person_id = caller.actor.require_person()?;
    let now = app.clock.now();
    let which = query.year.unwrap_or_else(|| year_of(now));
    let span = year(which).ok_or_else(|| Fault::invalid("year", "year 请写四位年份。"))?;
    let lines = tally::record(app.store.read(), person_id, span, None).await?;
    let linked = Linked {
        person_id,
        year: which,
    };
    Ok(Json(YearRecord {
        year: which,
        minutes: tally::minutes(&lines),
        items: lines.into_iter().map(RecordLine::from).collect(),
        url: link::record(&app, linked, now),
    }))
}

/// Who has a part in it, for those who lead.
#[utoipa::path(
    get, path = "/api/v1/volunteer-tasks/{id}/services", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ServiceList), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn list_volunteer_services(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ServiceList>, Fault> {
    let (id, db) = (key_in(&id, no_such)?, app.store.read());
    queries::led(db, &caller.actor, id).await?;
    let parts = queries::parts(db, &[id], MOST_PARTS).await?;
    Ok(Json(ServiceList {
        items: parts.into_iter().map(ServiceView::from).collect(),
    }))
}

/// Enter the hours of somebody, as whoever leads.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/hours", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = NewHours,
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn record_volunteer_hours(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewHours>,
) -> Result<Answer, Fault> {
    let deed = Deed::Record(key_in(&body.volunteer_id, no_such)?, body.read()?);
    change(&app, &caller, &once, &id, deed).await
}

/// A word on somebody's hours: none when they count.
async fn decide(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    reason: Option<String>,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let actor = &caller.actor;
    let row = match reason {
        None => actions::confirm(&mut tx, actor, id).await?,
        Some(reason) => actions::refuse(&mut tx, actor, id, &reason).await?,
    };
    let answer = once.leave(&tx, 200, &ServiceView::from(row)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Confirm somebody's hours.
#[utoipa::path(
    post, path = "/api/v1/volunteer-services/{id}/confirm", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ServiceView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn confirm_volunteer_service(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    decide(&app, &caller, &once, &id, None).await
}

/// Do not count them.
#[utoipa::path(
    post, path = "/api/v1/volunteer-services/{id}/refuse", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = VolunteerReason,
    responses((status = 200, body = ServiceView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn refuse_volunteer_service(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<VolunteerReason>,
) -> Result<Answer, Fault> {
    decide(&app, &caller, &once, &id, Some(body.reason)).await
}
