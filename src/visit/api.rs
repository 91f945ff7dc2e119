//! The JSON of visits: `/api/v1/visits…`. Mounted by `web/router.rs`; `case/api.rs` shows them with
//! the tasks.

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::page::{ListQuery, Page};
use crate::visit::actions;
use crate::visit::queries::{self, Seen};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/visits", get(list_visits))
        .at("/visits/:id/done", post(make_visit))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_visits, make_visit),
    components(schemas(VisitView, VisitResult)),
    tags((name = "visits", description = "上门"))
)]
pub struct Described;

/// Somebody to be told at the door.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitView {
    /// Key.
    pub id: String,
    /// Which door: 桂园小区 3-2-501.
    pub place: String,
    /// Who.
    pub name: String,
    /// What to tell.
    pub text: String,
    /// Since when it waits, RFC 3339.
    pub since: String,
}

impl From<Seen> for VisitView {
    fn from(seen: Seen) -> Self {
        Self {
            id: seen.visit.id.to_string(),
            place: seen.place,
            name: seen.name,
            text: seen.visit.text,
            since: china(seen.visit.created_at).to_rfc3339(),
        }
    }
}

/// What came of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct VisitResult {
    /// In the visitor's words.
    #[serde(default)]
    pub text: String,
}

/// Whom I have to tell at the door, newest first.
#[utoipa::path(
    get, path = "/api/v1/visits", tag = "visits", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = Page<VisitView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_visits(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<VisitView>>, Fault> {
    let slice = query.slice()?;
    caller.actor.require_person()?;
    let page = queries::page(app.store.read(), &caller.actor, slice).await?;
    Ok(Json(page.map(VisitView::from)))
}

/// They have been told.
#[utoipa::path(
    post, path = "/api/v1/visits/{id}/done", tag = "visits", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = VisitResult,
    responses((status = 200, body = VisitView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn make_visit(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    once: Once,
    Json(body): Json<VisitResult>,
) -> Result<Answer, Fault> {
    let id: i64 = id
        .parse()
        .map_err(|_| Fault::not_found("没有找到这次上门。"))?;
    once.answer(&app, 200, async |tx| {
        let seen = actions::make(tx, &caller.actor, id, &body.text).await?;
        Ok(VisitView::from(seen))
    })
    .await
}
