//! `/console/letters`: reminders that failed for good, in words; sent again one by one or all that the list
//! shows, or given up with a reason.

use askama::Template;
use entity::reminder;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::access::audit::words::says_subject;
use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::{from_ms, say};
use crate::base::fault::{Code, Fault};
use crate::delivery::letters::{self, Retried, Wanted, seen};
use crate::delivery::plain::error_says;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder::letters::{Listed, Mark};
use crate::web::console::asked::{Wrong, area_of, beside, query_of};
use crate::web::console::audit::link;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::kinds;
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 30;

/// The query of the page, and what its forms carry along.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    place: String,
    /// When the last one was given up, and its key: the list is in the order of the time.
    cursor: String,
    said: String,
}

impl Asked {
    fn of(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            kind: text("kind"),
            place: text("place"),
            cursor: text("cursor"),
            said: String::new(),
        }
    }

    fn query(&self) -> String {
        query_of(&[("kind", &self.kind), ("place", &self.place)])
    }

    fn before(&self) -> Option<Mark> {
        let (at, id) = self.cursor.split_once('-')?;
        Some((from_ms(at.parse().ok()?)?, id.parse().ok()?))
    }

    async fn read(&self, desk: &Desk) -> Result<(Wanted, Vec<Wrong>), Fault> {
        let (db, actor) = (desk.app.store.read(), desk.actor());
        let mut wanted = Wanted::default();
        let mut wrong = Vec::new();
        if !self.kind.is_empty() {
            if !kinds::WORDS.iter().any(|(known, _)| *known == self.kind) {
                wrong.push(("kind", "没有这一种，请重新选择。"));
            }
            wanted.kinds = vec![self.kind.clone()];
        }
        wanted.place = area_of(db, actor, Deed::MendLetters, &self.place, &mut wrong).await?;
        Ok((wanted, wrong))
    }
}

/// A letter of the list.
struct Line {
    id: i64,
    mark: String,
    kind: String,
    to: String,
    left: bool,
    subject: String,
    link: Option<String>,
    place: String,
    error: String,
    at: String,
    attempts: i32,
    typed: Typed,
}

#[derive(Template)]
#[template(path = "web/console/letters.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    wrong: Vec<Wrong>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    lines: Vec<Line>,
    query: String,
    next: Option<String>,
    cut_short: bool,
    problem: Option<String>,
    done: Option<String>,
}

impl Page {
    fn wrong(&self, field: &str) -> Option<&'static str> {
        beside(&self.wrong, field)
    }
}

/// What became of a form on the page.
#[derive(Default)]
struct Outcome {
    tried: Option<(i64, Typed)>,
    problem: Option<String>,
    done: Option<String>,
}

/// `GET /console/letters`
///
/// # Errors
/// `forbidden` for whoever may not mend any.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, asked, StatusCode::OK, Outcome::default()).await
}

async fn page(
    desk: &Desk,
    asked: Asked,
    status: StatusCode,
    outcome: Outcome,
) -> Result<Response, Fault> {
    let actor = desk.actor();
    require_somewhere(actor, Deed::MendLetters)?;
    let db = desk.app.store.read();
    let (wanted, wrong) = asked.read(desk).await?;
    let listed = if wrong.is_empty() {
        letters::list(db, actor, &wanted, asked.before(), LINES).await?
    } else {
        Listed::default()
    };
    let kinds = kinds::WORDS.iter();
    let page = Page {
        frame: Frame::new(desk, "没送到的消息").saying(&asked.said),
        kinds: kinds
            .map(|(kind, words)| (*kind, *words, *kind == asked.kind))
            .collect(),
        lines: lines(db, &listed.items, outcome.tried).await?,
        query: asked.query(),
        next: listed
            .next
            .map(|(at, id)| format!("{}-{id}", at.timestamp_millis())),
        cut_short: listed.cut_short,
        wrong,
        problem: outcome.problem,
        done: outcome.done,
        asked,
    };
    show(status, &page)
}

