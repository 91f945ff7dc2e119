//! The JSON of cases: `/api/v1/cases…` for residents and `/api/v1/tasks` for those who work on them.
//! Mounted by `web/router.rs`; every POST may bear an `Idempotency-Key`.

mod body;
mod change;
mod grade;
mod more;
mod photo;
pub mod together;
mod view;

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use utoipa::OpenApi;

use entity::{case, kinds::CaseKind};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::earth;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::{ListQuery, Page};
use crate::case::actions::{self, Filing};
use crate::case::api::body::{
    Done, Graded, NewCase, NoPhoto, OptionalWhom, OptionalWords, Photos, Score, Whom, Words,
};
use crate::case::api::change::{Change, change};
use crate::case::api::photo::keys;
use crate::case::api::together::{AlikeView, RatedView};
use crate::case::api::view::{
    CaseView, EventView, FiledView, FullView, HelperView, PhotoView, TaskPage, many, one,
};
use crate::case::queries;
use crate::case::{evidence, joiner, shield};
use crate::visit::{api::VisitView, queries as visits};

/// Visits shown with the tasks.
const MOST_VISITS: u64 = 20;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    together::routes(route)
        .at("/tasks", get(list_tasks))
        .at("/cases", get(list_cases).post(file_case))
        .at("/cases/:id", get(show_case))
        .at("/cases/:id/supplement", post(supplement))
        .at("/cases/:id/nudge", post(nudge))
        .at("/cases/:id/rating", post(rate))
        .at("/cases/:id/reopen", post(reopen))
        .at("/cases/:id/withdraw", post(withdraw))
        .at("/cases/:id/accept", post(accept))
        .at("/cases/:id/arrive", post(arrive))
        .at("/cases/:id/plan", post(plan))
        .at("/cases/:id/finish", post(finish))
        .at("/cases/:id/photos", post(photo::add_photos))
        .at("/cases/:id/no-photo", post(photo::waive_photo))
        .at("/cases/:id/refuse", post(refuse))
        .at("/cases/:id/escalate", post(escalate))
        .at("/cases/:id/pause", post(pause))
        .at("/cases/:id/resume", post(resume))
        .at("/cases/:id/grade", post(grade::grade))
        .at("/cases/:id/hand-over", post(hand_over))
        .at("/cases/:id/give-up", post(more::give_up))
        .at("/cases/:id/assist", post(more::assist))
        .at("/cases/:id/leave", post(more::leave))
        .at("/cases/:id/grant-reopen", post(more::grant_reopen))
        .at("/cases/:id/decline-reopen", post(more::decline_reopen))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_tasks, list_cases, file_case, show_case, supplement, nudge, rate, reopen, withdraw,
        accept, arrive, plan, finish, refuse, escalate, pause, resume, hand_over, grade::grade,
        more::give_up, more::assist, more::leave, more::grant_reopen, more::decline_reopen,
        photo::add_photos, photo::waive_photo
    ),
    components(schemas(
        CaseView, FiledView, FullView, EventView, HelperView, TaskPage, NewCase, Words, OptionalWords,
        Score, Whom, OptionalWhom, Graded, Done, Photos, NoPhoto, PhotoView
    )),
    tags((name = "cases", description = "诉求"), (name = "tasks", description = "办理诉求"))
)]
pub struct Described;

