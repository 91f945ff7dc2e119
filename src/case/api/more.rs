//! The rest of what those do by the API who work on cases: how it ends without a solution, who helps,
//! whether it is opened again.

use poem::handler;
use poem::web::{Data, Json, Path};

use super::body::{OptionalWhom, Words};
use super::change::{Change, change};
use super::view::CaseView;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;

/// It cannot be done, and why: never counted as solved.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/give-up", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub async fn give_up(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::GiveUp(body.text)).await
}

/// Come to help with a case, or invite somebody by name.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/assist", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = OptionalWhom,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub async fn assist(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    body: Option<Json<OptionalWhom>>,
) -> Result<Answer, Fault> {
    let name = body.map(|Json(body)| body.name).unwrap_or_default();
    change(&app, &caller, &once, &id, Change::Assist(name)).await
}

/// Help no longer.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/leave", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub async fn leave(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::Leave).await
}

/// Open it again as the resident asks.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/grant-reopen", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub async fn grant_reopen(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::GrantReopen).await
}

/// Do not open it again; the resident reads why.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/decline-reopen", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub async fn decline_reopen(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Change::DeclineReopen(body.text)).await
}
