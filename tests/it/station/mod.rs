//! Stations: who comes, what is lent and comes back, rooms that one booking has at a time, windows and what is
//! left there, the code at the door, and the other faces.

mod dates;
mod door;
mod faces;
mod keeper;
mod late;
mod lend;
mod rooms;
mod together;
mod visits;
mod windows;

use chrono::{Datelike, NaiveDate, TimeDelta};
use entity::{station, station_loan, station_room, station_thing};
use linli::base::clock::{Moment, begin_of, china};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::{Value, json};

use crate::harness::app::TestApp;

/// A station of 桂园小区 that is open at these hours.
pub async fn station(app: &TestApp, hours: &str) -> station::Model {
    let place = app.place("GY").await;
    let row = station::ActiveModel {
        compound_id: Set(place.id),
        place_id: Set(place.id),
        name: Set("红色驿站".to_owned()),
        spot: Set("1栋一楼大厅".to_owned()),
        hours: Set(hours.to_owned()),
        public_holidays: Set(false),
        version: Set(1),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap()
}

/// Day and night.
pub const ALWAYS: &str = "Mo-Su 00:00-24:00";

/// Something that it lends.
pub async fn thing(app: &TestApp, at: &station::Model, name: &str, quantity: i32) -> i64 {
    let row = station_thing::ActiveModel {
        compound_id: Set(at.compound_id),
        station_id: Set(at.id),
        code: Set(format!("{name}-01")),
        name: Set(name.to_owned()),
        quantity: Set(quantity),
        lent: Set(0),
        days: Set(7),
        version: Set(1),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

/// A room of it.
pub async fn room(app: &TestApp, at: &station::Model, name: &str) -> i64 {
    let row = station_room::ActiveModel {
        compound_id: Set(at.compound_id),
        station_id: Set(at.id),
        name: Set(name.to_owned()),
        seats: Set(20),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

pub async fn thing_row(app: &TestApp, id: i64) -> station_thing::Model {
    let found = station_thing::Entity::find_by_id(id).one(app.store.read());
    found.await.unwrap().unwrap()
}

async fn loans(app: &TestApp) -> Vec<station_loan::Model> {
    let all = station_loan::Entity::find().all(app.store.read());
    all.await.unwrap()
}

/// The Monday to come: this day and those behind it lie in one week, within two weeks.
pub fn monday(app: &TestApp) -> NaiveDate {
    let today = china(app.now()).date_naive();
    today + TimeDelta::days(7 - i64::from(today.weekday().num_days_from_monday()))
}

/// An hour of a day.
fn at(day: NaiveDate, hour: i64) -> Moment {
    begin_of(day) + TimeDelta::hours(hour)
}

/// A booking as the mini-program asks for it.
fn booking(from: Moment, to: Moment) -> Value {
    json!({ "from": from.to_rfc3339(), "to": to.to_rfc3339(), "purpose": "读书会" })
}
