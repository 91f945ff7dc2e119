//! The JSON of moderation: `/api/v1/moderation…` for those who may decide. Mounted by
//! `web/router.rs`.

use entity::moderation;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::page::{ListQuery, Page};
use crate::moderation::actions;
use crate::moderation::queries::{self, no_such};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/moderation", get(list_waiting))
        .at("/moderation/:id/decision", post(decide))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_waiting, decide),
    components(schemas(ModerationView, Decision)),
    tags((name = "moderation", description = "内容审核"))
)]
pub struct Described;

/// Content that waits for a person, or was decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModerationView {
    /// Key.
    pub id: String,
    /// What it belongs to, `case:12`.
    pub subject: String,
    /// Which part of it.
    pub part: String,
    /// text or image.
    pub kind: String,
    /// The text; none for a picture.
    pub text: Option<String>,
    /// pending, passed, refused.
    pub state: String,
    /// Why a person is asked.
    pub doubt: Option<String>,
    /// When it was handed in.
    pub created_at: String,
}

/// A person's word.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Decision {
    /// Whether others may see it.
    pub pass: bool,
    /// Why not; the author reads it.
    #[serde(default)]
    pub reason: String,
}

impl From<&moderation::Model> for ModerationView {
    fn from(row: &moderation::Model) -> Self {
        let is_text = row.kind == entity::kinds::ContentKind::Text;
        Self {
            id: row.id.to_string(),
            subject: row.subject.clone(),
            part: row.part.clone(),
            kind: row.kind.to_value(),
            text: is_text.then(|| row.content.clone()),
            state: row.state.to_value(),
            doubt: row.doubt.clone(),
            created_at: china(row.created_at).to_rfc3339(),
        }
    }
}

/// What waits for my decision, newest first.
#[utoipa::path(
    get, path = "/api/v1/moderation", tag = "moderation", security(("bearer" = [])),
    params(ListQuery),
    responses((status = 200, body = Page<ModerationView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_waiting(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<ModerationView>>, Fault> {
    let slice = query.slice()?;
    let page = queries::waiting(app.store.read(), &caller.actor, slice).await?;
    Ok(Json(page.map(|row| ModerationView::from(&row))))
}

/// Decide whether others may see it.
#[utoipa::path(
    post, path = "/api/v1/moderation/{id}/decision", tag = "moderation",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = Decision,
    responses((status = 200, body = ModerationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn decide(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Decision>,
) -> Result<Answer, Fault> {
    let id = id
        .parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| no_such(0))?;
    once.answer(&app, 200, async |tx| {
        let row = actions::decide(tx, &caller.actor, id, body.pass, &body.reason).await?;
        Ok(ModerationView::from(&row))
    })
    .await
}
