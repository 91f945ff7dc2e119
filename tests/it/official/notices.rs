//! Subscription notices of the official account: what people accept comes as events and is counted
//! once; a notice spends one accept.

use entity::subscription;
use linli::sandbox::{Api, Fault};
use linli::wechat::Error;
use linli::wechat::official::client::TemplateMessage;
use sea_orm::EntityTrait;

use crate::harness::app::TestApp;
use crate::harness::until;
use crate::harness::wechat::now;

const TEMPLATE: &str = "sandbox-notice-progress";

fn notice(to: &str) -> TemplateMessage {
    let data = [
        ("thing1", "报修"),
        ("phrase2", "处理中"),
        ("time3", "2026年11月21日 08:30"),
        ("thing4", "请看详情"),
    ];
    TemplateMessage {
        to: to.to_owned(),
        template_id: TEMPLATE.to_owned(),
        url: None,
        data: data
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
            .to_vec(),
        client_msg_id: None,
    }
}

async fn remaining(app: &TestApp) -> i32 {
    let rows = subscription::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    rows.iter().map(|row| row.remaining).sum()
}

#[tokio::test]
async fn what_is_accepted_is_counted_and_a_refusal_in_the_settings_voids_it() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let open_id = &resident.open_id;
    assert!(app.platform.answer_notice(open_id, TEMPLATE, true).await);
    assert_eq!(remaining(&app).await, 1);
    app.clock.advance(chrono::TimeDelta::seconds(2));
    assert!(app.platform.answer_notice(open_id, TEMPLATE, true).await);
    app.clock.advance(chrono::TimeDelta::seconds(2));
    assert!(app.platform.answer_notice(open_id, TEMPLATE, false).await);
    assert_eq!(
        remaining(&app).await,
        2,
        "a refusal takes away what was accepted"
    );
    // The platform repeats an event whose answer it lost.
    app.platform
        .set_fault(Fault::new(Api::Callback, "repeat", Some(1)));
    app.clock.advance(chrono::TimeDelta::seconds(2));
    assert!(app.platform.answer_notice(open_id, TEMPLATE, true).await);
    assert_eq!(remaining(&app).await, 3, "a repetition was counted");
    assert!(app.platform.refuse_notice(open_id, TEMPLATE).await);
    assert_eq!(remaining(&app).await, 0);
    // Somebody whom nobody knows is acknowledged, and nothing is stored.
    assert!(app.platform.answer_notice("o-nobody", TEMPLATE, true).await);
    assert_eq!(remaining(&app).await, 0);
}

#[tokio::test]
async fn a_notice_spends_one_accept_and_its_end_is_heard() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let resident = app.resident("张秀英").await;
    let client = &app.instances[0].app.official_client;
    let refused = client.notice_send(&notice(&resident.open_id), now()).await;
    assert!(
        matches!(refused, Err(Error::Platform { code: 43101, .. })),
        "{refused:?}"
    );
    app.platform
        .answer_notice(&resident.open_id, TEMPLATE, true)
        .await;
    let sent = client.notice_send(&notice(&resident.open_id), now()).await;
    assert!(sent.unwrap().is_some());
    resident.expects_push("处理中").await;
    let again = client.notice_send(&notice(&resident.open_id), now()).await;
    assert!(again.is_err(), "one accept was spent twice");
    // A notice that ends with 43101 tells that nothing is left.
    app.clock.advance(chrono::TimeDelta::seconds(2));
    app.platform
        .answer_notice(&resident.open_id, TEMPLATE, true)
        .await;
    assert!(remaining(&app).await > 0);
    app.platform
        .set_fault(Fault::new(Api::Bizsend, "receipt:43101", Some(1)));
    client
        .notice_send(&notice(&resident.open_id), now())
        .await
        .unwrap();
    until("nothing is left", 10, async || {
        (remaining(&app).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_gets_no_template_message_is_told_by_the_notice_that_they_accepted() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let steward = app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    app.platform
        .answer_notice(&resident.open_id, TEMPLATE, true)
        .await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    app.drain().await;
    let before = remaining(&app).await;
    assert_eq!(before, 1, "a template message went before");
    // The template is gone from the platform's page: the next way carries it.
    app.platform
        .set_fault(Fault::new(Api::Template, "40037", None));
    steward.says(&format!("接单 {id}")).await;
    resident.expects_push(&format!("#{id}")).await;
    app.drain().await;
    assert_eq!(remaining(&app).await, 0, "the accept was not spent");
    assert_eq!(app.platform.calls(Api::Custom), 0);
}