/// My cases, newest first.
#[utoipa::path(
    get, path = "/api/v1/cases", tag = "cases", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = Page<CaseView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_cases(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<CaseView>>, Fault> {
    let slice = query.slice()?;
    let person = caller.actor.require_person()?;
    let page = queries::page_of_mine(app.store.read(), person, slice).await?;
    as_page(&app, &caller, page).await
}

/// What lies with me, newest first: cases, and whom I have to tell at the door.
#[utoipa::path(
    get, path = "/api/v1/tasks", tag = "tasks", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = TaskPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_tasks(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<TaskPage>, Fault> {
    let slice = query.slice()?;
    let db = app.store.read();
    let page = queries::page_of_tasks(db, &caller.actor, slice).await?;
    // With the first page only: they have pages of their own under `/visits`.
    let visits = match slice.before {
        None => visits::waiting(db, &caller.actor, MOST_VISITS).await?,
        Some(_) => Vec::new(),
    };
    let Json(Page { items, next }) = as_page(&app, &caller, page).await?;
    Ok(Json(TaskPage {
        items,
        visits: visits.into_iter().map(VisitView::from).collect(),
        next,
    }))
}

async fn as_page(
    app: &App,
    caller: &Caller,
    page: Page<case::Model>,
) -> Result<Json<Page<CaseView>>, Fault> {
    Ok(Json(Page {
        items: many(app.store.read(), &caller.actor, &page.items).await?,
        next: page.next,
    }))
}

/// A case with its history.
#[utoipa::path(
    get, path = "/api/v1/cases/{id}", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = FullView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_case(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<FullView>, Fault> {
    let db = app.store.read();
    let found = queries::visible(db, &caller.actor, number(&id)?).await?;
    let events = queries::events(db, found.case.id).await?;
    let helpers = queries::helpers(db, found.case.id).await?;
    let seen = shield::one(db, &caller.actor, found.clone()).await?;
    let missing = evidence::of(db, &found.case).await?.missing();
    Ok(Json(FullView {
        case: one(db, &caller.actor, &found.case).await?,
        helpers: helpers.iter().map(HelperView::from).collect(),
        reporter: together::reporter(db, &caller, &seen).await?,
        events: events
            .iter()
            .map(|event| EventView::of(&seen, event))
            .collect(),
        attachments: photo::of_case(&app, &found.case).await?,
        photo_owed: !missing.is_empty(),
        photos_missing: missing.iter().map(ActiveEnum::to_value).collect(),
        joiner_ratings: joiner::ratings(db, &found.case).await?,
    }))
}

/// File a case.
#[utoipa::path(
    post, path = "/api/v1/cases", tag = "cases", security(("bearer" = [])), request_body = NewCase,
    responses((status = 201, body = FiledView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn file_case(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewCase>,
) -> Result<Answer, Fault> {
    let kind = CaseKind::try_from_value(&body.kind).map_err(|_| {
        Fault::invalid(
            "kind",
            "kind 必须是 repair、complaint、suggestion、help 或 dispute。",
        )
    })?;
    let home_id = match body.home_id.as_deref() {
        None => None,
        Some(id) => Some(
            id.parse()
                .map_err(|_| Fault::not_found("没有找到这个房号，请先绑定。"))?,
        ),
    };
    let photos = keys(&body.attachments)?;
    let filing = Filing {
        kind,
        text: body.text,
        home_id,
        channel: caller.account.channel,
        location: location(body.latitude, body.longitude)?,
        at: None,
        anonymous: body.anonymous,
        behalf: None,
    };
    once.answer(&app, 201, async |tx| {
        let filed = actions::file(tx, &caller.actor, filing).await?;
        actions::file_photos(tx, &caller.actor, &filed.case, &photos).await?;
        let view = FiledView {
            case: one(tx.db(), &caller.actor, &filed.case).await?,
            alike: filed.alike.iter().map(AlikeView::from).collect(),
        };
        Ok(view)
    })
    .await
}

/// A whole position on the globe, or none; as maps have it.
fn location(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<(f64, f64)>, Fault> {
    let whole = "latitude 和 longitude 要一起给，或都不给。";
    match (latitude, longitude) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Fault::invalid("longitude", whole)),
        (None, Some(_)) => Err(Fault::invalid("latitude", whole)),
        (Some(latitude), Some(_)) if !(-90.0..=90.0).contains(&latitude) => {
            Err(Fault::invalid("latitude", "latitude 必须是 -90 到 90。"))
        }
        (Some(_), Some(longitude)) if !(-180.0..=180.0).contains(&longitude) => Err(
            Fault::invalid("longitude", "longitude 必须是 -180 到 180。"),
        ),
        (Some(latitude), Some(longitude)) => Ok(Some(earth::on_maps(latitude, longitude))),
    }
}

fn number(id: &str) -> Result<i64, Fault> {
    key_in(id, |_| Fault::not_found("没有这个编号的诉求。"))
}

/// Add words to my case.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/supplement", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn supplement(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Supplement(body.text)).await
}

/// Press for my case: once in ten minutes.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/nudge", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn nudge(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Nudge).await
}

/// Rate what was done for my case, or for one that I have joined.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/rating", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Score,
    responses(
        (status = 200, body = CaseView, description = "for who has joined it, a JoinedView"),
        (status = "4XX", description = "problem+json")
    )
)]
#[handler]
async fn rate(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Score>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    once.answer(&app, 200, async |tx| {
        let rated = actions::rate(tx, &caller.actor, id, body.score, &body.text).await?;
        RatedView::of(&app, tx.db(), &caller.actor, &rated).await
    })
    .await
}

/// Reopen my case: once, to the next level.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/reopen", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn reopen(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Reopen(body.text)).await
}

/// Take my case back.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/withdraw", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = OptionalWords,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn withdraw(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    body: Option<Json<OptionalWords>>,
) -> Result<Answer, Fault> {
    let text = body.map(|Json(body)| body.text).unwrap_or_default();
    change(&app, &caller, &once, &id, Change::Withdraw(text)).await
}

/// Take a case.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/accept", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn accept(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Accept).await
}

/// I am on the scene.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/arrive", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn arrive(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Arrive).await
}

/// How it will be done.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/plan", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn plan(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Plan(body.text)).await
}

/// It is done, and how.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/finish", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Done,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn finish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Done>,
) -> Result<Answer, Fault> {
    let done = Change::Finish(body.text, keys(&body.attachments)?);
    change(&app, &caller, &once, &id, done).await
}

/// Give it back with a reason.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/refuse", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn refuse(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Refuse(body.text)).await
}

/// Give it to the level above.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/escalate", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn escalate(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Escalate(body.text)).await
}

/// Stop the clock with a reason, for three days or as many as stand in front of it: `10天 等配件`.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/pause", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn pause(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Pause(body.text)).await
}

/// Go on after a pause.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/resume", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn resume(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Resume).await
}

/// Give it to a person by name. What the caller has accepted they keep until the other accepts.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/hand-over", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Whom,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn hand_over(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Whom>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::HandOver(body.name)).await
}
