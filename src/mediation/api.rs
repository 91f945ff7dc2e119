//! The JSON of mediations: `/api/v1/mediations…`. Mounted by `web/router.rs`. A party reads its own
//! side, the mediator all of it.

use chrono::DateTime;
use entity::kinds::Centre;
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
use crate::base::page::{ListQuery, Page};
use crate::mediation::queries::{self, Seen, no_such};
use crate::mediation::{FOLLOW_DAYS, actions, state_says};
use crate::store::Tx;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/mediations", get(list_mediations).post(open_mediation))
        .at("/mediations/:id", get(show_mediation))
        .at("/mediations/:id/parties", post(name_party))
        .at("/mediations/:id/sessions", post(call_session))
        .at("/mediations/:id/agreement", post(propose_agreement))
        .at("/mediations/:id/answer", post(answer_agreement))
        .at("/mediations/:id/kept", post(say_kept))
        .at("/mediations/:id/fail", post(fail_mediation))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_mediations, open_mediation, show_mediation, name_party, call_session,
        propose_agreement, answer_agreement, say_kept, fail_mediation
    ),
    components(schemas(
        MediationView, PartyView, NewMediation, NewParty, NewSession, NewAgreement,
        PartyAnswer, Kept, Reason
    )),
    tags((name = "mediations", description = "调解"))
)]
pub struct Described;

/// A mediation, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediationView {
    /// The number that people type.
    pub id: String,
    /// The case it comes from; for the mediator.
    pub case_id: Option<String>,
    /// 纠纷·噪音
    pub about: String,
    /// street, district, city.
    pub centre: String,
    /// open, proposed, agreed, kept, broken, failed.
    pub state: String,
    /// 调解中 …
    pub state_label: String,
    /// Name of the mediator.
    pub mediator: String,
    /// When the parties meet.
    pub session_at: Option<String>,
    /// Where.
    pub venue: Option<String>,
    /// The text that the parties are asked about.
    pub agreement: Option<String>,
    /// How many parties there are.
    pub party_count: usize,
    /// How many have agreed.
    pub agreed_count: usize,
    /// From when on it is asked whether it is kept.
    pub follow_at: Option<String>,
    /// All parties for the mediator, the caller alone for a party.
    pub parties: Vec<PartyView>,
    /// Opened.
    pub created_at: String,
}

/// A party.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyView {
    /// Name.
    pub name: String,
    /// To the present text.
    pub agrees: Option<bool>,
    /// Why not.
    pub reason: Option<String>,
    /// Whether it is kept.
    pub kept: Option<bool>,
}

/// A case to be mediated.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMediation {
    /// Which case.
    pub case_id: String,
    /// street, district or city.
    pub centre: String,
}

/// Somebody to be named as a party.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewParty {
    /// `1-1-102`, `1-1-102 李建国` or `李建国`.
    pub who: String,
}

/// A meeting.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSession {
    /// RFC 3339.
    pub at: String,
    /// Where.
    pub venue: String,
}

/// A text for the parties.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewAgreement {
    /// The text.
    pub text: String,
    /// Days after which it is asked whether it is kept; 7 if not given.
    #[serde(default)]
    pub follow_days: Option<i32>,
}

/// A party's answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PartyAnswer {
    /// To the present text.
    pub agrees: bool,
    /// Why not; for the mediator alone.
    #[serde(default)]
    pub reason: String,
}

/// Whether it is kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Kept {
    /// Yes or no.
    pub kept: bool,
    /// Words with it.
    #[serde(default)]
    pub text: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Reason {
    /// In the mediator's words.
    pub reason: String,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

impl From<Seen> for MediationView {
    fn from(seen: Seen) -> Self {
        let row = seen.mediation;
        Self {
            id: row.id.to_string(),
            case_id: seen.leads.then(|| row.case_id.to_string()),
            about: seen.about,
            centre: row.centre.to_value(),
            state: row.state.to_value(),
            state_label: state_says(row.state).to_owned(),
            mediator: seen.mediator,
            session_at: seen.session.as_ref().map(|session| time(session.at)),
            venue: seen.session.map(|session| session.venue),
            agreement: row.agreement,
            party_count: seen.party_count,
            agreed_count: seen.agreed_count,
            follow_at: row.follow_at.map(time),
            parties: seen
                .parties
                .into_iter()
                .map(|(name, party)| PartyView {
                    name,
                    agrees: party.agrees,
                    reason: party.reason,
                    kept: party.kept,
                })
                .collect(),
            created_at: time(row.created_at),
        }
    }
}

/// Mediations that I lead or am a party of, newest first.
#[utoipa::path(
    get, path = "/api/v1/mediations", tag = "mediations", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = Page<MediationView>), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_mediations(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<MediationView>>, Fault> {
    let page = queries::page(app.store.read(), &caller.actor, query.slice()?).await?;
    Ok(Json(page.map(MediationView::from)))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/mediations/{id}", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_mediation(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MediationView>, Fault> {
    let seen = queries::seen(app.store.read(), &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(seen.into()))
}

/// What a POST does.
enum Deed {
    Name(String),
    Call(Moment, String),
    Propose(String, i32),
    Answer(bool, String),
    Keep(bool, String),
    Fail(String),
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
        run(tx, caller, id, deed).await?;
        let seen = queries::seen(tx.db(), &caller.actor, id).await?;
        Ok(MediationView::from(seen))
    })
    .await
}

