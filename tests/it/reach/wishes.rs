//! What somebody does not want to be told is not sent, and that is no failure.

use entity::kinds::{DeliveryState, ReminderState};
use entity::{delivery, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::harness::app::TestApp;

async fn dropped(app: &TestApp) -> Vec<delivery::Model> {
    delivery::Entity::find()
        .filter(delivery::COLUMN.state.eq(DeliveryState::Dropped))
        .all(app.store.read())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_switches_progress_off_and_on_by_digits() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    let list = resident.says("订阅").await;
    assert!(
        list.contains("1 诉求进度：开\n2 账号安全：开（不能关）"),
        "{list}"
    );
    let off = resident.says("1").await;
    assert!(
        off.contains("不再提醒诉求进度") && off.contains("1 诉求进度：关"),
        "{off}"
    );

    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    steward.expects_push(&format!("#{id}")).await;
    steward.says(&format!("接单 {id}")).await;
    app.drain().await;
    assert!(resident.pushes().iter().all(|text| !text.contains("接单")));
    let dropped = dropped(&app).await;
    assert!(!dropped.is_empty());
    for row in dropped {
        assert_eq!(row.error.as_deref(), Some("unwanted"));
        let reminder = reminder::Entity::find_by_id(row.reminder_id.unwrap())
            .one(app.store.read())
            .await
            .unwrap();
        assert_eq!(reminder.unwrap().state, ReminderState::Cancelled);
    }
    // The same digit turns it on again; and it can be said in words.
    resident.says("订阅").await;
    assert!(resident.says("1").await.contains("1 诉求进度：开"));
    assert!(resident.says("退訂 進度").await.contains("1 诉求进度：关"));
    assert!(
        resident
            .says("订阅 诉求进度")
            .await
            .contains("1 诉求进度：开")
    );
    steward.says(&format!("办结 {id} 换了灯泡")).await;
    resident.expects_push(&format!("#{id}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_people_safe_or_is_their_duty_stays_on() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let refused = steward.says("退订 任务").await;
    assert!(
        refused.contains("正在岗") && refused.contains("办理任务：开（不能关）"),
        "{refused}"
    );
    let refused = steward.says("退订 账号安全").await;
    assert!(refused.contains("账号安全的提醒不能关"), "{refused}");
    let nothing = steward.says("退订 9").await;
    assert!(nothing.contains("没有这一类"), "{nothing}");
    // News may go.
    assert!(steward.says("退订 2").await.contains("2 工作动态：关"));

    let resident = app.resident("张秀英").await;
    assert!(resident.says("退订 2").await.contains("不能关"));
    let refused = resident.says("退订 公开公示").await;
    assert!(refused.contains("要告诉每一户，不能关"), "{refused}");
    // Another account at the same home is told of, whatever was switched off.
    resident.says("退订 1").await;
    let other = app.newcomer("o-second").await;
    other.says("绑定 1-1-101 张秀英 13800000101").await;
    resident.expects_push("新账号绑定").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_shows_and_changes_the_same_switches() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let api = app.api(&resident).await;
    let pushes = |off: bool| {
        json!({ "pushes": [
            { "kind": "progress", "label": "诉求进度", "on": !off, "fixed": false },
            { "kind": "safety", "label": "账号安全", "on": true, "fixed": true },
            { "kind": "dues", "label": "缴费提醒", "on": true, "fixed": false },
            { "kind": "public", "label": "公开公示", "on": true, "fixed": true },
        ]})
    };
    // The mini-program's account is a stranger's until it is bound.
    let stranger = app.api_of("o-nobody").await.get("/me/settings").await;
    assert_eq!(stranger.status, 403, "{stranger:?}");
    let shown = api.get("/me/settings").await;
    if shown.status == 403 {
        let mini = app.api(&resident).await.get("/me").await;
        panic!("the resident's mini-program is nobody's: {mini:?}");
    }
    assert_eq!((shown.status, &shown.json), (200, &pushes(false)));
    let changed = api
        .put("/me/settings", &json!({ "pushes": { "progress": false } }))
        .await;
    assert_eq!((changed.status, &changed.json), (200, &pushes(true)));
    assert!(resident.says("订阅").await.contains("1 诉求进度：关"));
    for (body, status) in [
        (json!({ "pushes": { "safety": false } }), 403),
        (json!({ "pushes": { "public": false } }), 403),
        (
            json!({ "pushes": { "progress": true, "safety": false } }),
            403,
        ),
        (json!({ "pushes": { "weather": true } }), 422),
        (json!({ "pushes": { "task": false } }), 422),
        (json!({ "pushes": 1 }), 400),
        (json!({}), 400),
    ] {
        let answer = api.put("/me/settings", &body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    // All of it or nothing.
    assert_eq!(api.get("/me/settings").await.json, pushes(true));
}
