//! `/console/lists`: the four lists of a compound, by figure, each figure with the list behind it; to pass what a
//! resident put there or refuse it, to take an item away, to close a promise off and to open it again. Putting
//! something on a list is `lists_new.rs`.

use askama::Template;
use entity::kinds::{OfferList, OfferState};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use strum::IntoEnumIterator;

use crate::access::permit::{Deed, may};
use crate::attachment::link::{self, Variant};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::offer::figure::Figure;
use crate::offer::queries::{self, Seen, Side, Which, no_such, spoken_for};
use crate::offer::{actions, category, is_promise, list_says, state_says};
use crate::place::queries as places;
use crate::web::console::compound::Compound;
use crate::web::console::form::Form;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Who has a use for the page.
pub(super) const DEEDS: &[Deed] = &[
    Deed::CheckOffers,
    Deed::SuperviseOffers,
    Deed::PublishOffers,
];
/// Lines of a page.
const LINES: u64 = 20;

/// Which compound and list, where it begins, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
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

/// What can be done with words: the act, what stands on the button, what is asked for.
struct Saying {
    act: &'static str,
    words: &'static str,
    asks: &'static str,
    text: String,
    wrong: Option<String>,
}

struct Line {
    id: i64,
    list: &'static str,
    category: &'static str,
    title: String,
    text: String,
    by: String,
    state: &'static str,
    waits: bool,
    at: String,
    facts: Vec<(&'static str, String)>,
    photos: Vec<(String, String)>,
    own: bool,
    may_pass: bool,
    may_claim: bool,
    saying: Option<Saying>,
}

#[derive(Template)]
#[template(path = "web/console/lists.html")]
struct Lists {
    frame: Frame,
    at: Compound,
    counts: Vec<Count>,
    figure: Figure,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
}

/// What was tried and did not work.
struct Tried {
    id: i64,
    text: String,
    says: String,
}

/// `GET /console/lists`
///
/// # Errors
/// `forbidden` for whoever may do nothing with the lists; `not_found` for a compound that is not theirs;
/// `invalid` for a cursor that is none; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, StatusCode::OK, None).await
}

/// The figure that was asked for; what waits, or else the needs.
fn figure(name: &str, counts: &[Count]) -> Figure {
    let named = Figure::iter().find(|figure| figure.name() == name);
    let first = counts.iter().find(|one| one.count > 0).or(counts.first());
    named.unwrap_or(first.map_or(Figure::Needs, |one| one.figure))
}

async fn page(
    desk: &Desk,
    asked: &Asked,
    status: StatusCode,
    tried: Option<Tried>,
) -> Result<Response, Fault> {
    let at = Compound::find(desk, &asked.compound, DEEDS).await?;
    let db = desk.app.store.read();
    let mut counts = Vec::new();
    for figure in Figure::iter() {
        // What they may not look into is not among them.
        if let Some(count) = queries::count(db, desk.actor(), at.place.id, figure).await? {
            counts.push(Count {
                figure,
                count,
                here: false,
            });
        }
    }
    let shown = figure(&asked.list, &counts);
    for one in &mut counts {
        one.here = one.figure == shown;
    }
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let which = Which::Of(at.place.id, shown);
    let page = queries::page(db, desk.actor(), which, slice).await?;
    let mut lines = Vec::new();
    for seen in page.items {
        lines.push(line(desk, seen, tried.as_ref()).await?);
    }
    // The line itself may be gone: somebody else was first.
    let problem = tried.filter(|tried| !lines.iter().any(|line| line.id == tried.id));
    let page = Lists {
        frame: Frame::new(desk, "四项清单").saying(&asked.said),
        at,
        counts,
        figure: shown,
        lines,
        next: page.next,
        problem: problem.map(|tried| tried.says),
    };
    show(status, &page)
}

