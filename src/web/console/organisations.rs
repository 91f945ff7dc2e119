//! `/console/organisations`: bodies that work in what the roles of whoever is signed in cover, or above it;
//! one of them with its members; making, changing and removing one.

use askama::Template;
use entity::{organisation, person, place, role};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;

use crate::access::permit::{Deed, may, may_somewhere};
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::text::clean;
use crate::organisation::actions::{self, Written};
use crate::organisation::queries::{self, kind_says};
use crate::organisation::{KINDS, mark};
use crate::person::reach::{Reach, not_over};
use crate::person::words::role_name;
use crate::place::ids;
use crate::place::queries as places;
use crate::store::Tx;
use crate::web::console::asked::place_typed;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::people::reach;
use crate::web::console::people_one::term;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 30;
/// Members that are shown.
const MOST: u64 = 200;
/// Where nothing is found of it.
const NONE: &str = "没有找到这个组织。";

/// The query of the pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    text: String,
    cursor: String,
    said: String,
}

/// An organisation in the list.
struct Line {
    id: i64,
    name: String,
    kind: &'static str,
    place: String,
    code: String,
    ended: bool,
}

#[derive(Template)]
#[template(path = "web/console/organisations.html")]
struct Organisations {
    frame: Frame,
    text: String,
    lines: Vec<Line>,
    next: Option<String>,
    can_make: bool,
}

/// Keys of the places above the reach: what works there works for it, too.
async fn above<C: ConnectionTrait>(db: &C, reach: &Reach) -> Result<Vec<i64>, Fault> {
    let tops = place::Entity::find()
        .filter(place::COLUMN.id.is_in(reach.tops()))
        .all(db)
        .await?;
    let mut all: Vec<i64> = tops.iter().flat_map(|top| ids(&top.path)).collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// `GET /console/organisations`
///
/// # Errors
/// `forbidden` without the permission; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let text = clean(&asked.text);
    let above = above(db, &reach).await?;
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let found = queries::list(db, reach.condition(), &above, &text, slice).await?;
    let next = found.next;
    let next = next.map(|cursor| format!("text={}&cursor={}", percent(&text), percent(&cursor)));
    let page = Organisations {
        frame: Frame::new(desk, "组织").saying(&asked.said),
        lines: found
            .items
            .into_iter()
            .map(|(row, place)| Line {
                id: row.id,
                kind: kind_says(&row.kind),
                ended: row.ended_at.is_some(),
                place: place.map_or_else(String::new, |place| place.name),
                name: row.name,
                code: row.code,
            })
            .collect(),
        text,
        next,
        can_make: may_somewhere(desk.actor(), Deed::Administer),
    };
    show(StatusCode::OK, &page)
}

/// An organisation in the reach of whoever looks, or above it.
async fn visible<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    id: &str,
) -> Result<(organisation::Model, place::Model), Fault> {
    let none = || Fault::not_found(NONE);
    let id = id.parse().map_err(|_| none())?;
    let row = queries::by_id(db, id).await?.ok_or_else(none)?;
    let place = places::by_id(db, row.place_id).await?.ok_or_else(none)?;
    if reach(desk)?.touches(&place.path) {
        Ok((row, place))
    } else {
        Err(none())
    }
}

/// A member.
struct Member {
    person: i64,
    name: String,
    role: &'static str,
    place: String,
    term: String,
}

#[derive(Template)]
#[template(path = "web/console/organisation.html")]
struct One {
    frame: Frame,
    id: i64,
    facts: Vec<(&'static str, String)>,
    members: Vec<Member>,
    can_change: bool,
    ended: bool,
    problem: Option<String>,
}

/// `GET /console/organisations/:id`
///
/// # Errors
/// `not_found` for one outside of the reach.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    one(desk, &id, StatusCode::OK, None, &asked.said).await
}

