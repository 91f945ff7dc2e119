//! Who comes: by the code at the door once an hour, unbound apart, by hand, and what a month makes of it.

use chrono::TimeDelta;
use entity::kinds::VisitWay;
use entity::{station_count, station_visitor};
use linli::sandbox::Say;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{ALWAYS, station};
use crate::harness::app::TestApp;

async fn counted(app: &TestApp, way: VisitWay) -> i64 {
    let rows = station_count::Entity::find()
        .filter(station_count::COLUMN.way.eq(way))
        .all(app.store.read())
        .await
        .unwrap();
    rows.iter().map(|row| row.visits).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_counts_once_an_hour_and_says_what_is_there() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let zhang = app.resident("张秀英").await;
    let scan = Say::event("SCAN", &format!("station:{}", row.id));
    let told = zhang.does(&scan).await.unwrap();
    assert!(
        told.contains("红色驿站") && told.contains("1 借用"),
        "{told}"
    );
    zhang.does(&scan).await;
    assert_eq!(
        counted(&app, VisitWay::Scan).await,
        1,
        "twice within an hour"
    );
    app.clock.advance(TimeDelta::minutes(61));
    zhang.does(&scan).await;
    assert_eq!(counted(&app, VisitWay::Scan).await, 2);
    // Whoever is nobody that is known is a number, too, and told how to bind.
    let stranger = app.newcomer("o-passing").await;
    let told = stranger.does(&scan).await.unwrap();
    assert!(told.contains("红色驿站") && told.contains("绑定"), "{told}");
    stranger.does(&scan).await;
    assert_eq!(counted(&app, VisitWay::Passing).await, 1);
    // Somebody of another compound is counted, and offered nothing of it.
    let han = app.resident("韩梅").await;
    let told = han.does(&scan).await.unwrap();
    assert!(!told.contains("1 借用"), "{told}");
    assert_eq!(counted(&app, VisitWay::Scan).await, 3);
    let gone = zhang
        .does(&Say::event("SCAN", "station:999"))
        .await
        .unwrap();
    assert!(gone.contains("已经关闭"), "{gone}");
    // A day later nothing says who it was.
    app.clock.advance(TimeDelta::hours(30));
    let work = &linli::privacy::remind::WORKS[0];
    linli::reminder::schedule::run_slot(&app.store, work, app.now())
        .await
        .unwrap();
    crate::harness::until("the marks are let go", 15, async || {
        let left = station_visitor::Entity::find()
            .count(app.store.read())
            .await;
        (left.unwrap() == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_scans_at_once_on_two_instances_one_counts() {
    let app = TestApp::with_instances(2).await;
    let row = station(&app, ALWAYS).await;
    let zhang = app.resident("张秀英").await;
    let person = zhang.account().await.person_id;
    let scans = (0..8).map(|at| {
        let house = &app.instances[at % 2].app;
        let row = &row;
        async move {
            let tx = house.store.begin(house.clock.now()).await.unwrap();
            let counted = linli::station::actions::scan(&tx, house, row, person, 1).await;
            tx.commit().await.unwrap();
            counted.unwrap()
        }
    });
    let counted_as = futures_util::future::join_all(scans).await;
    assert_eq!(counted_as.iter().filter(|yes| **yes).count(), 1);
    assert_eq!(counted(&app, VisitWay::Scan).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_hand_so_many_are_counted_taken_back_and_a_new_month_begins_at_none() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let jiang = app.staff("蒋平").await;
    let said = jiang.says("驿站人次 12").await;
    assert!(said.contains("已记12人次"), "{said}");
    let back = jiang.says("驿站人次 -2").await;
    assert!(back.contains("已记-2人次"), "{back}");
    let api = app.api(&jiang).await;
    let path = format!("/stations/{}", row.id);
    for wrong in [0, 501, -501, -11] {
        let body = json!({ "visits": wrong });
        let answer = api.post(&format!("{path}/visits"), &body).await;
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
    }
    assert_eq!(api.get(&path).await.json["visits_this_month"], 10);
    let zhang = app.resident("张秀英").await;
    let own = app.api(&zhang).await;
    let body = json!({ "visits": 1 });
    let answer = own.post(&format!("{path}/visits"), &body).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    app.clock.advance(TimeDelta::days(31));
    // Who was signed in for a month signs in again.
    let own = app.api(&zhang).await;
    assert_eq!(own.get(&path).await.json["visits_this_month"], 0);
    assert_eq!(counted(&app, VisitWay::Desk).await, 10);
}
