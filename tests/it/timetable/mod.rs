//! Timetables: asked for by digits, told once at their minute, together when they come together, changed while
//! they run, given up, on which days, and whatever is refused.

mod days;
mod meanwhile;
mod refused;
mod runs;
mod switch;

use chrono::{Days, NaiveDate, TimeDelta};
use entity::{timetable, timetable_reader};
use linli::base::clock::{begin_of, china};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::harness::app::TestApp;
use crate::harness::people::{Api, Person};

/// Today in China, by the program's clock.
fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

/// These tests tell of the noon and the evening of tomorrow: they begin after those of today, whatever hour it is.
async fn evening(app: TestApp) -> TestApp {
    let at = begin_of(today(&app)) + TimeDelta::hours(20);
    if app.now() < at {
        app.clock.advance(at - app.now());
        app.drain().await;
    }
    app
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
pub fn daily(app: &TestApp, title: &str, times: &[&str]) -> Value {
    json!({
        "place": "GY", "title": title, "text": "请投到2号亭",
        "rule": { "kind": "daily", "from": today(app).to_string(), "times": times },
    })
}

/// Makes one; its number.
pub async fn make(api: &Api, body: &Value) -> i64 {
    let made = api.post("/timetables", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

async fn all(app: &TestApp) -> Vec<timetable::Model> {
    let rows = timetable::Entity::find().order_by_asc(timetable::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

/// The timetables that somebody asked to be told of, once for each who did, oldest first.
async fn switched(app: &TestApp) -> Vec<i64> {
    let rows = timetable_reader::Entity::find().order_by_asc(timetable_reader::COLUMN.timetable_id);
    let rows = rows.all(app.store.read()).await.unwrap();
    rows.into_iter().map(|row| row.timetable_id).collect()
}

/// Pushes that tell of a timetable.
fn told(person: &Person<'_>) -> Vec<String> {
    let mut all = person.pushes();
    all.retain(|text| text.contains("提醒："));
    all
}
