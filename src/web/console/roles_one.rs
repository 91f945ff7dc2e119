//! `/console/roles/new`: gives a post; `/console/roles/:id`: ends one, with a reason that the person is told.
//! Somebody whom the roster does not know yet can be added with the post.

use askama::Template;
use chrono::{Days, NaiveDate};
use entity::kinds::RoleKind;
use entity::{organisation, person, place, role};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Deserialize;

use crate::access::permit::{Deed, may, may_somewhere};
use crate::base::clock::{Moment, begin_of};
use crate::base::fault::{Code, Fault};
use crate::base::page::Slice;
use crate::base::phone::Phone;
use crate::base::text::clean;
use crate::person::actions::{self, NewPerson, NewRole};
use crate::person::queries;
use crate::person::reach::Reach;
use crate::person::search::{self, Wanted};
use crate::person::words::role_name;
use crate::place::code;
use crate::place::queries as places;
use crate::store::Tx;
use crate::web::console::asked::place_typed;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::people::role_choices;
use crate::web::console::people_one::{term, visible};
use crate::web::pages::go;

/// People of one name that are looked at.
const NAMESAKES: u64 = 20;
/// What stands for every place.
const EVERYWHERE: &str = "*";

/// The query of the form: what is known already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    person: String,
    role: String,
    place: String,
}

#[derive(Template)]
#[template(path = "web/console/roles_new.html")]
struct New {
    frame: Frame,
    typed: Typed,
    person: Option<(i64, String)>,
    roles: Vec<(String, &'static str, bool)>,
    can_add: bool,
}

/// `GET /console/roles/new`
///
/// # Errors
/// `forbidden` for who administers nothing.
#[handler]
pub async fn ask(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let place: Option<i64> = asked.place.parse().ok();
    let place = match place {
        Some(id) => places::by_id(db, id).await?,
        None => None,
    };
    let near = place.filter(|place| may(desk.actor(), Deed::Administer, &place.path));
    let code = near.map(|place| place.code).unwrap_or_default();
    let typed = Typed::with(&[
        ("person", asked.person.as_str()),
        ("role", asked.role.as_str()),
        ("place", code.as_str()),
    ]);
    page(desk, StatusCode::OK, typed).await
}

async fn page(desk: &Desk, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    if !may_somewhere(desk.actor(), Deed::Administer) {
        return Err(Fault::plain(Code::Forbidden));
    }
    let person = match typed.value("person") {
        "" => None,
        id => {
            let person = visible(desk.app.store.read(), desk, id).await?;
            Some((person.id, person.name))
        }
    };
    let page = New {
        frame: Frame::new(desk, "任命岗位"),
        roles: role_choices(typed.value("role")),
        person,
        typed,
        can_add: may(desk.actor(), Deed::Administer, "/"),
    };
    show(status, &page)
}

/// `POST /console/roles/new`
///
/// # Errors
/// `forbidden` for who administers nothing, `not_found` for somebody outside of the reach.
#[handler]
pub async fn give(desk: &Desk, form: Form) -> Result<Response, Fault> {
    if !may_somewhere(desk.actor(), Deed::Administer) {
        return Err(Fault::plain(Code::Forbidden));
    }
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match grant(&mut tx, desk, &form).await {
        Ok(row) => {
            tx.commit().await?;
            Ok(go(&format!(
                "/console/people/{}?said=role-granted",
                row.person_id
            )))
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            page(desk, status(&fault), Typed::wrong(&form, &fault)).await
        }
    }
}

async fn grant(tx: &mut Tx, desk: &Desk, form: &Form) -> Result<role::Model, Fault> {
    let kind = RoleKind::try_from_value(&form.text("role").to_owned())
        .map_err(|_| Fault::invalid("role", "请选择岗位。"))?;
    let place = place_of(tx.db(), desk, form).await?;
    let from = date(form.text("from"), 0, "from")?;
    let to = date(form.text("to"), 1, "to")?;
    let organisation = organisation_of(tx.db(), form, place.as_ref()).await?;
    let person = person_of(tx, desk, form).await?;
    let today = begin_of(crate::base::clock::china(tx.now()).date_naive());
    let new = NewRole {
        person_id: person.id,
        kind,
        place: place.as_ref(),
        organisation_id: organisation.map(|one| one.id),
        // Who begins today begins now.
        from_at: from.filter(|from| *from != today),
        to_at: to,
    };
    actions::grant_role(tx, desk.actor(), new).await
}

/// The place that was written, if the actor administers it.
async fn place_of<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    form: &Form,
) -> Result<Option<place::Model>, Fault> {
    let typed = form.text("place").trim();
    if typed.is_empty() {
        return Err(Fault::invalid("place", "请写地点的编号，例如 3 栋写 3。"));
    }
    if typed == EVERYWHERE {
        return Ok(None);
    }
    let found = place_typed(db, desk.actor(), typed, Deed::Administer).await?;
    let found = found.filter(|place| may(desk.actor(), Deed::Administer, &place.path));
    match found {
        Some(place) => Ok(Some(place)),
        None => Err(Fault::invalid(
            "place",
            "没有找到这个地点，请写完整的编号，例如 GY/3。",
        )),
    }
}

/// The first moment of a day, so many days later; none when nothing was written.
fn date(typed: &str, later: u64, field: &'static str) -> Result<Option<Moment>, Fault> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok();
    let day = day.and_then(|day| day.checked_add_days(Days::new(later)));
    match day.filter(|day| (1990..2200).contains(&chrono::Datelike::year(day))) {
        Some(day) => Ok(Some(begin_of(day))),
        None => Err(Fault::invalid(field, "日期写成 2026-11-21 这样。")),
    }
}

