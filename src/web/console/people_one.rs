//! `/console/people/:id`: one person: homes, posts, accounts, bindings; the whole phone on record, and an
//! invitation code with its picture. What is done to a binding or a post has pages of its own.

use askama::Template;
use entity::kinds::Channel;
use entity::{account, binding, person, place, residency, role};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::QuerySelect;
use sea_orm::{Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::{Moment, china, say};
use crate::base::fault::Fault;
use crate::person::binding::LIVE;
use crate::person::reach::{Reach, covers, reaches};
use crate::person::words::{binding_name, relation_name, role_name};
use crate::person::{actions, queries};
use crate::place::queries::names_of;
use crate::web::console::account::picture;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::people::{masked, reach};

/// Rows of each kind that are shown.
const MOST: u64 = 100;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

/// A post.
struct Post {
    id: i64,
    words: String,
    place: String,
    term: String,
    over: bool,
    can_end: bool,
}

/// A chat account.
struct Account {
    channel: &'static str,
    mark: String,
    since: String,
    followed: bool,
}

/// A tie between an account and a home.
struct Tie {
    id: i64,
    home: String,
    state: &'static str,
    waits: bool,
    since: String,
    can_decide: bool,
}

#[derive(Template)]
#[template(path = "web/console/people_one.html")]
struct One {
    frame: Frame,
    id: i64,
    member: bool,
    left: bool,
    phone: String,
    whole: Option<String>,
    problem: Option<String>,
    can_see_phone: bool,
    can_invite: bool,
    can_appoint: bool,
    homes: Vec<(i64, String, &'static str)>,
    posts: Vec<Post>,
    accounts: Vec<Account>,
    ties: Vec<Tie>,
}

/// What people call a door.
pub(super) const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Official => "公众号",
        Channel::Mini => "小程序",
        Channel::Work => "企业微信",
        Channel::WalkIn => "上门",
        Channel::Phone => "电话",
    }
}

/// The end of an account's key: enough to tell two of them apart.
pub(super) fn tail(key: &str) -> String {
    let mut last: Vec<char> = key.chars().rev().take(4).collect();
    last.reverse();
    format!("…{}", last.into_iter().collect::<String>())
}

/// `2026年11月21日`
pub(super) fn day(moment: Moment) -> String {
    china(moment).format("%Y年%-m月%-d日").to_string()
}

/// `2026年1月1日 至 2027年12月31日`; the end is the last day.
pub(super) fn term(row: &role::Model) -> String {
    let end = row.to_at.map_or_else(
        || "长期".to_owned(),
        |to| day(to - chrono::TimeDelta::milliseconds(1)),
    );
    format!("{} 至 {end}", day(row.from_at))
}

/// Somebody in the reach of whoever looks.
///
/// # Errors
/// `not_found` for everybody else.
pub(super) async fn visible<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    id: &str,
) -> Result<person::Model, Fault> {
    let none = || Fault::not_found("没有找到这个人。");
    let id = id.parse().map_err(|_| none())?;
    let found = queries::by_id(db, id).await?;
    let now = desk.app.clock.now();
    let near = reaches(db, desk.actor(), Deed::SeePeople, id, now).await?;
    found.filter(|_| near).ok_or_else(none)
}

/// `GET /console/people/:id`
///
/// # Errors
/// `not_found` for somebody outside of the reach.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(desk, &id, StatusCode::OK, None, None, &asked.said).await
}

async fn page(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    whole: Option<String>,
    problem: Option<String>,
    said: &str,
) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let now = desk.app.clock.now();
    let actor = desk.actor();
    let person = visible(db, desk, id).await?;
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(person.id))
        .order_by_asc(account::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let phone = masked(desk, &person);
    let page = One {
        frame: Frame::new(desk, person.name.clone()).saying(said),
        id: person.id,
        member: person.party_member,
        left: person.left_at.is_some(),
        can_see_phone: !phone.is_empty()
            && whole.is_none()
            && reaches(db, actor, Deed::SeePhones, person.id, now).await?,
        phone,
        whole,
        problem,
        can_invite: person.left_at.is_none()
            && covers(db, actor, Deed::Administer, person.id, now).await?,
        can_appoint: person.left_at.is_none()
            && reaches(db, actor, Deed::Administer, person.id, now).await?,
        homes: homes(db, &reach, person.id).await?,
        posts: posts(db, desk, &reach, person.id, now).await?,
        ties: ties(db, desk, &reach, person.id, &accounts).await?,
        accounts: accounts
            .iter()
            .map(|account| Account {
                channel: channel_name(account.channel),
                mark: tail(&account.external_id),
                since: say(account.created_at),
                followed: account.followed,
            })
            .collect(),
    };
    show(status, &page)
}

