//! What is refused, and to whom a wish does not exist: strangers, other compounds, whoever may not check, one's
//! own wish, words that say too much.

use entity::audit;
use entity::kinds::WishState;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{open, raise, wish, wishes};
use crate::harness::app::TestApp;

async fn deeds(app: &TestApp) -> u64 {
    audit::Entity::find().count(app.store.read()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_another_compound_a_wish_does_not_exist() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let han = app.resident("韩梅").await;
    let other = app.staff("杨光").await;
    let id = open(&zhang, &steward, "想要一副老花镜").await;
    let before = deeds(&app).await;
    for stranger in [&han, &other] {
        let list = stranger.says("心愿").await;
        assert!(list.contains("没有待认领的心愿"), "{list}");
        for words in [
            "心愿",
            "认领",
            "完成",
            "放弃",
            "感谢",
            "撤回心愿",
            "联系许愿人",
        ] {
            let reply = stranger.says(&format!("{words} {id}")).await;
            assert!(reply.contains("没有找到心愿"), "{words}: {reply}");
        }
    }
    for words in ["通过心愿", "驳回心愿", "下架心愿"] {
        let reply = other.says(&format!("{words} {id} 不行")).await;
        assert!(reply.contains("没有找到心愿"), "{words}: {reply}");
    }
    let api = app.api(&han).await;
    let shown = api.get("/wishes").await;
    assert_eq!((shown.status, &shown.json["items"]), (200, &json!([])));
    assert_eq!(api.get(&format!("/wishes/{id}")).await.status, 404);
    for verb in [
        "claim", "abandon", "fulfil", "thank", "withdraw", "remove", "decision", "photos",
    ] {
        let body = json!({ "reason": "不行", "pass": true, "attachments": [] });
        let answer = api.post(&format!("/wishes/{id}/{verb}"), &body).await;
        assert_eq!(answer.status, 404, "{verb}: {answer:?}");
    }
    assert_eq!(deeds(&app).await, before);
    assert_eq!(wish(&app, id).await.version, 1);
    // Nobody at all.
    let unbound = app.newcomer("o-nobody").await;
    let reply = unbound.says(&format!("认领 {id}")).await;
    assert!(reply.contains("请先绑定房号"), "{reply}");
    assert_eq!(api.signed_out().get("/wishes").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_may_checks_and_nobody_their_own() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = raise(&zhang, "想要一副老花镜").await;
    let before = deeds(&app).await;
    // A neighbour has no such command, and the wish is not there before it is read.
    let reply = li.says(&format!("通过心愿 {id}")).await;
    assert!(reply.contains("工作人员用的功能"), "{reply}");
    let reply = li.says(&format!("认领 {id}")).await;
    assert!(reply.contains("没有找到心愿"), "{reply}");
    // Neither has staff that has nothing to do with it.
    for name in ["周强", "蒋平", "褚亮"] {
        let staff = app.staff(name).await;
        let before = deeds(&app).await;
        let reply = staff.says(&format!("通过心愿 {id}")).await;
        assert!(reply.contains("没有找到心愿"), "{name}: {reply}");
        let list = staff.says("审核心愿").await;
        assert!(!list.contains("老花镜"), "{name}: {list}");
        assert_eq!(deeds(&app).await, before, "{name}");
    }
    let api = app.api(&li).await;
    assert_eq!(api.get("/wishes?list=check").await.status, 403);
    assert_eq!(api.get("/wishes?list=odd").await.status, 422);
    let pass = api
        .post(&format!("/wishes/{id}/decision"), &json!({ "pass": true }))
        .await;
    assert_eq!(pass.status, 404, "{pass:?}");
    assert_eq!(wish(&app, id).await.state, WishState::Raised);
    assert!(deeds(&app).await >= before);
    // The asker has no word in it, even in the API.
    let own = app.api(&zhang).await;
    let pass = own
        .post(&format!("/wishes/{id}/decision"), &json!({ "pass": true }))
        .await;
    assert_eq!(pass.status, 403, "{pass:?}");
    let none = steward.says(&format!("驳回心愿 {id}")).await;
    assert!(none.contains("请写明原因"), "{none}");
    steward.says("0").await;
    steward.says(&format!("通过心愿 {id}")).await;
    let twice = steward.says(&format!("通过心愿 {id}")).await;
    assert!(twice.contains("不能这样操作"), "{twice}");
    let late = steward.says(&format!("驳回心愿 {id} 晚了")).await;
    assert!(late.contains("不能这样操作"), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_refused_to_the_asker_to_the_late_and_to_whoever_has_enough() {
    let app = TestApp::plan()
        .set("WISHES__MOST_WISHES", "5")
        .start()
        .await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let mut ids = Vec::new();
    for text in ["一副老花镜", "一把凳子", "一顶帽子", "一本字典", "一个花盆"]
    {
        ids.push(open(&zhang, &steward, text).await);
    }
    let more = zhang.says("许愿 一辆自行车").await;
    assert!(more.contains("您有5个心愿还在等"), "{more}");
    zhang.says("0").await;
    let own = zhang.says(&format!("认领 {}", ids[0])).await;
    assert!(own.contains("您自己的心愿"), "{own}");
    for id in &ids[..3] {
        assert!(li.says(&format!("认领 {id}")).await.contains("是您的了"));
    }
    let enough = li.says(&format!("认领 {}", ids[3])).await;
    assert!(enough.contains("已经认领了3个"), "{enough}");
    let twice = li.says(&format!("认领 {}", ids[0])).await;
    assert!(twice.contains("您已经认领了心愿"), "{twice}");
    let late = wang.says(&format!("认领 {}", ids[0])).await;
    assert!(late.contains("晚了一步"), "{late}");
    // What is not theirs is not theirs.
    for words in ["完成", "放弃", "心愿照片"] {
        let reply = wang.says(&format!("{words} {}", ids[0])).await;
        assert!(reply.contains("不在您名下"), "{words}: {reply}");
    }
    let thanks = wang.says(&format!("感谢 {}", ids[0])).await;
    assert!(thanks.contains("只有心愿"), "{thanks}");
    let early = zhang.says(&format!("感谢 {}", ids[0])).await;
    assert!(early.contains("不能这样操作"), "{early}");
    li.says(&format!("完成 {} 好了", ids[0])).await;
    let again = li.says(&format!("完成 {}", ids[0])).await;
    assert!(again.contains("不能这样操作"), "{again}");
    let taken = zhang.says(&format!("撤回心愿 {}", ids[0])).await;
    assert!(taken.contains("不能这样操作"), "{taken}");
    for odd in [
        "认领 0",
        "认领 99999999999999999999",
        "认领 -1",
        "认领 999999",
    ] {
        let reply = wang.says(odd).await;
        assert!(
            !reply.contains("系统出了点问题") && !reply.contains("是您的了"),
            "{odd}: {reply}"
        );
    }
}

#[tokio::test]
async fn words_that_say_too_much_or_too_little_are_refused_and_not_lost() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    for (text, says) in [
        ("灯", "请写清楚"),
        ("请打13800000101", "不要写手机号"),
        ("身份证330102194501011234", "不要写手机号"),
        (&"愿".repeat(201), "200字以内"),
    ] {
        let reply = zhang.says(&format!("许愿 {text}")).await;
        assert!(reply.contains(says), "{text}: {reply}");
    }
    assert!(wishes(&app).await.is_empty());
    let api = app.api(&zhang).await;
    for body in [
        json!({}),
        json!({ "text": "" }),
        json!({ "text": 7 }),
        json!({ "text": "想要凳子", "home": "GY/1-1-102" }),
        json!({ "text": "想要凳子", "home": "NOWHERE" }),
    ] {
        let answer = api.post("/wishes", &body).await;
        assert!((400..500).contains(&answer.status), "{body}: {answer:?}");
    }
    assert!(wishes(&app).await.is_empty());
    let staff = app.staff("郑洪").await;
    let reply = staff.says("许愿 想要一盏灯").await;
    assert!(reply.contains("许愿要先绑定房号"), "{reply}");
}
