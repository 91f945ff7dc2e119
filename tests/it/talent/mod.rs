//! Talents and requests for their help over the wire: consent by digits, one asked after the other by fairness,
//! contact only after a yes, what time does, and to whom nothing of it exists.

mod gone;
mod refused;
mod way;

use entity::kinds::TalentKind;
use entity::{help_ask, help_request, talent};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;

pub async fn request(app: &TestApp, id: i64) -> help_request::Model {
    let found = help_request::Entity::find_by_id(id)
        .one(app.store.read())
        .await;
    found.unwrap().expect("no such request")
}

pub async fn talents(app: &TestApp) -> Vec<talent::Model> {
    let all = talent::Entity::find().order_by_asc(talent::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

/// Whom a request was taken to, in order, with what came of it.
pub async fn asks(app: &TestApp, id: i64) -> Vec<help_ask::Model> {
    help_ask::Entity::find()
        .filter(help_ask::COLUMN.request_id.eq(id))
        .order_by_asc(help_ask::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

/// Offers a talent in the chat; its number.
pub async fn offer(person: &Person<'_>, kind: TalentKind) -> i64 {
    let says = linli::talent::kind_says(kind);
    let reply = person
        .says(&format!("登记特长 {says} 可以帮邻居 同意"))
        .await;
    let number = regex::Regex::new(r"特长 #(\d+)").unwrap();
    let found = number.captures(&reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// Asks for help in the chat; its number.
pub async fn ask(person: &Person<'_>, words: &str) -> i64 {
    let reply = person.says(&format!("找帮手 {words}")).await;
    let number = regex::Regex::new(r"帮忙 #(\d+) 已去问").unwrap();
    let found = number.captures(&reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}
