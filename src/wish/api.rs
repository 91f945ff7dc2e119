//! The JSON of wishes: `/api/v1/wishes…`. Mounted by `web/router.rs`. Nobody's name or phone is in it: asker
//! and claimer are told how to reach each other by a message to each of them alone.

use entity::wish;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::attachment::link::{self, Variant};
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::key::{key_in, uploaded};
use crate::base::page::{Page, Slice};
use crate::place::queries as places;
use crate::store::Tx;
use crate::wish::queries::{self, Figure, Seen, Side, Which, no_such};
use crate::wish::{actions, state_says};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/wishes", get(list_wishes).post(raise_wish))
        .at("/wishes/:id", get(show_wish))
        .at("/wishes/:id/decision", post(decide_wish))
        .at("/wishes/:id/claim", post(claim_wish))
        .at("/wishes/:id/abandon", post(abandon_wish))
        .at("/wishes/:id/fulfil", post(fulfil_wish))
        .at("/wishes/:id/photos", post(add_wish_photos))
        .at("/wishes/:id/thank", post(thank_wish))
        .at("/wishes/:id/withdraw", post(withdraw_wish))
        .at("/wishes/:id/remove", post(remove_wish))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_wishes, raise_wish, show_wish, decide_wish, claim_wish, abandon_wish, fulfil_wish,
        add_wish_photos, thank_wish, withdraw_wish, remove_wish
    ),
    components(schemas(
        WishView, WishPhoto, NewWish, WishDecision, WishDone, WishPhotos, WishThanks,
        WishRemoval
    )),
    tags((name = "wishes", description = "微心愿"))
)]
pub struct Described;

/// A wish, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishView {
    /// The number that people type.
    pub id: String,
    /// For neighbours without names, phones and homes.
    pub text: String,
    /// raised, open, claimed, fulfilled, thanked, refused, withdrawn, removed.
    pub state: String,
    /// 待认领 …
    pub state_label: String,
    /// `王**，3栋`
    pub asker: String,
    /// What the caller has to do with it: asker, claimer, checker, neighbour.
    pub side: String,
    /// When the claim lapses; not for neighbours.
    pub due_at: Option<String>,
    /// What was done, in the claimer's words; not for neighbours.
    pub result: Option<String>,
    /// The asker's; not for neighbours.
    pub thanks: Option<String>,
    /// Why it was refused or removed; not for neighbours.
    pub reason: Option<String>,
    /// Of what was done; not for neighbours.
    pub photos: Vec<WishPhoto>,
    /// Made.
    pub created_at: String,
}

/// A photo of what was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishPhoto {
    /// Of the attachment.
    pub id: String,
    /// Holds for an hour; none while it is on its way.
    pub url: Option<String>,
    /// The small picture; holds for an hour.
    pub thumbnail_url: Option<String>,
}

/// Which wishes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WishQuery {
    /// open (if not given), mine, claimed, or check: those that the caller has to read.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// A wish to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewWish {
    /// At most 200 characters, no phone numbers.
    pub text: String,
    /// One of the caller's homes, `GY/3-2-501`; the first if not given.
    #[serde(default)]
    pub home: Option<String>,
}

/// A checker's word.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WishDecision {
    /// Whether neighbours may see it.
    pub pass: bool,
    /// Why not.
    #[serde(default)]
    pub reason: String,
}

/// That it is done.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WishDone {
    /// What was done.
    #[serde(default)]
    pub text: String,
    /// Ids of uploaded photos.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// Photos of what was done.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WishPhotos {
    /// Ids of uploaded photos.
    pub attachments: Vec<String>,
}

/// Thanks.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WishThanks {
    /// In the asker's words.
    #[serde(default)]
    pub text: String,
}

/// That it is taken away.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WishRemoval {
    /// Asker and claimer are told.
    pub reason: String,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Asker => "asker",
        Side::Claimer => "claimer",
        Side::Checker => "checker",
        Side::Neighbour => "neighbour",
    }
}

impl From<Seen> for WishView {
    /// Without photos.
    fn from(seen: Seen) -> Self {
        let row = seen.wish;
        let near = seen.side != Side::Neighbour;
        Self {
            id: row.id.to_string(),
            text: seen.text,
            state: row.state.to_value(),
            state_label: state_says(row.state).to_owned(),
            asker: seen.asker,
            side: side_name(seen.side).to_owned(),
            due_at: row.due_at.filter(|_| near).map(time),
            result: row.result.filter(|_| near),
            thanks: row.thanks.filter(|_| near),
            reason: row.reason.filter(|_| near),
            photos: Vec::new(),
            created_at: time(row.created_at),
        }
    }
}

/// With photos.
async fn whole<C: sea_orm::ConnectionTrait>(
    app: &App,
    db: &C,
    seen: Seen,
) -> Result<WishView, Fault> {
    let photos = queries::photos(db, &seen).await?;
    let photo = |row: &entity::attachment::Model| WishPhoto {
        id: row.id.to_string(),
        url: link::url(app, row, Variant::Full),
        thumbnail_url: link::url(app, row, Variant::Small),
    };
    Ok(WishView {
        photos: photos.iter().map(photo).collect(),
        ..seen.into()
    })
}

