//! `/console/handbook`: the articles of one's places and those for all, writing and publishing them, and what they
//! said before. What they could not answer is in `handbook_questions.rs`.

use std::collections::HashMap;

use askama::Template;
use entity::kinds::ArticleState;
use entity::{handbook_article, person};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{EntityTrait, QueryFilter};
use serde::Deserialize;

use crate::access::permit::{Deed, may, require_somewhere};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::handbook::actions::{self, Draft, Seen};
use crate::handbook::queries::{self, no_such};
use crate::handbook::step::Act;
use crate::handbook::{
    MOST_BODY, MOST_QUESTION, MOST_QUESTIONS, MOST_SYNONYMS, MOST_TITLE, state_says,
};
use crate::place::queries as places;
use crate::web::console::at::At;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::policies::seen as version_in;
use crate::web::pages::go;
use crate::web::pages::handbook::html;

/// Where the form stands.
const NEW_PAGE: &str = "/console/handbook/new";
/// Lines of a page.
const LINES: u64 = 30;
/// The fields beside which an error may stand.
const FIELDS: &[&str] = &["title", "questions", "synonyms", "body"];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
    place: String,
    instead: String,
    /// A question that the article is to answer.
    question: String,
}

struct Line {
    id: i64,
    title: String,
    state: &'static str,
    published: bool,
    place: String,
    day: String,
}

#[derive(Template)]
#[template(path = "web/console/handbook.html")]
struct Handbook {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

async fn place_of(desk: &Desk, row: &handbook_article::Model) -> Result<String, Fault> {
    let Some(id) = row.place_id else {
        return Ok("所有小区".to_owned());
    };
    let db = desk.app.store.read();
    match places::by_id(db, id).await? {
        Some(place) => places::name_of(db, &place).await,
        None => Ok(String::new()),
    }
}

/// `GET /console/handbook`
///
/// # Errors
/// `forbidden` for whoever writes nowhere; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(desk.app.store.read(), desk.actor(), slice).await?;
    let mut lines = Vec::new();
    for row in page.items {
        lines.push(Line {
            place: place_of(desk, &row).await?,
            id: row.id,
            state: state_says(row.state),
            published: row.state == ArticleState::Published,
            day: say(row.updated_at),
            title: row.title,
        });
    }
    let page = Handbook {
        frame: Frame::new(desk, "手册").saying(&asked.said),
        lines,
        next: page.next,
    };
    show(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "web/console/handbook_edit.html")]
struct EditPage {
    frame: Frame,
    at: Option<At>,
    action: String,
    version: i32,
    instead: Option<i64>,
    question: Option<i64>,
    may_all: bool,
    for_all: bool,
    typed: Typed,
    problem: Option<String>,
    most_title: usize,
    most_questions: usize,
    most_question: usize,
    most_synonyms: usize,
    most_body: usize,
}

/// What of the form does not come from its fields.
struct Around {
    at: Option<At>,
    seen: Option<Seen>,
    instead: Option<i64>,
    question: Option<i64>,
}

fn form_page(
    desk: &Desk,
    around: Around,
    typed: Typed,
    code: StatusCode,
) -> Result<Response, Fault> {
    let seen = around.seen;
    let page = EditPage {
        frame: Frame::new(
            desk,
            if seen.is_some() {
                "改手册"
            } else {
                "写手册"
            },
        ),
        action: match seen {
            Some(seen) => format!("/console/handbook/{}/change", seen.id),
            None => NEW_PAGE.to_owned(),
        },
        version: seen.map_or(0, |seen| seen.version),
        at: around.at,
        instead: around.instead,
        question: around.question,
        may_all: seen.is_none()
            && around.instead.is_none()
            && may(desk.actor(), Deed::WriteHandbook, "/"),
        for_all: typed.value("for_all") == "yes",
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        most_title: MOST_TITLE,
        most_questions: MOST_QUESTIONS,
        most_question: MOST_QUESTION,
        most_synonyms: MOST_SYNONYMS,
        most_body: MOST_BODY,
    };
    show(code, &page)
}

fn typed_of(row: &handbook_article::Model) -> Typed {
    Typed::with(&[
        ("title", &row.title),
        ("questions", &row.questions),
        ("synonyms", &row.synonyms),
        ("body", &row.body),
    ])
}

/// The number in a field that may be empty.
fn maybe(typed: &str) -> Result<Option<i64>, Fault> {
    match typed {
        "" => Ok(None),
        id => key_in(id, no_such).map(Some),
    }
}

/// `GET /console/handbook/new`: a new one, one that answers a question, or a place's own in place of one for all.
///
/// # Errors
/// `not_found` for a place or an article that is not theirs.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (db, actor) = (desk.app.store.read(), desk.actor());
    let question = maybe(&asked.question)?;
    let (mut place, mut typed) = (asked.place, Typed::default());
    if let Some(id) = question {
        let (row, compound) = queries::question(db, actor, id).await?;
        typed = Typed::with(&[("questions", &row.text)]);
        if place.is_empty() {
            place = compound.code;
        }
    }
    let instead = maybe(&asked.instead)?;
    if let Some(id) = instead {
        typed = typed_of(&queries::read_by_editor(db, actor, id).await?);
    }
    let around = Around {
        at: Some(At::find(desk, NEW_PAGE, &place, &[Deed::WriteHandbook]).await?),
        seen: None,
        instead,
        question,
    };
    form_page(desk, around, typed, StatusCode::OK)
}

fn draft(form: &Form) -> Draft {
    Draft {
        title: form.text("title").to_owned(),
        questions: form.text("questions").to_owned(),
        synonyms: form.text("synonyms").to_owned(),
        body: form.text("body").to_owned(),
    }
}

