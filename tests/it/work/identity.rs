//! Who writes from WeCom: the roster's user id is the tie, no binding is asked for.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::Channel;
use entity::{account, person};
use linli::sandbox::Answer;
use linli::wechat::xml::Writer;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::says;
use crate::harness::app::TestApp;
use crate::harness::until;
use crate::official::late::block;

/// Gives somebody of the standard compound a user id, as the roster does.
pub async fn register(app: &TestApp, key: &str, userid: Option<&str>) -> person::Model {
    let found = person::Entity::find()
        .filter(person::COLUMN.key.eq(key))
        .one(app.store.read())
        .await
        .unwrap();
    let mut change = found.unwrap().into_active_model();
    change.wecom_userid = Set(userid.map(str::to_owned));
    change.update(app.store.write()).await.unwrap()
}

async fn accounts(app: &TestApp) -> Vec<account::Model> {
    let of_work = account::COLUMN.channel.eq(Channel::Work);
    let found = account::Entity::find().filter(of_work);
    found.all(app.store.read()).await.unwrap()
}

#[tokio::test]
async fn a_member_on_the_roster_is_known_by_the_user_id_in_any_case() {
    let app = TestApp::start().await;
    let sun = register(&app, "sun", Some("sunmei")).await;
    let reply = says(&app, "SunMei", "我的").await;
    assert!(
        reply.contains("孙梅") && reply.contains("楼栋长"),
        "{reply}"
    );
    says(&app, "sunmei", "待办").await;
    let known = accounts(&app).await;
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0].person_id, Some(sun.id));
    assert_eq!(known[0].external_id, "sunmei");
}

#[tokio::test]
async fn a_stranger_is_told_kindly_what_to_do_and_can_do_nothing() {
    let app = TestApp::start().await;
    for text in ["待办", "绑定 1-1-101 张秀英 13800000101", "报修 漏水"] {
        let reply = says(&app, "nobody", text).await;
        assert!(
            reply.contains("还没有登记") && reply.contains("nobody"),
            "{reply}"
        );
    }
    assert_eq!(accounts(&app).await[0].person_id, None);
}

#[tokio::test]
async fn who_left_or_lost_the_user_id_is_a_stranger_from_then_on() {
    let app = TestApp::start().await;
    let sun = register(&app, "sun", Some("sunmei")).await;
    assert!(says(&app, "sunmei", "我的").await.contains("孙梅"));
    let mut gone = sun.clone().into_active_model();
    gone.left_at = Set(Some(app.now() - TimeDelta::minutes(1)));
    gone.update(app.store.write()).await.unwrap();
    assert!(says(&app, "sunmei", "待办").await.contains("还没有登记"));
    assert_eq!(accounts(&app).await[0].person_id, None);
    // The same id belongs to another member now.
    register(&app, "sun", None).await;
    let zhou = register(&app, "zhou", Some("sunmei")).await;
    assert!(says(&app, "sunmei", "我的").await.contains("周强"));
    assert_eq!(accounts(&app).await[0].person_id, Some(zhou.id));
}

#[tokio::test]
async fn whom_the_address_book_takes_out_is_a_stranger_and_the_id_is_nobodys() {
    let app = TestApp::start().await;
    let sun = register(&app, "sun", Some("sunmei")).await;
    assert!(says(&app, "sunmei", "我的").await.contains("孙梅"));
    let gone = Writer::default()
        .text("ChangeType", "delete_user")
        .text("UserID", "SunMei");
    let said = app
        .platform
        .member_event("sys", "change_contact", gone)
        .await;
    assert_eq!(said.answer, Answer::Silence, "{said:?}");
    assert!(says(&app, "sunmei", "待办").await.contains("还没有登记"));
    let person = person::Entity::find_by_id(sun.id);
    let person = person.one(app.store.read()).await.unwrap().unwrap();
    assert_eq!(person.wecom_userid, None);
    assert_eq!(accounts(&app).await[0].person_id, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_taken_out_while_the_database_was_busy_is_a_stranger_all_the_same() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    register(&app, "sun", Some("sunmei")).await;
    let blocked = block(&app).await;
    let gone = Writer::default()
        .text("ChangeType", "delete_user")
        .text("UserID", "sunmei");
    let (said, ()) = tokio::join!(
        app.platform.member_event("sys", "change_contact", gone),
        async {
            tokio::time::sleep(Duration::from_millis(4_700)).await;
            blocked.rollback().await.unwrap();
        }
    );
    assert_eq!((said.answer, said.attempts), (Answer::Silence, 1));
    until("nobody has the user id", 15, async || {
        let holder = person::Entity::find()
            .filter(person::COLUMN.wecom_userid.eq("sunmei"))
            .one(app.store.read())
            .await
            .unwrap();
        holder.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_new_user_id_is_the_same_person() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let renamed = Writer::default()
        .text("ChangeType", "update_user")
        .text("UserID", "sunmei")
        .text("NewUserID", "SunMei2");
    app.platform
        .member_event("sys", "change_contact", renamed)
        .await;
    assert!(says(&app, "sunmei2", "我的").await.contains("孙梅"));
    assert!(says(&app, "sunmei", "我的").await.contains("还没有登记"));
}