async fn homes<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    person_id: i64,
) -> Result<Vec<(i64, String, &'static str)>, Fault> {
    let rows = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(person_id))
        .filter(residency::COLUMN.ended_at.is_null())
        .order_by_asc(residency::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let named = named(db, reach, rows.iter().map(|row| row.place_id).collect()).await?;
    let line = |row: &residency::Model| {
        let (place, name) = named.iter().find(|(place, _)| place.id == row.place_id)?;
        Some((place.id, name.clone(), relation_name(row.relation)))
    };
    Ok(rows.iter().filter_map(line).collect())
}

/// Those of the places that lie in the reach, with what people call them.
pub(super) async fn named<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    ids: Vec<i64>,
) -> Result<Vec<(place::Model, String)>, Fault> {
    let mut places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    places.retain(|place| reach.holds(&place.path));
    let names = names_of(db, &places).await?;
    Ok(places.into_iter().zip(names).collect())
}

async fn posts<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    reach: &Reach,
    person_id: i64,
    now: Moment,
) -> Result<Vec<Post>, Fault> {
    let rows = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .order_by_desc(role::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let ids = rows.iter().filter_map(|row| row.place_id).collect();
    let named = named(db, reach, ids).await?;
    let line = |row: &role::Model| {
        let (path, place) = match row.place_id {
            None if reach.is_everywhere() => ("/", "全部地点".to_owned()),
            None => return None,
            Some(id) => {
                let (place, name) = named.iter().find(|(place, _)| place.id == id)?;
                (place.path.as_str(), name.clone())
            }
        };
        let over = row.to_at.is_some_and(|to| to <= now);
        let words = role_name(row.role);
        Some(Post {
            id: row.id,
            words: match &row.end_reason {
                Some(reason) => format!("{words}（已结束：{reason}）"),
                None => words.to_owned(),
            },
            place,
            term: term(row),
            over,
            can_end: !over && may(desk.actor(), Deed::Administer, path),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

async fn ties<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    reach: &Reach,
    person_id: i64,
    accounts: &[account::Model],
) -> Result<Vec<Tie>, Fault> {
    let own = accounts.iter().map(|account| account.id);
    let rows = binding::Entity::find()
        .filter(
            Condition::any()
                .add(binding::COLUMN.person_id.eq(person_id))
                .add(binding::COLUMN.account_id.is_in(own)),
        )
        .order_by_desc(binding::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let named = named(db, reach, rows.iter().map(|row| row.place_id).collect()).await?;
    let line = |row: &binding::Model| {
        let (home, name) = named.iter().find(|(place, _)| place.id == row.place_id)?;
        Some(Tie {
            id: row.id,
            home: name.clone(),
            state: binding_name(row.state),
            waits: row.state == entity::kinds::BindingState::Requested,
            since: say(row.created_at),
            can_decide: LIVE.contains(&row.state)
                && may(desk.actor(), Deed::VerifyBindings, &home.path),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

/// `POST /console/people/:id/phone`: the whole number, on record.
///
/// # Errors
/// `not_found` for somebody outside of the reach.
#[handler]
pub async fn show_phone(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let person = visible(tx.db(), desk, &id).await?;
    let done = actions::show_phone(&mut tx, desk.actor(), &desk.app.seal, person.id).await;
    match done {
        Ok(phone) => {
            tx.commit().await?;
            let whole = Some(phone.digits().to_owned());
            page(desk, &id, StatusCode::OK, whole, None, "").await
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let said = Some(fault.detail.to_string());
            page(desk, &id, status(&fault), None, said, "").await
        }
    }
}

#[derive(Template)]
#[template(path = "web/console/people_invite.html")]
struct Invitation {
    frame: Frame,
    id: i64,
    name: String,
    code: String,
    until: String,
    picture: String,
}

/// `POST /console/people/:id/invite`: a code, shown once.
///
/// # Errors
/// `not_found` for somebody outside of the reach.
#[handler]
pub async fn invite(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let app = &desk.app;
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    let person = visible(tx.db(), desk, &id).await?;
    let made = actions::invite(&mut tx, &app.seal, &app.dice, desk.actor(), person.id).await;
    match made {
        Ok(code) => {
            tx.commit().await?;
            let page = Invitation {
                frame: Frame::new(desk, "邀请码"),
                id: person.id,
                name: person.name,
                picture: picture(&format!("绑定 {code}"))?,
                code,
                until: say(now + chrono::TimeDelta::hours(actions::INVITATION_HOURS)),
            };
            show(StatusCode::OK, &page)
        }
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let said = Some(fault.detail.to_string());
            page(desk, &id, status(&fault), None, said, "").await
        }
    }
}
