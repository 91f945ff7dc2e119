//! Where it rings and where it does not, and what is changed while it rings.

use chrono::TimeDelta;
use entity::{schedule, timetable_reader};
use linli::base::clock::begin_of;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{NOON, all, daily, evening, make, switched, today, told, until};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_a_building_is_neither_seen_nor_heard_in_the_next_one() {
    let app = evening(TestApp::start().await).await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let chen = app.resident("陈伟").await;
    let api = app.api(&chair).await;
    let mut body = daily(&app, "1栋抄水表", &["12:00"]);
    body["place"] = json!("GY/1");
    let id = make(&api, &body).await;
    let list = zhang.says("日程").await;
    assert!(list.contains("1 1栋抄水表"), "{list}");
    assert!(zhang.says("1").await.contains("会提醒您"));
    for words in ["日程", "日程 抄水表", "订阅日程", "退订日程"] {
        let none = chen.says(words).await;
        assert!(!none.contains("1栋抄水表"), "{words}: {none}");
    }
    for words in [format!("日程 {id}"), format!("订阅日程 {id}")] {
        let gone = chen.says(&words).await;
        assert!(gone.contains("没有找到日程"), "{words}: {gone}");
    }
    let theirs = app.api(&chen).await;
    let path = format!("/timetables/{id}");
    assert_eq!(theirs.get(&path).await.status, 404);
    assert_eq!(theirs.get("/timetables").await.json["items"], json!([]));
    let on = theirs
        .post(&format!("{path}/subscription"), &json!({ "on": true }))
        .await;
    assert_eq!(on.status, 404, "{on:?}");
    // As if he had lived there when he asked for it.
    let person = chen.account().await.person_id.unwrap();
    let reader = timetable_reader::ActiveModel {
        timetable_id: Set(id),
        person_id: Set(person),
        compound_id: Set(all(&app).await[0].compound_id),
        created_at: Set(app.now()),
        ..Default::default()
    };
    timetable_reader::Entity::insert(reader)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    assert_eq!(switched(&app).await, [id, id]);
    until(&app, 1, NOON).await;
    zhang.expects_push("1栋抄水表").await;
    assert!(told(&chen).is_empty(), "{:?}", chen.pushes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_change_on_one_instance_while_the_other_rings_the_new_time_holds() {
    let app = evening(TestApp::with_instances(2).await).await;
    let chair = app.staff("卫东").await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let api = app.api(&chair).await;
    let id = make(&api, &daily(&app, "厨余垃圾", &["12:00"])).await;
    for person in [&zhang, &li] {
        person.says(&format!("订阅日程 {id}")).await;
    }
    until(&app, 1, NOON - 1).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let path = format!("/timetables/{id}/change");
    for (version, hour) in [(1, 12), (2, 14), (3, 16)] {
        let time = format!("{}:00", hour + 2);
        let mut body = daily(&app, "厨余垃圾", &[time.as_str()]);
        body["version"] = json!(version);
        let at = begin_of(today(&app)) + TimeDelta::hours(hour) + TimeDelta::seconds(1);
        app.clock.advance(at - app.now());
        let (changed, ()) = tokio::join!(other.post(&path, &body), app.drain());
        assert_eq!(changed.status, 200, "{changed:?}");
        app.drain().await;
        let next = all(&app).await[0].next_at;
        assert_eq!(next, Some(at + TimeDelta::hours(2) - TimeDelta::seconds(1)));
    }
    let before = told(&zhang).len();
    assert!(before <= 3, "{:?}", zhang.pushes());
    until(&app, 0, 18 * 60).await;
    // Each time that has rung was told to each of them, once; the last one for sure.
    let slots = schedule::Entity::find()
        .filter(schedule::COLUMN.name.eq(format!("timetable:{id}")))
        .count(app.store.read())
        .await;
    let slots = usize::try_from(slots.unwrap()).unwrap();
    assert_eq!(slots, before + 1, "{:?}", zhang.pushes());
    for person in [&zhang, &li] {
        assert_eq!(told(person).len(), slots, "{:?}", person.pushes());
    }
    let tomorrow = begin_of(today(&app)) + TimeDelta::hours(24 + 18);
    assert_eq!(all(&app).await[0].next_at, Some(tomorrow));
}
