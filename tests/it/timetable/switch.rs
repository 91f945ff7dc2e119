//! What the digits behind 订阅日程 and 退订日程 do: they turn on, or off, and never the other.

use serde_json::json;

use super::{daily, evening, make, switched};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digit_behind_the_word_that_turns_off_never_turns_on() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let water = make(&api, &daily(&app, "抄水表", &["12:00"])).await;
    let garbage = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    let none = zhang.says("退订日程").await;
    assert!(none.contains("没有在收的日程"), "{none}");
    let all = zhang.says("1").await;
    assert!(all.contains("抄水表") && all.contains("厨余垃圾"), "{all}");
    zhang.says(&format!("订阅日程 {water}")).await;

    // The newest would be the first of all.
    let list = zhang.says("退订日程").await;
    assert!(
        list.contains("1 抄水表（每天 12:00）") && !list.contains("厨余垃圾"),
        "{list}"
    );
    let off = zhang.says("1").await;
    assert!(off.contains("以后不再提醒“抄水表”"), "{off}");
    assert!(switched(&app).await.is_empty());
    let on = zhang.says(&format!("订阅日程 {water}")).await;
    assert!(on.contains("会提醒您"), "{on}");
    let list = zhang.says("订阅日程").await;
    assert!(
        list.contains("1 厨余垃圾") && !list.contains("抄水表"),
        "{list}"
    );
    let on = zhang.says("1").await;
    assert!(on.contains("“厨余垃圾”每天 12:00会提醒您"), "{on}");
    assert_eq!(switched(&app).await, [water, garbage]);
    let none = zhang.says("订阅日程").await;
    assert!(none.contains("没有您还没收的日程"), "{none}");

    // The same by a name.
    let none = zhang.says("订阅日程 垃圾").await;
    assert!(none.contains("没有您还没收的日程"), "{none}");
    zhang.says("退订日程 垃圾").await;
    let off = zhang.says("1").await;
    assert!(off.contains("以后不再提醒“厨余垃圾”"), "{off}");
    let none = zhang.says("退订日程 垃圾").await;
    assert!(none.contains("没有在收的日程"), "{none}");

    // The list of a while ago: what was left meanwhile stays left.
    zhang.says("退订日程").await;
    let own = app.api(&zhang).await;
    let path = format!("/timetables/{water}/subscription");
    let left = own.post(&path, &json!({ "on": false })).await;
    assert_eq!(left.json["subscribed"], json!(false), "{left:?}");
    let late = zhang.says("1").await;
    assert!(late.contains("不用退订"), "{late}");
    assert!(switched(&app).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_leafed_through_and_a_stopped_one_can_still_be_left() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let api = app.api(&chair).await;
    let mut ids = Vec::new();
    for number in 1..=9 {
        let title = format!("第{number}次巡查");
        let id = make(&api, &daily(&app, &title, &["12:00"])).await;
        zhang.says(&format!("订阅日程 {id}")).await;
        ids.push(id);
    }
    let stop = json!({ "version": 1, "active": false });
    let path = format!("/timetables/{}/state", ids[0]);
    assert_eq!(api.post(&path, &stop).await.status, 200);
    let first = zhang.says("退订日程").await;
    assert!(
        first.contains("1 第9次巡查") && first.contains("8 更早的日程"),
        "{first}"
    );
    let rest = zhang.says("8").await;
    assert!(
        rest.contains("1 第2次巡查") && rest.contains("2 第1次巡查"),
        "{rest}"
    );
    let off = zhang.says("2").await;
    assert!(off.contains("以后不再提醒“第1次巡查”"), "{off}");
    assert_eq!(switched(&app).await, ids[1..]);
}
