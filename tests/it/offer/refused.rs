//! What is refused: other compounds' items, one's own, words with phones, numbers and days that cannot be, and more
//! than the limit; and what staff does not let pass.

use entity::kinds::OfferState::{Open, Refused, Removed};
use serde_json::json;

use super::{day, item, open, publish, states};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_next_door_is_not_there_and_ones_own_is_not_tied_to_ones_own() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let han = app.resident("韩梅").await;
    let need = open(&zhang, &steward, "发需求 想学手机").await;
    let own = open(&zhang, &steward, "发资源 会教手机").await;
    let both = zhang.says(&format!("对接 {need} {own}")).await;
    assert!(both.contains("都是您这边的"), "{both}");
    let next_door = app.staff("杨光").await;
    let theirs = publish(&han, "发资源 会教手机").await;
    next_door.says(&format!("通过清单 {theirs}")).await;
    assert_eq!(item(&app, theirs).await.state, Open);
    for (person, words) in [
        (&han, format!("清单 {need}")),
        (&han, format!("对接 {theirs} {need}")),
        (&zhang, format!("对接 {need} {theirs}")),
        (&next_door, format!("下架清单 {need} 不要了")),
    ] {
        let reply = person.says(&words).await;
        assert!(reply.contains("没有找到"), "{words}: {reply}");
    }
    let api = app.api(&han).await;
    for path in ["tie", "withdraw", "decision", "close", "reopen", "claim"] {
        let body = json!({ "with": theirs.to_string(), "reason": "别处的", "text": "别处的" });
        let answer = api.post(&format!("/offers/{need}/{path}"), &body).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    assert_eq!(api.get(&format!("/offers/{need}")).await.status, 404);
    let odd = app.api(&zhang).await;
    let odd = odd.post(&format!("/offers/{need}/dance"), &json!({})).await;
    assert_eq!(odd.status, 404, "{odd:?}");
    // Neither two needs nor a need and a promise.
    let second = open(&zhang, &steward, "发需求 想学下棋").await;
    let wrong = zhang.says(&format!("对接 {need} {second}")).await;
    assert!(wrong.contains("一条需求和一条资源"), "{wrong}");
    assert_eq!(states(&app, &[need, own, theirs]).await, [Open, Open, Open]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_numbers_and_days_that_cannot_be_are_told_what_to_write() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let manager = app.staff("沈立").await;
    for (words, wanted) in [
        ("发需求 找我13800000101".to_owned(), "不要写手机号"),
        ("发需求 一".to_owned(), "请写清楚"),
        (format!("发需求 {}", "很".repeat(501)), "太长了"),
    ] {
        let reply = zhang.says(&words).await;
        assert!(reply.contains(wanted), "{words}: {reply}");
    }
    for (words, wanted) in [
        ("发服务 2020-01-01 换门禁", "今天以后"),
        ("发服务 2099-01-01 换门禁", "两年以内"),
        ("发服务 2030-13-41 换门禁", "先写日期"),
        ("发服务 3栋门禁坏了", "先写日期"),
    ] {
        let reply = manager.says(words).await;
        assert!(reply.contains(wanted), "{words}: {reply}");
    }
    let (resident, company) = (app.api(&zhang).await, app.api(&manager).await);
    for (body, status) in [
        (
            json!({ "list": "need", "text": "想学手机", "quantity": 2 }),
            422,
        ),
        (
            json!({ "list": "resource", "text": "会教手机", "quantity": 0 }),
            422,
        ),
        (
            json!({ "list": "resource", "text": "会教手机", "quantity": 100 }),
            422,
        ),
        (
            json!({ "list": "resource", "text": "会教手机", "quantity": -1 }),
            422,
        ),
        (json!({ "list": "wish", "text": "会教手机" }), 422),
        (
            json!({ "list": "need", "text": "想学手机", "category": "x" }),
            422,
        ),
        (
            json!({ "list": "need", "text": "想学手机", "due_on": "明天" }),
            422,
        ),
        (
            json!({ "list": "need", "text": "想学手机", "home": "GY/1-1-102" }),
            404,
        ),
        (json!({ "list": "service", "text": "换门禁" }), 403),
        (
            json!({ "list": "resource", "text": "会教", "organisation": "WY", "compound": "GY" }),
            403,
        ),
    ] {
        let answer = resident.post("/offers", &body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    let nothing = json!({ "list": "service", "text": "换门禁", "organisation": "WY" });
    assert_eq!(company.post("/offers", &nothing).await.status, 422);
    let elsewhere = json!({
        "list": "service", "text": "换门禁", "organisation": "WY", "compound": "LY",
        "due_on": day(&app, 9).to_string(),
    });
    assert_eq!(company.post("/offers", &elsewhere).await.status, 404);
    // A sentence that only begins like a command is offered to be filed, not lost.
    for words in ["办好了没有啊", "对接的人不来"] {
        let offered = zhang.says(words).await;
        assert!(offered.contains("要把"), "{words}: {offered}");
    }
    for number in 0..5 {
        publish(&zhang, &format!("发需求 第{number}件事")).await;
    }
    let full = zhang.says("发需求 第六件事").await;
    assert!(full.contains("已经有5条"), "{full}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_refuses_and_takes_away_with_a_reason_and_not_its_own() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let bad = publish(&zhang, "发需求 想要一千块钱").await;
    let asked = steward.says(&format!("驳回清单 {bad}")).await;
    assert!(asked.contains("请写明原因"), "{asked}");
    steward.says("请找社区救助").await;
    zhang.expects_push("请找社区救助").await;
    // What a template has no room for is read by one reply.
    let vague = publish(&zhang, "发需求 想找人帮忙").await;
    let reason = "请写清楚什么时候需要，需要几个人，大概多久，再发一条";
    steward.says(&format!("驳回清单 {vague} {reason}")).await;
    zhang
        .expects_push(&format!("回复“清单 {vague}”看原因"))
        .await;
    let own = zhang.says(&format!("清单 {vague}")).await;
    assert!(own.contains(reason), "{own}");
    let need = open(&zhang, &steward, "发需求 想学手机").await;
    let resource = open(&li, &steward, "发资源 会教手机").await;
    zhang.says(&format!("对接 {need} {resource}")).await;
    steward.says(&format!("下架清单 {resource} 已经搬走")).await;
    li.expects_push("已经搬走").await;
    zhang.expects_push("对接取消了").await;
    assert_eq!(
        states(&app, &[bad, need, resource]).await,
        [Refused, Open, Removed]
    );
    // A steward who lives there does not read their own.
    let shown = li.says(&format!("通过清单 {need}")).await;
    assert!(!shown.contains("已通过"), "{shown}");
}
