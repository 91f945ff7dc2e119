//! What is told, to whom, how often.

use chrono::TimeDelta;
use entity::schedule;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{NOON, all, daily, evening, make, told, until};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_by_a_digit_is_told_each_time_until_they_ask_no_more() {
    let app = evening(TestApp::start().await).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let none = zhang.says("日程").await;
    assert!(none.contains("还没有定时提醒"), "{none}");
    let form = [
        ("place", "GY"),
        ("title", "厨余垃圾投放"),
        ("text", "请在12点到13点投到2号亭"),
        ("kind", "daily"),
        ("every", "1"),
        ("times", "12：00"),
        ("from", &super::today(&app).to_string()),
    ];
    let page = "/console/timetables/new";
    desk.send(page, page, &form).await.is(303);
    let list = zhang.says("日程").await;
    assert!(
        list.contains("1 厨余垃圾投放（每天 12:00）：没收"),
        "{list}"
    );
    let on = zhang.says("1").await;
    assert!(on.contains("会提醒您"), "{on}");
    until(&app, 1, NOON).await;
    let push = zhang.expects_push("厨余垃圾投放").await;
    assert!(
        push.contains("2号亭") && push.contains("退订日程"),
        "{push}"
    );
    assert_eq!(told(&zhang).len(), 1);
    assert!(told(&li).is_empty(), "nobody is told who has not asked");
    zhang.says("菜单").await;
    until(&app, 1, NOON).await;
    assert_eq!(told(&zhang).len(), 2);
    let list = zhang.says("日程").await;
    assert!(list.contains("：在收"), "{list}");
    let off = zhang.says("1").await;
    assert!(off.contains("以后不再提醒"), "{off}");
    until(&app, 1, NOON).await;
    assert_eq!(told(&zhang).len(), 2);
    // Days have gone by: signed in anew.
    let mut desk = Desk::of(&app, "卫东").await;
    desk.open("/console/timetables")
        .await
        .says("厨余垃圾投放")
        .says("<dd>0</dd>");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_at_one_minute_is_one_message_on_two_instances() {
    let app = evening(TestApp::with_instances(2).await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    for title in ["厨余垃圾", "其他垃圾", "抄水表"] {
        let id = make(&api, &daily(&app, title, &["12:00", "18:00"])).await;
        if title != "抄水表" {
            zhang.says(&format!("订阅日程 {id}")).await;
        }
    }
    until(&app, 1, NOON).await;
    let push = zhang.expects_push("厨余垃圾").await;
    assert!(
        push.contains("其他垃圾") && !push.contains("抄水表"),
        "{push}"
    );
    assert_eq!(told(&zhang).len(), 1, "{:?}", zhang.pushes());
    until(&app, 0, 18 * 60).await;
    assert_eq!(told(&zhang).len(), 2);
    let slots = schedule::Entity::find()
        .filter(schedule::COLUMN.name.starts_with("timetable:"))
        .count(app.store.read())
        .await;
    assert_eq!(slots.unwrap(), 6, "each once at each of its times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_takes_hold_from_the_next_time_on() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    zhang.says(&format!("订阅日程 {id}")).await;
    until(&app, 1, NOON - 60).await;
    let mut body = daily(&app, "厨余垃圾改点", &["14:00"]);
    body["version"] = json!(1);
    let path = format!("/timetables/{id}/change");
    let changed = api.post(&path, &body).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let late = api.post(&path, &body).await;
    assert_eq!((late.status, &late.json["code"]), (409, &json!("conflict")));
    until(&app, 0, NOON + 30).await;
    assert!(told(&zhang).is_empty(), "the old time is no time any more");
    until(&app, 0, 14 * 60).await;
    zhang.expects_push("厨余垃圾改点").await;
    // Stopped in between: what was planned finds nothing due.
    let stop = json!({ "version": 2, "active": false });
    let stopped = api.post(&format!("/timetables/{id}/state"), &stop).await;
    assert_eq!(stopped.json["next_at"], json!(null), "{stopped:?}");
    zhang.says("菜单").await;
    until(&app, 1, 14 * 60).await;
    assert_eq!(told(&zhang).len(), 1);
    let start = json!({ "version": 3, "active": true });
    api.post(&format!("/timetables/{id}/state"), &start).await;
    zhang.says("菜单").await;
    until(&app, 1, 14 * 60).await;
    assert_eq!(told(&zhang).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_should_have_rung_long_ago_is_not_told_any_more() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    zhang.says(&format!("订阅日程 {id}")).await;
    // As if the program had stood still over it.
    until(&app, 1, NOON + 45).await;
    assert!(told(&zhang).is_empty(), "{:?}", zhang.pushes());
    let row = all(&app).await.remove(0);
    let next = row.next_at.unwrap() - app.now();
    assert!(
        next > TimeDelta::hours(22) && next < TimeDelta::hours(24),
        "{row:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_moved_away_is_told_no_more() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let li = app.resident("李建国").await;
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    li.says(&format!("订阅日程 {id}")).await;
    let person_id = li.account().await.person_id.unwrap();
    entity::residency::Entity::delete_many()
        .filter(entity::residency::COLUMN.person_id.eq(person_id))
        .exec(app.store.write())
        .await
        .unwrap();
    li.says("解绑 1-1-102").await;
    until(&app, 1, NOON).await;
    assert!(told(&li).is_empty(), "{:?}", li.pushes());
}
