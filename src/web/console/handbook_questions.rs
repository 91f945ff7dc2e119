//! `/console/handbook/questions`: what residents asked and the handbook could not answer; saying which article
//! answers it, or that none need to.

use askama::Template;
use entity::handbook_article;
use entity::kinds::{ArticleState, QuestionState};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::handbook::actions;
use crate::handbook::queries::{self, no_question};
use crate::place::queries as places;
use crate::web::console::form::Form;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 30;
/// Articles among which one is chosen.
const CHOICES: u64 = 300;
/// Articles that are offered as the answer to a question.
const OFFERED: usize = 3;

/// Where the page begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
}

struct Question {
    id: i64,
    text: String,
    asked: i32,
    compound: String,
    day: String,
    near: Vec<(i64, String)>,
}

#[derive(Template)]
#[template(path = "web/console/handbook_questions.html")]
struct Questions {
    frame: Frame,
    lines: Vec<Question>,
    /// Articles by number and title, of which one is chosen.
    articles: Vec<(i64, String)>,
    next: Option<String>,
    problem: Option<String>,
}

/// `GET /console/handbook/questions`
///
/// # Errors
/// `forbidden` for whoever writes nowhere.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, None).await
}

async fn page(desk: &Desk, asked: &Asked, wrong: Option<&Fault>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let found = queries::questions(db, desk.actor(), QuestionState::Open, slice).await?;
    let mut lines = Vec::new();
    for row in found.items {
        let compound = places::by_id(db, row.compound_id).await?;
        let reach = compound.as_ref().map(queries::reach_of).unwrap_or_default();
        let known = queries::ask(&desk.app, db, &reach, &row.text, OFFERED).await?;
        let near = known.sure.into_iter().chain(known.near).take(OFFERED);
        lines.push(Question {
            id: row.id,
            text: row.text,
            asked: row.asked,
            compound: compound.map(|place| place.name).unwrap_or_default(),
            day: say(row.last_at),
            near: near.map(|row| (row.id, row.title)).collect(),
        });
    }
    let page = Questions {
        frame: Frame::new(desk, "还没有答案的问题").saying(&asked.said),
        articles: articles(desk).await?,
        lines,
        next: found.next,
        problem: wrong.map(|fault| fault.detail.to_string()),
    };
    show(wrong.map_or(StatusCode::OK, status), &page)
}

/// Published articles that whoever looks may name, the newest first.
async fn articles(desk: &Desk) -> Result<Vec<(i64, String)>, Fault> {
    let slice = Slice::first(CHOICES);
    let page = queries::page(desk.app.store.read(), desk.actor(), slice).await?;
    let out = |row: &handbook_article::Model| row.state == ArticleState::Published;
    let out = page.items.into_iter().filter(out);
    Ok(out.map(|row| (row.id, row.title)).collect())
}

/// The number with which a choice begins: `12 业委会怎么选`, `#12`.
fn chosen(typed: &str) -> Option<i64> {
    let typed = typed.trim().trim_start_matches('#');
    let end = typed.find(|letter: char| !letter.is_ascii_digit());
    typed.get(..end.unwrap_or(typed.len()))?.parse().ok()
}

/// `POST /console/handbook/questions/:id/:act`: answer or dismiss one.
///
/// # Errors
/// `not_found` for one of a compound that is not theirs; the database's.
#[handler]
pub async fn settle(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id: i64 = id.parse().map_err(|_| no_question(0))?;
    let db = desk.app.store.read();
    queries::question(db, desk.actor(), id).await?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        match act.as_str() {
            "answer" => {
                let article = chosen(form.text("article")).ok_or_else(|| {
                    Fault::invalid("article", "请从列表里选一篇，或写手册文章的编号，例如 12。")
                })?;
                drop(actions::answer(&mut tx, desk.actor(), id, article).await?);
            }
            "dismiss" => drop(actions::dismiss(&tx, desk.actor(), id).await?),
            _ => return Err(no_question(0)),
        }
        tx.commit().await
    };
    let said = match act.as_str() {
        "answer" => "question-answered",
        _ => "question-dismissed",
    };
    match done.await {
        Ok(()) => Ok(go(&format!("/console/handbook/questions?said={said}"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => page(desk, &Asked::default(), Some(&fault)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn a_choice_is_its_number() {
        assert_eq!(chosen("12 业委会怎么选"), Some(12));
        assert_eq!(chosen(" #7"), Some(7));
        assert_eq!(chosen("业委会"), None);
        assert_eq!(chosen(""), None);
    }
}
