//! Invitation codes and the operator's one-time password: each works once.

use entity::kinds::BindingState;
use entity::{account, invitation};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::last;
use crate::harness::app::TestApp;
use crate::harness::program;

#[tokio::test]
async fn whoever_holds_a_role_needs_a_code_which_works_once() {
    let app = TestApp::start().await;
    // 李建国 becomes mediator: name and phone are not enough from then on.
    let li = app.person("李建国").await;
    let early = app.resident("李建国").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("roles.csv"),
        "person_key,role,place_code\nli,mediator,GY\n",
    )
    .unwrap();
    program::succeed(&app.variables, &["import", folder.path().to_str().unwrap()]).await;
    assert_eq!(
        early.account().await.person_id,
        None,
        "tied by name and phone only"
    );
    let reply = early.says("绑定 1-1-102 李建国 13800000102").await;
    assert!(reply.contains("邀请码"), "{reply}");

    let printed = program::succeed(&app.variables, &["invite", "li"]).await;
    let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
    let code = code.find(&printed).unwrap().as_str().to_owned();
    let reply = early.says(&format!("绑定 {code}")).await;
    assert!(reply.contains("绑定成功"), "{reply}");
    assert_eq!(early.account().await.person_id, Some(li.id));
    let row = last(&app).await;
    assert_eq!(
        (row.person_id, row.state),
        (Some(li.id), BindingState::Verified)
    );
    assert!(early.says("我的").await.contains("调解员"));

    let second = app.newcomer("o-second").await;
    let used = second.says(&format!("绑定 {code}")).await;
    let wrong = second.says("绑定 00000000").await;
    assert_eq!(used, wrong, "a used code and no code are answered alike");
    let stored = invitation::Entity::find()
        .one(app.store.read())
        .await
        .unwrap();
    assert!(!stored.unwrap().code_index.contains(&code));
}

#[tokio::test]
async fn a_code_lapses_and_a_newer_one_ends_it() {
    let app = TestApp::start().await;
    let code = |printed: String| {
        let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
        code.find(&printed).unwrap().as_str().to_owned()
    };
    let first = code(program::succeed(&app.variables, &["invite", "sun"]).await);
    let second = code(program::succeed(&app.variables, &["invite", "sun"]).await);
    let sun = app.newcomer("o-sun").await;
    assert!(
        sun.says(&format!("绑定 {first}"))
            .await
            .contains("邀请码不对")
    );
    app.advance(24 * 60 + 1).await;
    assert!(
        sun.says(&format!("绑定 {second}"))
            .await
            .contains("邀请码不对")
    );
    assert_eq!(sun.account().await.person_id, None);
}

#[tokio::test]
async fn one_code_used_twice_at_once_ties_one_account() {
    let app = TestApp::with_instances(2).await;
    let printed = program::succeed(&app.variables, &["invite", "sun"]).await;
    let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
    let code = code.find(&printed).unwrap().as_str();
    let (one, two) = (app.newcomer("o-one").await, app.newcomer("o-two").await);
    let text = format!("绑定 {code}");
    let (first, second) = tokio::join!(one.says(&text), two.says(&text));
    let tied = [&first, &second]
        .iter()
        .filter(|reply| reply.contains("绑定成功"))
        .count();
    assert_eq!(tied, 1, "{first}\n{second}");
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.is_not_null())
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn an_administrator_is_made_once() {
    let app = TestApp::start().await;
    let printed = program::succeed(&app.variables, &["admin", "create", "Root"]).await;
    assert!(printed.contains("一次性密码"), "{printed}");
    let again = program::run(&app.variables, &["admin", "create", "root"]).await;
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("换一个名字"), "{said}");
    let stored = entity::credential::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert!(stored.password_hash.starts_with("$argon2id$") && stored.one_time);
    let nobody = program::run(&app.variables, &["invite", "nobody"]).await;
    assert_eq!(nobody.status.code(), Some(1));
}
