//! Nobody decides in their own matter, by whatever account they asked.

use entity::kinds::{BindingState, HomeRelation};
use entity::{account, binding, residency};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::program;

async fn last(app: &TestApp) -> binding::Model {
    let newest = binding::Entity::find().order_by_desc(binding::COLUMN.id);
    newest.one(app.store.read()).await.unwrap().unwrap()
}

/// Another account of somebody who holds a role, bound by a code of its own.
async fn second<'a>(app: &'a TestApp, key: &str) -> Person<'a> {
    let printed = program::succeed(&app.variables, &["invite", key]).await;
    let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
    let code = code.find(&printed).unwrap().as_str();
    let other = app.newcomer(&format!("o-{key}-second")).await;
    let reply = other.says(&format!("绑定 {code}")).await;
    assert!(reply.contains("绑定成功"), "{reply}");
    other
}

/// Both words of the steward are refused, and the binding waits on.
async fn is_refused(app: &TestApp, steward: &Person<'_>, id: i64) {
    for verdict in ["通过", "驳回"] {
        let reply = steward.says(&format!("核验 {id} {verdict}")).await;
        assert!(reply.contains("由别人核"), "{verdict}: {reply}");
        assert_eq!(last(app).await.state, BindingState::Requested, "{verdict}");
    }
}

#[tokio::test]
async fn a_steward_does_not_verify_themselves_by_another_account() {
    let app = TestApp::start().await;
    let (steward, grid) = (app.staff("孙梅").await, app.staff("吴静").await);
    // The same person, by an account of theirs.
    let other = second(&app, "sun").await;
    let reply = other.says("绑定 桂园 1-1-201 孙梅 13800001001").await;
    assert!(reply.contains("管家核验"), "{reply}");
    let row = last(&app).await;
    assert_eq!((row.state, row.person_id), (BindingState::Requested, None));
    is_refused(&app, &steward, row.id).await;
    is_refused(&app, &other, row.id).await;
    // The next one up was asked, since it cannot be the steward; their word counts.
    grid.expects_push(&format!("核验 {}", row.id)).await;
    let reply = grid.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
    assert_eq!(last(&app).await.state, BindingState::Verified);
}

#[tokio::test]
async fn nor_by_an_account_that_is_nobodys_yet() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    // Under a name that is not theirs, with their phone.
    let masked = app.newcomer("o-masked").await;
    masked.says("绑定 桂园 1-1-201 孙小梅 13800001001").await;
    is_refused(&app, &steward, last(&app).await.id).await;
    // With a phone that nobody knows: the platform knows that both accounts are one human being.
    let twin = app.newcomer("o-twin").await;
    twin.says("绑定 桂园 1-1-201 孙晓梅 13911110000").await;
    for person in [&steward, &twin] {
        let mut row = person.account().await.into_active_model();
        row.union_id = Set(Some("u-sun".to_owned()));
        row.update(app.store.write()).await.unwrap();
    }
    is_refused(&app, &steward, last(&app).await.id).await;
    assert_eq!(twin.account().await.person_id, None);
    // Somebody else's is decided as ever.
    let family = app.newcomer("o-family").await;
    family.says("绑定 桂园 1-1-201 王小明 13911112222").await;
    let reply = steward
        .says(&format!("核验 {} 通过", last(&app).await.id))
        .await;
    assert!(reply.contains("已通过"), "{reply}");
    let accounts = account::Entity::find().all(app.store.read()).await.unwrap();
    let of_steward = app.called("孙梅").await.id;
    let theirs = accounts
        .iter()
        .filter(|row| row.person_id == Some(of_steward));
    assert_eq!(theirs.count(), 1);
}

#[tokio::test]
async fn who_objects_for_their_home_does_not_decide_about_it() {
    let app = TestApp::start().await;
    // The steward lives in 1-1-102 beside 李建国.
    let home = app.place("GY/1-1-102").await;
    let lives = residency::ActiveModel {
        person_id: Set(app.called("孙梅").await.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        relation: Set(HomeRelation::Family),
        created_at: Set(app.now()),
        ..Default::default()
    };
    lives.insert(app.store.write()).await.unwrap();
    let (steward, grid) = (app.staff("孙梅").await, app.staff("吴静").await);
    let reply = steward.says("绑定 1-1-102 孙梅 13800001001").await;
    // The code has done so already.
    assert!(reply.contains("已经绑定"), "{reply}");
    let li = app.resident("李建国").await;
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Declared);
    let reply = steward.says(&format!("异议 {}", row.id)).await;
    assert!(reply.contains("管家会核实"), "{reply}");
    for verdict in ["通过", "驳回"] {
        let reply = steward.says(&format!("核验 {} {verdict}", row.id)).await;
        assert!(reply.contains("由别人核实"), "{verdict}: {reply}");
    }
    grid.expects_push(&format!("核验 {}", row.id)).await;
    let reply = grid.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
    assert_eq!(
        li.account().await.person_id,
        Some(app.called("李建国").await.id)
    );
}
