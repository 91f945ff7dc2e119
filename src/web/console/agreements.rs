//! `/console/agreements`: co-building agreements of a compound with what each organisation has taken on this year,
//! who has not at the top; and the alliances around it, with their members and what these did. For whoever keeps
//! them.

use askama::Template;
use chrono::NaiveDate;
use entity::organisation;
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::agreement::actions as agreements;
use crate::agreement::chat::says as claimed_says;
use crate::agreement::queries::{Standing, of_compound};
use crate::agreement::rule::Term;
use crate::alliance::actions::{self, Done};
use crate::alliance::queries::{Alliance, around};
use crate::alliance::{KIND, MOST_SERVED};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::organisation::queries as organisations;
use crate::place::queries as places;
use crate::web::console::compound::Compound;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::lists_new::day;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Who has a use for the page.
const DEEDS: &[Deed] = &[Deed::KeepAgreements];
/// Of the form of an agreement.
const FIELDS: [&str; 3] = ["organisation", "from", "to"];

/// Which compound, and what has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    said: String,
}

/// A choice: value, words, whether it is the one.
type Choice = (String, String, bool);

struct Line {
    id: i64,
    name: String,
    from: String,
    to: String,
    says: String,
    owes: bool,
    holds: bool,
}

impl From<Standing> for Line {
    fn from(one: Standing) -> Self {
        Self {
            id: one.agreement.id,
            from: one.agreement.from_on.to_string(),
            to: one.agreement.to_on.to_string(),
            says: claimed_says(&one),
            owes: one.owes(),
            holds: one.holds,
            name: one.name,
        }
    }
}

/// An alliance as the page shows it.
struct Part {
    alliance: Alliance,
    /// Whether whoever looks keeps it.
    keeps: bool,
    /// Who may be taken in.
    others: Vec<Choice>,
    /// What was typed into its form of a record, if that was wrong.
    typed: Typed,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "web/console/agreements.html")]
struct Agreements {
    frame: Frame,
    at: Compound,
    lines: Vec<Line>,
    owing: usize,
    organisations: Vec<Choice>,
    typed: Typed,
    problem: Option<String>,
    parts: Vec<Part>,
    today: String,
}

/// A form that was sent and is wrong: that of an agreement, or that of an alliance.
enum Tried<'f> {
    Agreement(&'f Form, Fault),
    Alliance(i64, &'f Form, Fault),
}

/// `GET /console/agreements`
///
/// # Errors
/// `forbidden` for whoever keeps none; `not_found` for a compound that is not theirs; the database's.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, None).await
}

fn today(desk: &Desk) -> NaiveDate {
    china(desk.app.clock.now()).date_naive()
}

fn choices<'o>(rows: impl Iterator<Item = &'o organisation::Model>, chosen: &str) -> Vec<Choice> {
    let choice = |row: &organisation::Model| {
        let id = row.id.to_string();
        let here = id == chosen;
        (id, row.name.clone(), here)
    };
    rows.filter(|row| row.kind != KIND).map(choice).collect()
}

async fn page(desk: &Desk, asked: &Asked, tried: Option<Tried<'_>>) -> Result<Response, Fault> {
    let at = Compound::find(desk, &asked.compound, DEEDS).await?;
    let db = desk.app.store.read();
    let near = organisations::around(db, &at.place).await?;
    let code = match &tried {
        None => StatusCode::OK,
        Some(Tried::Agreement(_, fault) | Tried::Alliance(_, _, fault)) => status(fault),
    };
    let typed = match &tried {
        Some(Tried::Agreement(form, fault)) => Typed::wrong(form, fault),
        _ => Typed::default(),
    };
    let mut parts = Vec::new();
    for alliance in around(db, &at.place).await? {
        parts.push(part(desk, alliance, &near, tried.as_ref()).await?);
    }
    let today = today(desk);
    let standings = of_compound(db, at.place.id, today).await?;
    let page = Agreements {
        frame: Frame::new(desk, "共建").saying(&asked.said),
        owing: standings.iter().filter(|one| one.owes()).count(),
        lines: standings.into_iter().map(Line::from).collect(),
        organisations: choices(near.iter(), typed.value("organisation")),
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        parts,
        today: today.to_string(),
        at,
    };
    show(code, &page)
}

