//! The four lists: what is needed meets what is offered, what is promised is closed off; who races, what time
//! does, what is refused, what is for one alone, who leaves and what is removed meanwhile; agreements with their yearly
//! duty, alliances, and the other faces.

mod agreed;
mod alone;
mod days;
mod duty;
mod faces;
mod leaving;
mod promises;
mod refused;
mod removed;
mod ties;

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::{OfferState, RoleKind};
use entity::{offer, offer_step, organisation, role};
use linli::base::clock::{begin_of, china};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// An item by its number.
async fn item(app: &TestApp, id: i64) -> offer::Model {
    let found = offer::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such item")
}

/// What has happened to one: where it went, word by word.
async fn history(app: &TestApp, id: i64) -> Vec<String> {
    let steps = offer_step::Entity::find()
        .filter(offer_step::COLUMN.offer_id.eq(id))
        .order_by_asc(offer_step::COLUMN.id)
        .all(app.store.read())
        .await;
    steps.unwrap().into_iter().map(|step| step.action).collect()
}

/// The number in a reply.
fn number_in(reply: &str) -> i64 {
    let number = regex::Regex::new(r"#(\d+) 已").unwrap();
    let found = number.captures(reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// Publishes with these words; the item's number.
pub async fn publish(person: &Person<'_>, words: &str) -> i64 {
    number_in(&person.says(words).await)
}

/// Publishes something that everybody sees.
pub async fn open(person: &Person<'_>, checker: &Person<'_>, words: &str) -> i64 {
    let id = publish(person, words).await;
    let reply = checker.says(&format!("通过清单 {id}")).await;
    assert!(reply.contains("已通过"), "{reply}");
    id
}

/// China's day, so many days from now.
pub fn day(app: &TestApp, days: i64) -> NaiveDate {
    china(app.now()).date_naive() + TimeDelta::days(days)
}

/// Lets time pass until this hour of this day in China.
async fn until(app: &TestApp, day: NaiveDate, hour: i64) {
    let at = begin_of(day) + TimeDelta::hours(hour);
    app.advance((at - app.now()).num_minutes() + 1).await;
}

/// An organisation of 桂园, for which this person speaks from now on.
async fn unit(app: &TestApp, code: &str, name: &str, kind: &str, speaker: Option<&str>) -> i64 {
    let place = app.place("GY").await;
    let row = organisation::ActiveModel {
        code: Set(code.to_owned()),
        name: Set(name.to_owned()),
        kind: Set(kind.to_owned()),
        place_id: Set(place.id),
        compound_id: Set(Some(place.id)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    if let Some(speaker) = speaker {
        let post = role::ActiveModel {
            person_id: Set(app.called(speaker).await.id),
            role: Set(RoleKind::DepartmentLiaison),
            place_id: Set(Some(place.id)),
            compound_id: Set(Some(place.id)),
            organisation_id: Set(Some(row.id)),
            from_at: Set(app.now() - TimeDelta::days(1)),
            created_at: Set(app.now()),
            ..Default::default()
        };
        post.insert(app.store.write()).await.unwrap();
    }
    row.id
}

/// The states of some items.
async fn states(app: &TestApp, ids: &[i64]) -> Vec<OfferState> {
    let mut found = Vec::new();
    for id in ids {
        found.push(item(app, *id).await.state);
    }
    found
}
