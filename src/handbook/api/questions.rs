//! The JSON of questions that the handbook could not answer: `/api/v1/handbook/questions…`.

use entity::handbook_question;
use entity::kinds::QuestionState;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::asked;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::ListQuery;
use crate::handbook::actions;
use crate::handbook::queries::{self, compound_of, no_such};
use crate::handbook::question_says;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at(
            "/handbook/questions",
            get(list_questions).post(ask_question),
        )
        .at("/handbook/questions/:id/answer", post(answer_question))
        .at("/handbook/questions/:id/dismiss", post(dismiss_question))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(list_questions, ask_question, answer_question, dismiss_question),
    components(schemas(QuestionView, QuestionPage, NewQuestion, QuestionNoted, QuestionAnswer))
)]
pub struct Described;

/// A question that the handbook could not answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionView {
    /// Its number.
    pub id: String,
    /// Without names, homes and numbers.
    pub text: String,
    /// How often it was asked.
    pub asked: i32,
    /// open, answered, dismissed.
    pub state: String,
    /// 等答案 …
    pub state_label: String,
    /// The article that answers it.
    pub article_id: Option<String>,
    /// When it was asked last.
    pub last_at: String,
}

impl From<&handbook_question::Model> for QuestionView {
    fn from(row: &handbook_question::Model) -> Self {
        Self {
            id: row.id.to_string(),
            text: row.text.clone(),
            asked: row.asked,
            state: row.state.to_value(),
            state_label: question_says(row.state).to_owned(),
            article_id: row.article_id.map(|id| id.to_string()),
            last_at: china(row.last_at).to_rfc3339(),
        }
    }
}

/// A page of questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionPage {
    /// Newest first.
    pub items: Vec<QuestionView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// A question that was not answered.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewQuestion {
    /// At most 60 characters.
    pub text: String,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionNoted {
    /// Put down: the caller is told when it is answered.
    pub noted: bool,
}

/// What answers it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct QuestionAnswer {
    /// Id of the article.
    pub article: String,
}

/// Questions that wait for an answer, for editors, newest first.
#[utoipa::path(
    get, path = "/api/v1/handbook/questions", tag = "handbook", security(("bearer" = [])),
    params(ListQuery),
    responses((status = 200, body = QuestionPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_questions(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<QuestionPage>, Fault> {
    let db = app.store.read();
    let page = queries::questions(db, &caller.actor, QuestionState::Open, query.slice()?).await?;
    Ok(Json(QuestionPage {
        items: page.items.iter().map(QuestionView::from).collect(),
        next: page.next,
    }))
}

/// Put a question down that was not answered.
#[utoipa::path(
    post, path = "/api/v1/handbook/questions", tag = "handbook", security(("bearer" = [])),
    request_body = NewQuestion,
    responses((status = 201, body = QuestionNoted), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn ask_question(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewQuestion>,
) -> Result<Answer, Fault> {
    let text = asked(&body.text)?;
    caller.actor.require_person()?;
    let tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let noted = match compound_of(tx.db(), &caller.actor, None).await? {
        Some(compound) => actions::ask(&tx, &caller.actor, compound.id, text).await?,
        None => false,
    };
    let answer = once.leave(&tx, 201, &QuestionNoted { noted }).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say which article answers it; whoever asked is told.
#[utoipa::path(
    post, path = "/api/v1/handbook/questions/{id}/answer", tag = "handbook",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = QuestionAnswer,
    responses((status = 200, body = QuestionView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn answer_question(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<QuestionAnswer>,
) -> Result<Answer, Fault> {
    let (id, article) = (key_in(&id, no_such)?, key_in(&body.article, no_such)?);
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = actions::answer(&mut tx, &caller.actor, id, article).await?;
    let answer = once.leave(&tx, 200, &QuestionView::from(&row)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say that it needs no answer.
#[utoipa::path(
    post, path = "/api/v1/handbook/questions/{id}/dismiss", tag = "handbook",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = QuestionView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn dismiss_question(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_such)?;
    let tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = actions::dismiss(&tx, &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &QuestionView::from(&row)).await?;
    tx.commit().await?;
    Ok(answer)
}
