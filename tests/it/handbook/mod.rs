//! The handbook: questions that are answered at once, complaints that are never swallowed, what it could not answer,
//! and its other faces.

mod chat;
mod faces;
mod questions;

use entity::handbook_article;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::Api;

/// The number of an article that came with the program.
async fn shipped(app: &TestApp, slug: &str) -> i64 {
    let found = handbook_article::Entity::find()
        .filter(handbook_article::COLUMN.slug.eq(slug))
        .one(app.store.read())
        .await;
    found.unwrap().expect("no such article").id
}

/// An article of a place.
fn article(place: &str, title: &str, questions: &str, body: &str) -> Value {
    json!({
        "place": place, "title": title, "questions": questions, "body": body, "publish": true,
    })
}

/// Writes one; its number.
async fn write(api: &Api, body: &Value) -> i64 {
    let made = api.post("/handbook", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}
