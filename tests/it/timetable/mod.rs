//! Timetables: asked for by digits, told once at their minute, together when they come together, changed while
//! they run, given up, and whatever is refused.

mod refused;
mod runs;

use chrono::{Days, NaiveDate, TimeDelta};
use entity::timetable;
use linli::base::clock::{begin_of, china};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};

/// Today in China, by the program's clock.
fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

/// Lets time pass until so many minutes of a day from now on, 0 for today, then waits for what was due.
async fn until(app: &TestApp, days: u64, minutes: i64) {
    let day = today(app).checked_add_days(Days::new(days)).unwrap();
    let at = begin_of(day) + TimeDelta::minutes(minutes) + TimeDelta::seconds(1);
    let wait = at - app.now();
    assert!(wait > TimeDelta::zero(), "that moment is over");
    app.clock.advance(wait);
    app.drain().await;
}

const NOON: i64 = 12 * 60;

/// What makes one at 桂园: every day from today on, at these times.
fn daily(app: &TestApp, title: &str, times: &[&str]) -> Value {
    json!({
        "place": "GY", "title": title, "text": "请投到2号亭",
        "rule": { "kind": "daily", "from": today(app).to_string(), "times": times },
    })
}

/// Makes one; its number.
async fn make(api: &Api, body: &Value) -> i64 {
    let made = api.post("/timetables", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

async fn all(app: &TestApp) -> Vec<timetable::Model> {
    let rows = timetable::Entity::find().order_by_asc(timetable::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

/// Pushes that tell of a timetable.
fn told(person: &Person<'_>) -> Vec<String> {
    let mut all = person.pushes();
    all.retain(|text| text.contains("提醒："));
    all
}
