//! The JSON of talents: `/api/v1/talents…`, `/api/v1/help…`. Mounted by `web/router.rs`. Nobody's name or phone is
//! in it: the two are told how to reach each other by a message to each of them alone.

use entity::kinds::TalentKind;
use entity::{help_request, talent};
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::place::queries as places;
use crate::talent::actions::{self, Answered};
use crate::talent::queries::{self, Side, Which, no_such, no_such_talent};
use crate::talent::{kind_says, state_says, talent_says};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/talents", get(list_talents).post(offer_talent))
        .at("/talents/kinds", get(list_kinds))
        .at("/talents/:id/withdraw", post(withdraw_talent))
        .at("/help", get(list_help).post(ask_help))
        .at("/help/:id", get(show_help))
        .at("/help/:id/answer", post(answer_help))
        .at("/help/:id/withdraw", post(withdraw_help))
        .at("/help/:id/contact", post(contact_help))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_talents, offer_talent, list_kinds, withdraw_talent, list_help, ask_help, show_help,
        answer_help, withdraw_help, contact_help
    ),
    components(schemas(
        TalentView, TalentKindView, NewTalent, HelpView, HelpPage, NewHelp, HelpWord
    )),
    tags((name = "talents", description = "特长和找帮手"))
)]
pub struct Described;

/// A talent of the caller's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct TalentView {
    /// The number that people type.
    pub id: String,
    /// doctor, teacher, lawyer, police, electrician, computer, barber, arts, other.
    pub kind: String,
    /// 医护 …
    pub kind_label: String,
    /// In the caller's words.
    pub text: String,
    /// offered, withdrawn.
    pub state: String,
    /// 已登记 …
    pub state_label: String,
    /// When the caller agreed.
    pub consent_at: String,
}

/// A kind that neighbours offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct TalentKindView {
    /// As in a talent.
    pub kind: String,
    /// 医护 …
    pub kind_label: String,
    /// How many neighbours offer it, without the caller.
    pub count: usize,
}

/// A talent to be offered.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTalent {
    /// As in a talent.
    pub kind: String,
    /// At most 100 characters, no phone numbers.
    pub text: String,
    /// That the caller agrees to be asked by the system and, after a yes, to be named to whoever asks.
    #[serde(default)]
    pub consent: bool,
}

/// A request for help.
#[derive(Debug, Serialize, ToSchema)]
pub struct HelpView {
    /// The number that people type.
    pub id: String,
    /// As in a talent.
    pub kind: String,
    /// 医护 …
    pub kind_label: String,
    /// What for.
    pub text: String,
    /// What the caller has to do with it: asker, talent.
    pub side: String,
    /// asking, accepted, unmet, withdrawn, lapsed.
    pub state: String,
    /// 正在问 …
    pub state_label: String,
    /// When the next talent is asked.
    pub due_at: Option<String>,
    /// When it lapses.
    pub lapses_at: String,
    /// Made.
    pub created_at: String,
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct HelpPage {
    /// Newest first.
    pub items: Vec<HelpView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which requests.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HelpQuery {
    /// mine (if not given), or asked: those that the caller is asked for.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// A request to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewHelp {
    /// As in a talent.
    pub kind: String,
    /// At most 100 characters, no phone numbers.
    pub text: String,
}

/// A talent's word.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HelpWord {
    /// Whether they help.
    pub accept: bool,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

impl From<talent::Model> for TalentView {
    fn from(row: talent::Model) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.to_value(),
            kind_label: kind_says(row.kind).to_owned(),
            text: row.text,
            state: row.state.to_value(),
            state_label: talent_says(row.state).to_owned(),
            consent_at: time(row.consent_at),
        }
    }
}

fn view(row: help_request::Model, side: Side) -> HelpView {
    HelpView {
        id: row.id.to_string(),
        kind: row.kind.to_value(),
        kind_label: kind_says(row.kind).to_owned(),
        text: row.text,
        side: match side {
            Side::Asker => "asker".to_owned(),
            Side::Talent => "talent".to_owned(),
        },
        state: row.state.to_value(),
        state_label: state_says(row.state).to_owned(),
        due_at: row.due_at.map(time),
        lapses_at: time(row.lapses_at),
        created_at: time(row.created_at),
    }
}

fn kind(word: &str) -> Result<TalentKind, Fault> {
    TalentKind::try_from_value(&word.to_owned()).map_err(|_| {
        Fault::invalid("kind", "kind 必须是 doctor、teacher、lawyer、police、electrician、computer、barber、arts 或 other。")
    })
}