/// `POST /console/handbook/new`
///
/// # Errors
/// `not_found` for a place that is not theirs; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = At::find(desk, NEW_PAGE, form.text("place"), &[Deed::WriteHandbook]).await?;
    let instead = maybe(form.text("instead"))?;
    let question = maybe(form.text("question"))?;
    let place_id = match form.text("for_all") {
        "yes" => None,
        _ => Some(at.place.id),
    };
    let publish = form.text("publish") == "yes";
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let row =
            actions::write(&tx, desk.actor(), place_id, draft(&form), instead, publish).await?;
        // Whoever asked is told once it can be read; a draft answers nobody yet.
        if let (true, Some(question)) = (publish, question) {
            drop(actions::answer(&mut tx, desk.actor(), question, row.id).await?);
        }
        tx.commit().await?;
        Ok::<i64, Fault>(row.id)
    };
    match done.await {
        Ok(_) if publish && question.is_some() => {
            Ok(go("/console/handbook/questions?said=question-answered"))
        }
        Ok(id) => Ok(go(&format!("/console/handbook/{id}?said=article-saved"))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let around = Around {
                at: Some(at),
                seen: None,
                instead,
                question,
            };
            form_page(desk, around, Typed::wrong(&form, &fault), status(&fault))
        }
    }
}

struct Old {
    version: i32,
    what: &'static str,
    who: String,
    at: String,
    body: String,
}

#[derive(Template)]
#[template(path = "web/console/handbook_one.html")]
struct ArticlePage {
    frame: Frame,
    id: i64,
    version: i32,
    state: &'static str,
    published: bool,
    place: String,
    questions: Vec<String>,
    synonyms: String,
    body: String,
    own: bool,
    for_all: bool,
    old: Vec<Old>,
    problem: Option<String>,
}

/// `GET /console/handbook/:id`
///
/// # Errors
/// `not_found` for one that they do not read.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    article(desk, key_in(&id, no_such)?, &asked.said, None).await
}

async fn article(
    desk: &Desk,
    id: i64,
    said: &str,
    wrong: Option<&Fault>,
) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::WriteHandbook)?;
    let db = desk.app.store.read();
    let row = queries::read_by_editor(db, desk.actor(), id).await?;
    let own = queries::may_write(db, desk.actor(), row.place_id).await?;
    let old = match own {
        true => old(desk, id).await?,
        false => Vec::new(),
    };
    let page = ArticlePage {
        frame: Frame::new(desk, row.title.clone()).saying(said),
        id,
        version: row.version,
        state: state_says(row.state),
        published: row.state == ArticleState::Published,
        place: place_of(desk, &row).await?,
        questions: row.questions.lines().map(str::to_owned).collect(),
        synonyms: row.synonyms.clone(),
        body: html(&row.body),
        own,
        for_all: row.place_id.is_none(),
        old,
        problem: wrong.map(|fault| fault.detail.to_string()),
    };
    show(wrong.map_or(StatusCode::OK, status), &page)
}

async fn old(desk: &Desk, id: i64) -> Result<Vec<Old>, Fault> {
    let db = desk.app.store.read();
    let rows = queries::versions(db, id).await?;
    let authors = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().filter_map(|row| row.author_id)),
        )
        .all(db)
        .await?;
    let names: HashMap<i64, String> = authors.into_iter().map(|who| (who.id, who.name)).collect();
    let says = |action: &str| match action {
        "published" => "发布",
        "withdrawn" => "撤下",
        "written" => "写成",
        "shipped" => "随程序带来",
        _ => "修改",
    };
    let old = rows.into_iter().map(|row| Old {
        version: row.version,
        what: says(&row.action),
        who: row
            .author_id
            .and_then(|id| names.get(&id).cloned())
            .unwrap_or_default(),
        at: say(row.at),
        body: row.body,
    });
    Ok(old.collect())
}

/// `GET /console/handbook/:id/edit`
///
/// # Errors
/// `not_found` for one that they may not write.
#[handler]
pub async fn edit(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = queries::kept(desk.app.store.read(), desk.actor(), key_in(&id, no_such)?).await?;
    let around = Around {
        at: None,
        seen: Some(Seen {
            id: row.id,
            version: row.version,
        }),
        instead: None,
        question: None,
    };
    form_page(desk, around, typed_of(&row), StatusCode::OK)
}

/// `POST /console/handbook/:id/:act`: change, publish or withdraw it.
///
/// # Errors
/// `not_found` for one that they may not write; the database's.
#[handler]
pub async fn act(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let seen = Seen {
        id: key_in(&id, no_such)?,
        version: version_in(&form).unwrap_or_default(),
    };
    let done = async {
        let tx = desk.app.store.begin(desk.app.clock.now()).await?;
        match act.as_str() {
            "change" => drop(actions::change(&tx, desk.actor(), seen, draft(&form)).await?),
            "publish" => drop(actions::move_to(&tx, desk.actor(), seen, Act::Publish).await?),
            "withdraw" => drop(actions::move_to(&tx, desk.actor(), seen, Act::Withdraw).await?),
            _ => return Err(no_such(0)),
        }
        tx.commit().await
    };
    let said = match act.as_str() {
        "publish" => "article-published",
        "withdraw" => "article-withdrawn",
        _ => "article-saved",
    };
    match done.await {
        Ok(()) => Ok(go(&format!("/console/handbook/{}?said={said}", seen.id))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) if act == "change" => {
            let around = Around {
                at: None,
                seen: Some(seen),
                instead: None,
                question: None,
            };
            form_page(desk, around, Typed::wrong(&form, &fault), status(&fault))
        }
        Err(fault) => article(desk, seen.id, "", Some(&fault)).await,
    }
}
