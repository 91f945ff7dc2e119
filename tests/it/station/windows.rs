//! Windows: a tap for each who was served, and things that are left, asked after and cleared away.

use entity::kinds::DepositState;
use entity::{station_deposit, station_service};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{ALWAYS, station};
use crate::harness::app::TestApp;

const DAY: i64 = 24 * 60;

async fn deposit(app: &TestApp, id: i64) -> station_deposit::Model {
    let found = station_deposit::Entity::find_by_id(id).one(app.store.read());
    found.await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_counts_one_by_window_and_kind_and_can_be_taken_back() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let mut ids = Vec::new();
    for (window, name) in [("1号窗口", "咨询"), ("2号窗口", "咨询")] {
        let service = station_service::ActiveModel {
            compound_id: Set(row.compound_id),
            station_id: Set(row.id),
            window_name: Set(window.to_owned()),
            name: Set(name.to_owned()),
            created_at: Set(app.now()),
            ..Default::default()
        };
        ids.push(service.insert(app.store.write()).await.unwrap().id);
    }
    let jiang = app.staff("蒋平").await;
    let api = app.api(&jiang).await;
    let tap = |id: i64| format!("/stations/services/{id}/served");
    for _ in 0..2 {
        api.post(&tap(ids[0]), &json!({ "note": "问社保" })).await;
    }
    let second = api.post(&tap(ids[1]), &json!({})).await;
    assert_eq!((second.status, &second.json["today"]), (200, &json!(1)));
    let phone = api
        .post(&tap(ids[0]), &json!({ "note": "13800000101" }))
        .await;
    assert_eq!(phone.status, 422, "{phone:?}");
    let back = api.post(&tap(ids[1]), &json!({ "back": true })).await;
    assert_eq!(back.json["today"], 0, "{back:?}");
    let none = api.post(&tap(ids[1]), &json!({ "back": true })).await;
    assert_eq!(none.status, 409, "{none:?}");
    let list = api.get(&format!("/stations/{}/services", row.id)).await;
    assert_eq!(list.json["items"][0]["this_month"], 2, "{list:?}");
    let zhang = app.resident("张秀英").await;
    let own = app.api(&zhang).await;
    assert_eq!(own.post(&tap(ids[0]), &json!({})).await.status, 404);
    let list = own.get(&format!("/stations/{}/services", row.id)).await;
    assert_eq!(list.status, 403, "{list:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_asked_after_and_cleared_away_after_its_month_only() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let jiang = app.staff("蒋平").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&jiang).await;
    let path = format!("/stations/{}/deposits", row.id);
    let wrong = api.post(&path, &json!({ "thing": "" })).await;
    assert_eq!(wrong.status, 422, "{wrong:?}");
    let nobody = api
        .post(&path, &json!({ "thing": "箱子", "who": "1-1-101 王五" }))
        .await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
    let body = json!({ "thing": "蓝色行李箱", "who": "1-1-101 张秀英" });
    let made = api.post_once(&path, "d-1", &body).await;
    let again = api.post_once(&path, "d-1", &body).await;
    assert_eq!((made.status, &again.json), (201, &made.json));
    let id: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    zhang.expects_push(&format!("寄存号 {id}")).await;
    let other = api.post(&path, &json!({ "thing": "一袋米" })).await;
    let other: i64 = other.json["id"].as_str().unwrap().parse().unwrap();
    let mine = zhang.says("我的驿站").await;
    assert!(mine.contains(&format!("寄存号 {id}")), "{mine}");
    let end = |id: i64| format!("/stations/deposits/{id}/end");
    let clear = json!({ "collected": false, "note": "已交物业失物招领" });
    let early = api.post(&end(id), &clear).await;
    assert_eq!(early.status, 409, "{early:?}");
    let own = app.api(&zhang).await;
    let collect = json!({ "collected": true });
    assert_eq!(own.post(&end(id), &collect).await.status, 404);
    assert_eq!(api.post(&end(other), &collect).await.status, 200);
    app.clock.advance(chrono::TimeDelta::days(2));
    zhang.says("菜单").await;
    app.advance(DAY + 5).await;
    zhang.expects_push("还在驿站").await;
    app.clock.advance(chrono::TimeDelta::days(26));
    zhang.says("菜单").await;
    jiang.says("菜单").await;
    app.advance(DAY).await;
    zhang.expects_push("放得太久了").await;
    jiang.expects_push("可以交物业失物招领了").await;
    assert_eq!(deposit(&app, id).await.state, DepositState::Unclaimed);
    assert_eq!(deposit(&app, other).await.state, DepositState::Collected);
    // Who was signed in for a month signs in again.
    let api = app.api(&jiang).await;
    let silent = api.post(&end(id), &json!({ "collected": false })).await;
    assert_eq!(silent.status, 422, "{silent:?}");
    let gone = api.post(&end(id), &clear).await;
    assert_eq!(gone.json["state"], "cleared", "{gone:?}");
    zhang.expects_push("已交物业失物招领").await;
    assert_eq!(api.post(&end(id), &collect).await.status, 409);
}
