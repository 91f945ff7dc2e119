//! What is refused, each with a kind sentence: another compound's, a draft, full, past, cancelled, twice, numbers that are
//! none; and whoever may not lead.

use chrono::TimeDelta;
use entity::life::ActivityState;
use entity::{activity as activities, audit};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use super::{activity, body, open, starts, until};
use crate::harness::app::TestApp;

async fn deeds(app: &TestApp) -> u64 {
    audit::Entity::find().count(app.store.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_another_compound_it_does_not_exist_and_neither_does_a_draft() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let id = open(&chair, Some(5)).await;
    let api = app.api(&chair).await;
    let draft = api.post("/activities", &body(starts(&app), None)).await;
    let draft = draft.json["id"].as_str().unwrap().to_owned();
    let zhang = app.resident("张秀英").await;
    let han = app.resident("韩梅").await;
    let yang = app.staff("杨光").await;
    let before = deeds(&app).await;
    for (person, id) in [
        (&han, id.to_string()),
        (&yang, id.to_string()),
        (&zhang, draft.clone()),
    ] {
        for words in ["活动", "报名", "取消报名", "提前提醒"] {
            let reply = person.says(&format!("{words} {id}")).await;
            assert!(reply.contains("没有找到活动"), "{words}: {reply}");
        }
        let api = app.api(person).await;
        assert_eq!(api.get(&format!("/activities/{id}")).await.status, 404);
        for verb in [
            "open",
            "close",
            "cancel",
            "sign-up",
            "leave",
            "hour-before",
            "photos",
        ] {
            let all = json!({ "reason": "不办了", "wants": true, "attachments": [] });
            let answer = api.post(&format!("/activities/{id}/{verb}"), &all).await;
            assert_eq!(answer.status, 404, "{verb}: {answer:?}");
        }
    }
    for words in ["发布活动", "截止报名", "取消活动", "活动名单"] {
        let reply = yang.says(&format!("{words} {id} 不办了")).await;
        assert!(reply.contains("没有找到活动"), "{words}: {reply}");
    }
    assert_eq!(deeds(&app).await, before);
    // A neighbour of the same compound sees it and does not lead it.
    let neighbour = app.api(&zhang).await;
    for verb in ["close", "cancel", "change"] {
        let mut all = body(starts(&app), None);
        all["reason"] = json!("不办了");
        let answer = neighbour
            .post(&format!("/activities/{id}/{verb}"), &all)
            .await;
        assert_eq!(answer.status, 403, "{verb}: {answer:?}");
    }
    assert_eq!(
        neighbour
            .get(&format!("/activities/{id}/guests"))
            .await
            .status,
        403
    );
    assert_eq!(
        neighbour
            .post("/activities", &body(starts(&app), None))
            .await
            .status,
        404
    );
    let jiang = app.staff("蒋平").await;
    jiang.says("发起活动").await;
    let staff = jiang.says("周六义诊\n明天 14:00\n中心花园").await;
    assert!(staff.contains("活动由楼栋长"), "{staff}");
    assert_eq!(activity(&app, id).await.version, 1);
    let unbound = app.newcomer("o-nobody").await;
    let reply = unbound.says(&format!("报名 {id}")).await;
    assert!(reply.contains("请先绑定房号"), "{reply}");
    assert_eq!(neighbour.signed_out().get("/activities").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_past_cancelled_and_twice_are_kind_sentences() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = open(&chair, Some(1)).await;
    assert!(zhang.says(&format!("报名 {id}")).await.contains("报名成功"));
    let twice = zhang.says(&format!("报名 {id}")).await;
    assert!(twice.contains("您已经报了活动"), "{twice}");
    let full = li.says(&format!("报名 {id}")).await;
    assert!(
        full.contains("名额满了") && full.contains("候补第1位"),
        "{full}"
    );
    let early = li.says(&format!("提前提醒 {id}")).await;
    assert!(early.contains("您没有报名活动"), "{early}");
    for odd in ["报名 0", "报名 99999999999999999999", "报名 999999"] {
        let reply = li.says(odd).await;
        assert!(
            !reply.contains("报名成功") && !reply.contains("系统出了点问题"),
            "{odd}: {reply}"
        );
    }
    for (size, says) in [("0", "1到6人"), ("7", "1到6人"), ("全家", "一共来几个人")] {
        let reply = li.says(&format!("报名 {id} {size}")).await;
        assert!(reply.contains(says), "{size}: {reply}");
        li.says("0").await;
    }
    // A sentence that only begins so is offered to be filed.
    let other = li.says("报名表在哪里领").await;
    assert!(other.contains("1 报修"), "{other}");

    let off = open(&chair, None).await;
    chair.says(&format!("取消活动 {off} 下雨")).await;
    let cancelled = li.says(&format!("报名 {off}")).await;
    assert!(cancelled.contains("已取消"), "{cancelled}");
    let again = chair.says(&format!("取消活动 {off} 下雨")).await;
    assert!(again.contains("不能这样操作"), "{again}");
    let row = activity(&app, id).await;
    until(&app, row.starts_at).await;
    let late = li.says(&format!("取消报名 {id}")).await;
    assert!(late.contains("已经开始"), "{late}");
    let closed = li.says(&format!("报名 {id}")).await;
    assert!(closed.contains("报名已截止"), "{closed}");
    until(&app, row.ends_at).await;
    assert_eq!(activity(&app, id).await.state, ActivityState::Held);
    let past = li.says(&format!("报名 {id}")).await;
    assert!(past.contains("已经结束"), "{past}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_beside_its_field() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let api = app.api(&chair).await;
    let at = starts(&app);
    let good = body(at, Some(5));
    let with = |field: &str, value: Value| {
        let mut all = good.clone();
        all[field] = value;
        all
    };
    let time = |hours: i64| json!((at + TimeDelta::hours(hours)).to_rfc3339());
    for (wrong, status) in [
        (with("title", json!("")), 422),
        (with("title", json!("打13800000101")), 422),
        (with("title", json!("长".repeat(41))), 422),
        (with("text", json!("长".repeat(1001))), 422),
        (with("kind", json!("odd")), 422),
        (with("starts_at", json!("明天")), 422),
        (with("starts_at", json!("2020-01-01T10:00:00+08:00")), 422),
        (with("ends_at", time(-1)), 422),
        (with("ends_at", time(24 * 8)), 422),
        (with("closes_at", time(1)), 422),
        (with("places", json!(0)), 422),
        (with("places", json!(5001)), 422),
        (with("place", json!("NOWHERE")), 404),
        (with("place", json!("LY")), 404),
        (with("place", json!("GY/1-1-101")), 422),
        (json!({}), 400),
    ] {
        let answer = api.post("/activities", &wrong).await;
        let told = answer.status == status || status == 400 && (400..500).contains(&answer.status);
        assert!(told, "{wrong}: {answer:?}");
    }
    let none = activities::Entity::find().count(app.store.read()).await;
    assert_eq!(none.unwrap(), 0);
    assert_eq!(api.get("/activities?list=odd").await.status, 422);
    let steward = app.steward("1栋").await;
    // A steward leads in the own building, not in the compound.
    let own = app.api(&steward).await;
    assert_eq!(own.post("/activities", &good).await.status, 404);
    assert_eq!(
        own.post("/activities", &with("place", json!("GY/1")))
            .await
            .status,
        201
    );
}
