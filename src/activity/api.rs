//! The JSON of activities: `/api/v1/activities…`. Mounted by `web/router.rs`. Who takes part is shown to those who
//! lead, and to nobody else.

pub mod view;

use entity::activity;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use serde::Deserialize;
use utoipa::OpenApi;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::activity::actions::{self, New};
use crate::activity::api::view::{
    ActivityPage, ActivityPhoto, ActivityPhotos, ActivityReason, ActivityView, DoorCode, GuestPage,
    GuestView, HourBefore, NewActivity, SignUp, SignupView, plain, whole,
};
use crate::activity::line::{guests, signup_of};
use crate::activity::link;
use crate::activity::queries::{self, Figure, HOLDS, Seen, Side, Which, no_such};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::key::{key_in, uploaded};
use crate::base::page::Slice;
use crate::place::queries as places;
use crate::store::Tx;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/activities", get(list_activities).post(draft_activity))
        .at("/activities/check-in", post(check_in_to_activity))
        .at("/activities/:id", get(show_activity))
        .at("/activities/:id/guests", get(list_activity_guests))
        .at(
            "/activities/:id/guests/:guest/check-in",
            post(check_in_activity_guest),
        )
        .at("/activities/:id/open", post(open_activity))
        .at("/activities/:id/change", post(change_activity))
        .at("/activities/:id/close", post(close_activity))
        .at("/activities/:id/reopen", post(reopen_activity))
        .at("/activities/:id/cancel", post(cancel_activity))
        .at("/activities/:id/photos", post(add_activity_photos))
        .at("/activities/:id/sign-up", post(sign_up_to_activity))
        .at("/activities/:id/leave", post(leave_activity))
        .at("/activities/:id/hour-before", post(remind_of_activity))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_activities, draft_activity, check_in_to_activity, show_activity, list_activity_guests,
        check_in_activity_guest, open_activity, change_activity, close_activity, reopen_activity,
        cancel_activity, add_activity_photos, sign_up_to_activity, leave_activity, remind_of_activity
    ),
    components(schemas(
        ActivityView, SignupView, ActivityPhoto, ActivityPage, GuestView, GuestPage, NewActivity,
        SignUp, HourBefore, ActivityReason, DoorCode, ActivityPhotos
    )),
    tags((name = "activities", description = "活动"))
)]
pub struct Described;