/// The organisation that was written, if it works at the place or above it.
async fn organisation_of<C: ConnectionTrait>(
    db: &C,
    form: &Form,
    place: Option<&place::Model>,
) -> Result<Option<organisation::Model>, Fault> {
    let typed = code::normal(form.text("organisation"));
    if typed.is_empty() {
        return Ok(None);
    }
    let found = organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq(typed))
        .one(db)
        .await?;
    let near = |one: &organisation::Model| {
        place.is_some_and(|place| crate::place::ids(&place.path).contains(&one.place_id))
    };
    match found.filter(near) {
        Some(one) => Ok(Some(one)),
        None => Err(Fault::invalid(
            "organisation",
            "这个地点没有编号是这样的组织，可以不写。",
        )),
    }
}

/// Who is meant: by key, by name with or without a phone, or somebody new.
async fn person_of(tx: &mut Tx, desk: &Desk, form: &Form) -> Result<person::Model, Fault> {
    let key = form.text("person");
    if !key.is_empty() {
        return visible(tx.db(), desk, key).await;
    }
    let name = clean(form.text("name"));
    if name.is_empty() {
        return Err(Fault::invalid("name", "请写姓名。"));
    }
    let typed = form.text("phone").trim();
    let phone = Phone::parse(typed);
    if phone.is_none() && !typed.is_empty() {
        return Err(Fault::invalid("phone", "请写完整的11位手机号，或者不写。"));
    }
    let wanted = Wanted {
        name: Some(name.clone()),
        phone_index: phone
            .as_ref()
            .map(|phone| desk.app.seal.index(phone.digits())),
        ..Wanted::default()
    };
    let reach = Reach::of(desk.actor(), Deed::SeePeople);
    let first = Slice::first(NAMESAKES);
    let found = search::list(tx.db(), &reach, &wanted, first, tx.now()).await?;
    let mut people = found.items;
    match (people.pop(), people.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(Fault::invalid(
            "phone",
            "有几位同名的人，请写上手机号来区分。",
        )),
        (None, _) if form.text("fresh") == "1" => {
            let new = NewPerson {
                key: None,
                name: &name,
                phone: phone.as_ref(),
                party_member: false,
            };
            if phone.is_none() {
                return Err(Fault::invalid("phone", "新增的人请写11位手机号。"));
            }
            let app = &desk.app;
            actions::add_person(tx, &app.seal, &app.dice, desk.actor(), new).await
        }
        (None, _) => Err(Fault::invalid(
            "name",
            "没有找到这个人，请核对姓名和手机号；还没有登记过的人要先登记。",
        )),
    }
}

#[derive(Template)]
#[template(path = "web/console/roles_one.html")]
struct One {
    frame: Frame,
    id: i64,
    person: (i64, String),
    role: &'static str,
    place: String,
    term: String,
    over: bool,
    why: Option<String>,
    typed: Typed,
}

/// `GET /console/roles/:id`
///
/// # Errors
/// `not_found` for a post outside of the reach.
#[handler]
pub async fn open(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    one(desk, &id, StatusCode::OK, Typed::default()).await
}

fn number(id: &str) -> Result<i64, Fault> {
    id.parse()
        .map_err(|_| Fault::not_found("没有找到这个职务。"))
}

async fn one(desk: &Desk, id: &str, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let row = queries::role_within(db, desk.actor(), Deed::Administer, number(id)?).await?;
    let place = match row.place_id {
        Some(id) => places::by_id(db, id).await?,
        None => None,
    };
    let place = match &place {
        Some(place) => places::name_of(db, place).await?,
        None => "全部地点".to_owned(),
    };
    let name = queries::by_id(db, row.person_id).await?;
    let name = name.map(|person| person.name).unwrap_or_default();
    let page = One {
        frame: Frame::new(desk, format!("{place} {}", role_name(row.role))),
        id: row.id,
        person: (row.person_id, name),
        role: role_name(row.role),
        place,
        term: term(&row),
        over: row.to_at.is_some_and(|to| to <= desk.app.clock.now()),
        why: row.end_reason.clone(),
        typed,
    };
    show(status, &page)
}

/// `POST /console/roles/:id/end`
///
/// # Errors
/// `not_found` for a post outside of the reach.
#[handler]
pub async fn end(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let key = number(&id)?;
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match actions::end_role(&mut tx, desk.actor(), key, form.text("reason")).await {
        Ok(row) => {
            tx.commit().await?;
            let place = row.place_id.map(|id| format!("place={id}&"));
            Ok(go(&format!(
                "/console/roles?{}said=role-ended",
                place.unwrap_or_default()
            )))
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            one(desk, &id, status(&fault), Typed::wrong(&form, &fault)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_china_and_nonsense_is_told() {
        let said =
            |typed, later| date(typed, later, "from").map(|day| day.map(|day| day.to_rfc3339()));
        assert_eq!(said("", 0).unwrap(), None);
        assert_eq!(
            said("2026-11-21", 0).unwrap().as_deref(),
            Some("2026-11-20T16:00:00+00:00")
        );
        assert_eq!(
            said("2026-12-31", 1).unwrap().as_deref(),
            Some("2026-12-31T16:00:00+00:00")
        );
        for bad in ["morgen", "2026-02-30", "+262142-12-31", "0001-01-01"] {
            assert!(said(bad, 1).is_err(), "{bad}");
        }
    }
}
