//! What changes while people are signed up: another time, calling off, more places; each is told once, and the evening
//! before is that of the new day.

use chrono::TimeDelta;
use entity::life::{ActivityState, SignupState};
use serde_json::json;

use super::{activity, adds_up, body, open, signups, starts, until};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_day_is_told_to_all_and_they_are_reminded_of_that_one_alone() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = open(&chair, Some(1)).await;
    zhang.says(&format!("报名 {id}")).await;
    li.says(&format!("报名 {id}")).await;
    let api = app.api(&chair).await;
    let later = starts(&app) + TimeDelta::days(1);
    let path = format!("/activities/{id}/change");
    let mut next = body(later, Some(1));
    next["venue"] = json!("议事厅");
    let changed = api.post(&path, &next).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let told = zhang.expects_push("有变动").await;
    assert!(told.contains("议事厅") && told.contains("已报名"), "{told}");
    let told = li.expects_push("有变动").await;
    assert!(told.contains("议事厅") && told.contains("候补"), "{told}");
    // The evening of the first day says nothing.
    until(&app, linli::activity::times::eve(starts(&app))).await;
    assert_eq!(zhang.told("明天开始"), 0);
    zhang.says("菜单").await;
    li.says("菜单").await;
    until(&app, linli::activity::times::eve(later)).await;
    let eve = zhang.expects_push("明天开始").await;
    assert!(eve.contains("议事厅"), "{eve}");
    app.advance(120).await;
    assert_eq!(zhang.told("明天开始"), 1);
    assert_eq!((li.told("明天开始"), zhang.told("有变动")), (0, 1));
    // Other words are nobody's news; more places move up whoever waits.
    next["places"] = json!(4);
    next["text"] = json!("自带水杯");
    let more = api.post(&path, &next).await;
    assert_eq!(more.status, 200, "{more:?}");
    li.says("菜单").await;
    li.expects_push("轮到您了").await;
    assert_eq!(zhang.told("有变动"), 1);
    adds_up(&app, id).await;
    next["places"] = json!(1);
    let fewer = api.post(&path, &next).await;
    assert_eq!(
        (fewer.status, &fewer.json["errors"][0]["field"]),
        (422, &json!("places")),
        "{fewer:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calling_off_is_told_to_those_who_wait_too_and_stops_what_was_to_come() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let wang = app.resident("王芳").await;
    let id = open(&chair, Some(1)).await;
    zhang.says(&format!("报名 {id}")).await;
    li.says(&format!("报名 {id}")).await;
    wang.says(&format!("报名 {id}")).await;
    wang.says(&format!("取消报名 {id}")).await;
    let why = chair.says(&format!("取消活动 {id}")).await;
    assert!(why.contains("请写明原因"), "{why}");
    let off = chair.says("下雨，改天再办").await;
    assert!(off.contains("已取消"), "{off}");
    for person in [&zhang, &li] {
        let told = person.expects_push("取消了").await;
        assert!(told.contains("下雨"), "{told}");
    }
    until(&app, linli::activity::times::eve(starts(&app))).await;
    app.drain().await;
    for person in [&zhang, &li, &wang] {
        assert_eq!(person.told("明天开始"), 0);
    }
    assert_eq!(wang.told("取消了"), 0, "who has left is left alone");
    until(&app, starts(&app) + TimeDelta::hours(3)).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_clock_ends_the_sign_up_and_a_later_end_opens_it_again() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let at = starts(&app);
    let mut all = body(at, Some(5));
    let closes = |hours: i64| json!((app.now() + TimeDelta::hours(hours)).to_rfc3339());
    all["closes_at"] = closes(3);
    let made = api.post("/activities", &all).await;
    let id: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    api.post(&format!("/activities/{id}/open"), &json!({}))
        .await;
    app.advance(3 * 60 + 1).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Closed);
    let closed = zhang.says(&format!("报名 {id}")).await;
    assert!(closed.contains("报名已截止"), "{closed}");
    let again = api
        .post(&format!("/activities/{id}/reopen"), &json!({}))
        .await;
    assert_eq!(again.status, 409, "{again:?}");
    all["closes_at"] = closes(2);
    let path = format!("/activities/{id}/change");
    let opened = api.post(&path, &all).await;
    assert_eq!(
        (opened.status, &opened.json["state"]),
        (200, &json!("open")),
        "{opened:?}"
    );
    assert!(zhang.says(&format!("报名 {id}")).await.contains("报名成功"));
    app.advance(2 * 60 + 1).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Closed);
    // While it is under way its end may be put off: it is over then, not before.
    until(&app, at + TimeDelta::minutes(30)).await;
    all["ends_at"] = json!((at + TimeDelta::hours(3)).to_rfc3339());
    let longer = api.post(&path, &all).await;
    assert_eq!(longer.status, 200, "{longer:?}");
    until(&app, at + TimeDelta::minutes(130)).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Closed);
    until(&app, at + TimeDelta::hours(3)).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Held);
    assert_eq!(signups(&app, id, SignupState::Taken).await.len(), 1);
}
