//! The JSON of volunteers: `/api/v1/volunteer…`. Mounted by `web/router.rs`. Hours are one's own, and of those who
//! lead the task.

mod served;
pub mod view;

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use serde::Deserialize;
use utoipa::OpenApi;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::place::queries as places;
use crate::store::Tx;
use crate::volunteer::actions::{self, NewTask};
use crate::volunteer::api::view::{
    NamedChoice, NewHours, NewVolunteer, NewVolunteerTask, RecordLine, ServiceList, ServiceView,
    VolunteerList, VolunteerReason, VolunteerTaskPage, VolunteerTaskView, VolunteerView,
    YearRecord,
};
use crate::volunteer::hours::Span;
use crate::volunteer::queries::{self, Seen, Side, Which, no_such};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    let tasks = get(list_volunteer_tasks).post(post_volunteer_task);
    route
        .at("/volunteer", get(show_volunteer).post(register_volunteer))
        .at("/volunteer/named", post(name_volunteer))
        .at("/volunteer/leave", post(leave_volunteers))
        .at("/volunteer/record", get(served::show_volunteer_record))
        .at("/volunteer-tasks", tasks)
        .at("/volunteer-tasks/:id", get(show_volunteer_task))
        .at(
            "/volunteer-tasks/:id/services",
            get(served::list_volunteer_services),
        )
        .at("/volunteer-tasks/:id/change", post(change_volunteer_task))
        .at("/volunteer-tasks/:id/cancel", post(cancel_volunteer_task))
        .at("/volunteer-tasks/:id/take", post(take_volunteer_task))
        .at("/volunteer-tasks/:id/drop", post(drop_volunteer_task))
        .at("/volunteer-tasks/:id/begin", post(begin_volunteer_task))
        .at("/volunteer-tasks/:id/end", post(end_volunteer_task))
        .at(
            "/volunteer-tasks/:id/hours",
            post(served::record_volunteer_hours),
        )
        .at(
            "/volunteer-services/:id/confirm",
            post(served::confirm_volunteer_service),
        )
        .at(
            "/volunteer-services/:id/refuse",
            post(served::refuse_volunteer_service),
        )
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        show_volunteer, register_volunteer, name_volunteer, leave_volunteers, served::show_volunteer_record,
        list_volunteer_tasks, post_volunteer_task, show_volunteer_task,
        served::list_volunteer_services,
        change_volunteer_task, cancel_volunteer_task, take_volunteer_task, drop_volunteer_task,
        begin_volunteer_task, end_volunteer_task, served::record_volunteer_hours,
        served::confirm_volunteer_service, served::refuse_volunteer_service
    ),
    components(schemas(
        VolunteerView, VolunteerList, NewVolunteer, NamedChoice, VolunteerTaskView,
        VolunteerTaskPage, ServiceView, ServiceList, NewVolunteerTask, VolunteerReason, NewHours,
        YearRecord, RecordLine
    )),
    tags((name = "volunteers", description = "志愿者、双报到"))
)]
pub struct Described;

/// Which tasks.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VolunteerTaskQuery {
    /// open (if not given), mine, or led.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// Where the caller is a volunteer.
