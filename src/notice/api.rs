//! The JSON of notices: `/api/v1/notices…`. Mounted by `web/router.rs`. Recipients read and acknowledge,
//! whoever publishes writes a draft, lets it go out, follows it and takes it back.

mod lead;

use entity::kinds::{NoticeState, PhotoStage};
use entity::notice;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::Actor;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::attachment::link::{Variant, url};
use crate::attachment::{Owner, give};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::{ListQuery, Page};
use crate::notice::actions::{self, New};
use crate::notice::audience::{Group, Scope};
use crate::notice::queries::{self, Progress, Received, no_such};
use crate::notice::{link, state_says, subject};
use crate::place::queries as places;
use crate::store::Tx;
use lead::{NoticeCorrection, NoticeScope, UnreadView};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/notices", get(list_notices).post(write_notice))
        .at("/notices/:id", get(show_notice))
        .at("/notices/:id/read", post(read_notice))
        .at("/notices/:id/ack", post(acknowledge_notice))
        .at("/notices/:id/publish", post(publish_notice))
        .at("/notices/:id/recall", post(recall_notice))
        .at("/notices/:id/progress", get(show_progress))
        .at("/notices/:id/correct", post(lead::correct_notice))
        .at("/notices/:id/scope", post(lead::rescope_notice))
        .at("/notices/:id/repeat", post(lead::repeat_notice))
        .at("/notices/:id/unread", get(lead::list_unread))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_notices, show_notice, read_notice, acknowledge_notice, write_notice, publish_notice,
        recall_notice, show_progress, lead::correct_notice, lead::rescope_notice,
        lead::repeat_notice, lead::list_unread
    ),
    components(schemas(
        NoticeView, NewNotice, LedNotice, ProgressView, NoticeCorrection, NoticeScope, UnreadView
    )),
    tags((name = "notices", description = "公告"))
)]
pub struct Described;

/// A notice as a recipient sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    /// The number that people type.
    pub id: String,
    /// One line.
    pub title: String,
    /// Plain text; empty once it was recalled.
    pub body: String,
    /// Goes out at night too.
    pub urgent: bool,
    /// sending, sent, corrected, recalled.
    pub state: String,
    /// 已发出 …
    pub state_label: String,
    /// 1 for the first; a correction is the next.
    pub version: i32,
    /// The notice whose place it takes.
    pub corrects: Option<String>,
    /// Where what it tells of is shown to everybody, for a month of the accounts and an expense.
    pub page: Option<String>,
    /// When it was published.
    pub published_at: Option<String>,
    /// When the caller read it.
    pub read_at: Option<String>,
    /// When the caller acknowledged it.
    pub acknowledged_at: Option<String>,
    /// Pictures, documents and other files; each link holds for an hour.
    pub attachments: Vec<String>,
}

/// A notice to be written.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNotice {
    /// Code of the place: `GY`, `GY/3`.
    pub place: String,
    /// At most 40 characters.
    pub title: String,
    /// At most 2000 characters.
    pub body: String,
    /// Goes out at night too; for some posts only.
    #[serde(default)]
    pub urgent: bool,
    /// residents, owners, tenants, party_members, stewards, committee, property, community; residents if
    /// none is named.
    #[serde(default)]
    pub who: Vec<String>,
    /// Codes of buildings or homes inside the place, for a list.
    #[serde(default)]
    pub list: Vec<String>,
    /// 24, 48 or 72: whoever has not read it is told again after so many hours.
    #[serde(default)]
    pub repeat_hours: Option<i32>,
    /// Keys of uploaded attachments.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// A notice as whoever leads it sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedNotice {
    /// Key.
    pub id: String,
    /// draft, undoable, undone, sending, sent, corrected, recalled.
    pub state: String,
    /// Recipients.
    pub recipients: i64,
    /// Those whom a channel may reach.
    pub reachable: i64,
    /// Until when it can be undone.
    pub undo_until: Option<String>,
}

/// How far a notice has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// Recipients.
    pub recipients: i64,
    /// Those whom a channel may reach.
    pub reachable: i64,
    /// Messages that went out.
    pub sent: i64,
    /// Messages that wait.
    pub waiting: i64,
    /// Messages that could not be sent.
    pub failed: i64,
    /// Messages that were no longer needed, or not wanted.
    pub dropped: i64,
    /// Read it before this round: with the four above, and whoever no channel reaches, everybody is counted once.
    pub earlier: i64,
    /// Have read it.
    pub read: i64,
    /// Have acknowledged it.
    pub acknowledged: i64,
}

impl From<Progress> for ProgressView {
    fn from(far: Progress) -> Self {
        Self {
            recipients: far.people,
            reachable: far.reachable,
            sent: far.sent,
            waiting: far.waiting,
            failed: far.failed,
            dropped: far.dropped,
            earlier: far.earlier,
            read: far.read,
            acknowledged: far.acknowledged,
        }
    }
}

