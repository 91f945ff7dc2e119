//! Whoever has moved out and still has a part in a task: they end what they have begun, give back what they have not, and
//! keep nobody from taking their place.

use chrono::TimeDelta;
use entity::life::ServiceState;
use serde_json::json;

use super::{part, post, task, task_body};
use crate::activity::gone::moves_next_door;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_before_moving_is_ended_and_counts_and_the_next_can_begin() {
    let app = TestApp::start().await;
    let (chair, yang) = (app.staff("卫东").await, app.staff("杨光").await);
    let zhang = app.resident("张秀英").await;
    let here = post(&chair, 2).await;
    let from = app.now() + TimeDelta::minutes(30);
    let mut body = task_body(from, from + TimeDelta::hours(2), 2);
    body["place"] = json!("LY/9");
    let made = app.api(&yang).await.post("/volunteer-tasks", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let there: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    zhang.says("志愿报名").await;
    zhang.says(&format!("领任务 {here}")).await;
    let begun = zhang.says(&format!("开始服务 {here}")).await;
    assert!(begun.contains("开始计时"), "{begun}");
    moves_next_door(&zhang, "张秀英").await;
    let gone = zhang.says(&format!("志愿服务 {here}")).await;
    assert!(gone.contains("没有找到志愿任务"), "{gone}");
    assert!(zhang.says("志愿报名").await.contains("您已成为小区志愿者"));
    let taken = zhang.says(&format!("领任务 {there}")).await;
    assert!(taken.contains("是您的了"), "{taken}");
    app.advance(45).await;
    let both = zhang.says(&format!("开始服务 {there}")).await;
    assert!(both.contains("同一时间只能算一次"), "{both}");
    let ended = zhang.says(&format!("结束服务 {here}")).await;
    assert!(ended.contains("45分钟"), "{ended}");
    let next = zhang.says(&format!("开始服务 {there}")).await;
    assert!(next.contains("开始计时"), "{next}");
    // The hours are hers, and so is the word that they count.
    chair.says("菜单").await;
    chair.expects_push("等您确认时长").await;
    chair.says(&format!("确认工时 {here}")).await;
    zhang.expects_push("45分钟，已经确认").await;
    assert_eq!(part(&zhang, here).await.state, ServiceState::Confirmed);
    let twice = zhang.says(&format!("结束服务 {here}")).await;
    assert!(twice.contains("已确认"), "{twice}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_whoever_has_moved_out_is_given_back_or_is_the_next_ones() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let (wang, chen) = (app.resident("王芳").await, app.resident("陈伟").await);
    let (one, two) = (post(&chair, 2).await, post(&chair, 1).await);
    for person in [&zhang, &li, &wang, &chen] {
        person.says("志愿报名").await;
    }
    zhang.says(&format!("领任务 {two}")).await;
    for person in [&zhang, &li] {
        let taken = person.says(&format!("领任务 {one}")).await;
        assert!(taken.contains("是您的了"), "{taken}");
    }
    let full = wang.says(&format!("领任务 {one}")).await;
    assert!(full.contains("人已经够了"), "{full}");
    let session = app.api(&zhang).await;
    moves_next_door(&zhang, "张秀英").await;
    // Another place is told to whoever belongs here.
    let row = task(&app, one).await;
    let mut next = task_body(row.starts_at, row.ends_at, 2);
    next["venue"] = json!("2栋门口");
    let api = app.api(&chair).await;
    let changed = api
        .post(&format!("/volunteer-tasks/{one}/change"), &next)
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    li.expects_push("有变动").await;
    app.drain().await;
    assert_eq!(zhang.told("有变动"), 0);
    // She gives one back; of the other, two come for her place and one has it.
    let path = format!("/volunteer-tasks/{two}/drop");
    let dropped = session.post(&path, &json!({})).await;
    assert_eq!(
        (dropped.status, &dropped.json["own"]["state"]),
        (200, &json!("left")),
        "{dropped:?}"
    );
    assert_eq!(session.post(&path, &json!({})).await.status, 404);
    assert_eq!(task(&app, two).await.taken, 0);
    let mut sessions = Vec::new();
    for (at, person) in [&wang, &chen].into_iter().enumerate() {
        let api = app.api(person).await;
        sessions.push(api.at(&format!("http://{}", app.instances[at].address)));
    }
    let (path, nothing) = (format!("/volunteer-tasks/{one}/take"), json!({}));
    let calls = sessions.iter().map(|api| api.post(&path, &nothing));
    let answers = futures_util::future::join_all(calls).await;
    let mut said: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    said.sort_unstable();
    assert_eq!(said, [200, 409], "{answers:?}");
    assert_eq!(task(&app, one).await.taken, 2);
    assert_eq!(part(&zhang, one).await.state, ServiceState::Left);
    assert_eq!(part(&li, one).await.state, ServiceState::Taken);
}