#[utoipa::path(
    get, path = "/api/v1/volunteer", tag = "volunteers", security(("bearer" = [])),
    responses((status = 200, body = VolunteerList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_volunteer(app: Data<&App>, caller: Caller) -> Result<Json<VolunteerList>, Fault> {
    let person = caller.actor.require_person()?;
    let own = queries::memberships(app.store.read(), person).await?;
    Ok(Json(VolunteerList {
        items: own.into_iter().map(VolunteerView::from).collect(),
    }))
}

/// Register as a volunteer, or report as a party member.
#[utoipa::path(
    post, path = "/api/v1/volunteer", tag = "volunteers", security(("bearer" = [])),
    request_body = NewVolunteer,
    responses((status = 200, body = VolunteerView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn register_volunteer(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewVolunteer>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let compound = match &body.compound {
        None => None,
        Some(code) => {
            let found = places::compound_by_code(tx.db(), code).await?;
            let none = || Fault::not_found("没有找到您的这个小区。");
            Some(found.ok_or_else(none)?.id)
        }
    };
    let actor = &caller.actor;
    let made = match body.party {
        true => actions::report(&mut tx, actor, compound, &body.unit).await?,
        false => actions::register(&mut tx, actor, compound).await?,
    };
    let view = VolunteerView::from(made.volunteer);
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What a POST on one's own registration does.
enum Own {
    Name(bool),
    Leave,
}

async fn own(app: &App, caller: &Caller, once: &Once, deed: Own) -> Result<Answer, Fault> {
    let person = caller.actor.require_person()?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    match deed {
        Own::Name(named) => actions::name(&mut tx, &caller.actor, named).await?,
        Own::Leave => actions::leave(&mut tx, &caller.actor).await?,
    }
    let own = queries::memberships(tx.db(), person).await?;
    let view = VolunteerList {
        items: own.into_iter().map(VolunteerView::from).collect(),
    };
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say whether the board may name the caller.
#[utoipa::path(
    post, path = "/api/v1/volunteer/named", tag = "volunteers", security(("bearer" = [])),
    request_body = NamedChoice,
    responses((status = 200, body = VolunteerList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn name_volunteer(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NamedChoice>,
) -> Result<Answer, Fault> {
    own(&app, &caller, &once, Own::Name(body.named)).await
}

/// Be no volunteer any more; the hours stay.
#[utoipa::path(
    post, path = "/api/v1/volunteer/leave", tag = "volunteers", security(("bearer" = [])),
    responses((status = 200, body = VolunteerList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn leave_volunteers(app: Data<&App>, caller: Caller, once: Once) -> Result<Answer, Fault> {
    own(&app, &caller, &once, Own::Leave).await
}

/// Tasks, newest first.
#[utoipa::path(
    get, path = "/api/v1/volunteer-tasks", tag = "volunteers", security(("bearer" = [])),
    params(VolunteerTaskQuery),
    responses((status = 200, body = VolunteerTaskPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_volunteer_tasks(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<VolunteerTaskQuery>,
) -> Result<Json<VolunteerTaskPage>, Fault> {
    let which = match query.list.as_deref() {
        None | Some("open") => Which::Open,
        Some("mine") => Which::Mine,
        Some("led") => Which::Led,
        Some(_) => return Err(Fault::invalid("list", "list 必须是 open、mine 或 led。")),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let now = app.clock.now();
    let page = queries::page(app.store.read(), &caller.actor, which, now, slice).await?;
    Ok(Json(VolunteerTaskPage {
        items: page
            .items
            .into_iter()
            .map(VolunteerTaskView::from)
            .collect(),
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/volunteer-tasks/{id}", tag = "volunteers", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<VolunteerTaskView>, Fault> {
    let seen = queries::seen(app.store.read(), &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(seen.into()))
}

/// Make a task.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks", tag = "volunteers", security(("bearer" = [])),
    request_body = NewVolunteerTask,
    responses((status = 201, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn post_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewVolunteerTask>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let activity = match &body.activity_id {
        Some(id) => Some(key_in(id, no_such)?),
        None => None,
    };
    let place = match activity {
        // The activity's own.
        Some(_) => 0,
        None => {
            let place = places::by_code(tx.db(), &body.place).await?;
            let none = || Fault::not_found("没有找到这个地点，请写编号，例如 GY 或 GY/3。");
            place.ok_or_else(none)?.id
        }
    };
    let new = body.read(tx.now())?;
    let task = actions::post(&mut tx, &caller.actor, place, activity, new).await?;
    let seen = queries::seen(tx.db(), &caller.actor, task.id).await?;
    let answer = once.leave(&tx, 201, &VolunteerTaskView::from(seen)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What a POST on a task does.
enum Deed {
    Change(NewTask),
    Cancel(String),
    Take,
    Drop,
    Begin,
    End,
    Record(i64, Span),
}

async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    deed: Deed,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    run(&mut tx, caller, id, deed).await?;
    let seen = match queries::seen(tx.db(), &caller.actor, id).await {
        Ok(seen) => seen,
        // Whoever has moved out and ended their part in it sees it once more.
        Err(fault) if fault.code == Code::NotFound => last_seen(&tx, caller, id).await?,
        Err(fault) => return Err(fault),
    };
    let answer = once.leave(&tx, 200, &VolunteerTaskView::from(seen)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// A task as neighbours see it, with the caller's own part in it.
async fn last_seen(tx: &Tx, caller: &Caller, id: i64) -> Result<Seen, Fault> {
    let task = queries::by_id(tx.db(), id).await?;
    let person = caller.actor.require_person()?;
    Ok(Seen {
        task: task.ok_or_else(|| no_such(id))?,
        own: queries::service_of(tx.db(), id, person).await?,
        side: Side::Neighbour,
    })
}

async fn run(tx: &mut Tx, caller: &Caller, id: i64, deed: Deed) -> Result<(), Fault> {
    let actor = &caller.actor;
    match deed {
        Deed::Change(new) => actions::change(tx, actor, id, new).await.map(drop),
        Deed::Cancel(reason) => actions::cancel(tx, actor, id, &reason).await.map(drop),
        Deed::Take => actions::take(tx, actor, id).await.map(drop),
        Deed::Drop => actions::give_back(tx, actor, id).await.map(drop),
        Deed::Begin => actions::begin(tx, actor, id).await.map(drop),
        Deed::End => actions::end(tx, actor, id).await.map(drop),
        Deed::Record(who, span) => actions::record(tx, actor, id, who, span).await.map(drop),
    }
}

/// Change a task; whoever has taken it is told of another time or place.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/change", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = NewVolunteerTask,
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewVolunteerTask>,
) -> Result<Answer, Fault> {
    let deed = Deed::Change(body.read(app.clock.now())?);
    change(&app, &caller, &once, &id, deed).await
}

/// Call a task off.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/cancel", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = VolunteerReason,
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn cancel_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<VolunteerReason>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Cancel(body.reason)).await
}

/// Take a task.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/take", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn take_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Take).await
}

/// Give it back.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/drop", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn drop_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Drop).await
}

/// Begin: the time counts.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/begin", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn begin_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Begin).await
}

/// End: whoever leads confirms it.
#[utoipa::path(
    post, path = "/api/v1/volunteer-tasks/{id}/end", tag = "volunteers",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = VolunteerTaskView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn end_volunteer_task(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::End).await
}
