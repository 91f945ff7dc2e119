//! The JSON of the four lists: `/api/v1/offers`. Mounted by `web/router.rs`.

use chrono::NaiveDate;
use entity::kinds::OfferList;
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
use crate::base::fault::Fault;
use crate::base::key::{key_in, uploaded};
use crate::base::page::Slice;
use crate::offer::actions::{self, Author, Written};
use crate::offer::queries::{self, Seen, Side, Which, no_such};
use crate::offer::{category, read_list, state_says};
use crate::organisation::queries as organisations;
use crate::place::queries as places;
use crate::store::Tx;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/offers", get(list_offers).post(publish_offer))
        .at("/offers/:id", get(show_offer))
        .at("/offers/:id/:act", post(change_offer))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_offers, publish_offer, show_offer, change_offer),
    components(schemas(OfferView, OfferPhoto, OfferPage, NewOffer, OfferChange)),
    tags((name = "offers", description = "四项清单"))
)]
pub struct Described;

/// An item of the four lists, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferView {
    /// The number that people type.
    pub id: String,
    /// need, resource, service, responsibility.
    pub list: String,
    /// care, health, repair, labour, skill, culture, goods, space, other.
    pub category: String,
    /// 技能教学 …
    pub category_label: String,
    /// One line; for neighbours without names, phones and homes.
    pub title: String,
    /// What else is said; may be empty.
    pub text: String,
    /// The organisation's name, `居民`, or `待认领`.
    pub by: String,
    /// raised, open, matched, done, refused, withdrawn, removed, lapsed.
    pub state: String,
    /// 待对接 …
    pub state_label: String,
    /// What the caller has to do with it: owner, checker, neighbour.
    pub side: String,
    /// How many needs a resource can meet.
    pub quantity: i32,
    /// How many it is tied to.
    pub taken: i32,
    /// `2026-12-31`
    pub due_on: Option<String>,
    /// Whether its day has passed and it is not closed off.
    pub overdue: bool,
    /// Of a need: the resource that it is tied to; not for neighbours.
    pub tied_id: Option<String>,
    /// What was done; not for neighbours.
    pub result: Option<String>,
    /// Why it was refused, removed or opened again; not for neighbours.
    pub reason: Option<String>,
    /// Of what was done; not for neighbours.
    pub photos: Vec<OfferPhoto>,
    /// Published.
    pub created_at: String,
}

/// A photo of what was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferPhoto {
    /// Of the attachment.
    pub id: String,
    /// Holds for an hour; none while it is on its way.
    pub url: Option<String>,
    /// The small picture; holds for an hour.
    pub thumbnail_url: Option<String>,
}

/// A page of items.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferPage {
    /// Newest first.
    pub items: Vec<OfferView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which items.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfferQuery {
    /// need (if not given), resource, service, responsibility: what is open; done-service,
    /// done-responsibility: what was closed off; mine; check: what the caller has to read.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// An item to be published.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewOffer {
    /// need, resource, service, responsibility.
    pub list: String,
    /// The title in the first line; at most 500 characters, no phone numbers.
    pub text: String,
    /// care, health …; guessed if not given.
    #[serde(default)]
    pub category: Option<String>,
    /// How many needs a resource can meet; 1 if not given.
    #[serde(default)]
    pub quantity: Option<i32>,
    /// The last day, `2026-12-31`; services and responsibilities must have one.
    #[serde(default)]
    pub due_on: Option<String>,
    /// One of the caller's homes, `GY/3-2-501`; the first if not given. For residents.
    #[serde(default)]
    pub home: Option<String>,
    /// Code of the organisation that the caller speaks for; none for a resident.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Code of the compound; for an organisation, or alone for a project to be claimed.
    #[serde(default)]
    pub compound: Option<String>,
}

/// What goes with a change; what the act does not need may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct OfferChange {
    /// Of decision: whether everybody may see it.
    pub pass: bool,
    /// Of decision, remove, reopen: why.
    pub reason: String,
    /// Of close, finish: what was done.
    pub text: String,
    /// Of sort: care, health …
    pub category: String,
    /// Of tie: the number of the other item.
    pub with: String,
    /// Of claim: the code of the organisation; needed by whoever speaks for several.
    pub organisation: Option<String>,
    /// Of close, photos: ids of uploaded photos.
    pub attachments: Vec<String>,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Owner => "owner",
        Side::Checker => "checker",
        Side::Neighbour => "neighbour",
    }
}