async fn run(tx: &mut Tx, caller: &Caller, id: i64, deed: Deed) -> Result<(), Fault> {
    let actor = &caller.actor;
    match deed {
        Deed::Name(who) => actions::name(tx, actor, id, &who).await.map(drop),
        Deed::Call(at, venue) => actions::call(tx, actor, id, at, &venue).await.map(drop),
        Deed::Propose(text, days) => actions::propose(tx, actor, id, &text, days).await.map(drop),
        Deed::Answer(agrees, reason) => actions::answer(tx, actor, id, agrees, &reason)
            .await
            .map(drop),
        Deed::Keep(kept, text) => actions::keep(tx, actor, id, kept, &text).await.map(drop),
        Deed::Fail(reason) => actions::fail(tx, actor, id, &reason).await.map(drop),
    }
}

/// Send a case to mediation.
#[utoipa::path(
    post, path = "/api/v1/mediations", tag = "mediations", security(("bearer" = [])),
    request_body = NewMediation,
    responses((status = 201, description = "id"), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn open_mediation(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewMediation>,
) -> Result<Answer, Fault> {
    let centre = Centre::try_from_value(&body.centre)
        .map_err(|_| Fault::invalid("centre", "centre 必须是 street、district 或 city。"))?;
    let case_id: i64 = body
        .case_id
        .parse()
        .map_err(|_| Fault::not_found("没有找到这件诉求。"))?;
    once.answer(&app, 201, async |tx| {
        let row = actions::open(tx, &caller.actor, case_id, centre).await?;
        // Whoever opens it need not be a side of it.
        let view = serde_json::json!({ "id": row.id.to_string(), "state": row.state.to_value() });
        Ok(view)
    })
    .await
}

/// Name a party.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/parties", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewParty,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn name_party(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewParty>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Name(body.who)).await
}

/// Call the parties to meet.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/sessions", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewSession,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn call_session(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewSession>,
) -> Result<Answer, Fault> {
    let at = DateTime::parse_from_rfc3339(&body.at).map_err(|_| {
        Fault::invalid(
            "at",
            "at 必须是 RFC 3339 时间，例如 2026-11-25T14:30:00+08:00。",
        )
    })?;
    let deed = Deed::Call(at.to_utc(), body.venue);
    change(&app, &caller, &once, &id, deed).await
}

/// Put a text to the parties.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/agreement", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = NewAgreement,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn propose_agreement(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewAgreement>,
) -> Result<Answer, Fault> {
    let deed = Deed::Propose(body.text, body.follow_days.unwrap_or(FOLLOW_DAYS));
    change(&app, &caller, &once, &id, deed).await
}

/// Agree, or not.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/answer", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = PartyAnswer,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn answer_agreement(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<PartyAnswer>,
) -> Result<Answer, Fault> {
    let deed = Deed::Answer(body.agrees, body.reason);
    change(&app, &caller, &once, &id, deed).await
}

/// It is kept, or not.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/kept", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Kept,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn say_kept(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Kept>,
) -> Result<Answer, Fault> {
    let deed = Deed::Keep(body.kept, body.text);
    change(&app, &caller, &once, &id, deed).await
}

/// Give it up.
#[utoipa::path(
    post, path = "/api/v1/mediations/{id}/fail", tag = "mediations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Reason,
    responses((status = 200, body = MediationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn fail_mediation(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Fail(body.reason)).await
}
