//! What the compound's groups are told: once for each clock, nothing personal, never too often,
//! never dropped.

use linli::sandbox::{Api, Fault};
use secrecy::ExposeSecret;

use super::GROUP;
use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::until;

fn told(app: &TestApp) -> Vec<String> {
    let room = format!("group:{GROUP}");
    let entries = app.platform.conversation(&room).into_iter();
    entries
        .filter(|entry| entry.by.as_deref() == Some("群机器人"))
        .map(|entry| entry.text)
        .collect()
}

#[tokio::test]
async fn a_missed_clock_is_told_once_without_a_name() {
    let app = TestApp::with_instances(2).await;
    let resident = app.resident("张秀英").await;
    resident
        .says("报修 水管漏水,张秀英 13800000101,1-1-101")
        .await;
    let id = resident.case().await.id;
    app.advance(6).await;
    let news = told(&app);
    assert_eq!(news.len(), 1, "{news:?}");
    let words = &news[0];
    assert!(
        words.contains("超时未接单") && words.contains(&format!("#{id}")),
        "{words}"
    );
    assert!(words.contains("1栋"), "{words}");
    for secret in ["张秀英", "13800000101", "1-1-101", "水管"] {
        assert!(!words.contains(secret), "{words}");
    }
    // The grace is over, the next level has it; then its time is over, too.
    app.advance(10).await;
    app.advance(24 * 60).await;
    let news = told(&app);
    assert!(
        news.iter().any(|words| words.contains("超时未办结")),
        "{news:?}"
    );
    let mut once = news.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), news.len(), "nothing twice: {news:?}");
}

/// A terrace of houses, each of which is a home of its own under the compound.
#[tokio::test]
async fn a_home_that_stands_in_no_building_is_not_named() {
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let neighbour = app.resident("李建国").await;
    let compound = app.place("GY").await;
    for (code, house) in [("GY/1-1-101", "88"), ("GY/1-1-102", "B-89")] {
        let mut home = app.place(code).await.into_active_model();
        let id = *home.id.as_ref();
        home.code = Set(format!("GY/{house}"));
        home.name = Set(house.to_owned());
        home.parent_id = Set(Some(compound.id));
        home.path = Set(format!("{}{id}/", compound.path));
        home.update(app.store.write()).await.unwrap();
    }
    resident.says("报修 门口的路灯坏了").await;
    let first = resident.case().await.id;
    // Whoever joins reads no more than the group.
    neighbour.says(&format!("我也遇到 {first}")).await;
    let joined = neighbour.says(&format!("进度 {first}")).await;
    neighbour.says("投诉 隔壁太吵").await;
    let second = neighbour.case().await.id;
    app.advance(6).await;
    let news = told(&app);
    for id in [first, second] {
        let words = news
            .iter()
            .find(|words| words.contains(&format!("#{id}（")));
        let words = words.unwrap_or_else(|| panic!("nothing of {id}: {news:?}"));
        assert!(words.contains("（桂园小区）"), "{words}");
    }
    for words in news.iter().chain([&joined]) {
        assert!(
            !words.contains("88") && !words.contains("89") && !words.contains("B栋"),
            "{words}"
        );
    }
    assert!(joined.contains("桂园小区"), "{joined}");
}

#[tokio::test]
async fn what_was_taken_in_time_is_no_news() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    let steward = app.member("孙梅").await;
    assert!(steward.asks(&format!("接单 {id}")).await.contains("已接单"));
    app.advance(6).await;
    assert_eq!(told(&app), Vec::<String>::new());
}

#[tokio::test]
async fn what_goes_to_the_community_is_told() {
    let app = TestApp::start().await;
    let steward = app.member("孙梅").await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    let id = resident.case().await.id;
    let reply = steward.asks(&format!("上报 {id} 需要社区协调")).await;
    assert!(reply.contains("已上报"), "{reply}");
    app.drain().await;
    let news = told(&app);
    assert_eq!(news.len(), 1, "{news:?}");
    assert!(
        news[0].contains("已上报") && !news[0].contains("张秀英"),
        "{news:?}"
    );
}

#[tokio::test]
async fn twenty_a_minute_and_the_rest_later_over_two_instances() {
    // Without Redis there is one instance only: nothing else could keep a limit that is shared.
    let instances = if Backend::chosen().redis { 2 } else { 1 };
    let app = TestApp::with_instances(instances).await;
    let resident = app.resident("张秀英").await;
    for number in 0..25 {
        resident.says(&format!("报修 1栋第{number}盏灯坏了")).await;
    }
    app.clock.advance(chrono::TimeDelta::minutes(6));
    until("twenty are told", 20, async || {
        (told(&app).len() == 20).then_some(())
    })
    .await;
    app.drain().await;
    assert_eq!(told(&app).len(), 20, "not one more within the minute");
    assert_eq!(app.platform.calls(Api::Webhook), 20, "and none was tried");
    app.advance(2).await;
    let news = told(&app);
    let late = news
        .iter()
        .filter(|words| words.contains("超时未接单"))
        .count();
    assert_eq!(late, 25, "none was dropped");
}

#[tokio::test]
async fn a_platform_that_refuses_is_tried_again_and_the_key_is_in_no_log() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let resident = app.resident("张秀英").await;
    resident.says("报修 1栋电梯停了").await;
    app.platform
        .set_fault(Fault::new(Api::Webhook, "45009", Some(1)));
    app.advance(6).await;
    assert_eq!(told(&app).len(), 0);
    app.advance(2).await;
    assert_eq!(told(&app).len(), 1);
    let key = app.settings.wechat.groups[0].key.clone();
    let client = &app.instances[0].app.robot_client;
    use linli::wechat::robot::client::GroupMessage;
    for fault in ["93000", "40058", "refused", "gateway", "nonsense"] {
        app.platform
            .set_fault(Fault::new(Api::Webhook, fault, Some(1)));
        let message = GroupMessage::Text("x".to_owned());
        let error = client.tell_group(&key, &message).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(key.expose_secret()), "{shown}");
    }
    // A byte too much is cut, not refused.
    let long = GroupMessage::Text("楼".repeat(683));
    client.tell_group(&key, &long).await.unwrap();
    let long = GroupMessage::Markdown("a".repeat(4097));
    client.tell_group(&key, &long).await.unwrap();
}
