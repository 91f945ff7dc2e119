//! The ledger of accepts: one accept is one message, whoever tells of it first and however often.

use linli::sandbox::{Api, Fault};
use serde_json::json;

use super::{PROGRESS, TASK, resident};
use crate::harness::app::TestApp;
use crate::harness::people::Api as Client;
use crate::harness::until;

async fn remaining(api: &Client) -> i64 {
    let list = api.get("/me/subscriptions").await;
    let items = list.json["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["template_id"] == PROGRESS);
    item.unwrap()["remaining"].as_i64().unwrap()
}

async fn tell(api: &Client, word: &str) -> u16 {
    let body = json!({ PROGRESS: word, "errMsg": "requestSubscribeMessage:ok" });
    api.post("/me/subscriptions", &body).await.status
}

#[tokio::test]
async fn phone_and_platform_tell_of_the_same_accept_in_any_order() {
    let app = TestApp::start().await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let push = async || {
        assert!(
            app.platform
                .push_answers(&open_id, &[(PROGRESS, true)])
                .await
        );
    };
    assert_eq!(remaining(&api).await, 0);
    assert_eq!(tell(&api, "accept").await, 200);
    assert_eq!(remaining(&api).await, 1);
    push().await;
    assert_eq!(remaining(&api).await, 1, "the same accept");
    app.clock.advance(chrono::TimeDelta::seconds(1));
    push().await;
    assert_eq!(
        remaining(&api).await,
        2,
        "another one, told by the platform first"
    );
    tell(&api, "accept").await;
    assert_eq!(remaining(&api).await, 2, "and the phone comes after");
    // Two at once, then the platform's two.
    tell(&api, "accept").await;
    tell(&api, "accept").await;
    for _ in 0..2 {
        app.clock.advance(chrono::TimeDelta::seconds(1));
        push().await;
    }
    assert_eq!(remaining(&api).await, 4);
    // What is told long after has nothing to do with it.
    tell(&api, "accept").await;
    app.advance(11).await;
    push().await;
    assert_eq!(remaining(&api).await, 6);
    // A refusal takes nothing away; switching off does.
    assert_eq!(tell(&api, "reject").await, 200);
    assert_eq!(remaining(&api).await, 6);
    assert!(app.platform.switch_off(&open_id, PROGRESS).await);
    assert_eq!(remaining(&api).await, 0);
}

#[tokio::test]
async fn a_repeated_request_counts_once_and_what_nobody_knows_is_refused() {
    let app = TestApp::start().await;
    let (_, api) = resident(&app, "张秀英").await;
    for _ in 0..3 {
        let body = json!({ PROGRESS: "accept" });
        let answer = api.post_once("/me/subscriptions", "once", &body).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(remaining(&api).await, 1);
    for body in [
        json!({ "unknown": "accept" }),
        json!({ PROGRESS: "yes" }),
        json!({ PROGRESS: 1 }),
        json!([PROGRESS]),
        json!(null),
    ] {
        let answer = api.post("/me/subscriptions", &body).await;
        assert!((400..500).contains(&answer.status), "{body} {answer:?}");
    }
    assert_eq!(remaining(&api).await, 1);
    assert_eq!(tell(&api, "ban").await, 200);
    assert_eq!(remaining(&api).await, 0);
}

#[tokio::test]
async fn one_accept_carries_one_message_and_the_next_one_has_none() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let zhang = app.known(&open_id);
    let accept = async |count: u32| {
        for _ in 0..count {
            let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
            assert_eq!(api.post("/me/subscriptions", &told).await.status, 200);
        }
    };
    accept(1).await;
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "楼道灯坏了" }))
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    steward.expects_push(&format!("#{id}")).await;
    steward.says(&format!("接单 {id}")).await;
    let push = zhang.expects_push(&format!("#{id}")).await;
    assert!(push.contains("处理中") || push.contains("已接单"), "{push}");
    assert_eq!(remaining(&api).await, 0);
    assert_eq!(app.platform.accepts(&open_id, PROGRESS), 0);
    // Nothing is left: it is on record that nobody could be told, and nothing goes over the wire.
    let calls = app.platform.calls(Api::Subscribe);
    steward.says(&format!("到场 {id}")).await;
    app.drain().await;
    assert_eq!(app.platform.calls(Api::Subscribe), calls);
    assert_eq!(zhang.pushes().len(), 1);
}

