//! `/console/figures/cases`: the cases that one number of the figures counts, newest first. The list is
//! made of the same condition as the number (`case::stats::count::Behind`); `cases_sheet.rs` makes a file of it.

use askama::Template;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::base::clock::{from_ms, say};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::queries::Found;
use crate::case::search;
use crate::case::stats::Figure;
use crate::case::stats::count::{self, Behind, By};
use crate::place::queries as places;
use crate::place::scope::Scope;
use crate::report::figures;
use crate::web::console::cases::{Line, MOST_IN_FILE, lines};
use crate::web::console::figures::{Asked, Read, query};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 30;

/// Which number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    place: String,
    from: String,
    until: String,
    figure: String,
    by: String,
    key: String,
    cursor: String,
    at: String,
}

#[derive(Template)]
#[template(path = "web/console/figures_list.html")]
struct ListPage {
    frame: Frame,
    place: String,
    period: String,
    group: Option<String>,
    name: &'static str,
    means: &'static str,
    /// Of when the number is, where that is not now.
    at: Option<String>,
    lines: Vec<Line>,
    back: String,
    same: String,
    next: Option<String>,
    file_most: usize,
}

/// Which cases, of what the actor may see.
pub(super) struct Chosen {
    read: Read,
    /// Of which place.
    pub(super) scope: Scope,
    /// Which of them.
    pub(super) what: Behind,
}

/// `GET /console/figures/cases`
///
/// # Errors
/// `not_found` for a place that is not theirs, a figure or a group that there is none of; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let chosen = chosen(desk, &wanted).await?;
    let Chosen { read, scope, what } = &chosen;
    let slice = Slice::parse(Some(&wanted.cursor), Some(LINES))?;
    let page = found(desk, &chosen, slice).await?;
    let own = query(&read.scope.place.code, read.span);
    let words = what.figure.words();
    let same = format!(
        "{own}&figure={}&by={}&key={}&at={}",
        percent(words.key),
        percent(&wanted.by),
        percent(&wanted.key),
        percent(&wanted.at)
    );
    let group = what.group.as_ref().filter(|(by, _)| *by != By::Place);
    let shown = ListPage {
        frame: Frame::new(desk, format!("数据 · {}", words.name)),
        place: scope.place.name.clone(),
        period: read.span.says(),
        group: group.map(|(by, key)| figures::group_says(*by, key.as_deref(), read.span)),
        name: words.name,
        means: words.means,
        at: wanted.at.parse().ok().and_then(from_ms).map(say),
        lines: lines(desk, &page.items).await?,
        next: page
            .next
            .map(|cursor| format!("{same}&cursor={}", percent(&cursor))),
        same,
        back: own,
        file_most: MOST_IN_FILE,
    };
    show(StatusCode::OK, &shown)
}

/// Reads which number is meant.
///
/// # Errors
/// As [`list`].
pub(super) async fn chosen(desk: &Desk, wanted: &Wanted) -> Result<Chosen, Fault> {
    let db = desk.app.store.read();
    let none = || Fault::not_found("没有找到这个数据。请从数据页重新点开。");
    let figure = Figure::of(&wanted.figure).ok_or_else(none)?;
    let asked = Asked {
        place: wanted.place.clone(),
        from: wanted.from.clone(),
        until: wanted.until.clone(),
        ..Asked::default()
    };
    let read = asked.read(db, desk).await?.ok_or_else(none)?;
    let (scope, group) = narrowed(db, &read, wanted).await?;
    let what = Behind {
        figure,
        span: read.span,
        group,
    };
    Ok(Chosen { read, scope, what })
}

/// A part of those cases, as the actor may read them.
///
/// # Errors
/// The database's.
pub(super) async fn found(
    desk: &Desk,
    chosen: &Chosen,
    slice: Slice,
) -> Result<Page<Found>, Fault> {
    let db = desk.app.store.read();
    let page = count::behind(db, &chosen.scope, &chosen.what, slice).await?;
    let mut items = search::among(db, desk.actor(), page.items).await?;
    // Whose place is kept back is not found by trying home after home.
    let path = &chosen.scope.place.path;
    items.retain(|found| found.place.path.starts_with(path));
    Ok(Page {
        items,
        next: page.next,
    })
}

/// The place and the group: a place below has figures of its own, all else is a group of the place.
async fn narrowed<C: ConnectionTrait>(
    db: &C,
    read: &Read,
    wanted: &Wanted,
) -> Result<(Scope, Option<(By, Option<String>)>), Fault> {
    let none = || Fault::not_found("没有找到这个数据。请从数据页重新点开。");
    if wanted.by.is_empty() {
        return Ok((read.scope.clone(), None));
    }
    let by = By::of(&wanted.by).ok_or_else(none)?;
    if by != By::Place {
        let key = Some(wanted.key.clone()).filter(|key| !key.is_empty());
        return Ok((read.scope.clone(), Some((by, key))));
    }
    let own = &read.scope.place;
    let place = places::by_code(db, &wanted.key).await?;
    let place = place.filter(|place| place.path.starts_with(&own.path));
    let place = place.ok_or_else(none)?;
    if place.id == own.id {
        // What lies at the place itself and at nothing below it.
        let key = Some(place.id.to_string());
        return Ok((read.scope.clone(), Some((By::Place, key))));
    }
    Ok((Scope::of(db, place).await?, None))
}
