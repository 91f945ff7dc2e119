//! The JSON of the handbook: `/api/v1/handbook…`. Mounted by `web/router.rs`. Text of articles is Markdown: whoever
//! shows it must drop raw HTML, as our own pages do.

pub mod questions;

use entity::handbook_article;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::handbook::actions::{self, Draft, Seen};
use crate::handbook::markdown::lead;
use crate::handbook::queries::{self, Found, no_such, reach};
use crate::handbook::step::Act;
use crate::handbook::{MOST_QUESTION, state_says};
use crate::place::queries as places;

/// Articles that a search gives.
const FOUND: usize = 10;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    questions::routes(route)
        .at("/handbook", get(list_articles).post(write_article))
        .at("/handbook/search", get(search_articles))
        .at("/handbook/:id", get(show_article))
        .at("/handbook/:id/change", post(change_article))
        .at("/handbook/:id/state", post(move_article))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_articles, write_article, search_articles, show_article, change_article, move_article
    ),
    components(schemas(
        ArticleView, ArticlePage, ArticlesFound, NewArticle, ChangedArticle, ArticleMove
    )),
    tags((name = "handbook", description = "手册"))
)]
pub struct Described;

/// An article.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleView {
    /// The number that people type.
    pub id: String,
    /// One line.
    pub title: String,
    /// The first paragraph, plain.
    pub lead: String,
    /// Markdown; in lists none.
    pub body: Option<String>,
    /// How people ask for it, a line each.
    pub questions: String,
    /// draft, published, withdrawn.
    pub state: String,
    /// 已发布 …
    pub state_label: String,
    /// Of a place's own; none for all.
    pub place_id: Option<String>,
    /// To be named when it is changed.
    pub version: i32,
    /// Last changed.
    pub updated_at: String,
}

impl ArticleView {
    fn of(row: &handbook_article::Model, whole: bool) -> Self {
        Self {
            id: row.id.to_string(),
            title: row.title.clone(),
            lead: lead(&row.body),
            body: whole.then(|| row.body.clone()),
            questions: row.questions.clone(),
            state: row.state.to_value(),
            state_label: state_says(row.state).to_owned(),
            place_id: row.place_id.map(|id| id.to_string()),
            version: row.version,
            updated_at: china(row.updated_at).to_rfc3339(),
        }
    }
}

/// A page of articles.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticlePage {
    /// Newest first.
    pub items: Vec<ArticleView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// What a search has found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticlesFound {
    /// The article that answers it for sure.
    pub sure: Option<ArticleView>,
    /// Those that are near, best first.
    pub near: Vec<ArticleView>,
}

/// Which articles.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleQuery {
    /// read (if not given): those that the caller reads; kept: those that the caller may write.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// At most 60 characters.
    pub q: String,
}

/// An article to be written.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewArticle {
    /// Code of the place, `GY`; none for all.
    #[serde(default)]
    pub place: Option<String>,
    /// At most 30 characters.
    pub title: String,
    /// How people ask for it, a line each.
    #[serde(default)]
    pub questions: String,
    /// Words by which it is found.
    #[serde(default)]
    pub synonyms: String,
    /// Markdown, at most 6 000 characters.
    pub body: String,
    /// The article for all in whose place it stands there.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// Published at once; a draft if not.
    #[serde(default)]
    pub publish: bool,
}

/// What it is to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangedArticle {
    /// The version that was seen.
    pub version: i32,
    /// At most 30 characters.
    pub title: String,
    /// How people ask for it, a line each.
    #[serde(default)]
    pub questions: String,
    /// Words by which it is found.
    #[serde(default)]
    pub synonyms: String,
    /// Markdown.
    pub body: String,
}

/// Whether it is read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ArticleMove {
    /// The version that was seen.
    pub version: i32,
    /// Published, or taken back.
    pub published: bool,
}

fn asked(text: &str) -> Result<&str, Fault> {
    let text = text.trim();
    let length = text.chars().count();
    match (1..=MOST_QUESTION).contains(&length) {
        true => Ok(text),
        false => Err(Fault::invalid(
            "q",
            format!("请写问题，最多{MOST_QUESTION}字。"),
        )),
    }
}

