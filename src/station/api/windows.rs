//! `/api/v1/stations/{id}/services`, `/deposits` and their like: what keepers do at the windows.

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::time;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::station::actions;
use crate::station::deposit_says;
use crate::station::queries::no_such;
use crate::station::queries::windows::{
    self, Deposit, Left, Service, deposits, no_deposit, no_service,
};

/// The paths below `/api/v1`.
pub(super) fn routes(route: Route) -> Route {
    route
        .at("/stations/:id/services", get(list_services))
        .at("/stations/services/:id/served", post(serve))
        .at("/stations/:id/deposits", post(take_in))
        .at("/stations/deposits", get(list_deposits))
        .at("/stations/deposits/:id/end", post(end_deposit))
}

#[derive(OpenApi)]
#[openapi(
    paths(list_services, serve, take_in, list_deposits, end_deposit),
    components(schemas(
        ServiceView,
        ServiceList,
        Served,
        NewDeposit,
        DepositView,
        DepositPage,
        DepositEnd
    ))
)]
pub(super) struct Described;

/// Something that a window does.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceView {
    /// Its key.
    pub id: String,
    /// Which window.
    pub window: String,
    /// What people call it.
    pub name: String,
    /// Served today.
    pub today: i64,
    /// Served this month.
    pub this_month: i64,
    /// Whether it can be counted still.
    pub offered: bool,
}

/// The services of a station.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceList {
    /// Window by window.
    pub items: Vec<ServiceView>,
}

/// Somebody was served.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Served {
    /// A word to it, without personal data.
    #[serde(default)]
    pub note: String,
    /// Takes a tap of today back.
    #[serde(default)]
    pub back: bool,
}

/// Something to be taken in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDeposit {
    /// What it looks like.
    pub thing: String,
    /// Whose, `1-1-102 李建国`; may be left out.
    #[serde(default)]
    pub who: String,
}

/// Something that was left.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositView {
    /// The number on the ticket.
    pub id: String,
    /// What it looks like.
    pub thing: String,
    /// kept, unclaimed, collected, cleared.
    pub state: String,
    /// 寄存中 …
    pub state_label: String,
    /// Whose; for keepers, where it is known.
    pub owner: Option<String>,
    /// Left then.
    pub at: String,
    /// Collected or cleared away.
    pub ended_at: Option<String>,
    /// Where it went.
    pub note: Option<String>,
}

/// A page of deposits.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositPage {
    /// Newest first.
    pub items: Vec<DepositView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which deposits.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DepositQuery {
    /// What lies on the shelf of this station, for its keepers; the caller's own if not given.
    pub station: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// What became of a deposit.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DepositEnd {
    /// Given back to whoever has the ticket; otherwise cleared away, after its month.
    pub collected: bool,
    /// Where it went, when it was cleared away.
    #[serde(default)]
    pub note: String,
}

impl From<Service> for ServiceView {
    fn from(one: Service) -> Self {
        Self {
            id: one.row.id.to_string(),
            window: one.row.window_name,
            name: one.row.name,
            today: one.day,
            this_month: one.month,
            offered: one.row.removed_at.is_none(),
        }
    }
}

impl From<Deposit> for DepositView {
    fn from(one: Deposit) -> Self {
        let row = one.row;
        Self {
            id: row.id.to_string(),
            thing: row.thing,
            state: row.state.to_value(),
            state_label: deposit_says(row.state).to_owned(),
            owner: one.owner,
            at: time(row.at),
            ended_at: row.ended_at.map(time),
            note: row.note,
        }
    }
}

/// What the windows of a station do, and how often, for its keepers.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/services", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ServiceList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_services(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ServiceList>, Fault> {
    let today = china(app.clock.now()).date_naive();
    let id = key_in(&id, |_| no_such())?;
    let all = windows::services(app.store.read(), &caller.actor, id, today).await?;
    Ok(Json(ServiceList {
        items: all.into_iter().map(ServiceView::from).collect(),
    }))
}

/// Count one who was served, as a keeper.
#[utoipa::path(
    post, path = "/api/v1/stations/services/{id}/served", tag = "stations",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = Served,
    responses((status = 200, body = ServiceView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn serve(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Served>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, |_| no_service())?;
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let actor = &caller.actor;
    let row = match body.back {
        true => actions::untap(&mut tx, actor, id).await?,
        false => actions::tap(&mut tx, actor, id, &body.note).await?,
    };
    let today = china(now).date_naive();
    let all = windows::services(tx.db(), actor, row.station_id, today).await?;
    let one = all.into_iter().find(|one| one.row.id == id);
    let shown = ServiceView::from(one.ok_or_else(no_service)?);
    let answer = once.leave(&tx, 200, &shown).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Take something in, as a keeper.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/deposits", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewDeposit,
    responses((status = 201, body = DepositView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn take_in(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewDeposit>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, |_| no_such())?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let terms = &app.settings.stations;
    let (actor, thing, who) = (&caller.actor, &body.thing, &body.who);
    let row = actions::deposit(&mut tx, actor, terms, id, thing, who).await?;
    let shown = DepositView::from(Deposit { row, owner: None });
    let answer = once.leave(&tx, 201, &shown).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What the caller has left, newest first; or what lies on the shelf of a station that they keep.
#[utoipa::path(
    get, path = "/api/v1/stations/deposits", tag = "stations", security(("bearer" = [])),
    params(DepositQuery),
    responses((status = 200, body = DepositPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_deposits(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<DepositQuery>,
) -> Result<Json<DepositPage>, Fault> {
    let left = match query.station.as_deref() {
        None | Some("") => Left::Mine,
        Some(id) => Left::OnShelf(key_in(id, |_| no_such())?),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = deposits(app.store.read(), &caller.actor, left, slice).await?;
    Ok(Json(DepositPage {
        items: page.items.into_iter().map(DepositView::from).collect(),
        next: page.next,
    }))
}

/// Give it back, or clear it away after its month, as a keeper.
#[utoipa::path(
    post, path = "/api/v1/stations/deposits/{id}/end", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = DepositEnd,
    responses((status = 200, body = DepositView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn end_deposit(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<DepositEnd>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_deposit)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let actor = &caller.actor;
    let row = match body.collected {
        true => actions::collect(&mut tx, actor, id).await?,
        false => actions::clear(&mut tx, actor, id, &body.note).await?,
    };
    let shown = DepositView::from(Deposit { row, owner: None });
    let answer = once.leave(&tx, 200, &shown).await?;
    tx.commit().await?;
    Ok(answer)
}