impl From<notice::Model> for LedNotice {
    fn from(row: notice::Model) -> Self {
        Self {
            id: row.id.to_string(),
            state: row.state.to_value(),
            recipients: row.counted,
            reachable: row.reachable,
            undo_until: row.go_at.map(time),
        }
    }
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

async fn view(app: &App, received: Received) -> Result<NoticeView, Fault> {
    let Received { notice: row, own } = received;
    let recalled = row.state == NoticeState::Recalled;
    let files = if recalled {
        Vec::new()
    } else {
        queries::files(app.store.read(), &row).await?
    };
    let page = link::page(app, &row);
    Ok(NoticeView {
        id: row.id.to_string(),
        page,
        title: row.title,
        body: if recalled { String::new() } else { row.body },
        urgent: row.urgent,
        state: row.state.to_value(),
        state_label: state_says(row.state).to_owned(),
        version: row.version,
        corrects: row.corrects.map(|id| id.to_string()),
        published_at: row.published_at.map(time),
        read_at: own.read_at.map(time),
        acknowledged_at: own.acknowledged_at.map(time),
        attachments: files
            .iter()
            .filter_map(|file| url(app, file, Variant::Full))
            .collect(),
    })
}

/// Notices that I have got, newest first.
#[utoipa::path(
    get, path = "/api/v1/notices", tag = "notices", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = Page<NoticeView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_notices(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<NoticeView>>, Fault> {
    let person_id = caller.actor.require_person()?;
    let page = queries::inbox(app.store.read(), person_id, query.slice()?).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for one in page.items {
        items.push(view(&app, one).await?);
    }
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

/// One of them. Looking at it by the API is not reading: say so with `/read`.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = NoticeView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_notice(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<NoticeView>, Fault> {
    let id = key_in(&id, no_such)?;
    let person_id = caller.actor.require_person()?;
    let found = queries::received(app.store.read(), person_id, id).await?;
    Ok(Json(view(&app, found).await?))
}

/// What a POST of a recipient says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Read,
    Acknowledged,
}

async fn say(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    said: Said,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such)?;
    once.answer(app, 200, async |tx| {
        let person_id = caller.actor.require_person()?;
        queries::received(tx.db(), person_id, id).await?;
        match said {
            Said::Read => actions::read(tx, id, person_id).await?,
            Said::Acknowledged => actions::acknowledge(tx, id, person_id).await?,
        }
        let found = queries::received(tx.db(), person_id, id).await?;
        view(app, found).await
    })
    .await
}

/// I have read it.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/read", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = NoticeView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn read_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    say(&app, &caller, &once, &id, Said::Read).await
}

/// I have got it (收到).
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/ack", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = NoticeView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn acknowledge_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    say(&app, &caller, &once, &id, Said::Acknowledged).await
}

async fn scope(tx: &Tx, body: &NewNotice) -> Result<Scope, Fault> {
    let mut scope = Scope::default();
    for word in &body.who {
        let group = Group::read(word);
        scope
            .who
            .push(group.ok_or_else(|| Fault::invalid("who", "没有这一类人。"))?);
    }
    if body.list.len() > actions::draft::MOST_PLACES {
        return Err(Fault::invalid("list", "名单太长了，请分几次发。"));
    }
    for code in &body.list {
        let place = places::by_code(tx.db(), code).await?;
        let place = place.ok_or_else(|| Fault::invalid("list", "名单里有没登记的地点。"))?;
        scope.places.push(place.id);
    }
    Ok(scope)
}

/// Keys of attachments as they come.
fn keys(ids: &[String]) -> Result<Vec<i64>, Fault> {
    let keys: Result<Vec<i64>, _> = ids.iter().map(|id| id.parse()).collect();
    keys.map_err(|_| Fault::invalid("attachments", "附件编号不对。"))
}

/// Gives attachments of the actor's to a notice.
async fn attach(tx: &Tx, actor: &Actor, row: &notice::Model, files: &[i64]) -> Result<(), Fault> {
    let about = subject(row.id);
    let owner = Owner {
        subject: &about,
        compound_id: row.compound_id,
        stage: PhotoStage::Before,
        round: 0,
    };
    give(tx, actor, files, &owner).await
}

async fn store(tx: &Tx, actor: &Actor, body: NewNotice) -> Result<notice::Model, Fault> {
    let place = places::by_code(tx.db(), &body.place).await?;
    // Whoever may not publish there learns nothing of other places, and has nothing looked up.
    actions::draft::target(
        tx,
        actor,
        place.as_ref().map_or(0, |place| place.id),
        body.urgent,
    )
    .await?;
    let scope = scope(tx, &body).await?;
    let files = keys(&body.attachments)?;
    let new = New {
        place_id: place.map_or(0, |place| place.id),
        title: body.title,
        body: body.body,
        urgent: body.urgent,
        scope,
        repeat_hours: body.repeat_hours,
        rewrites: None,
    };
    let row = actions::draft(tx, actor, new).await?;
    attach(tx, actor, &row, &files).await?;
    Ok(row)
}

/// Write a draft: nobody is told yet, the answer says how many it would reach.
#[utoipa::path(
    post, path = "/api/v1/notices", tag = "notices", security(("bearer" = [])),
    request_body = NewNotice,
    responses((status = 201, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn write_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewNotice>,
) -> Result<Answer, Fault> {
    once.answer(&app, 201, async |tx| {
        let row = store(tx, &caller.actor, body).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// Let my draft go out; for 15 seconds it can be undone.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/publish", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn publish_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    once.answer(&app, 200, async |tx| {
        let row = actions::publish(tx, &caller.actor, id).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// Undo it in time, or recall it.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/recall", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LedNotice), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn recall_notice(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    once.answer(&app, 200, async |tx| {
        let row = actions::recall(tx, &caller.actor, id).await?;
        Ok(LedNotice::from(row))
    })
    .await
}

/// How far it has come.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}/progress", tag = "notices", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ProgressView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_progress(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProgressView>, Fault> {
    let db = app.store.read();
    let row = queries::led(db, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(queries::progress(db, &row).await?.into()))
}
