//! Hours that may not be: two at once, more than a day, in the future, confirmed by oneself, of another compound; and the last
//! place of a task for whoever is first.

use chrono::TimeDelta;
use entity::life::ServiceState;
use entity::volunteer_service;
use linli::base::clock::china;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{part, post, task, task_body};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_minute_counts_twice_however_it_is_entered() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    zhang.says("志愿报名").await;
    let own = app.api(&zhang).await.get("/volunteer").await;
    let volunteer = own.json["items"][0]["id"].clone();
    let api = app.api(&chair).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let noon = app.now() - TimeDelta::days(2);
    let mut tasks = Vec::new();
    for hours in [0, 1, 2, 3] {
        let from = noon + TimeDelta::hours(hours);
        let made = api
            .post(
                "/volunteer-tasks",
                &task_body(from, from + TimeDelta::hours(2), 5),
            )
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        tasks.push(made.json["id"].as_str().unwrap().to_owned());
    }
    let hours = |from: i64, until: i64| -> Value {
        let time = |minutes: i64| china(noon + TimeDelta::minutes(minutes)).to_rfc3339();
        json!({ "volunteer_id": volunteer, "from": time(from), "until": time(until) })
    };
    // All four at once over two instances: of those that overlap one alone counts.
    let calls = tasks.iter().enumerate().map(|(at, id)| {
        let api = if at % 2 == 0 { &api } else { &other };
        let begin = 60 * i64::try_from(at).unwrap();
        let body = hours(begin, begin + 120);
        async move {
            api.post(&format!("/volunteer-tasks/{id}/hours"), &body)
                .await
                .status
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    let kept = answers.iter().filter(|status| **status == 200).count();
    assert!(
        kept == 2 && answers.iter().all(|status| [200, 409].contains(status)),
        "{answers:?}"
    );
    let rows = volunteer_service::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let sum: i32 = rows.iter().filter_map(|row| row.minutes).sum();
    assert_eq!((rows.len(), sum), (2, 240));
    let path = format!("/volunteer-tasks/{}/hours", tasks[0]);
    let far = |from: i64, until: i64| hours(from + 24 * 60 * 10, until + 24 * 60 * 10);
    for (wrong, status) in [
        (hours(-600, -600), 422),
        (hours(-600, -700), 422),
        (hours(-2000, -400), 422),
        (far(0, 60), 422),
        (
            json!({ "volunteer_id": "999999", "from": hours(0, 1)["from"], "until": hours(0, 1)["until"] }),
            404,
        ),
        (
            json!({ "volunteer_id": volunteer, "from": "早上", "until": "晚上" }),
            422,
        ),
    ] {
        let answer = api.post(&path, &wrong).await;
        assert_eq!(answer.status, status, "{wrong}: {answer:?}");
    }
    // A correction takes the place of what was there.
    let rows = volunteer_service::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let corrected = format!("/volunteer-tasks/{}/hours", rows[0].task_id);
    let answer = api.post(&corrected, &hours(-600, -570)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = volunteer_service::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.iter().filter_map(|row| row.minutes).sum::<i32>(), 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_lie_about_the_time_of_their_task_and_a_cancelled_one_has_none() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    zhang.says("志愿报名").await;
    let own = app.api(&zhang).await.get("/volunteer").await;
    let volunteer = own.json["items"][0]["id"].clone();
    let api = app.api(&chair).await;
    let from = app.now() - TimeDelta::days(20);
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let body = task_body(from, from + TimeDelta::hours(2), 5);
        let made = api.post("/volunteer-tasks", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        tasks.push(made.json["id"].as_str().unwrap().to_owned());
    }
    let hours = |begin: i64, end: i64| {
        let time = |hours: i64| china(from + TimeDelta::hours(hours)).to_rfc3339();
        json!({ "volunteer_id": volunteer, "from": time(begin), "until": time(end) })
    };
    let path = format!("/volunteer-tasks/{}/hours", tasks[0]);
    for (begin, end) in [(-25, -23), (25, 27), (-26, -25), (24 * 10, 24 * 10 + 2)] {
        let answer = api.post(&path, &hours(begin, end)).await;
        assert_eq!(answer.status, 422, "{begin} {end}: {answer:?}");
        let says = answer.json["detail"].as_str().unwrap();
        assert!(says.contains("另发一个任务"), "{says}");
    }
    for (begin, end) in [(-23, -21), (23, 25)] {
        let answer = api.post(&path, &hours(begin, end)).await;
        assert_eq!(answer.status, 200, "{begin} {end}: {answer:?}");
    }
    chair.says(&format!("取消志愿 {} 下雨了", tasks[1])).await;
    let id: i64 = tasks[1].parse().unwrap();
    assert_eq!(
        task(&app, id).await.state,
        entity::life::VolunteerTaskState::Cancelled
    );
    let path = format!("/volunteer-tasks/{}/hours", tasks[1]);
    let late = api.post(&path, &hours(0, 1)).await;
    assert_eq!(late.status, 409, "{late:?}");
    assert!(late.json["detail"].as_str().unwrap().contains("已经取消"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_serves_here_does_not_serve_there_and_nobody_confirms_their_own() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let (one, two) = (post(&chair, 5).await, post(&chair, 5).await);
    for person in [&chair, &zhang] {
        person.says("志愿报名").await;
        person.says(&format!("领任务 {one}")).await;
        person.says(&format!("领任务 {two}")).await;
        assert!(
            person
                .says(&format!("开始服务 {one}"))
                .await
                .contains("开始计时")
        );
    }
    let both = zhang.says(&format!("开始服务 {two}")).await;
    assert!(both.contains("同一时间只能算一次"), "{both}");
    let not_begun = zhang.says(&format!("结束服务 {two}")).await;
    assert!(not_begun.contains("还没有开始"), "{not_begun}");
    app.advance(60).await;
    for person in [&chair, &zhang] {
        assert!(
            person
                .says(&format!("结束服务 {one}"))
                .await
                .contains("1小时")
        );
    }
    let confirmed = chair.says(&format!("确认工时 {one}")).await;
    assert!(confirmed.contains("1人时长已确认"), "{confirmed}");
    assert_eq!(part(&chair, one).await.state, ServiceState::Ended);
    let api = app.api(&chair).await;
    let own = part(&chair, one).await.id;
    let by_self = api
        .post(&format!("/volunteer-services/{own}/confirm"), &json!({}))
        .await;
    assert_eq!(by_self.status, 403, "{by_self:?}");
    // The steward's own building is not the compound; a manager of it may.
    let manager = app.staff("沈立").await;
    let reason = manager.says("菜单").await;
    assert!(!reason.is_empty());
    let other = app.api(&manager).await;
    let refused = other
        .post(
            &format!("/volunteer-services/{own}/refuse"),
            &json!({ "reason": "没有到场" }),
        )
        .await;
    assert_eq!(
        (refused.status, &refused.json["state"]),
        (200, &json!("refused")),
        "{refused:?}"
    );
    chair.expects_push("没有被认可").await;
    // A neighbour sees the task and decides nothing; elsewhere it is not there.
    let neighbour = app.api(&zhang).await;
    let served = part(&zhang, one).await.id;
    for verb in ["confirm", "refuse"] {
        let body = json!({ "reason": "没有到场" });
        let answer = neighbour
            .post(&format!("/volunteer-services/{served}/{verb}"), &body)
            .await;
        assert_eq!(answer.status, 403, "{verb}: {answer:?}");
    }
    assert_eq!(
        neighbour
            .get(&format!("/volunteer-tasks/{one}/services"))
            .await
            .status,
        403
    );
    let han = app.resident("韩梅").await;
    let far = app.api(&han).await;
    for (verb, status) in [
        ("take", 404),
        ("begin", 404),
        ("end", 404),
        ("drop", 404),
        ("cancel", 404),
    ] {
        let body = json!({ "reason": "没有到场" });
        let answer = far
            .post(&format!("/volunteer-tasks/{one}/{verb}"), &body)
            .await;
        assert_eq!(answer.status, status, "{verb}: {answer:?}");
    }
    let answer = far
        .post(
            &format!("/volunteer-services/{served}/refuse"),
            &json!({ "reason": "没有到场" }),
        )
        .await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let reply = han.says(&format!("领任务 {one}")).await;
    assert!(reply.contains("没有找到志愿任务"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_place_of_a_task_is_one_volunteers_and_free_again_when_given_back() {
    let app = TestApp::with_instances(2).await;
    let chair = app.staff("卫东").await;
    let id = post(&chair, 1).await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let mut sessions = Vec::new();
    for (at, person) in [&zhang, &li].into_iter().enumerate() {
        person.says("志愿报名").await;
        let api = app.api(person).await;
        sessions.push(api.at(&format!("http://{}", app.instances[at].address)));
    }
    let path = format!("/volunteer-tasks/{id}/take");
    let nothing = json!({});
    let calls = sessions.iter().map(|api| api.post(&path, &nothing));
    let mut answers: Vec<u16> = Vec::new();
    for answer in futures_util::future::join_all(calls).await {
        answers.push(answer.status);
    }
    answers.sort_unstable();
    assert_eq!(answers, [200, 409]);
    assert_eq!(task(&app, id).await.taken, 1);
    let (mut had, mut free) = (&zhang, &li);
    if had.says(&format!("退任务 {id}")).await.contains("还没有领") {
        std::mem::swap(&mut had, &mut free);
        assert!(had.says(&format!("退任务 {id}")).await.contains("已退"));
    }
    assert_eq!(task(&app, id).await.taken, 0);
    assert!(
        free.says(&format!("领任务 {id}"))
            .await
            .contains("是您的了")
    );
    let full = had.says(&format!("领任务 {id}")).await;
    assert!(full.contains("人已经够了"), "{full}");
}
