//! The JSON of what several have met and of who stands behind a case: join, quit, merge, part, for
//! somebody, without a name, and the look at who it was. Mounted by `case/api.rs`.

use entity::kinds::{CaseKind, Channel};
use poem::web::{Data, Json, Path};
use poem::{Route, get, handler, post};
use sea_orm::{ActiveEnum, ConnectionTrait};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::Actor;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::case::actions::{self, Asked, Filing, Rated, Request};
use crate::case::api::body::Words;
use crate::case::api::number;
use crate::case::api::view::{CaseView, PhotoView, one};
use crate::case::behalf::Whom;
use crate::case::queries::{self, near};
use crate::case::shield::Seen;
use crate::case::similar::Alike;
use crate::case::{case_says, evidence, joiner, kind_says};

/// Entries of the list of joined cases.
const MOST: u64 = 100;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/cases/joined", get(list_joined))
        .at("/cases/behalf", post(file_for))
        .at("/cases/:id/join", post(join))
        .at("/cases/:id/quit", post(quit))
        .at("/cases/:id/merge", post(merge))
        .at("/cases/:id/unmerge", post(unmerge))
        .at("/cases/:id/anonymous", post(hide))
        .at("/cases/:id/identity", post(identity))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_joined, file_for, join, quit, merge, unmerge, hide, identity),
    components(schemas(
        JoinedView,
        JoinedList,
        AlikeView,
        NewJoin,
        MergeInto,
        ForSomebody,
        IdentityView
    ))
)]
pub struct Described;

/// A neighbour's case for whoever has joined it: nothing of what another wrote.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinedView {
    /// The number that people type.
    pub id: String,
    /// repair, complaint, suggestion.
    pub kind: String,
    /// 报修 …
    pub kind_label: String,
    /// lift, water, noise …
    pub category: Option<String>,
    /// Where, no nearer than the building.
    pub place: String,
    /// assigned, accepted …
    pub state: String,
    /// 待接单 …
    pub state_label: String,
    /// solved or unsolved; none while it is open.
    pub outcome: Option<String>,
    /// How many homes have met it.
    pub households: i32,
    /// What became of it, as the public board says it; none before that.
    pub result: Option<String>,
    /// What was found and what was done, as far as others may see it.
    pub photos: Vec<PhotoView>,
    /// When it was filed.
    pub created_at: String,
}

/// The cases that the caller has joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinedList {
    /// Newest first.
    pub items: Vec<JoinedView>,
}

/// An open case that may be the same thing as what was filed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlikeView {
    /// The number that people type.
    pub id: String,
    /// One line about it: kind, category, building, since when, state, homes, common words.
    pub says: String,
    /// How many homes have met it.
    pub households: i32,
}

impl From<&Alike> for AlikeView {
    fn from(alike: &Alike) -> Self {
        Self {
            id: alike.id.to_string(),
            says: alike.says(),
            households: alike.households,
        }
    }
}

/// With which case of one's own.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct NewJoin {
    /// A case of the caller that is the same thing and ends with it.
    #[serde(default)]
    pub own_id: Option<String>,
}

/// Into which case.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MergeInto {
    /// The number of the case that goes on.
    pub into: String,
}

/// A case for somebody at the counter or on the phone.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ForSomebody {
    /// repair, complaint, suggestion, help or dispute.
    pub kind: String,
    /// What it is about.
    pub text: String,
    /// `walk_in` or `phone`.
    pub channel: String,
    /// Their home, `3-2-501`; or the phone, or how they call themselves.
    #[serde(default)]
    pub home: Option<String>,
    /// Their phone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Which of the home's residents, or how they call themselves.
    #[serde(default)]
    pub name: Option<String>,
    /// Without a name.
    #[serde(default)]
    pub anonymous: bool,
}

/// Who stands behind a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityView {
    /// Name of the reporter.
    pub name: String,
    /// Phone, whole.
    pub phone: Option<String>,
    /// Their homes in the compound.
    pub homes: Vec<String>,
    /// How whoever asked called themselves.
    pub asker: Option<String>,
    /// The phone they gave.
    pub asker_phone: Option<String>,
    /// Who wrote it down.
    pub filed_by: Option<String>,
}

/// A case as whoever rated it may see it: a neighbour who has joined reads nothing of what another wrote.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum RatedView {
    /// Of who filed it.
    Own(Box<CaseView>),
    /// Of who has joined.
    Joined(Box<JoinedView>),
}

impl RatedView {
    /// Of a case that was rated just now.
    pub(super) async fn of<C: ConnectionTrait>(
        app: &App,
        db: &C,
        actor: &Actor,
        (case, rated): &(entity::case::Model, Rated),
    ) -> Result<Self, Fault> {
        Ok(match rated {
            Rated::Own(_) => Self::Own(Box::new(one(db, actor, case).await?)),
            Rated::Joined => Self::Joined(Box::new(joined(app, db, case).await?)),
        })
    }
}

/// One joined case.
async fn joined<C: ConnectionTrait>(
    app: &App,
    db: &C,
    case: &entity::case::Model,
) -> Result<JoinedView, Fault> {
    let photos = evidence::on_board(db, case).await?;
    let place = crate::place::queries::by_id(db, case.place_id).await?;
    let place = match place {
        Some(place) => near(db, &place).await?,
        None => String::new(),
    };
    Ok(JoinedView {
        id: case.id.to_string(),
        kind: case.kind.to_value(),
        kind_label: kind_says(case.kind).to_owned(),
        category: case.category.clone(),
        place,
        state: case.state.to_value(),
        state_label: case_says(case).to_owned(),
        outcome: case.outcome.map(|outcome| outcome.to_value()),
        households: case.households,
        result: queries::on_board(db, case).await?,
        photos: photos.iter().map(|row| PhotoView::of(app, row)).collect(),
        created_at: china(case.created_at).to_rfc3339(),
    })
}