async fn lines<C: ConnectionTrait>(
    db: &C,
    rows: &[reminder::Model],
    tried: Option<(i64, Typed)>,
) -> Result<Vec<Line>, Fault> {
    let people = rows.iter().filter_map(|row| row.recipient_id);
    let people = people::names(db, people).await?;
    let compounds = rows.iter().filter_map(|row| row.compound_id);
    let compounds = places::own_names(db, compounds).await?;
    let left = letters::left(db, rows).await?;
    let typed = |id: i64| {
        let same = tried.as_ref().filter(|(tried, _)| *tried == id);
        same.map(|(_, typed)| typed.clone()).unwrap_or_default()
    };
    let line = |row: &reminder::Model| Line {
        id: row.id,
        mark: seen(row),
        kind: kinds::says(&row.kind).to_owned(),
        to: match (row.recipient_id, row.recipient_account_id) {
            (Some(id), _) => people.get(&id).cloned().unwrap_or_default(),
            (None, Some(_)) => "还没有绑定的账号".to_owned(),
            (None, None) => "程序自己".to_owned(),
        },
        left: left.contains(&row.id),
        subject: says_subject(&row.subject),
        link: link(&row.subject),
        place: row
            .compound_id
            .and_then(|id| compounds.get(&id).cloned())
            .unwrap_or_default(),
        error: error_says(row.last_error.as_deref().unwrap_or_default()),
        at: row.done_at.map(say).unwrap_or_default(),
        attempts: row.attempts,
        typed: typed(row.id),
    };
    Ok(rows.iter().map(line).collect())
}

/// `POST /console/letters/:id/retry`
///
/// # Errors
/// `not_found` for one that is not theirs to mend.
#[handler]
pub async fn retry_one(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id = number(&id)?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        letters::retry(&mut tx, desk.actor(), id, form.text("seen")).await?;
        tx.commit().await
    };
    answer(desk, &form, id, done.await, "retried").await
}

/// `POST /console/letters/:id/drop`
///
/// # Errors
/// As [`retry_one`].
#[handler]
pub async fn drop_one(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let id = number(&id)?;
    let done = async {
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let (mark, reason) = (form.text("seen"), form.text("reason"));
        letters::drop_letter(&mut tx, desk.actor(), id, mark, reason).await?;
        tx.commit().await
    };
    answer(desk, &form, id, done.await, "dropped").await
}

/// Where a form leads: on, or back to the list with what is wrong.
async fn answer(
    desk: &Desk,
    form: &Form,
    id: i64,
    done: Result<(), Fault>,
    said: &str,
) -> Result<Response, Fault> {
    let asked = Asked::of(form);
    let fault = match done {
        Ok(()) => {
            return Ok(go(&format!(
                "/console/letters?{}&said={said}",
                asked.query()
            )));
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => return Err(fault),
        Err(fault) => fault,
    };
    let outcome = Outcome {
        problem: fault.field.is_none().then(|| fault.detail.to_string()),
        tried: Some((id, Typed::wrong(form, &fault))),
        done: None,
    };
    page(desk, asked, status(&fault), outcome).await
}

/// `POST /console/letters/all`: sends again what the list shows, on all its pages.
///
/// # Errors
/// The database's; what was sent again before stays so.
#[handler]
pub async fn retry_all(desk: &Desk, form: Form) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::MendLetters)?;
    let mut asked = Asked::of(&form);
    asked.cursor.clear();
    let (wanted, wrong) = asked.read(desk).await?;
    if !wrong.is_empty() {
        let code = StatusCode::UNPROCESSABLE_ENTITY;
        return page(desk, asked, code, Outcome::default()).await;
    }
    let done = letters::retry_all(&desk.app, desk.actor(), &wanted).await?;
    let outcome = Outcome {
        done: Some(says_retried(done)),
        ..Outcome::default()
    };
    page(desk, asked, StatusCode::OK, outcome).await
}

fn says_retried(done: Retried) -> String {
    let mut words = format!("已有{}条重新排队。", done.again);
    if done.left > 0 {
        words.push_str(&format!(
            "{}条的收件人已经离开，没有重发，可以写明原因后放弃。",
            done.left
        ));
    }
    if done.more {
        words.push_str("还有更多，可以再点一次。");
    }
    words
}

fn number(id: &str) -> Result<i64, Fault> {
    let unknown = |_| Fault::not_found("没有找到这条没送到的消息，可能已经处理过了。");
    id.parse().map_err(unknown)
}
