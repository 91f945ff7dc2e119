//! Days and moments at the end of the calendar, and between two whole half hours: refused beside their field, on both
//! databases, and nothing breaks.

use entity::{station_booking, station_day};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{ALWAYS, at, booking, monday, room, station};
use crate::console::Desk;
use crate::harness::app::TestApp;

/// Days that nobody means.
const DAYS: [&str; 5] = [
    "-4800-01-01",
    "0001-01-01",
    "1999-12-31",
    "2200-01-01",
    "+262142-12-31",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_day_and_no_moment_breaks_a_booking() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let hall = room(&app, &row, "议事厅").await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    let (api, keeper) = (app.api(&zhang).await, app.api(&jiang).await);
    let free = |day: &str| {
        let day = day.replace('+', "%2B");
        format!("/stations/rooms/{hall}/free?day={day}")
    };
    for day in DAYS {
        let answer = api.get(&free(day)).await;
        let field = &answer.json["errors"][0]["field"];
        assert_eq!((answer.status, field), (422, &json!("day")), "{answer:?}");
    }
    let path = format!("/stations/rooms/{hall}/bookings");
    let day = monday(&app);
    let good = at(day, 14).to_rfc3339();
    for bad in DAYS {
        let bad = format!("{bad}T23:30:00Z");
        for (field, from, to) in [("from", &bad, &good), ("to", &good, &bad)] {
            for official in [false, true] {
                let body = json!({
                    "from": from, "to": to, "purpose": "业主大会", "official": official,
                });
                let answer = keeper.post(&path, &body).await;
                let named = &answer.json["errors"][0]["field"];
                assert_eq!((answer.status, named), (422, &json!(field)), "{answer:?}");
            }
        }
    }
    // Half a millisecond beside the half hour.
    for official in [false, true] {
        let body = json!({
            "from": format!("{day}T14:00:00.000500+08:00"),
            "to": format!("{day}T15:00:00.000500+08:00"),
            "purpose": "业主大会", "official": official,
        });
        let answer = keeper.post(&path, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    let stored = station_booking::Entity::find()
        .count(app.store.read())
        .await;
    assert_eq!(stored.unwrap(), 0);
    assert_eq!(api.get(&free(&day.to_string())).await.status, 200);
    let booked = api.post(&path, &booking(at(day, 14), at(day, 15))).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_day_breaks_the_hours_of_a_station() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let page = format!("/console/stations/{}", row.id);
    let set = format!("{page}/do/day");
    for day in DAYS {
        for fields in [
            [("day", day), ("open", "")],
            [("remove", day), ("open", "")],
        ] {
            let page = desk.send(&page, &set, &fields).await;
            page.is(422).says("年份请写2000到2199之间");
        }
    }
    let days = station_day::Entity::find().count(app.store.read()).await;
    assert_eq!(days.unwrap(), 0);
}
