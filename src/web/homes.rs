//! `/api/v1/homes`: the homes tied to the signed-in account. Called by `router.rs`.

use poem::handler;
use poem::web::{Json, Query};

use crate::access::session::Caller;
use crate::base::fault::Fault;
use crate::base::page::{ListQuery, Page};
use crate::web::problem::Problem;
use crate::web::session::{HomeView, home_view};

/// My homes, the newest tie first.
#[utoipa::path(
    get, path = "/api/v1/homes", tag = "session", security(("bearer" = [])), params(ListQuery),
    responses(
        (status = 200, body = Page<HomeView>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn list_homes(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<HomeView>>, Fault> {
    let slice = query.slice()?;
    // The actor holds all ties already; nobody has many.
    let ties: Vec<_> = caller
        .actor
        .homes
        .iter()
        .rev()
        .filter(|tie| slice.before.is_none_or(|before| tie.binding_id < before))
        .collect();
    let page = slice.cut(ties, |tie| tie.binding_id);
    Ok(Json(page.map(home_view)))
}
