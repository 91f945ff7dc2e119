//! The rules that everybody reads, and what happens when they change.

use entity::account;
use linli::privacy::consent::VERSION;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::harness::app::TestApp;

#[tokio::test]
async fn who_agreed_to_older_rules_is_told_once_more() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    account::Entity::update_many()
        .set(account::ActiveModel {
            told_version: Set(VERSION - 1),
            agreed_version: Set(VERSION - 1),
            ..Default::default()
        })
        .exec(app.store.write())
        .await
        .unwrap();
    let told = zhang.says("菜单").await;
    assert!(told.contains("个人信息处理规则"), "{told}");
    let next = zhang.says("菜单").await;
    assert!(!next.contains("个人信息处理规则"), "once: {next}");
}

#[tokio::test]
async fn the_rules_say_what_neighbours_learn_of_each_other() {
    let app = TestApp::start().await;
    let (_, page) = app.page("/privacy").await;
    for feature in [
        "微心愿",
        "四项清单",
        "特长",
        "捐款捐物",
        "活动",
        "志愿服务",
        "驿站",
        "日程",
        "手册",
    ] {
        assert!(page.contains(feature), "{feature}: {page}");
    }
    assert!(page.contains(&format!("第{VERSION}版")), "{page}");
    assert!(
        page.contains("只告诉认领的那一位") && page.contains("单独同意"),
        "{page}"
    );
    assert!(page.contains("结束1年后"), "as the settings say: {page}");
}
