//! `/console/wishes`: what residents wish for, by figure, each figure with the list behind it; to pass a wish
//! or refuse it, and to take one away. Of the asker nobody reads more than `王**，3栋`.

use askama::Template;
use entity::kinds::WishState;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use strum::IntoEnumIterator;

use crate::access::permit::{Deed, require_somewhere};
use crate::attachment::link::{self, Variant};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::web::console::form::Form;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;
use crate::wish::queries::{self, Figure, Seen, Side, Which, no_such};
use crate::wish::{actions, state_says};

/// Lines of a page.
const LINES: u64 = 20;

/// Which list, where it begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    list: String,
    cursor: String,
    said: String,
}

/// A figure, how many there are, and whether its list is shown.
struct Count {
    figure: Figure,
    count: u64,
    here: bool,
}

/// What can be done with a reason.
struct Deny {
    act: &'static str,
    words: &'static str,
    reason: String,
    wrong: Option<String>,
}

struct Line {
    id: i64,
    text: String,
    asker: String,
    state: &'static str,
    waits: bool,
    at: String,
    facts: Vec<(&'static str, String)>,
    photos: Vec<(String, String)>,
    own: bool,
    may_pass: bool,
    deny: Option<Deny>,
}

#[derive(Template)]
#[template(path = "web/console/wishes.html")]
struct Wishes {
    frame: Frame,
    counts: Vec<Count>,
    figure: Figure,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// What was tried and did not work.
struct Tried {
    id: i64,
    reason: String,
    says: String,
}

/// `GET /console/wishes`
///
/// # Errors
/// `forbidden` for whoever may check nowhere; `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, None).await
}

fn figure(name: &str) -> Figure {
    Figure::iter()
        .find(|figure| figure.name() == name)
        .unwrap_or(Figure::Raised)
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: Option<Tried>,
) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::CheckWishes)?;
    let db = desk.app.store.read();
    let shown = figure(&asked.list);
    let mut counts = Vec::new();
    for figure in Figure::iter() {
        counts.push(Count {
            figure,
            count: queries::count(db, desk.actor(), figure).await?,
            here: figure == shown,
        });
    }
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::page(db, desk.actor(), Which::Checked(shown), slice).await?;
    let mut lines = Vec::new();
    for seen in page.items {
        lines.push(line(desk, seen, tried.as_ref()).await?);
    }
    // The line itself may be gone: somebody else was first.
    let problem = tried.filter(|tried| !lines.iter().any(|line| line.id == tried.id));
    let page = Wishes {
        frame: Frame::new(desk, "微心愿").saying(&asked.said),
        counts,
        figure: shown,
        lines,
        next: page.next,
        problem: problem.map(|tried| tried.says),
    };
    show(status, &page)
}

async fn line(desk: &Desk, seen: Seen, tried: Option<&Tried>) -> Result<Line, Fault> {
    let photos = queries::photos(desk.app.store.read(), &seen).await?;
    let photos = photos.iter().filter_map(|photo| {
        let small = link::path(&desk.app, photo, Variant::Small)?;
        Some((link::path(&desk.app, photo, Variant::Full)?, small))
    });
    let row = seen.wish;
    let facts = [
        ("认领到期", row.due_at.map(say)),
        ("实现", row.fulfilled_at.map(say)),
        ("完成说明", row.result),
        ("感谢", row.thanks),
        ("原因", row.reason),
    ];
    let facts = facts.into_iter();
    let own = seen.side == Side::Asker;
    let tried = tried.filter(|tried| tried.id == row.id);
    let (act, words) = match row.state {
        WishState::Raised => ("refuse", "不通过"),
        _ => ("remove", "下架"),
    };
    let open = matches!(
        row.state,
        WishState::Raised | WishState::Open | WishState::Claimed
    );
    Ok(Line {
        id: row.id,
        text: seen.text,
        asker: seen.asker,
        state: state_says(row.state),
        waits: open,
        at: say(row.created_at),
        facts: facts
            .filter_map(|(label, words)| Some((label, words?)))
            .collect(),
        photos: photos.collect(),
        own,
        may_pass: row.state == WishState::Raised && !own,
        deny: (open && !own).then(|| Deny {
            act,
            words,
            reason: tried.map(|tried| tried.reason.clone()).unwrap_or_default(),
            wrong: tried.map(|tried| tried.says.clone()),
        }),
    })
}

/// `POST /console/wishes/:id/:act`: pass, refuse or remove it.
///
/// # Errors
/// `not_found` for what the actor may not check; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id: i64 = id.parse().map_err(|_| no_such(0))?;
    let (next, said) = match act.as_str() {
        "pass" => (Figure::Raised, "wish-passed"),
        "refuse" => (Figure::Raised, "wish-refused"),
        "remove" => (Figure::Open, "wish-removed"),
        _ => return Err(no_such(0)),
    };
    match change(desk, id, &act, form.text("reason")).await {
        Ok(()) => Ok(go(&format!(
            "/console/wishes?list={}&said={said}",
            next.name()
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let found = queries::found(desk.app.store.read(), desk.actor(), id).await?;
            let state = found.wish.state;
            let now = Figure::iter().find(|figure| figure.states().contains(&state));
            let asked = Asked {
                list: now.unwrap_or(Figure::Raised).name().to_owned(),
                ..Asked::default()
            };
            let tried = Tried {
                id,
                reason: form.text("reason").to_owned(),
                says: fault.detail.to_string(),
            };
            page(desk, &asked, status(&fault), Some(tried)).await
        }
    }
}

async fn change(desk: &Desk, id: i64, act: &str, reason: &str) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match act {
        "pass" => actions::pass(&mut tx, desk.actor(), id).await?,
        "refuse" => actions::refuse(&mut tx, desk.actor(), id, reason).await?,
        _ => actions::remove(&mut tx, desk.actor(), id, reason).await?,
    };
    tx.commit().await
}