/// Articles, newest first.
#[utoipa::path(
    get, path = "/api/v1/handbook", tag = "handbook", security(("bearer" = [])), params(ArticleQuery),
    responses((status = 200, body = ArticlePage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_articles(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ArticleQuery>,
) -> Result<Json<ArticlePage>, Fault> {
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let db = app.store.read();
    let page = match query.list.as_deref() {
        None | Some("read") => {
            let mut all = queries::contents(&app, db, &reach(&caller.actor)).await?;
            all.sort_by_key(|row| std::cmp::Reverse(row.id));
            let limit = usize::try_from(slice.limit.saturating_add(1)).unwrap_or(usize::MAX);
            let after = all
                .into_iter()
                .filter(|row| slice.before.is_none_or(|before| row.id < before));
            slice.cut(after.take(limit).collect(), |row| row.id)
        }
        Some("kept") => queries::page(db, &caller.actor, slice).await?,
        Some(_) => return Err(Fault::invalid("list", "list 必须是 read 或 kept。")),
    };
    let items = page.items.iter();
    Ok(Json(ArticlePage {
        items: items.map(|row| ArticleView::of(row, false)).collect(),
        next: page.next,
    }))
}

/// The article that answers a question, and those that are near.
#[utoipa::path(
    get, path = "/api/v1/handbook/search", tag = "handbook", security(("bearer" = [])),
    params(SearchQuery),
    responses((status = 200, body = ArticlesFound), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn search_articles(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<SearchQuery>,
) -> Result<Json<ArticlesFound>, Fault> {
    let text = asked(&query.q)?;
    let reach = reach(&caller.actor);
    let Found { sure, near } = queries::ask(&app, app.store.read(), &reach, text, FOUND).await?;
    Ok(Json(ArticlesFound {
        sure: sure.map(|row| ArticleView::of(&row, true)),
        near: near.iter().map(|row| ArticleView::of(row, false)).collect(),
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/handbook/{id}", tag = "handbook", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = ArticleView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_article(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ArticleView>, Fault> {
    let (id, db) = (key_in(&id, no_such)?, app.store.read());
    let row = match queries::readable(&app, db, &reach(&caller.actor), id).await {
        // Drafts are read by those who write them.
        Err(fault) if fault.code == Code::NotFound => queries::kept(db, &caller.actor, id).await?,
        found => found?,
    };
    Ok(Json(ArticleView::of(&row, true)))
}

/// What a POST does.
enum Deed {
    Write(NewArticle),
    Change(i64, ChangedArticle),
    Move(i64, ArticleMove),
}

async fn perform(app: &App, caller: &Caller, once: &Once, deed: Deed) -> Result<Answer, Fault> {
    let actor = &caller.actor;
    let tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let (status, row) = match deed {
        Deed::Write(body) => {
            let place_id = match &body.place {
                None => None,
                Some(code) => {
                    let place = places::by_code(tx.db(), code).await?;
                    // What is not there is answered as what is not theirs.
                    Some(place.map_or(0, |place| place.id))
                }
            };
            let instead_of = body
                .instead_of
                .as_deref()
                .map(|id| key_in(id, no_such))
                .transpose()?;
            let draft = Draft {
                title: body.title,
                questions: body.questions,
                synonyms: body.synonyms,
                body: body.body,
            };
            let row = actions::write(&tx, actor, place_id, draft, instead_of, body.publish);
            (201, row.await?)
        }
        Deed::Change(id, body) => {
            let seen = Seen {
                id,
                version: body.version,
            };
            let draft = Draft {
                title: body.title,
                questions: body.questions,
                synonyms: body.synonyms,
                body: body.body,
            };
            (200, actions::change(&tx, actor, seen, draft).await?)
        }
        Deed::Move(id, body) => {
            let seen = Seen {
                id,
                version: body.version,
            };
            let act = match body.published {
                true => Act::Publish,
                false => Act::Withdraw,
            };
            (200, actions::move_to(&tx, actor, seen, act).await?)
        }
    };
    let answer = once
        .leave(&tx, status, &ArticleView::of(&row, true))
        .await?;
    tx.commit().await?;
    Ok(answer)
}

/// Write one, as an editor.
#[utoipa::path(
    post, path = "/api/v1/handbook", tag = "handbook", security(("bearer" = [])),
    request_body = NewArticle,
    responses((status = 201, body = ArticleView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn write_article(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewArticle>,
) -> Result<Answer, Fault> {
    perform(&app, &caller, &once, Deed::Write(body)).await
}

/// Write a new version of one.
#[utoipa::path(
    post, path = "/api/v1/handbook/{id}/change", tag = "handbook", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ChangedArticle,
    responses((status = 200, body = ArticleView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_article(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<ChangedArticle>,
) -> Result<Answer, Fault> {
    perform(
        &app,
        &caller,
        &once,
        Deed::Change(key_in(&id, no_such)?, body),
    )
    .await
}

/// Publish one, or take it back.
#[utoipa::path(
    post, path = "/api/v1/handbook/{id}/state", tag = "handbook", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ArticleMove,
    responses((status = 200, body = ArticleView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn move_article(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<ArticleMove>,
) -> Result<Answer, Fault> {
    perform(
        &app,
        &caller,
        &once,
        Deed::Move(key_in(&id, no_such)?, body),
    )
    .await
}
