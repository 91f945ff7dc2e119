//! `/api/v1/session` and `/api/v1/me`: signing in, signing out, who am I. Called by `router.rs`.

use poem::http::StatusCode;
use poem::web::{Data, Json};
use poem::{Request, handler};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::again::Again;
use crate::access::once::Answer;
use crate::access::session::{self, Caller};
use crate::access::{Actor, Grant, HomeTie};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::privacy::consent;
use crate::web::client_ip::client_ip;
use crate::web::privacy::ConsentView;
use crate::web::problem::Problem;

/// What `wx.login` gave.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignIn {
    /// The code: five minutes, once.
    pub code: String,
    /// What the scanned code of a place says (`scene`), if one was.
    pub scene: Option<String>,
}

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Send it as `Authorization: Bearer …`. It is shown this once.
    pub token: String,
    /// RFC 3339.
    pub expires_at: String,
    /// Who signed in; none before binding to a home.
    pub person: Option<PersonView>,
    /// The rules on personal data. Where they were not agreed to, they are to be shown now with the link:
    /// whoever goes on after that and writes something agrees to them.
    pub rules: ConsentView,
}

/// The signed-in person.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Key.
    pub id: String,
    /// Full name.
    pub name: String,
}

/// The signed-in account with all that follows from it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeView {
    /// None before binding to a home.
    pub person: Option<PersonView>,
    /// Homes tied to this account.
    pub homes: Vec<HomeView>,
    /// Roles in force.
    pub roles: Vec<RoleView>,
}

/// A home tied to the account.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeView {
    /// Key of the place.
    pub id: String,
    /// `GY/3-2-501`.
    pub code: String,
    /// `declared` or `verified`.
    pub state: String,
}

/// A role in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    /// `steward`, `committee_chair` …
    pub role: String,
    /// Where; none is everywhere.
    pub place_id: Option<String>,
}

/// Sign in with the code of `wx.login`.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses(
        (status = 201, body = SessionView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn sign_in(
    Data(app): Data<&App>,
    request: &Request,
    Json(body): Json<SignIn>,
) -> Result<Answer, Fault> {
    let address = client_ip(request, &app.settings.server.trusted_proxies);
    let signed = match Again::of(app, request, address)? {
        Some(again) => sign_in_whole(app, body, again).await?,
        None => session::sign_in(app, &body.code, body.scene.as_deref()).await?,
    };
    consent::show(app, &signed.account).await?;
    let view = SessionView {
        token: signed.token,
        expires_at: china(signed.expires_at).to_rfc3339(),
        person: person_view(&signed.actor),
        rules: ConsentView::of(app, &signed.account),
    };
    Ok(Answer {
        status: StatusCode::CREATED.as_u16(),
        body: serde_json::to_string(&view).map_err(Fault::internal)?,
        repeated: signed.repeated,
    })
}

/// Goes on though the client hangs up: the code is spent by then, and the repeat asks for what came of it.
async fn sign_in_whole(app: &App, body: SignIn, again: Again) -> Result<session::SignedIn, Fault> {
    let own = app.clone();
    let work = app.late.spawn(async move {
        session::sign_in_once(&own, &body.code, body.scene.as_deref(), &again).await
    });
    work.await.map_err(Fault::internal)?
}

/// Sign out: the token is void from then on.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", security(("bearer" = [])),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn sign_out(app: Data<&App>, caller: Caller) -> Result<StatusCode, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    session::sign_out(&tx, caller.session_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who am I.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "session", security(("bearer" = [])),
    responses(
        (status = 200, body = MeView),
        (status = 401, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn show_me(caller: Caller) -> Json<MeView> {
    Json(me_view(&caller.actor))
}

pub(super) fn me_view(actor: &Actor) -> MeView {
    MeView {
        person: person_view(actor),
        homes: actor.homes.iter().map(home_view).collect(),
        roles: actor.grants.iter().map(role_view).collect(),
    }
}

fn person_view(actor: &Actor) -> Option<PersonView> {
    actor.person.as_ref().map(|person| PersonView {
        id: person.id.to_string(),
        name: person.name.clone(),
    })
}

pub(super) fn home_view(home: &HomeTie) -> HomeView {
    HomeView {
        id: home.place_id.to_string(),
        code: home.code.clone(),
        state: word(&home.state),
    }
}

fn role_view(grant: &Grant) -> RoleView {
    RoleView {
        role: word(&grant.role),
        place_id: grant.place_id.map(|id| id.to_string()),
    }
}

/// The word that the database holds for it.
fn word<T: sea_orm::ActiveEnum<Value = String>>(value: &T) -> String {
    value.to_value()
}
