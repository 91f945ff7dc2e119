//! `POST /api/v1/cases/{id}/grade`: how grave a case is. Part of api.rs.

use entity::kinds::Grade;
use poem::handler;
use poem::web::{Data, Json, Path};
use sea_orm::ActiveEnum;

use super::body::Graded;
use super::number;
use super::view::{CaseView, one};
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::case::actions;

/// How grave it is; its clocks follow from it.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/grade", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Graded,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn grade(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Graded>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    let grade = Grade::try_from_value(&body.grade)
        .map_err(|_| Fault::invalid("grade", "grade 必须是 ordinary、major 或 complex。"))?;
    once.answer(&app, 200, async |tx| {
        let case = actions::grade(tx, &caller.actor, id, grade).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}
