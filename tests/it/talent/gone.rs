//! Who has gone: a talent taken back, a yes of long ago, a talent or an asker who has moved away. Nobody learns any
//! more how to reach them.

use entity::binding;
use entity::kinds::{BindingState, HelpAnswer, HelpState, TalentKind};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{ask, asks, offer, request};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

const DAY: i64 = 24 * 60;

/// They have no home in the compound any more, as whoever keeps one elsewhere: the account stays theirs.
async fn moves_away(person: &Person<'_>) {
    let who = person.account().await.person_id.unwrap();
    let ended = binding::ActiveModel {
        state: Set(BindingState::Released),
        ..Default::default()
    };
    binding::Entity::update_many()
        .set(ended)
        .filter(binding::COLUMN.person_id.eq(who))
        .exec(person.app.store.write())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_taken_back_ends_what_the_two_may_know_of_each_other() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let talent = offer(&li, TalentKind::Doctor).await;
    let id = ask(&zhang, "医护 想请人看看化验单").await;
    li.says(&format!("接受帮忙 {id}")).await;
    zhang.expects_push("13800000102").await;
    li.expects_push("13800000101").await;
    li.says(&format!("撤销特长 {talent}")).await;
    let no = zhang.says(&format!("联系帮手 {id}")).await;
    assert!(no.contains("对方已经撤销登记，不能再看联系方式"), "{no}");
    let no = li.says(&format!("联系帮手 {id}")).await;
    assert!(no.contains("您已经撤销登记"), "{no}");
    let one = zhang.says(&format!("我的帮手 {id}")).await;
    assert!(!one.contains("联系帮手"), "{one}");
    for person in [&zhang, &li] {
        let api = app.api(person).await;
        let path = format!("/help/{id}/contact");
        let answer = api.post(&path, &json!({})).await;
        assert_eq!(answer.status, 409, "{answer:?}");
    }
    app.drain().await;
    assert_eq!(zhang.told("13800000102"), 1);
    assert_eq!(li.told("13800000101"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_after_the_yes_nobody_is_told_any_more() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    offer(&li, TalentKind::Doctor).await;
    let id = ask(&zhang, "医护 想请人看看化验单").await;
    li.says(&format!("接受帮忙 {id}")).await;
    zhang.expects_push("13800000102").await;
    app.advance(6 * DAY).await;
    let again = zhang.says(&format!("联系帮手 {id}")).await;
    assert!(again.contains("马上单独发给您"), "{again}");
    zhang.expects_push("13800000102").await;
    app.advance(2 * DAY).await;
    for person in [&zhang, &li] {
        let no = person.says(&format!("联系帮手 {id}")).await;
        assert!(no.contains("已经过去一周"), "{no}");
    }
    app.drain().await;
    assert_eq!(zhang.told("13800000102"), 2);
    assert_eq!(li.told("13800000101"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talent_who_has_moved_away_is_passed_over_and_learns_nothing() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    offer(&li, TalentKind::Doctor).await;
    let next = offer(&wang, TalentKind::Doctor).await;
    let id = ask(&zhang, "医护 想请人看看化验单").await;
    li.expects_push("邻居请帮忙").await;
    let helper = app.api(&li).await;
    moves_away(&li).await;
    let path = format!("/help/{id}/answer");
    for _ in 0..2 {
        let yes = json!({ "accept": true });
        let answer = helper.post_once(&path, "a-1", &yes).await;
        assert_eq!(answer.status, 404, "{answer:?}");
    }
    let row = request(&app, id).await;
    assert_eq!((row.state, row.talent_id), (HelpState::Asking, Some(next)));
    let answers: Vec<HelpAnswer> = asks(&app, id).await.iter().map(|one| one.answer).collect();
    assert_eq!(answers, [HelpAnswer::Dropped, HelpAnswer::Asked]);
    wang.expects_push("邻居请帮忙").await;
    app.drain().await;
    assert_eq!(li.told("13800000101"), 0);
    assert_eq!(zhang.told("13800000102"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_of_an_asker_who_has_moved_away_is_over() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    offer(&li, TalentKind::Doctor).await;
    let id = ask(&zhang, "医护 想请人看看化验单").await;
    li.expects_push("邻居请帮忙").await;
    moves_away(&zhang).await;
    let gone = li.says(&format!("接受帮忙 {id}")).await;
    assert!(gone.contains("没有找到帮忙"), "{gone}");
    assert_eq!(request(&app, id).await.state, HelpState::Lapsed);
    app.drain().await;
    assert_eq!(li.told("13800000101"), 0);
    assert_eq!(zhang.told("13800000102"), 0);
}