#[tokio::test]
async fn the_platforms_refusals_keep_the_ledger_right() {
    let mut app = TestApp::start().await;
    // An operator is told of some of them.
    app.allow_errors();
    let steward = app.steward("1栋").await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let zhang = app.known(&open_id);
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "楼道灯坏了" }))
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    steward.expects_push(&format!("#{id}")).await;
    for _ in 0..3 {
        let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
        api.post("/me/subscriptions", &told).await;
    }
    // Refused for another reason: the accept comes back, and the message when it is tried again.
    app.platform
        .set_fault(Fault::new(Api::Subscribe, "45011", Some(1)));
    steward.says(&format!("接单 {id}")).await;
    until("the refusal", 15, async || {
        (app.platform.calls(Api::Subscribe) == 1).then_some(())
    })
    .await;
    app.advance(2).await;
    zhang.expects_push(&format!("#{id}")).await;
    assert_eq!(remaining(&api).await, 2);
    // 43101 means that none is left, whatever we thought.
    app.platform
        .set_fault(Fault::new(Api::Subscribe, "43101", Some(1)));
    steward.says(&format!("到场 {id}")).await;
    app.drain().await;
    assert_eq!(remaining(&api).await, 0);
    // The same by the event that comes afterwards.
    let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
    api.post("/me/subscriptions", &told).await;
    api.post("/me/subscriptions", &told).await;
    app.platform
        .set_fault(Fault::new(Api::Subscribe, "receipt:43101", Some(1)));
    steward.says(&format!("方案 {id} 换灯泡")).await;
    until("the event has cleared the ledger", 15, async || {
        (remaining(&api).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_instances_never_spend_one_accept_twice() {
    let app = TestApp::with_instances(2).await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let told = app.platform.answer_mini(&open_id, &[(TASK, true)]);
    assert_eq!(api.post("/me/subscriptions", &told).await.status, 200);
    let account: i64 = {
        use entity::account;
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let row = account::Entity::find()
            .filter(account::COLUMN.external_id.eq(&open_id))
            .filter(account::COLUMN.channel.eq(entity::kinds::Channel::Mini))
            .one(app.store.read())
            .await
            .unwrap();
        row.unwrap().id
    };
    let takes = (0..20).map(|at| {
        let store = app.instances[at % 2].app.store.clone();
        tokio::spawn(async move {
            linli::delivery::subscription::take(store.write(), account, TASK)
                .await
                .unwrap()
        })
    });
    let mut taken = 0;
    for take in takes.collect::<Vec<_>>() {
        taken += u32::from(take.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn every_other_refusal_gives_the_accept_back() {
    let mut app = TestApp::start().await;
    // An operator is told of some of them.
    app.allow_errors();
    let steward = app.steward("1栋").await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "楼道灯坏了" }))
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    steward.expects_push(&format!("#{id}")).await;
    steward.says(&format!("接单 {id}")).await;
    app.drain().await;
    let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
    api.post("/me/subscriptions", &told).await;
    // 45009 last: from then on the day's quota is known to be used up, and nothing is asked.
    let codes = [
        "-1", "40001", "40003", "40014", "40037", "41030", "42001", "43107", "43108", "45011",
        "45168", "47003", "48001", "45009",
    ];
    for (at, code) in codes.iter().enumerate() {
        let before = app.platform.calls(Api::Subscribe);
        // With a bad token the client asks a second time.
        app.platform
            .set_fault(Fault::new(Api::Subscribe, code, Some(2)));
        let said = match at % 2 {
            0 => format!("暂停 {id} 等配件"),
            _ => format!("恢复 {id}"),
        };
        steward.says(&said).await;
        until(&format!("a call after {code}"), 15, async || {
            (app.platform.calls(Api::Subscribe) > before).then_some(())
        })
        .await;
        until(&format!("the accept after {code}"), 15, async || {
            (remaining(&api).await == 1).then_some(())
        })
        .await;
        app.platform.clear_faults();
    }
    assert!(app.known(&open_id).pushes().is_empty());
    assert_eq!(app.platform.accepts(&open_id, PROGRESS), 1);
}

#[tokio::test]
async fn without_a_token_nothing_was_asked_and_the_accept_stands() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let steward = app.steward("1栋").await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "楼道灯坏了" }))
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    steward.expects_push(&format!("#{id}")).await;
    let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
    api.post("/me/subscriptions", &told).await;
    let token = Fault::new(Api::Token, "gateway", None);
    assert!(app.platform.set_fault(token));
    let refused = Fault::new(Api::Subscribe, "40001", Some(1));
    assert!(app.platform.set_fault(refused));
    let before = app.platform.calls(Api::Token);
    steward.says(&format!("接单 {id}")).await;
    until("a token is asked for in vain", 15, async || {
        (app.platform.calls(Api::Token) > before).then_some(())
    })
    .await;
    until("the accept is there again", 5, async || {
        (remaining(&api).await == 1).then_some(())
    })
    .await;
    app.platform.clear_faults();
    app.advance(2).await;
    app.known(&open_id).expects_push(&format!("#{id}")).await;
    assert_eq!(remaining(&api).await, 0);
}

#[tokio::test]
async fn a_field_that_cannot_be_filled_is_a_failure_on_record_and_not_a_call() {
    let mut app = TestApp::plan()
        .set(
            "WECHAT__MINI__SUBSCRIPTIONS__PROGRESS__FIELDS__NUMBER5",
            "state",
        )
        .start()
        .await;
    app.allow_errors();
    let steward = app.steward("1栋").await;
    let (open_id, api) = resident(&app, "张秀英").await;
    let told = app.platform.answer_mini(&open_id, &[(PROGRESS, true)]);
    api.post("/me/subscriptions", &told).await;
    let filed = api
        .post("/cases", &json!({ "kind": "repair", "text": "大门坏了" }))
        .await;
    let id = filed.json["id"].as_str().unwrap().to_owned();
    steward.expects_push(&format!("#{id}")).await;
    steward.says(&format!("接单 {id}")).await;
    let seen = until("a row of the failure", 15, async || {
        use entity::delivery;
        use sea_orm::{EntityTrait, QueryFilter};
        delivery::Entity::find()
            .filter(delivery::COLUMN.channel.eq("subscription"))
            .one(app.store.read())
            .await
            .unwrap()
            .filter(|row| row.error.is_some())
    })
    .await;
    assert!(seen.error.unwrap().contains("number5"));
    assert_eq!(app.platform.calls(Api::Subscribe), 0);
    assert_eq!(remaining(&api).await, 1);
}
