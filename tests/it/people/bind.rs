//! Accounts and homes: what the roster knows is tied at once, what it does not know waits.

use entity::account;
use entity::kinds::BindingState;
use sea_orm::{EntityTrait, PaginatorTrait};

use super::{bindings, last, tries};
use crate::harness::app::TestApp;
use crate::harness::program;

#[tokio::test]
async fn what_the_roster_says_binds_at_once_and_the_steward_is_told() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let zhang = app.newcomer("o-new").await;
    let reply = zhang.says("綁定 1栋1单元101 張秀英 138 0000 0101").await;
    assert!(reply.contains("已绑定 桂园小区 1-1-101"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Declared);
    assert!(zhang.account().await.compound_id.is_some());
    assert_eq!(tries(&zhang).await, 0);
    let push = steward.expects_push("1-1-101").await;
    assert!(!push.contains("13800000101"), "{push}");
    assert!(zhang.says("我的").await.contains("1-1-101（已绑定）"));
    let again = zhang.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(again.contains("已经绑定"), "{again}");
    assert_eq!(bindings(&app).await.len(), 1);
}

#[tokio::test]
async fn guesses_are_limited_and_counted_though_nothing_else_changes() {
    let app = TestApp::start().await;
    let guesser = app.newcomer("o-guesser").await;
    for number in 0..5 {
        let reply = guesser
            .says(&format!("绑定 桂园 9-9-90{number} 张秀英 13800000101"))
            .await;
        assert!(reply.contains("没有找到"), "{reply}");
    }
    assert_eq!(tries(&guesser).await, 5);
    for text in ["绑定 1-1-101 张秀英 13800000101", "绑定 12345678"] {
        let reply = guesser.says(text).await;
        assert!(reply.contains("一小时后"), "{reply}");
    }
    assert_eq!(tries(&guesser).await, 5);
    assert!(bindings(&app).await.is_empty());
    app.advance(61).await;
    let reply = guesser.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("已绑定"), "{reply}");
}

#[tokio::test]
async fn the_compound_is_found_by_what_is_known() {
    let app = TestApp::start().await;
    app.staff("孙梅").await;
    let han = app.newcomer("o-han").await;
    let reply = han.says("绑定 9-1-901 韩梅 13800000901").await;
    assert!(
        reply.contains("兰园小区 9-1-901"),
        "the roster knows: {reply}"
    );
    let unknown = app.newcomer("o-unknown").await;
    let reply = unknown.says("绑定 1-1-101 某人 13911110000").await;
    assert!(
        reply.contains("小区名") && reply.contains("兰园小区"),
        "{reply}"
    );
    let reply = unknown.says("绑定 桂园 1-1-101 某人 13911110000").await;
    assert!(reply.contains("管家核验"), "{reply}");
    let by_code = app.newcomer("o-code").await;
    let reply = by_code.says("绑定 gy/1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("已绑定 桂园小区"), "{reply}");
}

#[tokio::test]
async fn one_account_is_one_person_who_may_have_several_homes() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("绑定 1-1-102 李建国 13800000102").await;
    assert!(reply.contains("另一位"), "{reply}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("homes.csv"),
        "place_code,person_key,relation\nLY/9-1-901,zhang,owner\n",
    )
    .unwrap();
    program::succeed(&app.variables, &["import", folder.path().to_str().unwrap()]).await;
    let reply = zhang.says("绑定 9-1-901 张秀英 13800000101").await;
    assert!(reply.contains("已绑定 兰园小区"), "{reply}");
    let mine = zhang.says("我的").await;
    assert!(
        mine.contains("1-1-101") && mine.contains("9-1-901"),
        "{mine}"
    );
    let reply = zhang.says("解绑 9-1-901").await;
    assert!(reply.contains("已解绑"), "{reply}");
    assert!(zhang.account().await.person_id.is_some());
    zhang.says("解绑 1栋1单元101").await;
    assert_eq!(zhang.account().await.person_id, None, "no home is left");
    let reply = zhang.says("解绑 1-1-101").await;
    assert!(reply.contains("没有绑定这个房号"), "{reply}");
}

#[tokio::test]
async fn what_was_written_before_binding_is_offered_after_it() {
    let app = TestApp::start().await;
    let zhang = app.newcomer("o-draft").await;
    let reply = zhang.says("报修 楼道灯不亮").await;
    assert!(reply.contains("绑定"), "{reply}");
    let reply = zhang.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(
        reply.contains("楼道灯不亮") && reply.contains("回复 1"),
        "{reply}"
    );
    let reply = zhang.says("1").await;
    assert!(reply.contains("诉求 #"), "{reply}");
    assert_eq!(zhang.case().await.text, "楼道灯不亮");
}

#[tokio::test]
async fn absurd_claims_are_answered_kindly_and_change_nothing() {
    let app = TestApp::start().await;
    let odd = app.newcomer("o-odd").await;
    for text in [
        "绑定 3-2-501",
        "绑定 张秀英",
        "绑定 13800000101",
        "绑定 😀 😀 😀",
        "绑定 1-1-101 张秀英 1380000",
        "解绑",
        "解绑 😀",
        "核验",
        "核验 99999999999999999999 通过",
        "异议 0",
        "我的管家",
    ] {
        let reply = odd.says(text).await;
        assert!(
            !reply.is_empty() && !reply.contains("系统出了点问题"),
            "{text}: {reply}"
        );
    }
    assert!(bindings(&app).await.is_empty());
    let accounts = account::Entity::find()
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(accounts, 1);
}
