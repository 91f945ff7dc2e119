//! Binding accounts to homes over the real wire: what matches, what waits, who is told, who may.

mod answering;
mod bind;
mod codes;
mod demo;
mod verifying;

use entity::{binding, guess};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;

async fn bindings(app: &TestApp) -> Vec<binding::Model> {
    binding::Entity::find()
        .order_by_asc(binding::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

async fn last(app: &TestApp) -> binding::Model {
    bindings(app).await.pop().unwrap()
}

async fn tries(person: &Person<'_>) -> u64 {
    let account = person.account().await;
    guess::Entity::find()
        .filter(guess::COLUMN.account_id.eq(account.id))
        .count(person.app.store.read())
        .await
        .unwrap()
}
