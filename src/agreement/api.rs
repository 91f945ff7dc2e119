//! The JSON of agreements, read only: `/api/v1/agreements`. Mounted by `web/router.rs`. They are put on record at
//! the console.

use poem::web::{Data, Json, Query};
use poem::{Route, get, handler};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::session::Caller;
use crate::agreement::queries::{Standing, of_compound};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::place::queries as places;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route.at("/agreements", get(list_agreements))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_agreements),
    components(schemas(AgreementView, AgreementList)),
    tags((name = "agreements", description = "共建协议"))
)]
pub struct Described;

/// An agreement of an organisation with a compound.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementView {
    /// Key.
    pub id: String,
    /// The organisation's name.
    pub organisation: String,
    /// First day.
    pub from_on: String,
    /// Last day.
    pub to_on: String,
    /// Whether it holds today.
    pub holds: bool,
    /// Projects that it has taken on this calendar year.
    pub claimed: i64,
}

/// Agreements of a compound.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementList {
    /// What holds first, and among these who has not taken anything on; 200 at most.
    pub items: Vec<AgreementView>,
}

/// Of which compound.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgreementQuery {
    /// Code of a compound where the caller lives or serves, or above which they serve.
    pub compound: String,
}

impl From<Standing> for AgreementView {
    fn from(one: Standing) -> Self {
        Self {
            id: one.agreement.id.to_string(),
            organisation: one.name,
            from_on: one.agreement.from_on.to_string(),
            to_on: one.agreement.to_on.to_string(),
            holds: one.holds,
            claimed: one.claimed,
        }
    }
}

/// Agreements of a compound, and who has taken on what this year.
#[utoipa::path(
    get, path = "/api/v1/agreements", tag = "agreements", security(("bearer" = [])),
    params(AgreementQuery),
    responses((status = 200, body = AgreementList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_agreements(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<AgreementQuery>,
) -> Result<Json<AgreementList>, Fault> {
    let db = app.store.read();
    let compound = places::compound_by_code(db, &query.compound).await?;
    let compound = compound
        .filter(|place| caller.actor.belongs(place.id, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))?;
    let today = china(app.clock.now()).date_naive();
    let all = of_compound(db, compound.id, today).await?;
    Ok(Json(AgreementList {
        items: all.into_iter().map(AgreementView::from).collect(),
    }))
}
