//! The JSON of alliances, read only: `/api/v1/alliances`. Mounted by `web/router.rs`. They are kept at the console.

use poem::web::{Data, Json, Query};
use poem::{Route, get, handler};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::session::Caller;
use crate::alliance::queries::{Alliance, around};
use crate::app::App;
use crate::base::fault::Fault;
use crate::place::queries as places;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route.at("/alliances", get(list_alliances))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_alliances),
    components(schemas(AllianceView, AllianceMemberView, AllianceRecordView, AllianceList)),
    tags((name = "alliances", description = "联盟"))
)]
pub struct Described;

/// An alliance.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllianceView {
    /// Key of the organisation.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who belongs to it now.
    pub members: Vec<AllianceMemberView>,
    /// The newest first; 20 at most.
    pub records: Vec<AllianceRecordView>,
    /// How often something was done, by all.
    pub times: i64,
    /// How many people were served, by all.
    pub served: i64,
}

/// A member of an alliance.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllianceMemberView {
    /// Key of the organisation.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Resources that it offers now.
    pub resources: i64,
    /// How often it did something.
    pub times: i64,
    /// How many people it served.
    pub served: i64,
}

/// What a member did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllianceRecordView {
    /// Key.
    pub id: String,
    /// Who.
    pub name: String,
    /// `2026-11-30`
    pub on_day: String,
    /// What.
    pub text: String,
    /// For how many people.
    pub served: i32,
}

/// Alliances of a compound and of the places above it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllianceList {
    /// The higher first.
    pub items: Vec<AllianceView>,
}

/// Of which compound.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AllianceQuery {
    /// Code of a compound where the caller lives or serves, or above which they serve.
    pub compound: String,
}

impl From<Alliance> for AllianceView {
    fn from(one: Alliance) -> Self {
        let members = one.members.into_iter().map(|member| AllianceMemberView {
            id: member.id.to_string(),
            name: member.name,
            resources: member.resources,
            times: member.times,
            served: member.served,
        });
        let records = one.records.into_iter().map(|row| AllianceRecordView {
            id: row.record.id.to_string(),
            name: row.name,
            on_day: row.record.on_day.to_string(),
            text: row.record.text,
            served: row.record.served,
        });
        Self {
            id: one.organisation.id.to_string(),
            name: one.organisation.name,
            members: members.collect(),
            records: records.collect(),
            times: one.total.0,
            served: one.total.1,
        }
    }
}

/// Alliances around a compound.
#[utoipa::path(
    get, path = "/api/v1/alliances", tag = "alliances", security(("bearer" = [])),
    params(AllianceQuery),
    responses((status = 200, body = AllianceList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_alliances(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<AllianceQuery>,
) -> Result<Json<AllianceList>, Fault> {
    let db = app.store.read();
    let compound = places::compound_by_code(db, &query.compound).await?;
    let compound = compound
        .filter(|place| caller.actor.belongs(place.id, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))?;
    let all = around(db, &compound).await?;
    Ok(Json(AllianceList {
        items: all.into_iter().map(AllianceView::from).collect(),
    }))
}
