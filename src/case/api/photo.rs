//! Photos of a case over the API: which there are, adding some, saying why there is none.

use poem::handler;
use poem::web::{Data, Json, Path};

use entity::case;
use entity::kinds::PhotoStage;
use sea_orm::ActiveEnum;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::attachment::queries as attachments;
use crate::base::fault::Fault;
use crate::case::actions;
use crate::case::api::body::{NoPhoto, Photos};
use crate::case::api::number;
use crate::case::api::view::{CaseView, PhotoView, one};
use crate::case::subject;

/// Photos, voices and films of a case that the caller may see.
///
/// # Errors
/// The database's.
pub(super) async fn of_case(app: &App, case: &case::Model) -> Result<Vec<PhotoView>, Fault> {
    let rows = attachments::of_subject(app.store.read(), &subject(case.id)).await?;
    Ok(rows.iter().map(|row| PhotoView::of(app, row)).collect())
}

/// Keys of uploads.
///
/// # Errors
/// `not_found` for what is no key: it names nothing.
pub(super) fn keys(ids: &[String]) -> Result<Vec<i64>, Fault> {
    let missing = || Fault::not_found("没有找到要附上的文件，可能已经用过或过期，请重新上传。");
    ids.iter()
        .map(|id| id.parse().map_err(|_| missing()))
        .collect()
}

/// A side of the work as it is named, if it is.
fn stage(named: Option<&str>) -> Result<Option<PhotoStage>, Fault> {
    let Some(named) = named else {
        return Ok(None);
    };
    PhotoStage::try_from_value(&named.to_owned())
        .map(Some)
        .map_err(|_| Fault::invalid("stage", "stage 必须是 before 或 after。"))
}

/// Add photos: of what was found for whoever filed it, of both sides of the work for whoever works on it.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/photos", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Photos,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn add_photos(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Photos>,
) -> Result<Answer, Fault> {
    let (id, photos) = (number(&id)?, keys(&body.attachments)?);
    let stage = stage(body.stage.as_deref())?;
    once.answer(&app, 200, async |tx| {
        let added = actions::add_photos(tx, &caller.actor, id, &photos, stage).await?;
        one(tx.db(), &caller.actor, &added.case).await
    })
    .await
}

/// Say why there is no photo, of one side of the work or of whatever is missing.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/no-photo", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NoPhoto,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn waive_photo(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NoPhoto>,
) -> Result<Answer, Fault> {
    let (id, stage) = (number(&id)?, stage(body.stage.as_deref())?);
    once.answer(&app, 200, async |tx| {
        let case = actions::waive_photo(tx, &caller.actor, id, stage, &body.text).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}