async fn line(desk: &Desk, seen: Seen, tried: Option<&Tried>) -> Result<Line, Fault> {
    let db = desk.app.store.read();
    let photos = queries::photos(db, &seen).await?;
    let photos = photos.iter().filter_map(|photo| {
        let small = link::path(&desk.app, photo, Variant::Small)?;
        Some((link::path(&desk.app, photo, Variant::Full)?, small))
    });
    let place = places::by_id(db, seen.offer.place_id).await?;
    let path = place.map(|place| place.path).unwrap_or_default();
    let near = seen.side != Side::Neighbour;
    let row = &seen.offer;
    let left = row.quantity - row.taken;
    let resource = row.list == OfferList::Resource;
    let facts = [
        ("到期", row.due_on.map(|day| day.to_string())),
        (
            "能帮",
            resource.then(|| format!("{}家，还剩{left}家", row.quantity)),
        ),
        (
            "逾期",
            row.overdue_at.filter(|_| row.ended_at.is_none()).map(say),
        ),
        ("办理说明", row.result.clone().filter(|_| near)),
        ("原因", row.reason.clone().filter(|_| near)),
    ];
    let facts = facts.into_iter();
    let own = seen.side == Side::Owner;
    let tried = tried.filter(|tried| tried.id == row.id);
    let checks = may(desk.actor(), Deed::CheckOffers, &path);
    let unclaimed = row.list == OfferList::Service && row.organisation_id.is_none();
    Ok(Line {
        id: row.id,
        list: list_says(row.list),
        category: category::says(row.category),
        by: seen.by.clone(),
        state: state_says(row.list, row.state),
        waits: matches!(row.state, OfferState::Raised | OfferState::Open),
        at: say(row.created_at),
        facts: facts
            .filter_map(|(label, words)| Some((label, words?)))
            .collect(),
        photos: photos.collect(),
        own,
        may_pass: row.state == OfferState::Raised && !own && checks,
        may_claim: unclaimed
            && row.state == OfferState::Open
            && !spoken_for(desk.actor()).is_empty(),
        saying: saying(desk, &seen, &path).map(|saying| Saying {
            text: tried.map(|tried| tried.text.clone()).unwrap_or_default(),
            wrong: tried.map(|tried| tried.says.clone()),
            ..saying
        }),
        title: seen.title,
        text: seen.text,
    })
}

/// What can be done with words.
fn saying(desk: &Desk, seen: &Seen, path: &str) -> Option<Saying> {
    let own = seen.side == Side::Owner;
    let promise = is_promise(seen.offer.list);
    let checks = may(desk.actor(), Deed::CheckOffers, path);
    let supervises = may(desk.actor(), Deed::SuperviseOffers, path);
    let (act, words, asks) = match seen.offer.state {
        OfferState::Open if own && promise => ("close", "销号", "办得怎么样，公示图上会划掉"),
        OfferState::Done if !own && promise && supervises => {
            ("reopen", "重开", "哪里没办好，单位会看到")
        }
        OfferState::Raised if !own && checks => ("refuse", "不通过", "原因，发布人会看到"),
        OfferState::Open if !own && promise && supervises => ("remove", "下架", "原因，单位会看到"),
        OfferState::Open | OfferState::Matched if !own && !promise && checks => {
            ("remove", "下架", "原因，发布人会看到")
        }
        _ => return None,
    };
    Some(Saying {
        act,
        words,
        asks,
        text: String::new(),
        wrong: None,
    })
}

/// `POST /console/lists/:id/:act`: pass, refuse, remove, claim, close or reopen it.
///
/// # Errors
/// `not_found` for what the actor may not know of; the database's.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let id: i64 = id.parse().map_err(|_| no_such(0))?;
    let said = match act.as_str() {
        "pass" => "offer-passed",
        "refuse" => "offer-refused",
        "remove" => "offer-removed",
        "claim" => "offer-claimed",
        "close" => "offer-closed",
        "reopen" => "offer-reopened",
        _ => return Err(no_such(0)),
    };
    let db = desk.app.store.read();
    let before = queries::found(db, desk.actor(), id).await?;
    let compound = places::by_id(db, before.offer.compound_id).await?;
    let compound = compound.map(|place| place.code).unwrap_or_default();
    let figure = match act.as_str() {
        "pass" | "refuse" => Figure::Raised,
        _ => Figure::of(before.offer.list),
    };
    match change(desk, id, &act, form.text("text")).await {
        Ok(()) => Ok(go(&format!(
            "/console/lists?compound={}&list={}&said={said}",
            percent(&compound),
            figure.name()
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let row = queries::found(db, desk.actor(), id).await?.offer;
            let figure = match row.state {
                OfferState::Raised => Figure::Raised,
                state if queries::PUBLIC.contains(&state) => Figure::of(row.list),
                _ => Figure::Ended,
            };
            let asked = Asked {
                compound,
                list: figure.name().to_owned(),
                ..Asked::default()
            };
            let tried = Tried {
                id,
                text: form.text("text").to_owned(),
                says: fault.detail.to_string(),
            };
            page(desk, &asked, status(&fault), Some(tried)).await
        }
    }
}

async fn change(desk: &Desk, id: i64, act: &str, text: &str) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let actor = desk.actor();
    match act {
        "pass" => actions::pass(&mut tx, actor, id).await?,
        "refuse" => actions::refuse(&mut tx, actor, id, text).await?,
        "claim" => actions::claim(&mut tx, actor, id, None).await?,
        "close" => actions::close(&mut tx, actor, id, text, &[]).await?,
        "reopen" => actions::reopen(&mut tx, actor, id, text).await?,
        _ => actions::remove(&mut tx, actor, id, text).await?,
    };
    tx.commit().await
}