/// Wishes, newest first.
#[utoipa::path(
    get, path = "/api/v1/wishes", tag = "wishes", security(("bearer" = [])), params(WishQuery),
    responses((status = 200, body = Page<WishView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_wishes(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<WishQuery>,
) -> Result<Json<Page<WishView>>, Fault> {
    let which = match query.list.as_deref() {
        None | Some("open") => Which::Open,
        Some("mine") => Which::Mine,
        Some("claimed") => Which::Claimed,
        Some("check") => Which::Checked(Figure::Raised),
        Some(_) => {
            return Err(Fault::invalid(
                "list",
                "list 必须是 open、mine、claimed 或 check。",
            ));
        }
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(page.map(WishView::from)))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/wishes/{id}", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_wish(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WishView>, Fault> {
    let db = app.store.read();
    let seen = queries::seen(db, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(whole(&app, db, seen).await?))
}

/// Make a wish.
#[utoipa::path(
    post, path = "/api/v1/wishes", tag = "wishes", security(("bearer" = [])), request_body = NewWish,
    responses((status = 201, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn raise_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewWish>,
) -> Result<Answer, Fault> {
    once.answer(&app, 201, async |tx| {
        let home = match &body.home {
            None => None,
            Some(code) => {
                let home = places::by_code(tx.db(), code).await?;
                let home = home.ok_or_else(|| Fault::not_found("没有找到您的这个房号。"))?;
                Some(home.id)
            }
        };
        let terms = &app.settings.wishes;
        let row = actions::raise(tx, &caller.actor, terms, &body.text, home).await?;
        let seen = queries::seen(tx.db(), &caller.actor, row.id).await?;
        whole(&app, tx.db(), seen).await
    })
    .await
}

/// What a POST does.
enum Deed {
    Decide(bool, String),
    Claim,
    Abandon,
    Fulfil(String, Vec<i64>),
    Photos(Vec<i64>),
    Thank(String),
    Withdraw,
    Remove(String),
}

async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    deed: Deed,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such)?;
    once.answer(app, 200, async |tx| {
        let before = match deed {
            Deed::Abandon => Some(queries::seen(tx.db(), &caller.actor, id).await?),
            _ => None,
        };
        let wish = run(app, tx, caller, id, deed).await?;
        let seen = queries::seen(tx.db(), &caller.actor, id).await;
        let seen = match (seen, before) {
            // Whose home or post has ended has no part in it any more once it is given back.
            (Err(fault), Some(before)) if fault.code == Code::NotFound => Seen { wish, ..before },
            (seen, _) => seen?,
        };
        whole(app, tx.db(), seen).await
    })
    .await
}

async fn run(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    id: i64,
    deed: Deed,
) -> Result<wish::Model, Fault> {
    let actor = &caller.actor;
    match deed {
        Deed::Decide(true, _) => actions::pass(tx, actor, id).await,
        Deed::Decide(false, reason) => actions::refuse(tx, actor, id, &reason).await,
        Deed::Claim => actions::claim(tx, actor, &app.settings.wishes, id).await,
        Deed::Abandon => actions::abandon(tx, actor, id).await,
        Deed::Fulfil(text, photos) => actions::fulfil(tx, actor, id, &text, &photos).await,
        Deed::Photos(photos) => actions::add_photos(tx, actor, id, &photos).await,
        Deed::Thank(text) => actions::thank(tx, actor, id, &text).await,
        Deed::Withdraw => actions::withdraw(tx, actor, id).await,
        Deed::Remove(reason) => actions::remove(tx, actor, id, &reason).await,
    }
}

/// Let neighbours see it, or not.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/decision", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = WishDecision,
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn decide_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<WishDecision>,
) -> Result<Answer, Fault> {
    let deed = Deed::Decide(body.pass, body.reason);
    change(&app, &caller, &once, &id, deed).await
}

/// Claim it: one of those who come at once has it.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/claim", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn claim_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Claim).await
}

/// Give it back.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/abandon", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn abandon_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Abandon).await
}

/// Say that it is done.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/fulfil", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = WishDone,
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn fulfil_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<WishDone>,
) -> Result<Answer, Fault> {
    let deed = Deed::Fulfil(body.text, uploaded(&body.attachments)?);
    change(&app, &caller, &once, &id, deed).await
}

/// Add photos of what was done.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/photos", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = WishPhotos,
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn add_wish_photos(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<WishPhotos>,
) -> Result<Answer, Fault> {
    let deed = Deed::Photos(uploaded(&body.attachments)?);
    change(&app, &caller, &once, &id, deed).await
}

/// Thank whoever fulfilled it.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/thank", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = WishThanks,
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn thank_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<WishThanks>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Thank(body.text)).await
}

/// Take it back.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/withdraw", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn withdraw_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Withdraw).await
}

/// Take it away, as staff.
#[utoipa::path(
    post, path = "/api/v1/wishes/{id}/remove", tag = "wishes", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = WishRemoval,
    responses((status = 200, body = WishView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn remove_wish(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<WishRemoval>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Remove(body.reason)).await
}
