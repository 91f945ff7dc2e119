//! The JSON of what is done with a notice that is written: another scope, a new version, telling again, and who has
//! not read it. Part of [`super`].

use poem::handler;
use poem::web::{Data, Json, Path, Query};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LedNotice, attach, keys};
use crate::access::Actor;
use crate::access::once::{Answer, Once};
use crate::access::permit::{Deed, require_somewhere};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::{Page, Slice};
use crate::notice::actions::{self, Words};
use crate::notice::queries::{self, Unread, no_such};
use crate::place::queries as places;

/// A new version of a notice.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoticeCorrection {
    /// At most 40 characters.
    pub title: String,
    /// At most 2000 characters.
    pub body: String,
    /// Keys of uploaded attachments, which take the place of those before; without any, those before stay.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// For whom a draft is to be: everybody who lives at a place.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoticeScope {
    /// Code of the place: `GY`, `GY/1`.
    pub place: String,
}

/// Which part of those who have not read it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnreadQuery {
    /// Code of the building, `GY/1`; those who live in none if not given.
    pub building: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// Somebody who has not read a notice.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadView {
    /// Name.
    pub name: String,
    /// Code of their home, or of the place of their post.
    pub place: String,
    /// Whether a channel may reach them.
    pub reachable: bool,
    /// open: somebody is to tell them at the door; done: told.
    pub visit: Option<String>,
}

impl From<Unread> for UnreadView {
    fn from(one: Unread) -> Self {
        Self {
            name: one.name,
            place: one.place.code,
            reachable: one.reachable,
            visit: one.visit.map(|state| state.to_value()),
        }
    }
}

/// Write a new version of what is out, as a draft: the same people, other words. It is published like any other.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/correct", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NoticeCorrection,
    responses((status = 201, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn correct_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NoticeCorrection>,
) -> Result<Answer, Fault> {
    require_somewhere(&caller.actor, Deed::PublishNotices)?;
    let (id, files) = (key_in(&id, no_such)?, keys(&body.attachments)?);
    once.answer(&app, 201, async |tx| {
        let words = Words {
            title: &body.title,
            body: &body.body,
            files: !files.is_empty(),
        };
        let row = actions::correct(tx, &caller.actor, id, words).await?;
        attach(tx, &caller.actor, &row, &files).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// Say for whom a draft is: one place, everybody who lives there.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/scope", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NoticeScope,
    responses((status = 200, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn rescope_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NoticeScope>,
) -> Result<Answer, Fault> {
    require_somewhere(&caller.actor, Deed::PublishNotices)?;
    let id = key_in(&id, no_such)?;
    once.answer(&app, 200, async |tx| {
        let place = places::by_code(tx.db(), &body.place).await?;
        let place_id = place.map_or(0, |place| place.id);
        let row = actions::rescope(tx, &caller.actor, id, place_id).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// Tell those who have not read it once more; once an hour at most.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/repeat", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn repeat_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    require_somewhere(&caller.actor, Deed::PublishNotices)?;
    let id = key_in(&id, no_such)?;
    once.answer(&app, 200, async |tx| {
        let row = actions::repeat(tx, &caller.actor, id).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// Refuses whoever neither publishes nor goes to doors anywhere.
fn require_any(actor: &Actor) -> Result<(), Fault> {
    let publishes = require_somewhere(actor, Deed::PublishNotices);
    publishes.or_else(|_| require_somewhere(actor, Deed::MakeVisits))
}

/// Who has not read it, building by building: for whoever leads it, or goes to the doors of the building.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}/unread", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path), UnreadQuery),
    responses((status = 200, body = Page<UnreadView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
pub(super) async fn list_unread(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<UnreadQuery>,
) -> Result<Json<Page<UnreadView>>, Fault> {
    let (db, actor) = (app.store.read(), &caller.actor);
    require_any(actor)?;
    let id = key_in(&id, no_such)?;
    let (_, leads) = queries::seen(db, actor, id).await?;
    let building = match query.building.as_deref() {
        None | Some("") => None,
        Some(code) => {
            let found = places::by_code(db, code).await?;
            Some(found.ok_or_else(|| no_such(id))?)
        }
    };
    if !queries::lists(actor, building.as_ref(), leads) {
        return Err(no_such(id));
    }
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let key = building.map(|place| place.id);
    let page = queries::unread_page(db, id, key, slice).await?;
    Ok(Json(page.map(UnreadView::from)))
}
