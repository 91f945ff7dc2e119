//! `/api/v1/me/…` and `/api/v1/corrections/…`: consent, copy, correction and erasure for the
//! mini-program. Called by `router.rs`.

use entity::kinds::CorrectionField;
use entity::{account, correction};
use poem::handler;
use poem::web::{Data, Json, Path};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::privacy::actions::{self, Asked, Wish};
use crate::privacy::{consent, queries, rules_url};
use crate::web::problem::Problem;

/// What I was told about my data.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// Version of the rules.
    pub version: i32,
    /// Where they can be read.
    pub url: String,
    /// Whether this version was agreed to.
    pub agreed: bool,
}

impl ConsentView {
    /// Of an account.
    #[must_use]
    pub fn of(app: &App, account: &account::Model) -> Self {
        Self {
            version: consent::VERSION,
            url: rules_url(app),
            agreed: account.agreed_version >= consent::VERSION,
        }
    }
}

/// That I agree.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Agreement {
    /// Which version was read.
    pub version: i32,
}

/// A copy of my data.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportView {
    /// pending, ready.
    pub state: String,
    /// Where it is fetched, once it is ready.
    pub url: Option<String>,
    /// Until when.
    pub expires_at: String,
}

/// What is wrong.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCorrection {
    /// name or phone.
    pub field: String,
    /// How it should be.
    pub value: String,
}

/// A request to correct.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionView {
    /// Key.
    pub id: String,
    /// name or phone.
    pub field: String,
    /// requested, done, refused, dropped.
    pub state: String,
}

/// The word of whoever answers for the home.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Verdict {
    /// Whether it is so.
    pub pass: bool,
    /// Why not.
    #[serde(default)]
    pub reason: String,
}

/// That I mean it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Sure {
    /// Must be true.
    pub confirm: bool,
}

/// What stays after an erasure.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedView {
    /// Cases that are still worked on, without the name.
    pub open_cases: usize,
}

impl From<&correction::Model> for CorrectionView {
    fn from(row: &correction::Model) -> Self {
        Self {
            id: row.id.to_string(),
            field: row.field.to_value(),
            state: row.state.to_value(),
        }
    }
}

/// The rules on personal data, and whether I have agreed to them.
#[utoipa::path(
    get, path = "/api/v1/me/consent", tag = "me", security(("bearer" = [])),
    responses(
        (status = 200, body = ConsentView),
        (status = 401, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn show_consent(app: Data<&App>, caller: Caller) -> Json<ConsentView> {
    Json(ConsentView::of(&app, &caller.account))
}

/// Agree to the rules.
#[utoipa::path(
    post, path = "/api/v1/me/consent", tag = "me", security(("bearer" = [])),
    request_body = Agreement,
    responses(
        (status = 200, body = ConsentView),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn agree(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<Agreement>,
) -> Result<Answer, Fault> {
    if body.version != consent::VERSION {
        return Err(Fault::invalid(
            "version",
            "规则已更新，请重新阅读后再同意。",
        ));
    }
    once.answer(&app, 200, async |tx| {
        consent::agree(tx, caller.account.id).await?;
        let view = ConsentView {
            version: consent::VERSION,
            url: rules_url(&app),
            agreed: true,
        };
        Ok(view)
    })
    .await
}

/// Ask for a copy of all that is kept of me: one a day; ask again to see whether it is ready.
#[utoipa::path(
    post, path = "/api/v1/me/export", tag = "me", security(("bearer" = [])),
    responses(
        (status = 200, body = ExportView),
        (status = 202, body = ExportView),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn export(app: Data<&App>, caller: Caller, once: Once) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let (status, row) = match actions::ask_export(&mut tx, &caller.actor).await? {
        Asked::Begun(row) => (202, row),
        Asked::There(row) => (200, row),
    };
    let view = ExportView {
        state: row.state.to_value(),
        url: row
            .path
            .is_some()
            .then(|| queries::export_url(&app, row.id)),
        expires_at: china(row.expires_at).to_rfc3339(),
    };
    let answer = once.leave(&tx, status, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Ask for a correction; whoever answers for my home decides.
#[utoipa::path(
    post, path = "/api/v1/me/corrections", tag = "me", security(("bearer" = [])),
    request_body = NewCorrection,
    responses(
        (status = 201, body = CorrectionView),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn correct(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewCorrection>,
) -> Result<Answer, Fault> {
    let field = CorrectionField::try_from_value(&body.field)
        .map_err(|_| Fault::invalid("field", "field 必须是 name 或 phone。"))?;
    let wish = Wish::new(field, &body.value)?;
    once.answer(&app, 201, async |tx| {
        let row = actions::ask_correction(tx, &app, &caller.actor, &wish).await?;
        Ok(CorrectionView::from(&row))
    })
    .await
}

/// Decide on a correction.
#[utoipa::path(
    post, path = "/api/v1/corrections/{id}/decision", tag = "me", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Verdict,
    responses(
        (status = 200, body = CorrectionView),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn decide(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<Verdict>,
) -> Result<Answer, Fault> {
    let id: i64 = id.parse().map_err(|_| Fault::plain(Code::NotFound))?;
    once.answer(&app, 200, async |tx| {
        let Verdict { pass, reason } = body;
        let row = actions::decide_correction(tx, &app, &caller.actor, id, pass, &reason).await?;
        Ok(CorrectionView::from(&row))
    })
    .await
}

/// Have all that says who I am erased. The token is void afterwards.
#[utoipa::path(
    post, path = "/api/v1/me/erasure", tag = "me", security(("bearer" = [])),
    request_body = Sure,
    responses(
        (status = 200, body = ErasedView),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn erase(
    app: Data<&App>,
    caller: Caller,
    Json(body): Json<Sure>,
) -> Result<Json<ErasedView>, Fault> {
    if !body.confirm {
        return Err(Fault::invalid("confirm", "注销不能恢复，确认请传 true。"));
    }
    let mut tx = app.store.begin(app.clock.now()).await?;
    let left = actions::erase(&mut tx, &app, &caller.actor).await?;
    tx.commit().await?;
    Ok(Json(ErasedView {
        open_cases: left.open_cases,
    }))
}