async fn part(
    desk: &Desk,
    alliance: Alliance,
    near: &[organisation::Model],
    tried: Option<&Tried<'_>>,
) -> Result<Part, Fault> {
    let id = alliance.organisation.id;
    let place = places::by_id(desk.app.store.read(), alliance.organisation.place_id).await?;
    let keeps = place.is_some_and(|place| may(desk.actor(), Deed::KeepAgreements, &place.path));
    let outside = near.iter().filter(|row| {
        let mut members = alliance.members.iter();
        !members.any(|member| member.id == row.id)
    });
    let others = choices(outside, "");
    let (typed, problem) = match tried {
        Some(Tried::Alliance(which, form, fault)) if *which == id => {
            (Typed::again(form), Some(fault.detail.to_string()))
        }
        _ => (Typed::default(), None),
    };
    Ok(Part {
        alliance,
        keeps,
        others,
        typed,
        problem,
    })
}

fn done(compound: &str, said: &str) -> Response {
    let code = percent(compound);
    go(&format!("/console/agreements?compound={code}&said={said}"))
}

fn key(form: &Form) -> Result<i64, Fault> {
    form.text("organisation")
        .parse()
        .map_err(|_| Fault::invalid("organisation", "请选择哪个单位。"))
}

/// `POST /console/agreements/record`
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn record(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let at = Compound::find(desk, form.text("compound"), DEEDS).await?;
    let stored = async {
        let missing = |field| Fault::invalid(field, "请写日期，例如 2026-01-01。");
        let days = Term {
            from: day(&form, "from")?.ok_or_else(|| missing("from"))?,
            to: day(&form, "to")?.ok_or_else(|| missing("to"))?,
        };
        let organisation = key(&form)?;
        let tx = desk.app.store.begin(desk.app.clock.now()).await?;
        agreements::record(&tx, desk.actor(), at.place.id, organisation, days).await?;
        tx.commit().await
    };
    match stored.await {
        Ok(()) => Ok(done(&at.place.code, "agreement-recorded")),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => again(desk, &at, Tried::Agreement(&form, fault)).await,
    }
}

async fn again(desk: &Desk, at: &Compound, tried: Tried<'_>) -> Result<Response, Fault> {
    let asked = Asked {
        compound: at.place.code.clone(),
        ..Asked::default()
    };
    page(desk, &asked, Some(tried)).await
}

/// `POST /console/agreements/:id/end`
///
/// # Errors
/// As the action's, where they are not shown on the page.
#[handler]
pub async fn end(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let at = Compound::find(desk, form.text("compound"), DEEDS).await?;
    let id: i64 = id
        .parse()
        .map_err(|_| Fault::not_found("没有找到这份共建协议。"))?;
    let ended = async {
        let tx = desk.app.store.begin(desk.app.clock.now()).await?;
        agreements::end(&tx, desk.actor(), id).await?;
        tx.commit().await
    };
    match ended.await {
        Ok(()) => Ok(done(&at.place.code, "agreement-ended")),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => again(desk, &at, Tried::Agreement(&Form::default(), fault)).await,
    }
}

/// `POST /console/alliance/:id/:act`: join, leave and record for an alliance, strike for a record.
///
/// # Errors
/// As the actions', where they are not shown on the page.
#[handler]
pub async fn change(
    desk: &Desk,
    Path((id, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    let at = Compound::find(desk, form.text("compound"), DEEDS).await?;
    let none = || Fault::not_found("没有找到这个联盟。");
    let id: i64 = id.parse().map_err(|_| none())?;
    let said = match act.as_str() {
        "join" => "alliance-joined",
        "leave" => "alliance-left",
        "record" => "alliance-recorded",
        "strike" => "alliance-struck",
        _ => return Err(none()),
    };
    match run(desk, id, &act, &form).await {
        Ok(()) => Ok(done(&at.place.code, said)),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            // The form of a record to be struck out says to which alliance it belongs.
            let of = form.text("alliance").parse().unwrap_or(id);
            again(desk, &at, Tried::Alliance(of, &form, fault)).await
        }
    }
}

async fn run(desk: &Desk, id: i64, act: &str, form: &Form) -> Result<(), Fault> {
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let actor = desk.actor();
    match act {
        "join" => actions::join(&tx, actor, id, key(form)?).await?,
        "leave" => actions::leave(&tx, actor, id, key(form)?).await?,
        "record" => {
            let served =
                form.text("served").trim().parse().map_err(|_| {
                    Fault::invalid("served", format!("服务人数请写0到{MOST_SERVED}。"))
                })?;
            let done = Done {
                organisation_id: key(form)?,
                on_day: day(form, "on_day")?.unwrap_or(today(desk)),
                text: form.text("text"),
                served,
            };
            actions::record(&tx, actor, id, &done).await.map(drop)?;
        }
        _ => actions::strike(&tx, actor, id).await?,
    }
    tx.commit().await
}
