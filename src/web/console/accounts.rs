//! `/console/accounts`: the months of a compound's books: which are published, whether the books have changed
//! since, what a month would say, and publishing it.

use askama::Template;
use entity::kinds::PlaceKind;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::Deed;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::disclosure::actions::{MOST_REASON, publish};
use crate::disclosure::queries::{Published, changed, first_month, list, statement, versions};
use crate::disclosure::remind::subject;
use crate::disclosure::statement::Line;
use crate::notice::official;
use crate::report::pdf;
use crate::web::console::at::At;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::ledger::line_link;
use crate::web::pages::go;

const PAGE: &str = "/console/accounts";
const DEEDS: &[Deed] = &[Deed::PublishAccounts];
const FIELDS: &[&str] = &["reason"];
/// Months that are listed, the last ones.
const MONTHS: usize = 36;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    month: String,
    said: String,
}

/// A month in the list.
struct Row {
    path: String,
    says: String,
    version: Option<i32>,
    /// Whether the books have it otherwise by now.
    changed: bool,
    here: bool,
    over: bool,
}

/// A line of the month that is looked at.
struct Shown {
    family: &'static str,
    name: &'static str,
    /// Its entries, where it is an account of the books.
    link: Option<String>,
    amounts: [String; 4],
    /// What was published, where it differs.
    was: Option<String>,
}

/// The month that is looked at.
struct Detail {
    says: String,
    path: String,
    lines: Vec<Shown>,
    /// Version that is published.
    version: Option<i32>,
    changed: bool,
    over: bool,
    /// The notice by which every home was told of that version.
    notice: Option<i64>,
    /// Whether this build makes papers.
    paper: bool,
}

#[derive(Template)]
#[template(path = "web/console/accounts.html")]
struct Accounts {
    frame: Frame,
    at: At,
    is_compound: bool,
    months: Vec<Row>,
    detail: Option<Detail>,
    typed: Typed,
    problem: Option<String>,
    most_reason: usize,
}

/// `GET /console/accounts`
///
/// # Errors
/// `not_found` for a place that is not theirs; `forbidden` for who may publish nowhere.
#[handler]
pub async fn months_page(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    draw(desk, &asked, None).await
}

/// `POST /console/accounts`: publishes a month, or a correction of it.
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let asked = Asked {
        place: form.text("place").to_owned(),
        month: form.text("month").to_owned(),
        said: String::new(),
    };
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let done = async {
        let month = Month::parse(&asked.month)
            .ok_or_else(|| Fault::invalid("month", "月份请写成 2026-11。"))?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        publish(
            &mut tx,
            desk.actor(),
            at.place.id,
            month,
            form.text("reason"),
        )
        .await?;
        tx.commit().await?;
        Ok(month)
    };
    match done.await {
        Ok(month) => Ok(go(&format!(
            "{PAGE}?place={}&month={}&said=accounts-published",
            at.code, month
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => draw(desk, &asked, Some((&form, &fault))).await,
    }
}

async fn draw(
    desk: &Desk,
    asked: &Asked,
    wrong: Option<(&Form, &Fault)>,
) -> Result<Response, Fault> {
    let at = At::find(desk, PAGE, &asked.place, DEEDS).await?;
    let is_compound = at.place.kind == PlaceKind::Compound;
    let wanted = Month::parse(&asked.month);
    let (months, detail) = if is_compound {
        let months = months(desk, at.place.id, wanted).await?;
        (months, detail(desk, &at, wanted).await?)
    } else {
        (Vec::new(), None)
    };
    let typed = wrong.map_or_else(Typed::default, |(form, fault)| Typed::wrong(form, fault));
    let page = Accounts {
        frame: Frame::new(desk, format!("{}：财务公开", at.name)).saying(&asked.said),
        is_compound,
        months,
        detail,
        problem: typed.general(FIELDS).map(str::to_owned),
        typed,
        most_reason: MOST_REASON,
        at,
    };
    let code = wrong.map_or(StatusCode::OK, |(_, fault)| status(fault));
    show(code, &page)
}

fn this_month(desk: &Desk) -> Month {
    Month::of(china(desk.app.clock.now()).date_naive())
}

async fn months(desk: &Desk, compound_id: i64, here: Option<Month>) -> Result<Vec<Row>, Fault> {
    let db = desk.app.store.read();
    let (now, known) = (this_month(desk), list(db, compound_id).await?);
    let Some(first) = first_month(db, compound_id).await? else {
        return Ok(Vec::new());
    };
    let changed = changed(db, compound_id).await?;
    let mut all = Vec::new();
    let mut month = first;
    // Books that begin in a far past list their last months only.
    while month <= now && all.len() < MONTHS * 100 {
        let published = known.iter().find(|row| row.month == month.number());
        all.push(Row {
            path: month.to_string(),
            says: month.says(),
            version: published.map(|row| row.version),
            changed: changed.contains(&month),
            here: here == Some(month),
            over: month < now,
        });
        month = month.next();
    }
    all.reverse();
    all.truncate(MONTHS);
    Ok(all)
}

async fn detail(desk: &Desk, at: &At, month: Option<Month>) -> Result<Option<Detail>, Fault> {
    let Some(month) = month else {
        return Ok(None);
    };
    let (db, compound_id) = (desk.app.store.read(), at.place.id);
    let now = statement(db, compound_id, month).await?;
    let published = versions(db, compound_id, month).await?.into_iter().next();
    let was = published.as_ref().map(Published::statement);
    let changed = was.as_ref().is_some_and(|was| *was != now);
    let shown = |line: &Line| Shown {
        link: line_link(&at.code, &line.account, month),
        ..shown(line, was.as_deref(), changed)
    };
    let mut lines: Vec<Shown> = now.iter().map(shown).collect();
    // What has gone from the books since.
    for old in was.iter().flatten() {
        if now.iter().all(|line| line.account != old.account) {
            let gone = Line {
                opening: 0,
                plus: 0,
                minus: 0,
                closing: 0,
                ..old.clone()
            };
            lines.push(shown(&gone));
        }
    }
    let notice = match &published {
        Some(one) => official::of(db, &subject(one.disclosure.id)).await?,
        None => None,
    };
    Ok(Some(Detail {
        notice: notice.map(|row| row.id),
        says: month.says(),
        path: month.to_string(),
        lines,
        version: published.map(|one| one.disclosure.version),
        changed,
        over: month < this_month(desk),
        paper: pdf::available(),
    }))
}

fn shown(line: &Line, was: Option<&[Line]>, changed: bool) -> Shown {
    let before = was.and_then(|was| was.iter().find(|old| old.account == line.account));
    let before = before.map_or(0, |old| old.closing);
    Shown {
        family: line.family().says(),
        name: line.says(),
        link: None,
        amounts: [line.opening, line.plus, line.minus, line.closing]
            .map(|fen| Fen(fen).in_groups()),
        was: (changed && before != line.closing).then(|| Fen(before).in_groups()),
    }
}
