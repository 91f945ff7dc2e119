//! `/console/people`: people of what the roles of whoever is signed in cover, by name, home, post or phone.
//! A phone is typed into a form that is posted, so that it stands in no address and no log.

use askama::Template;
use entity::kinds::RoleKind;
use entity::person;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, ConnectionTrait, Iterable};
use serde::Deserialize;

use crate::access::permit::{Deed, may_somewhere};
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::phone::Phone;
use crate::base::text::clean;
use crate::person::cards::{Card, cards};
use crate::person::queries;
use crate::person::reach::Reach;
use crate::person::search::{self, Wanted};
use crate::person::words::role_name;
use crate::web::console::asked::{place_typed, query_of};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 30;
/// Where nothing is found of it.
const NO_PLACE: &str = "没有找到这个地点，请写编号，例如 3-2-501 或 3 栋写 3。";

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    name: String,
    place: String,
    role: String,
    cursor: String,
    said: String,
}

/// Somebody in the list.
struct Line {
    id: i64,
    name: String,
    phone: String,
    card: Card,
}

#[derive(Template)]
#[template(path = "web/console/people.html")]
struct People {
    frame: Frame,
    asked: Asked,
    typed: Typed,
    roles: Vec<(String, &'static str, bool)>,
    lines: Vec<Line>,
    place_wrong: Option<&'static str>,
    role_wrong: Option<&'static str>,
    next: Option<String>,
    too_wide: bool,
    by_phone: bool,
    can_verify: bool,
}

/// The reach of whoever looks; nobody without the permission gets in.
///
/// # Errors
/// `forbidden`.
pub(super) fn reach(desk: &Desk) -> Result<Reach, Fault> {
    let reach = Reach::of(desk.actor(), Deed::SeePeople);
    if reach.is_empty() {
        return Err(Fault::plain(Code::Forbidden));
    }
    Ok(reach)
}

/// All posts, and whether one is chosen.
pub(super) fn role_choices(chosen: &str) -> Vec<(String, &'static str, bool)> {
    RoleKind::iter()
        .map(|role| {
            let value = role.to_value();
            let is = value == chosen;
            (value, role_name(role), is)
        })
        .collect()
}

async fn lines<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    reach: &Reach,
    people: Vec<person::Model>,
) -> Result<Vec<Line>, Fault> {
    let cards = cards(db, reach, &people, desk.app.clock.now()).await?;
    let both = people.into_iter().zip(cards);
    Ok(both
        .map(|(person, card)| Line {
            id: person.id,
            phone: masked(desk, &person),
            name: person.name,
            card,
        })
        .collect())
}

/// The phone as everybody may see it; empty where there is none.
pub(super) fn masked(desk: &Desk, person: &person::Model) -> String {
    let phone = queries::phone_of(&desk.app.seal, person);
    phone.map_or_else(String::new, |phone| phone.masked())
}

impl Asked {
    fn query(&self) -> String {
        query_of(&[
            ("name", &self.name),
            ("place", &self.place),
            ("role", &self.role),
        ])
    }
}

/// `GET /console/people`
///
/// # Errors
/// `forbidden` without the permission; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let name = clean(&asked.name);
    let mut wanted = Wanted {
        name: (!name.is_empty()).then_some(name),
        ..Wanted::default()
    };
    let (mut place_wrong, mut role_wrong) = (None, None);
    if !asked.place.trim().is_empty() {
        wanted.place = place_typed(db, desk.actor(), &asked.place, Deed::SeePeople).await?;
        place_wrong = wanted.place.is_none().then_some(NO_PLACE);
    }
    if !asked.role.is_empty() {
        wanted.role = RoleKind::try_from_value(&asked.role).ok();
        role_wrong = wanted
            .role
            .is_none()
            .then_some("没有这个岗位，请重新选择。");
    }
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let listed = if place_wrong.or(role_wrong).is_none() {
        search::list(db, &reach, &wanted, slice, desk.app.clock.now()).await?
    } else {
        search::Listed::default()
    };
    let next = listed.next.map(|cursor| {
        let query = asked.query();
        let glue = if query.is_empty() { "" } else { "&" };
        format!("{query}{glue}cursor={}", percent(&cursor))
    });
    let page = People {
        frame: Frame::new(desk, "人员").saying(&asked.said),
        typed: Typed::default(),
        roles: role_choices(&asked.role),
        lines: lines(db, desk, &reach, listed.items).await?,
        place_wrong,
        role_wrong,
        next,
        too_wide: listed.too_wide,
        by_phone: false,
        can_verify: may_somewhere(desk.actor(), Deed::VerifyBindings),
        asked,
    };
    show(StatusCode::OK, &page)
}

/// `POST /console/people/phone`: whoever has this number.
///
/// # Errors
/// `forbidden` without the permission.
#[handler]
pub async fn by_phone(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let mut typed = Typed::with(&[("phone", form.text("phone"))]);
    let mut answer = StatusCode::OK;
    let listed = match Phone::parse(form.text("phone")) {
        Some(phone) => {
            let wanted = Wanted {
                phone_index: Some(desk.app.seal.index(phone.digits())),
                ..Wanted::default()
            };
            let first = Slice::first(LINES);
            search::list(db, &reach, &wanted, first, desk.app.clock.now()).await?
        }
        None => {
            let fault = Fault::invalid("phone", "请写完整的11位手机号。");
            typed = Typed::wrong(&form, &fault);
            answer = status(&fault);
            search::Listed::default()
        }
    };
    let page = People {
        frame: Frame::new(desk, "人员"),
        roles: role_choices(""),
        lines: lines(db, desk, &reach, listed.items).await?,
        asked: Asked::default(),
        typed,
        place_wrong: None,
        role_wrong: None,
        next: None,
        too_wide: false,
        by_phone: true,
        can_verify: may_somewhere(desk.actor(), Deed::VerifyBindings),
    };
    show(answer, &page)
}
