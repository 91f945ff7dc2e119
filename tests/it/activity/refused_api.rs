//! The refusals of the chat over the JSON API: full, twice, called off, begun, over, numbers that are none; each with
//! its code and a sentence for the person, and nothing changes.

use entity::activity as activities;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{activity, adds_up, open, until};
use crate::harness::app::TestApp;

/// Says that so many wait.
async fn waits(app: &TestApp, id: i64, count: i32) {
    activities::Entity::update_many()
        .set(activities::ActiveModel {
            waiting: Set(count),
            ..Default::default()
        })
        .filter(activities::COLUMN.id.eq(id))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_one_is_a_place_in_the_line_until_the_line_is_full_too() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let wang = app.resident("王芳").await;
    let (own, late) = (app.api(&zhang).await, app.api(&li).await);
    let id = open(&chair, Some(1)).await;
    let path = format!("/activities/{id}/sign-up");
    let size = |people: Value| json!({ "size": people });
    let first = own.post(&path, &size(json!(1))).await;
    let state = &first.json["own"]["state"];
    assert_eq!((first.status, state), (200, &json!("taken")), "{first:?}");
    let full = late.post(&path, &size(json!(1))).await;
    let state = (&full.json["own"]["state"], &full.json["own"]["waits_at"]);
    assert_eq!(full.status, 200, "{full:?}");
    assert_eq!(state, (&json!("waiting"), &json!(1)), "{full:?}");
    // Again, with more than there is room for, and with numbers that are none.
    let again = own.post(&path, &size(json!(1))).await;
    again.refuses(409, "wrong_step", "您已经报了活动");
    let again = late.post(&path, &size(json!(1))).await;
    again.refuses(409, "wrong_step", "候补第1位");
    let more = own.post(&path, &size(json!(2))).await;
    more.refuses(409, "conflict", "1人不变");
    for odd in [0, -1, 7, i32::MAX] {
        let answer = late.post(&path, &size(json!(odd))).await;
        answer.refuses(422, "invalid", "1到6人");
        assert_eq!(answer.json["errors"][0]["field"], "size", "{answer:?}");
    }
    for odd in [
        json!("全家"),
        json!(1.5),
        json!(null),
        json!(99_999_999_999_i64),
    ] {
        let answer = late.post(&path, &size(odd)).await;
        answer.refuses(400, "malformed", "看不懂");
    }
    for odd in ["0", "-1", "999999", "99999999999999999999", "x"] {
        let path = format!("/activities/{odd}/sign-up");
        let answer = late.post(&path, &size(json!(1))).await;
        answer.refuses(404, "not_found", "没有找到活动");
    }
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (1, 1));
    adds_up(&app, id).await;
    // As if the line were full.
    waits(&app, id, linli::activity::MOST_WAITING).await;
    let third = app.api(&wang).await;
    let none = third.post(&path, &size(json!(1))).await;
    none.refuses(409, "conflict", "候补都满了");
    let said = wang.says(&format!("报名 {id}")).await;
    assert!(said.contains("候补都满了"), "{said}");
    let leave = third
        .post(&format!("/activities/{id}/leave"), &json!({}))
        .await;
    leave.refuses(404, "not_found", "您没有报名活动");
    waits(&app, id, 1).await;
    adds_up(&app, id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_called_off_begun_or_over_is_refused_with_its_reason() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (leader, own, other) = (
        app.api(&chair).await,
        app.api(&zhang).await,
        app.api(&li).await,
    );
    let (id, off) = (open(&chair, None).await, open(&chair, None).await);
    let to = |id: i64, verb: &str| format!("/activities/{id}/{verb}");
    let one = json!({ "size": 1 });
    for id in [id, off] {
        assert_eq!(own.post(&to(id, "sign-up"), &one).await.status, 200);
    }
    let called_off = leader
        .post(&to(off, "cancel"), &json!({ "reason": "下雨" }))
        .await;
    assert_eq!(called_off.status, 200, "{called_off:?}");
    let join = other.post(&to(off, "sign-up"), &one).await;
    join.refuses(409, "wrong_step", "已取消，不用报名");
    let leave = own.post(&to(off, "leave"), &json!({})).await;
    leave.refuses(409, "wrong_step", "已经取消了");
    let hour = own
        .post(&to(off, "hour-before"), &json!({ "wants": true }))
        .await;
    hour.refuses(409, "wrong_step", "不用再提醒");
    let again = leader
        .post(&to(off, "cancel"), &json!({ "reason": "下雨" }))
        .await;
    again.refuses(409, "wrong_step", "不能这样操作");

    let row = activity(&app, id).await;
    until(&app, row.starts_at).await;
    let (own, other) = (app.api(&zhang).await, app.api(&li).await);
    let join = other.post(&to(id, "sign-up"), &one).await;
    join.refuses(409, "wrong_step", "报名已截止");
    let leave = own.post(&to(id, "leave"), &json!({})).await;
    leave.refuses(409, "wrong_step", "已经开始");
    until(&app, row.ends_at).await;
    let join = other.post(&to(id, "sign-up"), &one).await;
    join.refuses(409, "wrong_step", "已经结束");
    let said = li.says(&format!("报名 {id}")).await;
    assert!(said.contains("已经结束"), "{said}");
    assert_eq!(activity(&app, id).await.taken, 1);
    adds_up(&app, id).await;
}