/// Which activities.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// ahead (if not given), held, mine, or of those that the caller leads: draft, led, over.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// Which of those who take part.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GuestQuery {
    /// Cursor of the last page.
    #[serde(alias = "after")]
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// Activities, newest first.
#[utoipa::path(
    get, path = "/api/v1/activities", tag = "activities", security(("bearer" = [])),
    params(ActivityQuery),
    responses((status = 200, body = ActivityPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_activities(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ActivityQuery>,
) -> Result<Json<ActivityPage>, Fault> {
    let which = match query.list.as_deref() {
        None | Some("ahead") => Which::Ahead,
        Some("held") => Which::Held,
        Some("mine") => Which::Mine,
        Some("draft") => Which::Led(Figure::Draft),
        Some("led") => Which::Led(Figure::Ahead),
        Some("over") => Which::Led(Figure::Over),
        Some(_) => {
            return Err(Fault::invalid(
                "list",
                "list 必须是 ahead、held、mine、draft、led 或 over。",
            ));
        }
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    let items = page.items.into_iter().map(|seen| plain(&app, seen));
    Ok(Json(ActivityPage {
        items: items.collect(),
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/activities/{id}", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_activity(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ActivityView>, Fault> {
    let db = app.store.read();
    let seen = queries::seen(db, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(whole(&app, db, seen).await?))
}

/// Who takes part and who waits, for those who lead.
#[utoipa::path(
    get, path = "/api/v1/activities/{id}/guests", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path), GuestQuery),
    responses((status = 200, body = GuestPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_activity_guests(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<GuestQuery>,
) -> Result<Json<GuestPage>, Fault> {
    let id = key_in(&id, no_such)?;
    let db = app.store.read();
    queries::led(db, &caller.actor, id).await?;
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = guests(db, id, slice).await?;
    Ok(Json(GuestPage {
        items: page.items.into_iter().map(GuestView::from).collect(),
        next: page.next,
    }))
}

/// Write an activity down; nobody else knows of it yet.
#[utoipa::path(
    post, path = "/api/v1/activities", tag = "activities", security(("bearer" = [])),
    request_body = NewActivity,
    responses((status = 201, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn draft_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewActivity>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let place = places::by_code(tx.db(), &body.place).await?;
    let none = || Fault::not_found("没有找到这个地点，请写编号，例如 GY 或 GY/3。");
    let place = place.ok_or_else(none)?;
    let row = actions::draft(&mut tx, &caller.actor, place.id, body.read()?).await?;
    let seen = queries::seen(tx.db(), &caller.actor, row.id).await?;
    let view = whole(&app, tx.db(), seen).await?;
    let answer = once.leave(&tx, 201, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What a POST does.
enum Deed {
    Open,
    Change(New),
    Close,
    Reopen,
    Cancel(String),
    Photos(Vec<i64>),
    SignUp(i32),
    Leave,
    Hour(bool),
    CheckIn,
    Guest(i64),
}

async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: i64,
    deed: Deed,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = run(&mut tx, caller, id, deed).await?;
    let view = match queries::seen(tx.db(), &caller.actor, id).await {
        Ok(seen) => whole(app, tx.db(), seen).await?,
        // Whoever has moved out and given back what they had sees it once more.
        Err(fault) if fault.code == Code::NotFound => {
            plain(app, last_seen(&tx, caller, row).await?)
        }
        Err(fault) => return Err(fault),
    };
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// An activity as neighbours see it, with the caller's own sign-up.
async fn last_seen(tx: &Tx, caller: &Caller, row: activity::Model) -> Result<Seen, Fault> {
    let person = caller.actor.require_person()?;
    let own = signup_of(tx.db(), row.id, person).await?;
    Ok(Seen {
        own: own.filter(|own| HOLDS.contains(&own.state)),
        activity: row,
        side: Side::Neighbour,
    })
}

async fn run(tx: &mut Tx, caller: &Caller, id: i64, deed: Deed) -> Result<activity::Model, Fault> {
    let actor = &caller.actor;
    match deed {
        Deed::Open => actions::open(tx, actor, id).await,
        Deed::Change(new) => actions::change(tx, actor, id, new).await,
        Deed::Close => actions::close(tx, actor, id).await,
        Deed::Reopen => actions::reopen(tx, actor, id).await,
        Deed::Cancel(reason) => actions::cancel(tx, actor, id, &reason).await,
        Deed::Photos(photos) => actions::add_photos(tx, actor, id, &photos).await,
        Deed::SignUp(size) => {
            let joined = actions::join(tx, actor, id, size).await;
            joined.map(|joined| joined.activity)
        }
        Deed::Leave => actions::leave(tx, actor, id)
            .await
            .map(|gone| gone.activity),
        Deed::Hour(wants) => actions::want_hour(tx, actor, id, wants).await,
        Deed::CheckIn => actions::check_in(tx, actor, id).await,
        Deed::Guest(guest) => actions::check_in_by_hand(tx, actor, id, guest).await,
    }
}

/// Come in by the code at the door.
#[utoipa::path(
    post, path = "/api/v1/activities/check-in", tag = "activities", security(("bearer" = [])),
    request_body = DoorCode,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn check_in_to_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<DoorCode>,
) -> Result<Answer, Fault> {
    let id = link::read_door(&app, &body.token).ok_or_else(|| no_such(0))?;
    change(&app, &caller, &once, id, Deed::CheckIn).await
}

/// Write down that somebody came.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/guests/{guest}/check-in", tag = "activities",
    security(("bearer" = [])), params(("id" = String, Path), ("guest" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn check_in_activity_guest(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path((id, guest)): Path<(String, String)>,
) -> Result<Answer, Fault> {
    let deed = Deed::Guest(key_in(&guest, no_such)?);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}

/// Let people know of it and sign up.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/open", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn open_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, key_in(&id, no_such)?, Deed::Open).await
}

/// Change it; whoever has signed up is told of another time or place.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/change", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewActivity,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewActivity>,
) -> Result<Answer, Fault> {
    let deed = Deed::Change(body.read()?);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}

/// Nobody signs up any more.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/close", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn close_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, key_in(&id, no_such)?, Deed::Close).await
}

/// People sign up again.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/reopen", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn reopen_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, key_in(&id, no_such)?, Deed::Reopen).await
}

/// Call it off.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/cancel", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ActivityReason,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn cancel_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<ActivityReason>,
) -> Result<Answer, Fault> {
    let deed = Deed::Cancel(body.reason);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}

/// Add photos of it.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/photos", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ActivityPhotos,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn add_activity_photos(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<ActivityPhotos>,
) -> Result<Answer, Fault> {
    let deed = Deed::Photos(uploaded(&body.attachments)?);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}

/// Sign up, with one's family, or change how many come; where there is no place they wait.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/sign-up", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = SignUp,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn sign_up_to_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<SignUp>,
) -> Result<Answer, Fault> {
    let deed = Deed::SignUp(body.size);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}

/// Take the sign-up back.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/leave", tag = "activities", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn leave_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, key_in(&id, no_such)?, Deed::Leave).await
}

/// Be told an hour before, too, or not.
#[utoipa::path(
    post, path = "/api/v1/activities/{id}/hour-before", tag = "activities",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = HourBefore,
    responses((status = 200, body = ActivityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn remind_of_activity(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<HourBefore>,
) -> Result<Answer, Fault> {
    let deed = Deed::Hour(body.wants);
    change(&app, &caller, &once, key_in(&id, no_such)?, deed).await
}
