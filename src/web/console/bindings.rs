//! `/console/bindings`: who waits for a word on their home, and one tie between an account and a home with
//! what can be done to it: 核验 通过, 驳回, 解除. A form tells which state its page showed.

use askama::Template;
use entity::kinds::BindingState;
use entity::{account, binding};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::{Page, Slice};
use crate::person::binding::{Act, LIVE, after};
use crate::person::reach::Reach;
use crate::person::words::binding_name;
use crate::person::{actions, queries};
use crate::place::queries as places;
use crate::store::Tx;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::people_one::{channel_name, named};
use crate::web::pages::go;

/// Lines of a page.
const LINES: u64 = 30;

/// The query of the pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
}

/// A request in the list.
struct Line {
    id: i64,
    home: String,
    name: String,
    phone: String,
    since: String,
    contested: bool,
}

#[derive(Template)]
#[template(path = "web/console/bindings.html")]
struct Bindings {
    frame: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    too_wide: bool,
}

/// `GET /console/bindings`
///
/// # Errors
/// `forbidden` without the permission; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let reach = Reach::of(desk.actor(), Deed::VerifyBindings);
    if reach.is_empty() {
        return Err(Fault::plain(Code::Forbidden));
    }
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let found = queries::requests(db, &reach, slice).await?;
    let too_wide = found.is_none();
    let found = found.unwrap_or_else(Page::empty);
    let doors = found.items.iter().map(|row| row.place_id).collect();
    let homes = named(db, &reach, doors).await?;
    let line = |row: binding::Model| {
        let (_, home) = homes.iter().find(|(place, _)| place.id == row.place_id)?;
        Some(Line {
            id: row.id,
            home: home.clone(),
            phone: masked(desk, &row),
            contested: row.reason.is_some(),
            since: say(row.created_at),
            name: row.claimed_name,
        })
    };
    let page = Bindings {
        frame: Frame::new(desk, "待核验的绑定").saying(&asked.said),
        lines: found.items.into_iter().filter_map(line).collect(),
        next: found.next,
        too_wide,
    };
    show(StatusCode::OK, &page)
}

fn masked(desk: &Desk, row: &binding::Model) -> String {
    // Whoever came by a code may have no phone on the roster.
    if row.claimed_phone_sealed.is_empty() {
        return String::new();
    }
    let phone = queries::open_phone(&desk.app.seal, &row.claimed_phone_sealed);
    phone.map_or_else(String::new, |phone| phone.masked())
}

/// A form of the page.
struct ActForm {
    key: &'static str,
    words: &'static str,
    hint: &'static str,
    asks: bool,
    must: bool,
    open: bool,
    value: String,
    error: Option<String>,
}

/// Key, words, what the table calls it, whether a reason is asked for, whether it must be given, a hint.
const ACTS: &[(&str, &str, Act, bool, bool, &str)] = &[
    ("verify", "核验通过", Act::Verify, false, false, ""),
    (
        "refuse",
        "驳回",
        Act::Refuse,
        true,
        false,
        "可以写原因，对方会看到，例如：不是这一户的住户",
    ),
    (
        "release",
        "解除绑定",
        Act::Release,
        true,
        true,
        "对方会看到，例如：已搬走",
    ),
];

#[derive(Template)]
#[template(path = "web/console/binding.html")]
struct One {
    frame: Frame,
    id: i64,
    mark: String,
    state: &'static str,
    waits: bool,
    home: (i64, String),
    person: Option<i64>,
    facts: Vec<(&'static str, String)>,
    neighbours: Vec<String>,
    forms: Vec<ActForm>,
    problem: Option<String>,
}

/// A binding at whose home the actor may decide.
async fn visible<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    id: &str,
) -> Result<(binding::Model, entity::place::Model), Fault> {
    let none = || Fault::not_found("没有找到这个绑定申请，请核对编号。");
    let id = id.parse().map_err(|_| none())?;
    let row = queries::binding(db, id).await?.ok_or_else(none)?;
    let home = places::by_id(db, row.place_id).await?.ok_or_else(none)?;
    if may(desk.actor(), Deed::VerifyBindings, &home.path) {
        Ok((row, home))
    } else {
        Err(none())
    }
}