/// The cases of neighbours that I have joined, newest first.
#[utoipa::path(
    get, path = "/api/v1/cases/joined", tag = "cases", security(("bearer" = [])),
    responses((status = 200, body = JoinedList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_joined(app: Data<&App>, caller: Caller) -> Result<Json<JoinedList>, Fault> {
    let db = app.store.read();
    let person = caller.actor.require_person()?;
    let mut items = Vec::new();
    for case in joiner::joined_by(db, person, MOST).await? {
        items.push(joined(&app, db, &case).await?);
    }
    Ok(Json(JoinedList { items }))
}

/// I have met it, too.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/join", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewJoin,
    responses((status = 200, body = JoinedView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn join(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    body: Option<Json<NewJoin>>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    let own = body.and_then(|Json(body)| body.own_id);
    let own = own.as_deref().map(number).transpose()?;
    once.answer(&app, 200, async |tx| {
        let done = actions::join(tx, &caller.actor, id, own).await?;
        joined(&app, tx.db(), &done.case).await
    })
    .await
}

/// No more news of it.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/quit", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = JoinedView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn quit(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    once.answer(&app, 200, async |tx| {
        let case = actions::quit(tx, &caller.actor, id).await?;
        joined(&app, tx.db(), &case).await
    })
    .await
}

/// It is the same as another, which goes on for both.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/merge", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = MergeInto,
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn merge(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<MergeInto>,
) -> Result<Answer, Fault> {
    let (id, into) = (number(&id)?, number(&body.into)?);
    once.answer(&app, 200, async |tx| {
        let case = actions::merge(tx, &caller.actor, id, into).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}

/// It was not the same after all.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/unmerge", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn unmerge(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    once.answer(&app, 200, async |tx| {
        let case = actions::unmerge(tx, &caller.actor, id).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}

/// Take my name off it.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/anonymous", tag = "cases", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn hide(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = number(&id)?;
    once.answer(&app, 200, async |tx| {
        let case = actions::hide(tx, &caller.actor, id).await?;
        one(tx.db(), &caller.actor, &case).await
    })
    .await
}

/// Look who stands behind it; every look is on record with its reason.
#[utoipa::path(
    post, path = "/api/v1/cases/{id}/identity", tag = "tasks", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = IdentityView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn identity(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<Words>,
) -> Result<Json<IdentityView>, Fault> {
    // Without `Once`: the answer is not to be kept beside the case.
    let id = number(&id)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    let who = actions::identity(&mut tx, &caller.actor, &app.seal, id, &body.text).await?;
    tx.commit().await?;
    let digits = |phone: Option<Phone>| phone.map(|phone| phone.digits().to_owned());
    Ok(Json(IdentityView {
        name: who.name,
        phone: digits(who.phone),
        homes: who.homes,
        asker: who.asker,
        asker_phone: digits(who.asker_phone),
        filed_by: who.filed_by,
    }))
}

/// File a case for somebody at the counter or on the phone.
#[utoipa::path(
    post, path = "/api/v1/cases/behalf", tag = "tasks", security(("bearer" = [])),
    request_body = ForSomebody,
    responses((status = 201, body = CaseView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn file_for(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<ForSomebody>,
) -> Result<Answer, Fault> {
    let kind = CaseKind::try_from_value(&body.kind).map_err(|_| {
        Fault::invalid(
            "kind",
            "kind 必须是 repair、complaint、suggestion、help 或 dispute。",
        )
    })?;
    let channel = match body.channel.as_str() {
        "walk_in" => Channel::WalkIn,
        "phone" => Channel::Phone,
        _ => {
            return Err(Fault::invalid(
                "channel",
                "channel 必须是 walk_in 或 phone。",
            ));
        }
    };
    let wrong_phone = || Fault::invalid("phone", "手机号不对，请核对后再提交。");
    let name = body.name.filter(|name| !name.trim().is_empty());
    let (whom, text) = match (&body.home, &body.phone, name) {
        (Some(home), _, Some(name)) => (Whom::Home(home.clone()), format!("{name} {}", body.text)),
        (Some(home), _, None) => (Whom::Home(home.clone()), body.text),
        (None, Some(phone), _) => {
            let phone = Phone::parse(phone).ok_or_else(wrong_phone)?;
            (Whom::Phone(phone), body.text)
        }
        (None, None, Some(name)) => (Whom::Called(name), body.text),
        (None, None, None) => (Whom::Unsaid, body.text),
    };
    once.answer(&app, 201, async |tx| {
        let request = Request { whom, text };
        let asked = actions::ask(tx, &caller.actor, &app.seal, &app.dice, request).await?;
        let (behalf, text) = match asked {
            Asked::One(behalf, text) => (behalf, text),
            Asked::Which(_) => {
                return Err(Fault::invalid("name", "这里有几位居民，请写明是哪一位。"));
            }
        };
        let filing = Filing {
            kind,
            text,
            home_id: None,
            channel,
            location: None,
            at: None,
            anonymous: body.anonymous,
            behalf: Some(behalf),
        };
        let filed = actions::file(tx, &caller.actor, filing).await?;
        one(tx.db(), &caller.actor, &filed.case).await
    })
    .await
}

/// Who reported, for those who may see the case but are not the reporter.
pub(super) async fn reporter<C: ConnectionTrait>(
    db: &C,
    caller: &Caller,
    seen: &Seen,
) -> Result<Option<String>, Fault> {
    if caller.actor.person_id() == Some(seen.found.case.reporter_id) {
        return Ok(None);
    }
    Ok(Some(seen.reporter_says(db).await?))
}
