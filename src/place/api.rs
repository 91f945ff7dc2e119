//! `/api/v1/places/{id}/code` and `…/link`: what opens the mini-program at a place. Mounted by
//! `web/router.rs`.

use poem::http::header;
use poem::web::{Data, Json, Path};
use poem::{Response, Route, get, handler};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::place::actions;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/places/:id/code", get(show_code))
        .at("/places/:id/link", get(make_link))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(show_code, make_link),
    components(schemas(LinkView)),
    tags((name = "places", description = "地点"))
)]
pub struct Described;

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkView {
    /// Opens the mini-program from outside of WeChat, for 30 days.
    pub url: String,
}

/// The picture of a place's code (小程序码), for staff of the place.
#[utoipa::path(
    get, path = "/api/v1/places/{id}/code", tag = "places", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "PNG or JPEG", content_type = "image/png"),
        (status = "4XX", description = "problem+json"),
        (status = 503, description = "problem+json")
    )
)]
#[handler]
async fn show_code(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let picture = actions::code_picture(&app, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, picture.kind.content_type())
        .header(header::CACHE_CONTROL, "private, max-age=86400")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(picture.bytes))
}

/// A link to a place for messages that leave WeChat, for staff of the place.
#[utoipa::path(
    get, path = "/api/v1/places/{id}/link", tag = "places", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = LinkView),
        (status = "4XX", description = "problem+json"),
        (status = 503, description = "problem+json")
    )
)]
#[handler]
async fn make_link(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LinkView>, Fault> {
    let url = actions::link(&app, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(LinkView { url }))
}

fn no_such(_: i64) -> Fault {
    Fault::not_found("没有找到这个地点。")
}
