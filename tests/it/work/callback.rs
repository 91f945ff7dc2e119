//! `/wechat/work` over the wire: the address check, every kind of message, repeats, forgeries.

use entity::{attachment, case, inbound};
use linli::sandbox::{Answer, Api, Fault, Say};
use linli::wechat::xml::Writer;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::identity::register;
use super::says;
use crate::harness::app::TestApp;

async fn count_of(app: &TestApp) -> u64 {
    case::Entity::find().count(app.store.read()).await.unwrap()
}

#[tokio::test]
async fn the_address_check_holds_however_the_echo_is_sealed() {
    let app = TestApp::start().await;
    // Random seals: some hold a plus, which must survive.
    for _ in 0..20 {
        assert!(app.platform.verify_work().await);
    }
}

#[tokio::test]
async fn what_is_not_wecoms_is_turned_away_and_nothing_breaks() {
    let app = TestApp::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let url = format!("{}/wechat/work", app.url());
    for (query, body) in [
        ("", "<xml></xml>"),
        (
            "?msg_signature=a&timestamp=1&nonce=1",
            "<xml><Encrypt>x</Encrypt></xml>",
        ),
        ("?msg_signature=a&msg_signature=b", "junk"),
        (
            "?signature=a&timestamp=1763690000&nonce=1",
            "<xml><FromUserName>a</FromUserName></xml>",
        ),
    ] {
        let answer = http.post(format!("{url}{query}")).body(body).send().await;
        let status = answer.unwrap().status().as_u16();
        assert!((400..500).contains(&status), "{query}: {status}");
    }
    let large = "x".repeat(70_000);
    let answer = http.post(&url).body(large).send().await.unwrap();
    assert!(answer.status().is_client_error());
    let answer = http.get(&url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
    assert_eq!(
        inbound::Entity::find()
            .count(app.store.read())
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn every_command_works_as_in_the_official_account() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    let tasks = says(&app, "sunmei", "待办").await;
    assert!(tasks.contains(&format!("#{id}")), "{tasks}");
    let reply = says(&app, "sunmei", &format!("接单 {id}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    resident.expects_push("孙梅已接单").await;
    let reply = says(&app, "sunmei", &format!("办结 {id} 换了灯泡")).await;
    assert!(reply.contains("已办结"), "{reply}");
    resident.expects_push("评价").await;
    let menu = says(&app, "sunmei", "菜单").await;
    assert!(menu.contains("待办"), "{menu}");
}

#[tokio::test]
async fn a_repeated_message_has_one_effect_and_the_same_answer() {
    let app = TestApp::with_instances(2).await;
    let sun = register(&app, "sun", Some("sunmei")).await;
    // The steward lives there, too, and may file.
    let repeat = Fault::new(Api::Callback, "repeat", Some(2));
    assert!(app.platform.set_fault(repeat));
    let said = app.platform.member_does("sunmei", &Say::text("待办")).await;
    assert_eq!(said.attempts, 3);
    assert!(matches!(said.answer, Answer::Text(_)), "{said:?}");
    let key = format!("work:msg:{}", said.msg_id);
    let stored = inbound::Entity::find()
        .filter(inbound::COLUMN.key.eq(key))
        .count(app.store.read())
        .await;
    assert_eq!(stored.unwrap(), 1);
    assert_eq!(count_of(&app).await, 0);
    assert!(sun.wecom_userid.is_some());
}

#[tokio::test]
async fn a_photo_is_fetched_from_wecom() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let media_id = app.media(crate::harness::pictures::png(7)).await;
    let said = app
        .platform
        .member_does("sunmei", &Say::Image { media_id })
        .await;
    assert!(
        matches!(&said.answer, Answer::Text(text) if text.contains("照片收到了")),
        "{said:?}"
    );
    app.drain().await;
    let rows = attachment::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].path.is_some(), "{rows:?}");
}

#[tokio::test]
async fn events_are_taken_and_unknown_ones_acknowledged() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let event = |name: &str, key: &str| Say::event(name, key);
    let taken = app
        .platform
        .member_does("sunmei", &event("subscribe", ""))
        .await;
    assert!(
        matches!(&taken.answer, Answer::Text(text) if text.contains("欢迎")),
        "{taken:?}"
    );
    for name in ["enter_agent", "unsubscribe", "view", "something_new"] {
        let taken = app.platform.member_does("sunmei", &event(name, "")).await;
        assert_eq!(taken.answer, Answer::Silence, "{name}");
    }
    let click = app
        .platform
        .member_does("sunmei", &event("click", "CMD:我的"))
        .await;
    assert!(
        matches!(&click.answer, Answer::Text(text) if text.contains("孙梅")),
        "{click:?}"
    );
    let job = Writer::default().element("BatchJob", &Writer::default().text("JobId", "1"));
    let said = app
        .platform
        .member_event("sys", "batch_job_result", job)
        .await;
    assert_eq!(said.answer, Answer::Silence);
    let odd = app
        .platform
        .member_does("sunmei", &Say::Other("hologram".to_owned()))
        .await;
    assert!(matches!(odd.answer, Answer::Text(_)), "{odd:?}");
}

#[tokio::test]
async fn without_an_application_the_address_is_not_there() {
    let app = TestApp::plan()
        .set("WECHAT__WORK__CORP_ID", "")
        .start()
        .await;
    let url = format!("{}/wechat/work", app.url());
    let http = reqwest::Client::builder().build().unwrap();
    assert_eq!(http.get(&url).send().await.unwrap().status().as_u16(), 404);
    assert_eq!(http.post(&url).send().await.unwrap().status().as_u16(), 404);
}
