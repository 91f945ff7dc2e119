//! Leaving the account and coming back.

use entity::{session, subscription};
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};

use crate::harness::app::TestApp;

#[tokio::test]
async fn who_leaves_is_reached_by_nothing_and_finds_everything_again() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 楼道灯不亮").await;
    let case = resident.case().await;
    let before = resident.account().await;
    let accept = subscription::ActiveModel {
        account_id: Set(before.id),
        template: Set("t".to_owned()),
        remaining: Set(2),
        ahead: Set(0),
        answer: Set("accept".to_owned()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    accept.insert(app.store.write()).await.unwrap();
    resident.does(&Say::event("unsubscribe", "")).await;
    let gone = resident.account().await;
    assert!(!gone.followed && gone.window_left == 0 && gone.window_until.is_none());
    assert_eq!(gone.dialog, None);
    assert_eq!(gone.person_id, before.person_id, "the tie stays");
    let left = subscription::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(
        left.iter().all(|row| row.remaining == 0),
        "an accept outlived the leaving"
    );
    let open = session::Entity::find().all(app.store.read()).await.unwrap();
    assert!(open.iter().all(|row| row.revoked_at.is_some()));
    app.clock.advance(chrono::TimeDelta::seconds(2));
    resident.does(&Say::event("subscribe", "")).await;
    let back = resident.account().await;
    assert!(back.followed && back.person_id == before.person_id);
    let reply = resident.says(&format!("进度 {}", case.id)).await;
    assert!(reply.contains("楼道灯不亮"), "{reply}");
}

#[tokio::test]
async fn of_a_stranger_who_leaves_nothing_stays_but_the_openid() {
    let app = TestApp::start().await;
    let stranger = app.newcomer("o-stranger").await;
    stranger.does(&Say::event("SCAN", "GY/1")).await;
    stranger.says("报修 灯坏了").await;
    let known = stranger.account().await;
    assert!(known.compound_id.is_some() && known.dialog.is_some());
    stranger.does(&Say::event("unsubscribe", "")).await;
    let gone = stranger.account().await;
    assert_eq!(
        (gone.compound_id, gone.union_id, gone.dialog),
        (None, None, None)
    );
    assert!(!gone.followed);
}
