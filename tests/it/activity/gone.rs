//! Whoever has moved out and still has a place: they give it back, or it is given back for them and the next in the line
//! has it; and nobody tells them what their neighbours do.

use chrono::TimeDelta;
use entity::life::SignupState::{Left, Taken, Waiting};
use entity::{account, binding};
use linli::activity::times::eve;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{activity, adds_up, body, open, signups, starts, until};
use crate::harness::app::TestApp;
use crate::harness::compound;
use crate::harness::people::{Person, tie};

/// Ties somebody of 桂园 to the home next door, and unties them here: they are still somebody, and not of here.
pub async fn moves_next_door(person: &Person<'_>, name: &str) {
    let app = person.app;
    let account = person.account().await;
    let home = app.place("LY/9-1-901").await;
    let accounts = account::Entity::find().filter(account::COLUMN.person_id.eq(account.person_id));
    let accounts = accounts.all(app.store.read()).await.unwrap();
    let ties = accounts.iter().map(|one| tie(app, one, &home));
    binding::Entity::insert_many(ties)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    let reply = person.says(&format!("解绑 {}", compound::home(name))).await;
    assert!(reply.contains("已解绑"), "{reply}");
    assert_eq!(person.account().await.person_id, account.person_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_moved_out_gives_the_place_back_and_the_next_has_it() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = open(&chair, Some(1)).await;
    assert!(zhang.says(&format!("报名 {id}")).await.contains("报名成功"));
    let hour = zhang.says(&format!("提前提醒 {id}")).await;
    assert!(hour.contains("前1小时会再提醒"), "{hour}");
    assert!(li.says(&format!("报名 {id}")).await.contains("候补第1位"));
    moves_next_door(&zhang, "张秀英").await;
    // Of all else there it does not exist for her, and she is told nothing of it.
    for words in [format!("活动 {id}"), format!("提前提醒 {id}")] {
        let reply = zhang.says(&words).await;
        assert!(reply.contains("没有找到活动"), "{words}: {reply}");
    }
    let no_more = zhang.says(&format!("提前提醒 {id} 不用了")).await;
    assert!(no_more.contains("不再提醒"), "{no_more}");
    let left = zhang.says(&format!("取消报名 {id}")).await;
    assert!(left.contains("已取消报名"), "{left}");
    li.expects_push("轮到您了").await;
    adds_up(&app, id).await;
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (1, 0));
    for words in [format!("取消报名 {id}"), format!("报名 {id}")] {
        let reply = zhang.says(&words).await;
        assert!(reply.contains("没有找到活动"), "{words}: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_told_to_nobody_who_has_moved_out_and_the_next_has_the_place() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let id = open(&chair, Some(1)).await;
    for person in [&zhang, &li] {
        person.says(&format!("报名 {id}")).await;
    }
    moves_next_door(&zhang, "张秀英").await;
    let mut next = body(starts(&app), Some(1));
    next["venue"] = json!("议事厅");
    let api = app.api(&chair).await;
    let changed = api.post(&format!("/activities/{id}/change"), &next).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    // The line and the telling of it ring at once: one may come a minute later.
    let told = crate::harness::until("the next one to have the place", 15, async || {
        app.advance(1).await;
        li.pushes()
            .into_iter()
            .find(|text| text.contains("轮到您了"))
    })
    .await;
    assert!(told.contains("议事厅"), "{told}");
    app.drain().await;
    assert_eq!(zhang.told("有变动"), 0);
    adds_up(&app, id).await;
    let row = activity(&app, id).await;
    assert_eq!((row.taken, row.waiting), (1, 0));
    let reply = zhang.says(&format!("取消报名 {id}")).await;
    assert!(reply.contains("没有找到活动"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_the_mini_program_on_two_instances_at_once_is_done_once() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let id = open(&chair, Some(5)).await;
    let api = app.api(&zhang).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let path = |verb: &str| format!("/activities/{id}/{verb}");
    let joined = api.post(&path("sign-up"), &json!({ "size": 3 })).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    moves_next_door(&zhang, "张秀英").await;
    assert_eq!(api.get(&format!("/activities/{id}")).await.status, 404);
    let hour = path("hour-before");
    let wants = api.post(&hour, &json!({ "wants": true })).await;
    assert_eq!(wants.status, 404, "{wants:?}");
    let no_more = api.post(&hour, &json!({ "wants": false })).await;
    assert_eq!(
        (no_more.status, &no_more.json["own"]["size"]),
        (200, &json!(3)),
        "{no_more:?}"
    );
    let (leave, nothing) = (path("leave"), json!({}));
    let (one, two) = tokio::join!(api.post(&leave, &nothing), other.post(&leave, &nothing));
    let mut said = [one.status, two.status];
    said.sort_unstable();
    assert_eq!(said, [200, 404], "{one:?} {two:?}");
    let done = [one, two].into_iter().find(|answer| answer.status == 200);
    let done = done.unwrap().json;
    assert_eq!((&done["own"], &done["taken"]), (&json!(null), &json!(0)));
    adds_up(&app, id).await;
    // Who was never signed up learns nothing.
    let han = app.resident("韩梅").await;
    let stranger = app.api(&han).await;
    assert_eq!(stranger.post(&leave, &nothing).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_nobody_gives_back_is_the_next_ones_on_the_eve() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (wang, chen) = (app.resident("王芳").await, app.resident("陈伟").await);
    let id = open(&chair, Some(2)).await;
    for person in [&zhang, &chen, &wang, &li] {
        person.says(&format!("报名 {id}")).await;
    }
    assert_eq!(signups(&app, id, Waiting).await.len(), 2);
    // 张秀英 lives next door now; 王芳, who waits before 李建国, has no home at all.
    moves_next_door(&zhang, "张秀英").await;
    wang.says(&format!("解绑 {}", compound::home("王芳"))).await;
    assert_eq!(wang.account().await.person_id, None);
    let cannot = wang.says(&format!("取消报名 {id}")).await;
    assert!(cannot.contains("请先绑定房号"), "{cannot}");
    for person in [&zhang, &li, &chen] {
        person.says("菜单").await;
    }
    until(&app, eve(starts(&app))).await;
    li.expects_push("轮到您了").await;
    chen.expects_push("明天开始").await;
    app.drain().await;
    for words in ["明天开始", "轮到您了"] {
        assert_eq!((zhang.told(words), wang.told(words)), (0, 0), "{words}");
    }
    adds_up(&app, id).await;
    let taken = signups(&app, id, Taken).await;
    let taken: Vec<Option<i64>> = taken.iter().map(|row| row.person_id).collect();
    let (chen, li) = (chen.account().await, li.account().await);
    assert_eq!(taken, [chen.person_id, li.person_id]);
    assert_eq!(signups(&app, id, Left).await.len(), 2);
    // Whoever comes anew goes behind, and nothing happens twice an hour before.
    let zhao = app.resident("赵敏").await;
    let late = zhao.says(&format!("报名 {id}")).await;
    assert!(late.contains("候补第1位"), "{late}");
    until(&app, starts(&app) - TimeDelta::minutes(59)).await;
    adds_up(&app, id).await;
    assert_eq!(activity(&app, id).await.taken, 2);
}
