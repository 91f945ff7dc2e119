//! Who writes from WeCom: the roster's user id is the tie, no binding is asked for.

use chrono::TimeDelta;
use entity::kinds::Channel;
use entity::{account, person};
use linli::bot::{self, Audience, Spoken, SpokenKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::harness::app::TestApp;
use crate::harness::wechat::next_id;

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

async fn says(app: &TestApp, userid: &str, text: &str) -> String {
    let spoken = Spoken {
        channel: Channel::Work,
        external_id: userid.to_owned(),
        key: format!("work:msg:{}", next_id()),
        kind: SpokenKind::Text(text.to_owned()),
        audience: Audience::Private,
    };
    let answered = bot::answer(&app.instances[0].app, spoken).await;
    answered.unwrap().expect("no answer")
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
