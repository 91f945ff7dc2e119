//! The channels' health: what a page says of attempts, halts and the queue, and to whom.

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{delivery, halt};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use secrecy::ExposeSecret;

use super::Desk;
use crate::harness::app::TestApp;

const PATH: &str = "/console/channels";

async fn attempt(app: &TestApp, channel: &str, minutes: i64, state: DeliveryState, error: &str) {
    let at = app.now() - TimeDelta::minutes(minutes);
    let row = delivery::ActiveModel {
        channel: Set(channel.to_owned()),
        kind: Set("case.task".to_owned()),
        subject: Set("case:1".to_owned()),
        client_msg_id: Set("r1".to_owned()),
        state: Set(state),
        error: Set(Some(error.to_owned()).filter(|error| !error.is_empty())),
        created_at: Set(at),
        updated_at: Set(at),
        ..Default::default()
    };
    delivery::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_page_says_how_each_channel_is() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open(PATH).await;
    page.is(200)
        .says("公众号 模板消息")
        .says("最近没有发过")
        .says("hx-trigger=\"every 10s\"");
    attempt(&app, "template", 0, DeliveryState::Sent, "").await;
    attempt(&app, "work", 3, DeliveryState::Delivered, "").await;
    attempt(
        &app,
        "work",
        2,
        DeliveryState::Failed,
        "platform error 60020: not allow to access from your ip <script>alert(1)</script>",
    )
    .await;
    let until = app.now() + TimeDelta::minutes(30);
    let row = halt::ActiveModel {
        carrier: Set("customer".to_owned()),
        until_at: Set(until),
        reason: Set("quota".to_owned()),
        times: Set(0),
    };
    halt::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    let page = desk.open(PATH).await;
    page.is(200)
        .says("最近5000次里没有失败")
        .says("✕ 最近一次没有成功")
        .says("配置有误，请管理员检查账号设置（60020）")
        .says("✕ 暂停发送")
        .says("今天的额度用完，")
        .says("一天最多10万");
    assert!(!page.body.contains("<script>alert"));
    app.clock.advance(TimeDelta::minutes(31));
    let page = desk.open(PATH).await;
    assert!(!page.body.contains("暂停发送"), "the halt is over");
    let wechat = &app.settings.wechat;
    for secret in [
        &wechat.official.app_secret,
        &wechat.official.token,
        &wechat.work.secret,
        &app.settings.database.url,
    ] {
        let secret = secret.expose_secret();
        assert!(secret.is_empty() || !page.body.contains(secret));
    }
}

#[tokio::test]
async fn only_whoever_runs_the_house_sees_it() {
    let app = TestApp::start().await;
    for (name, status) in [("冯涛", 200), ("孙梅", 403), ("沈立", 403), ("褚亮", 403)] {
        let mut desk = Desk::of(&app, name).await;
        assert_eq!(desk.open(PATH).await.status, status, "{name}");
    }
    Desk::stranger(&app).open(PATH).await.is(303);
}