impl From<Seen> for OfferView {
    /// Without photos.
    fn from(seen: Seen) -> Self {
        let row = seen.offer;
        let near = seen.side != Side::Neighbour;
        Self {
            id: row.id.to_string(),
            list: row.list.to_value(),
            category: row.category.to_value(),
            category_label: category::says(row.category).to_owned(),
            title: seen.title,
            text: seen.text,
            by: seen.by,
            state: row.state.to_value(),
            state_label: state_says(row.list, row.state).to_owned(),
            side: side_name(seen.side).to_owned(),
            quantity: row.quantity,
            taken: row.taken,
            due_on: row.due_on.map(|day| day.to_string()),
            overdue: row.overdue_at.is_some() && row.ended_at.is_none(),
            tied_id: row.tied_id.filter(|_| near).map(|id| id.to_string()),
            result: row.result.filter(|_| near),
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
) -> Result<OfferView, Fault> {
    let photos = queries::photos(db, &seen).await?;
    let photo = |row: &entity::attachment::Model| OfferPhoto {
        id: row.id.to_string(),
        url: link::url(app, row, Variant::Full),
        thumbnail_url: link::url(app, row, Variant::Small),
    };
    Ok(OfferView {
        photos: photos.iter().map(photo).collect(),
        ..seen.into()
    })
}

fn chosen<T: ActiveEnum<Value = String>>(field: &'static str, typed: &str) -> Result<T, Fault> {
    T::try_from_value(&typed.to_owned())
        .map_err(|_| Fault::invalid(field, format!("没有这一项：{field}。")))
}

fn day(typed: &str) -> Result<NaiveDate, Fault> {
    NaiveDate::parse_from_str(typed.trim(), "%Y-%m-%d")
        .map_err(|_| Fault::invalid("due_on", "日期写成 2026-12-31 这样。"))
}

fn which(list: Option<&str>) -> Result<Which, Fault> {
    let wrong = || {
        Fault::invalid(
            "list",
            "list 必须是 need、resource、service、responsibility、done-service、done-responsibility、mine 或 check。",
        )
    };
    Ok(match list {
        None => Which::Open(OfferList::Need),
        Some("mine") => Which::Mine,
        Some("check") => Which::Waiting,
        Some(word) => match word.strip_prefix("done-").map(read_list) {
            Some(list) => Which::Closed(list.ok_or_else(wrong)?),
            None => Which::Open(read_list(word).ok_or_else(wrong)?),
        },
    })
}

/// Items of a list, newest first.
#[utoipa::path(
    get, path = "/api/v1/offers", tag = "offers", security(("bearer" = [])), params(OfferQuery),
    responses((status = 200, body = OfferPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_offers(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<OfferQuery>,
) -> Result<Json<OfferPage>, Fault> {
    let which = which(query.list.as_deref())?;
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(OfferPage {
        items: page.items.into_iter().map(OfferView::from).collect(),
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/offers/{id}", tag = "offers", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = OfferView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_offer(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OfferView>, Fault> {
    let db = app.store.read();
    let seen = queries::seen(db, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(whole(&app, db, seen).await?))
}

/// Whose it is, by the codes that were given.
async fn author(tx: &Tx, body: &NewOffer) -> Result<Author, Fault> {
    let db = tx.db();
    let compound = match &body.compound {
        None => None,
        Some(code) => {
            let found = places::compound_by_code(db, code).await?;
            Some(found.ok_or_else(|| Fault::not_found("没有找到这个小区。"))?)
        }
    };
    match (&body.organisation, compound) {
        (Some(code), Some(compound)) => {
            let found = organisations::by_code(db, code).await?;
            let found = found.ok_or_else(|| Fault::forbidden("您不能代表这个单位发布。"))?;
            Ok(Author::Organisation(found.id, compound.id))
        }
        (Some(_), None) => Err(Fault::invalid("compound", "请写小区的编号，例如 GY。")),
        (None, Some(compound)) => Ok(Author::Project(compound.id)),
        (None, None) => match &body.home {
            None => Ok(Author::Resident(None)),
            Some(code) => {
                let home = places::by_code(db, code).await?;
                let home = home.ok_or_else(|| Fault::not_found("没有找到您的这个房号。"))?;
                Ok(Author::Resident(Some(home.id)))
            }
        },
    }
}

/// Put something on a list.
#[utoipa::path(
    post, path = "/api/v1/offers", tag = "offers", security(("bearer" = [])), request_body = NewOffer,
    responses((status = 201, body = OfferView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn publish_offer(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewOffer>,
) -> Result<Answer, Fault> {
    let list = read_list(&body.list);
    let list = list.ok_or_else(|| {
        Fault::invalid(
            "list",
            "list 必须是 need、resource、service 或 responsibility。",
        )
    })?;
    let category = match &body.category {
        Some(word) => Some(chosen("category", word)?),
        None => None,
    };
    let due_on = body.due_on.as_deref().map(day).transpose()?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let written = Written {
        list,
        category,
        text: &body.text,
        quantity: body.quantity,
        due_on,
        author: author(&tx, &body).await?,
    };
    let terms = &app.settings.lists;
    let row = actions::publish(&mut tx, &caller.actor, terms, &written).await?;
    let seen = queries::seen(tx.db(), &caller.actor, row.id).await?;
    let view = whole(&app, tx.db(), seen).await?;
    let answer = once.leave(&tx, 201, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Change it: decision, remove, withdraw, sort, tie, untie, contact, finish, claim, close, photos, reopen.
#[utoipa::path(
    post, path = "/api/v1/offers/{id}/{act}", tag = "offers", security(("bearer" = [])),
    params(("id" = String, Path), ("act" = String, Path)), request_body = OfferChange,
    responses((status = 200, body = OfferView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_offer(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path((id, act)): Path<(String, String)>,
    Json(body): Json<OfferChange>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    run(&app, &mut tx, &caller, id, &act, &body).await?;
    let seen = queries::seen(tx.db(), &caller.actor, id).await?;
    let view = whole(&app, tx.db(), seen).await?;
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn run(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    id: i64,
    act: &str,
    body: &OfferChange,
) -> Result<(), Fault> {
    let actor = &caller.actor;
    match act {
        "decision" if body.pass => actions::pass(tx, actor, id).await.map(drop),
        "decision" => actions::refuse(tx, actor, id, &body.reason).await.map(drop),
        "remove" => actions::remove(tx, actor, id, &body.reason).await.map(drop),
        "withdraw" => actions::withdraw(tx, actor, id).await.map(drop),
        "sort" => {
            let chosen = chosen("category", &body.category)?;
            actions::sort(tx, actor, id, chosen).await.map(drop)
        }
        "tie" => {
            let other = key_in(&body.with, no_such)?;
            let terms = &app.settings.lists;
            actions::tie(tx, actor, terms, id, other).await.map(drop)
        }
        "untie" => actions::untie(tx, actor, id).await.map(drop),
        "contact" => actions::contact_again(tx, actor, id).await,
        "finish" => actions::finish(tx, actor, id, &body.text).await.map(drop),
        "claim" => {
            let organisation = match &body.organisation {
                None => None,
                Some(code) => {
                    let found = organisations::by_code(tx.db(), code).await?;
                    // One that is not there is none that the caller speaks for.
                    Some(found.map_or(0, |row| row.id))
                }
            };
            actions::claim(tx, actor, id, organisation).await.map(drop)
        }
        "close" => {
            let photos = uploaded(&body.attachments)?;
            let closed = actions::close(tx, actor, id, &body.text, &photos).await;
            closed.map(drop)
        }
        "photos" => {
            let photos = uploaded(&body.attachments)?;
            actions::add_photos(tx, actor, id, &photos).await.map(drop)
        }
        "reopen" => actions::reopen(tx, actor, id, &body.reason).await.map(drop),
        _ => Err(Fault::not_found("没有这个操作。")),
    }
}