/// `GET /console/bindings/:id`
///
/// # Errors
/// `not_found` for whoever may not decide there.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, &id, StatusCode::OK, None, &asked.said).await
}

async fn page(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    tried: Option<(String, Typed)>,
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, home) = visible(db, desk, id).await?;
    let forms = forms(row.state, tried.as_ref());
    let problem = tried
        .as_ref()
        .and_then(|(_, typed)| typed.general(&["reason"]).map(str::to_owned));
    let residents = queries::residents(db, home.id).await?;
    let account = account::Entity::find_by_id(row.account_id).one(db).await?;
    let mut facts = vec![
        ("自称", row.claimed_name.clone()),
        ("申请", say(row.created_at)),
    ];
    let phone = masked(desk, &row);
    if !phone.is_empty() {
        facts.push(("手机号", phone));
    }
    if let Some(account) = &account {
        facts.push(("来自", channel_name(account.channel).to_owned()));
    }
    if let Some(reason) = &row.reason {
        facts.push(("原因", reason.clone()));
    }
    if let Some(at) = row.decided_at {
        facts.push(("决定", say(at)));
    }
    let page = One {
        frame: Frame::new(desk, format!("绑定 #{}", row.id)).saying(said),
        id: row.id,
        mark: row.state.to_value(),
        state: binding_name(row.state),
        waits: row.state == BindingState::Requested,
        home: (home.id, places::name_of(db, &home).await?),
        person: row.person_id,
        facts,
        neighbours: residents.into_iter().map(|person| person.name).collect(),
        forms,
        problem,
    };
    show(status, &page)
}

fn forms(state: BindingState, tried: Option<&(String, Typed)>) -> Vec<ActForm> {
    let mut forms = Vec::new();
    for (key, words, act, asks, must, hint) in ACTS {
        let typed = tried.filter(|(known, _)| known == key);
        let typed = typed.map(|(_, typed)| typed);
        if after(state, *act).is_none() && typed.is_none() {
            continue;
        }
        forms.push(ActForm {
            key,
            words,
            hint,
            asks: *asks,
            must: *must,
            open: typed.is_some(),
            value: typed.map_or_else(String::new, |typed| typed.value("reason").to_owned()),
            error: typed.and_then(|typed| typed.error("reason").map(str::to_owned)),
        });
    }
    forms
}

/// `POST /console/bindings/:id/:act`
///
/// # Errors
/// `not_found` for whoever may not decide there, and for an act that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((id, key)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Fault> {
    if !ACTS.iter().any(|(known, ..)| *known == key) {
        return Err(Fault::plain(Code::NotFound));
    }
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let (row, _) = visible(tx.db(), desk, &id).await?;
    match run(&mut tx, desk, &row, &key, &form).await {
        Ok(()) => {
            tx.commit().await?;
            // «refuse» is said of cases.
            let said = if key == "refuse" {
                "refuse-binding"
            } else {
                &key
            };
            Ok(go(&format!("/console/bindings/{}?said={said}", row.id)))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let typed = Typed::wrong(&form, &fault);
            page(desk, &id, status(&fault), Some((key, typed)), "").await
        }
    }
}

async fn run(
    tx: &mut Tx,
    desk: &Desk,
    row: &binding::Model,
    key: &str,
    form: &Form,
) -> Result<(), Fault> {
    if row.state.to_value() != form.text("seen") || !LIVE.contains(&row.state) {
        return Err(Fault::new(
            Code::Conflict,
            "这个绑定刚刚有了变化，没有提交。请看过现在的情况，再决定要不要提交。",
        ));
    }
    let (actor, reason) = (desk.actor(), form.text("reason"));
    match key {
        "verify" => drop(actions::decide(tx, actor, row.id, true, "").await?),
        "refuse" => drop(actions::decide(tx, actor, row.id, false, reason).await?),
        _ => drop(actions::release_for(tx, actor, row.id, reason).await?),
    }
    Ok(())
}