async fn one(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    problem: Option<String>,
    said: &str,
) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, place) = visible(db, desk, id).await?;
    let mut facts = vec![
        ("种类", kind_says(&row.kind).to_owned()),
        ("编号", row.code.clone()),
        ("地点", places::name_of(db, &place).await?),
    ];
    let ended = row.ended_at.map(|at| format!("{}结束服务", say(at)));
    facts.extend(ended.map(|ended| ("状态", ended)));
    if let Some(parent_id) = row.parent_id {
        let parent = queries::by_id(db, parent_id).await?;
        facts.extend(parent.map(|parent| ("上级", parent.name)));
    }
    for (label, value) in [
        ("信用代码", &row.credit_code),
        ("服务电话", &row.service_phone),
        ("服务时间", &row.service_hours),
    ] {
        facts.extend(value.clone().map(|value| (label, value)));
    }
    let page = One {
        frame: Frame::new(desk, row.name.clone()).saying(said),
        id: row.id,
        facts,
        members: members(db, desk, row.id).await?,
        can_change: may(desk.actor(), Deed::Administer, &place.path),
        ended: row.ended_at.is_some(),
        problem,
    };
    show(status, &page)
}

/// Who serves for it where the actor may see people.
async fn members<C: ConnectionTrait>(db: &C, desk: &Desk, id: i64) -> Result<Vec<Member>, Fault> {
    let reach = reach(desk)?;
    let rows = role::Entity::find()
        .filter(role::COLUMN.organisation_id.eq(id))
        .filter(not_over(desk.app.clock.now()))
        .order_by_asc(role::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .all(db)
        .await?;
    let near = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(rows.iter().filter_map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let line = |row: &role::Model| {
        let person = people.iter().find(|person| person.id == row.person_id)?;
        let place = near.iter().find(|place| Some(place.id) == row.place_id)?;
        reach.holds(&place.path).then(|| Member {
            person: person.id,
            name: person.name.clone(),
            role: role_name(row.role),
            place: place.name.clone(),
            term: term(row),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

#[derive(Template)]
#[template(path = "web/console/organisation_form.html")]
struct FormPage {
    frame: Frame,
    typed: Typed,
    to: String,
    back: String,
    kinds: Vec<(&'static str, &'static str, bool)>,
}

fn form_page(
    desk: &Desk,
    status: StatusCode,
    id: Option<i64>,
    typed: Typed,
) -> Result<Response, Fault> {
    let (title, to, back) = match id {
        None => (
            "新增组织",
            "/console/organisations/new".to_owned(),
            "/console/organisations".to_owned(),
        ),
        Some(id) => (
            "修改组织",
            format!("/console/organisations/{id}/edit"),
            format!("/console/organisations/{id}"),
        ),
    };
    let chosen = typed.value("kind").to_owned();
    let page = FormPage {
        frame: Frame::new(desk, title),
        typed,
        to,
        back,
        kinds: KINDS
            .iter()
            .map(|(word, says)| (*word, *says, *word == chosen))
            .collect(),
    };
    show(status, &page)
}

fn administers(desk: &Desk) -> Result<(), Fault> {
    if may_somewhere(desk.actor(), Deed::Administer) {
        Ok(())
    } else {
        Err(Fault::plain(Code::Forbidden))
    }
}

/// `GET /console/organisations/new`
///
/// # Errors
/// `forbidden` for who administers nothing.
#[handler]
pub fn ask_new(desk: &Desk) -> Result<Response, Fault> {
    administers(desk)?;
    form_page(desk, StatusCode::OK, None, Typed::default())
}

/// `POST /console/organisations/new`
///
/// # Errors
/// `forbidden` for who administers nothing.
#[handler]
pub async fn make(desk: &Desk, form: Form) -> Result<Response, Fault> {
    administers(desk)?;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match write(&tx, desk, None, &form).await {
        Ok(row) => {
            tx.commit().await?;
            Ok(go(&format!(
                "/console/organisations/{}?said=organisation-made",
                row.id
            )))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            form_page(desk, status(&fault), None, Typed::wrong(&form, &fault))
        }
    }
}

/// `GET /console/organisations/:id/edit`
///
/// # Errors
/// `not_found` for one that the actor does not administer.
#[handler]
pub async fn ask_edit(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, place) = owned(db, desk, &id).await?;
    let parent = match row.parent_id {
        Some(parent_id) => queries::by_id(db, parent_id).await?,
        None => None,
    };
    let seen = mark(&row);
    let typed = Typed::with(&[
        ("seen", &seen),
        ("code", &row.code),
        ("name", &row.name),
        ("kind", &row.kind),
        ("place", &place.code),
        ("parent", &parent.map(|one| one.code).unwrap_or_default()),
        (
            "credit_code",
            row.credit_code.as_deref().unwrap_or_default(),
        ),
        (
            "service_phone",
            row.service_phone.as_deref().unwrap_or_default(),
        ),
        (
            "service_hours",
            row.service_hours.as_deref().unwrap_or_default(),
        ),
    ]);
    form_page(desk, StatusCode::OK, Some(row.id), typed)
}

/// One that the actor administers.
pub(super) async fn owned<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    id: &str,
) -> Result<(organisation::Model, place::Model), Fault> {
    let (row, place) = visible(db, desk, id).await?;
    if may(desk.actor(), Deed::Administer, &place.path) {
        Ok((row, place))
    } else {
        Err(Fault::not_found(NONE))
    }
}

/// `POST /console/organisations/:id/edit`
///
/// # Errors
/// `not_found` for one that the actor does not administer.
#[handler]
pub async fn edit(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let (row, _) = owned(tx.db(), desk, &id).await?;
    match write(&tx, desk, Some(row.id), &form).await {
        Ok(row) => {
            tx.commit().await?;
            Ok(go(&format!(
                "/console/organisations/{}?said=organisation-changed",
                row.id
            )))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let stale = fault.code == Code::Conflict;
            let mut typed = Typed::wrong(&form, &fault);
            if stale {
                // What was typed stays, and sending it again means it.
                let now = queries::by_id(desk.app.store.read(), row.id).await?;
                typed = typed.set("seen", &now.map(|now| mark(&now)).unwrap_or_default());
            }
            form_page(desk, status(&fault), Some(row.id), typed)
        }
    }
}

async fn write(
    tx: &Tx,
    desk: &Desk,
    id: Option<i64>,
    form: &Form,
) -> Result<organisation::Model, Fault> {
    let db = tx.db();
    let typed = form.text("place").trim();
    let place = match typed {
        "" => None,
        typed => place_typed(db, desk.actor(), typed, Deed::Administer).await?,
    };
    let place = place.filter(|place| may(desk.actor(), Deed::Administer, &place.path));
    let place = place
        .ok_or_else(|| Fault::invalid("place", "没有找到这个地点，请写完整的编号，例如 GY。"))?;
    let parent = match form.text("parent").trim() {
        "" => None,
        code => {
            let found = queries::by_code(db, code).await?;
            let above = match &found {
                Some(one) => places::by_id(db, one.place_id).await?,
                None => None,
            };
            // One that is not theirs to see is not there.
            let near = above
                .is_some_and(|above| reach(desk).is_ok_and(|reach| reach.touches(&above.path)));
            let found = found.filter(|_| near);
            Some(
                found
                    .ok_or_else(|| Fault::invalid("parent", "没有编号是这样的组织，可以不写。"))?,
            )
        }
    };
    let written = Written {
        code: form.text("code"),
        name: form.text("name"),
        kind: form.text("kind"),
        parent: parent.as_ref(),
        place: &place,
        credit_code: form.text("credit_code"),
        service_phone: form.text("service_phone"),
        service_hours: form.text("service_hours"),
    };
    match id {
        None => actions::create(tx, desk.actor(), written).await,
        Some(id) => actions::change(tx, desk.actor(), id, form.text("seen"), written).await,
    }
}

/// `POST /console/organisations/:id/remove`
///
/// # Errors
/// `not_found` for one that the actor does not administer.
#[handler]
pub async fn remove(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let (row, _) = owned(tx.db(), desk, &id).await?;
    match actions::remove(&tx, desk.actor(), row.id).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(go("/console/organisations?said=organisation-removed"))
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let said = Some(fault.detail.to_string());
            one(desk, &id, status(&fault), said, "").await
        }
    }
}