/// The caller's talents.
#[utoipa::path(
    get, path = "/api/v1/talents", tag = "talents", security(("bearer" = [])),
    responses((status = 200, body = Vec<TalentView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_talents(app: Data<&App>, caller: Caller) -> Result<Json<Vec<TalentView>>, Fault> {
    let own = queries::own_talents(app.store.read(), &caller.actor).await?;
    Ok(Json(own.into_iter().map(TalentView::from).collect()))
}

/// The kinds that neighbours offer.
#[utoipa::path(
    get, path = "/api/v1/talents/kinds", tag = "talents", security(("bearer" = [])),
    responses((status = 200, body = Vec<TalentKindView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_kinds(app: Data<&App>, caller: Caller) -> Result<Json<Vec<TalentKindView>>, Fault> {
    let own = caller.actor.require_person()?;
    let db = app.store.read();
    let offered = match places::own_compound(db, &caller.actor).await? {
        Some(compound) => queries::offered(db, compound.id, Some(own)).await?,
        None => Vec::new(),
    };
    let one = |(kind, count): (TalentKind, usize)| TalentKindView {
        kind: kind.to_value(),
        kind_label: kind_says(kind).to_owned(),
        count,
    };
    Ok(Json(offered.into_iter().map(one).collect()))
}

/// Offer a talent.
#[utoipa::path(
    post, path = "/api/v1/talents", tag = "talents", security(("bearer" = [])),
    request_body = NewTalent,
    responses((status = 201, body = TalentView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn offer_talent(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewTalent>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let kind = kind(&body.kind)?;
    let row = actions::offer(&mut tx, &caller.actor, kind, &body.text, body.consent).await?;
    let answer = once.leave(&tx, 201, &TalentView::from(row)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Take a talent back.
#[utoipa::path(
    post, path = "/api/v1/talents/{id}/withdraw", tag = "talents", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = TalentView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn withdraw_talent(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such_talent)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = actions::withdraw_talent(&mut tx, &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &TalentView::from(row)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Requests, newest first.
#[utoipa::path(
    get, path = "/api/v1/help", tag = "talents", security(("bearer" = [])), params(HelpQuery),
    responses((status = 200, body = HelpPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_help(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<HelpQuery>,
) -> Result<Json<HelpPage>, Fault> {
    let (which, side) = match query.list.as_deref() {
        None | Some("mine") => (Which::Mine, Side::Asker),
        Some("asked") => (Which::Asked, Side::Talent),
        Some(_) => return Err(Fault::invalid("list", "list 必须是 mine 或 asked。")),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(HelpPage {
        items: page.items.into_iter().map(|row| view(row, side)).collect(),
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/help/{id}", tag = "talents", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = HelpView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_help(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<HelpView>, Fault> {
    let id = key_in(&id, no_such)?;
    let found = queries::found(app.store.read(), &caller.actor, id).await?;
    Ok(Json(view(found.row, found.side)))
}

/// Ask for help: one talent is asked after the other.
#[utoipa::path(
    post, path = "/api/v1/help", tag = "talents", security(("bearer" = [])),
    request_body = NewHelp,
    responses((status = 201, body = HelpView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn ask_help(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewHelp>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = actions::ask(&mut tx, &caller.actor, kind(&body.kind)?, &body.text).await?;
    let answer = once.leave(&tx, 201, &view(row, Side::Asker)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say yes or no. After a no the request is not the caller's to see any more.
#[utoipa::path(
    post, path = "/api/v1/help/{id}/answer", tag = "talents", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = HelpWord,
    responses((status = 200, body = HelpView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn answer_help(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<HelpWord>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let answered = actions::answer(&mut tx, &caller.actor, id, body.accept).await?;
    let Answered::Said(row) = answered else {
        // What it did stays, the key does not: a repeat finds nothing either.
        tx.rollback().await?;
        let mut tx = app.store.begin(app.clock.now()).await?;
        actions::answer(&mut tx, &caller.actor, id, body.accept).await?;
        tx.commit().await?;
        return Err(no_such(id));
    };
    let answer = once.leave(&tx, 200, &view(row, Side::Talent)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Take a request back.
#[utoipa::path(
    post, path = "/api/v1/help/{id}/withdraw", tag = "talents", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = HelpView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn withdraw_help(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = actions::withdraw_request(&mut tx, &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &view(row, Side::Asker)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Have it sent once more how the other is reached.
#[utoipa::path(
    post, path = "/api/v1/help/{id}/contact", tag = "talents", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = HelpView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn contact_help(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    actions::contact_again(&mut tx, &caller.actor, id).await?;
    let found = queries::found(tx.db(), &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &view(found.row, found.side)).await?;
    tx.commit().await?;
    Ok(answer)
}
