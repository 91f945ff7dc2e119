//! Two instances, many rounds: a station that is being closed gets nothing more, and nobody who lends, books and sets up
//! at the same moment is left without an answer.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{station, station_booking, station_deposit, station_loan};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{ALWAYS, at, booking, loans, monday, room, station as open, thing, thing_row};
use crate::console::Desk;
use crate::harness::app::TestApp;

const ROUNDS: usize = 24;

/// Two instances on which nobody has enough for a long time.
async fn two() -> TestApp {
    let plan = TestApp::plan().instances(2);
    let plan = plan.set("STATIONS__MOST_LOANS", "999");
    plan.set("STATIONS__BOOKINGS_PER_WEEK", "999").start().await
}

/// How much is out, booked or left at a station.
async fn in_use(app: &TestApp, id: i64) -> u64 {
    let db = app.store.read();
    let out = station_loan::Entity::find().filter(station_loan::COLUMN.station_id.eq(id));
    let booked = station_booking::Entity::find().filter(station_booking::COLUMN.station_id.eq(id));
    let left = station_deposit::Entity::find().filter(station_deposit::COLUMN.station_id.eq(id));
    out.count(db).await.unwrap() + booked.count(db).await.unwrap() + left.count(db).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_that_is_being_closed_gets_nothing_more() {
    let app = two().await;
    let other = format!("http://{}", app.instances[1].address);
    let (zhang, jiang) = (app.resident("张秀英").await, app.staff("蒋平").await);
    let resident = app.api(&zhang).await.at(&other);
    let keeper = app.api(&jiang).await.at(&other);
    let mut desk = Desk::of(&app, "卫东").await;
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let from = at(monday(&app), 14);
    let hour = booking(from, from + TimeDelta::hours(1));
    for round in 0..ROUNDS {
        let row = open(&app, ALWAYS).await;
        let spade = thing(&app, &row, "铁锹", 1).await;
        let hall = room(&app, &row, "议事厅").await;
        let (api, path, body) = match round % 3 {
            0 => (
                &resident,
                format!("/stations/things/{spade}/borrow"),
                json!({}),
            ),
            1 => (
                &resident,
                format!("/stations/rooms/{hall}/bookings"),
                hour.clone(),
            ),
            _ => (
                &keeper,
                format!("/stations/{}/deposits", row.id),
                json!({ "thing": "一袋米" }),
            ),
        };
        let remove = format!("/console/stations/{}/do/remove", row.id);
        // Now this one begins a little earlier, now that one.
        let late = u64::try_from(round / 3).unwrap();
        let taken = async {
            tokio::time::sleep(Duration::from_millis(late)).await;
            api.post(&path, &body).await
        };
        let (closed, taken) = tokio::join!(desk.send_with(&csrf, &remove, &[]), taken);
        let said = (closed.status, taken.status);
        assert!(
            [(303, 404), (409, 201)].contains(&said),
            "{path}: {said:?} {} {taken:?}",
            closed.body
        );
        let found = station::Entity::find_by_id(row.id).one(app.store.read());
        let gone = found.await.unwrap().unwrap().removed_at.is_some();
        assert_eq!(gone, closed.status == 303, "{path}");
        assert_eq!(in_use(&app, row.id).await, u64::from(!gone), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lends_and_books_and_who_sets_up_wait_for_each_other_in_no_circle() {
    let app = two().await;
    let other = format!("http://{}", app.instances[1].address);
    let row = open(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 900).await;
    let hall = room(&app, &row, "议事厅").await;
    let mut apis = Vec::new();
    for (at, name) in ["张秀英", "李建国", "王芳"].iter().enumerate() {
        let person = app.resident(name).await;
        let api = app.api(&person).await;
        apis.push(match at {
            0 => api,
            _ => api.at(&other),
        });
    }
    let booker = app.resident("陈伟").await;
    let booker = app.api(&booker).await;
    let mut one = Desk::of(&app, "卫东").await;
    let mut two = Desk::at(&app, 1);
    two.browser.cookies = one.browser.cookies.clone();
    let first = one.open("/console/account").await.hidden("csrf");
    let second = two.open("/console/account").await.hidden("csrf");
    let act = |act: &str| format!("/console/stations/{}/do/{act}", row.id);
    let (things, days) = (act("thing-change"), act("day"));
    let key = spade.to_string();
    let change = [
        ("thing_id", key.as_str()),
        ("quantity", "900"),
        ("days", "7"),
    ];
    let day = [("day", "2027-02-06"), ("open", "")];
    let (borrow, nothing) = (format!("/stations/things/{spade}/borrow"), json!({}));
    let book = format!("/stations/rooms/{hall}/bookings");
    let mut from = at(monday(&app), 0);
    for round in 0..ROUNDS {
        let to = from + TimeDelta::minutes(30);
        let slot = booking(from, to);
        from = to;
        let borrowed = apis.iter().map(|api| api.post(&borrow, &nothing));
        let (changed, set, booked, borrowed) = tokio::join!(
            one.send_with(&first, &things, &change),
            two.send_with(&second, &days, &day),
            booker.post(&book, &slot),
            futures_util::future::join_all(borrowed),
        );
        changed.is(303);
        set.is(303);
        assert_eq!(booked.status, 201, "{round}: {booked:?}");
        for answer in borrowed {
            assert_eq!(answer.status, 201, "{round}: {answer:?}");
        }
    }
    let lent = loans(&app).await.len();
    assert_eq!(lent, ROUNDS * apis.len());
    let kept = thing_row(&app, spade).await;
    assert_eq!(usize::try_from(kept.lent).unwrap(), lent);
}
