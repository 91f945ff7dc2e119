//! Who has no phone is told at the door: 陈奶奶, 71, of 2-1-101.

use entity::kinds::{DeliveryState, ReminderState, RoleKind, VisitState};
use entity::{delivery, reminder, role, visit};
use linli::base::fault::Fault;
use linli::delivery::{Kind, Message, Postman, Topic, Work};
use linli::reminder::worker::Worker;
use linli::reminder::{BoxFuture, NewReminder, enqueue};
use linli::sandbox::platform::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::until;

/// A push of these tests' own, to a resident.
const KINDS: &[Kind] = &[Kind {
    name: "test.tell",
    work: Work::Push(Topic::Progress, compose),
}];

fn compose<'a>(
    _: &'a linli::app::App,
    rows: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let last = rows.last().unwrap();
        let text = last.payload["text"].as_str().unwrap().to_owned();
        Ok(Some(Message {
            template: "progress",
            title: text.clone(),
            place: "2栋".to_owned(),
            state: "通知".to_owned(),
            at: last.due_at,
            hint: text.clone(),
            text,
            url: None,
            urgent: true,
            buttons: Vec::new(),
        }))
    })
}

async fn visits(app: &TestApp) -> Vec<visit::Model> {
    visit::Entity::find()
        .order_by_asc(visit::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

async fn delivered(app: &TestApp) -> Vec<(String, DeliveryState)> {
    let rows = delivery::Entity::find()
        .filter(delivery::COLUMN.kind.eq("test.tell"))
        .order_by_asc(delivery::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.channel, row.state))
        .collect()
}

/// Tells a resident something and waits until it is done with, by a worker of the test's own that
/// runs beside the program's for a kind that the program does not know.
async fn tell(app: &TestApp, name: &str, subject: &str, text: &str) -> reminder::Model {
    let program = &app.instances[0].app;
    let to = app.person(name).await.id;
    let key = format!("{subject}:{name}:{text}");
    let mut tx = program.store.begin(app.now()).await.unwrap();
    let item = NewReminder {
        kind: "test.tell",
        dedupe_key: key.clone(),
        recipient_id: Some(to),
        compound_id: None,
        subject: subject.to_owned(),
        payload: json!({ "text": text }),
        due_at: tx.now(),
    };
    enqueue(&mut tx, vec![item]).await.unwrap();
    tx.commit().await.unwrap();
    until("it is done with", 15, async || {
        let row = reminder::Entity::find()
            .filter(reminder::COLUMN.dedupe_key.eq(&key))
            .one(app.store.read())
            .await
            .unwrap()
            .unwrap();
        row.done_at.is_some().then_some(row)
    })
    .await
}

/// The standard compound, with a worker that knows the test's kind beside all others.
async fn start() -> TestApp {
    let mut app = TestApp::plan().instances(0).start().await;
    let boot = linli::command::serve::Boot {
        clock: app.clock.clone(),
        shift: None,
        dice: std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        role: linli::command::Role::Web,
    };
    let running = linli::command::serve::start_as(app.settings.clone(), boot)
        .await
        .unwrap();
    let url = format!("http://{}/wechat/official", running.address);
    app.platform.set_callbacks(vec![url]);
    let program = running.app.clone();
    app.instances.push(running);
    let kinds = [linli::command::serve::kinds(), KINDS.to_vec()].concat();
    let postman =
        Postman::new(program.clone(), kinds).with_last_resort(linli::visit::actions::open);
    let worker = Worker::new(
        program.queue.clone(),
        std::sync::Arc::new(postman),
        program.clock.clone(),
        program.settings.reminder.clone(),
    );
    tokio::spawn(worker.run(program.stopping.clone()));
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_phone_is_told_by_the_steward_at_the_door() {
    let app = start().await;
    let steward = app.steward("2栋").await;
    let stranger = app.steward("1栋").await;
    let told = tell(&app, "陈伟", "notice:7", "明天停水").await;
    assert_eq!(told.state, ReminderState::Sent, "{:?}", told.last_error);
    // The same subject again is the same visit, with the latest words.
    tell(&app, "陈伟", "notice:7", "明天上午停水").await;
    let all = visits(&app).await;
    assert_eq!(all.len(), 1);
    let id = all[0].id;
    assert_eq!(all[0].holder_id, Some(app.person("周强").await.id));
    steward.expects_push("1户要上门告诉").await;

    // From the tasks by digits alone.
    let tasks = steward.says("待办").await;
    assert!(tasks.contains("1 上门：还有1户要上门告诉"), "{tasks}");
    let list = steward.says("1").await;
    assert!(
        list.contains("1 桂园小区 2-1-101 陈伟：明天上午停水"),
        "{list}"
    );
    let one = steward.says("1").await;
    assert!(
        one.contains("明天上午停水") && one.contains("说到了回复 1"),
        "{one}"
    );

    // It is nobody else's.
    assert!(stranger.says("待办").await.contains("没有要您办的诉求"));
    assert!(stranger.says("上门").await.contains("没有要上门告诉"));
    assert!(
        stranger
            .says(&format!("上门 {id}"))
            .await
            .contains("没有找到")
    );
    assert!(
        stranger
            .says(&format!("已上门 {id}"))
            .await
            .contains("没有找到")
    );
    assert_eq!(visits(&app).await[0].state, VisitState::Open);
    let resident = app.resident("张秀英").await;
    assert!(resident.says("上门").await.contains("工作人员"));

    let done = steward.says("1").await;
    assert!(
        done.contains("已记为上门告诉") && done.contains("没有要上门告诉"),
        "{done}"
    );
    let again = steward.says(&format!("已上门 {id} 又去了一次")).await;
    assert!(again.contains("已经记过了"), "{again}");
    assert_eq!(visits(&app).await[0].state, VisitState::Done);
    let tries = delivered(&app).await;
    let in_person = ("visit".to_owned(), DeliveryState::Delivered);
    assert_eq!(
        tries.iter().filter(|one| **one == in_person).count(),
        2,
        "{tries:?}"
    );
    // What comes later is a visit of its own.
    tell(&app, "陈伟", "notice:7", "后天停水").await;
    assert_eq!(visits(&app).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_of_a_long_list_is_reached_and_no_number_is_taken_for_a_line() {
    let app = start().await;
    let steward = app.steward("2栋").await;
    for number in 1..=9 {
        let (subject, text) = (format!("notice:{number}"), format!("第{number}次停水"));
        tell(&app, "陈伟", &subject, &text).await;
    }
    let all = visits(&app).await;
    assert_eq!(all.len(), 9);
    let first = steward.says("上门").await;
    assert!(
        first.contains("有9户") && first.contains("7 桂园小区 2-1-101 陈伟：第7次停水"),
        "{first}"
    );
    assert!(
        first.contains("8 下一页") && !first.contains("第8次停水"),
        "{first}"
    );
    // The number of a visit that is not shown is no line of the list.
    assert!(all.iter().any(|visit| visit.id == 9));
    let missed = steward.says("9").await;
    assert!(
        missed.contains("没有这个数字") && !missed.contains("说到了回复 1"),
        "{missed}"
    );
    let second = steward.says("8").await;
    assert!(
        second.contains("2 桂园小区 2-1-101 陈伟：第9次停水") && second.contains("3 回到第一页"),
        "{second}"
    );
    let ninth = steward.says("2").await;
    assert!(ninth.contains("第9次停水"), "{ninth}");
    let done = steward.says("1").await;
    assert!(
        done.contains("已记为上门告诉") && done.contains("有8户"),
        "{done}"
    );
    let open = visits(&app).await;
    let open = open.iter().filter(|visit| visit.state == VisitState::Open);
    assert!(open.into_iter().all(|visit| visit.text != "第9次停水"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_steward_the_visit_falls_upward_and_a_new_one_takes_it_over() {
    let app = start().await;
    let grid_worker = app.staff("吴静").await;
    let zhou = app.person("周强").await.id;
    let end = role::ActiveModel {
        to_at: Set(Some(app.now())),
        ..Default::default()
    };
    role::Entity::update_many()
        .set(end)
        .filter(role::COLUMN.person_id.eq(zhou))
        .exec(app.store.write())
        .await
        .unwrap();
    tell(&app, "赵敏", "notice:8", "明天停电").await;
    let id = visits(&app).await[0].id;
    assert_eq!(
        visits(&app).await[0].holder_id,
        Some(app.person("吴静").await.id)
    );
    grid_worker.expects_push("要上门告诉").await;

    // 孙梅 takes over the second building, too.
    let building = app.place("GY/2").await;
    let sun = app.person("孙梅").await.id;
    let post = role::ActiveModel {
        person_id: Set(sun),
        role: Set(RoleKind::Steward),
        place_id: Set(Some(building.id)),
        compound_id: Set(building.compound_id),
        from_at: Set(app.now()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    role::Entity::insert(post)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
    let steward = app.steward("1栋").await;
    let handed = linli::visit::actions::hand_on(&app.instances[0].app.store, app.now()).await;
    assert_eq!(handed.unwrap(), 1);
    let again = linli::visit::actions::hand_on(&app.instances[0].app.store, app.now()).await;
    assert_eq!(again.unwrap(), 0, "handed on without need");
    assert_eq!(visits(&app).await[0].holder_id, Some(sun));
    steward.expects_push("要上门告诉").await;
    assert!(grid_worker.says("上门").await.contains("没有要上门告诉"));
    let made = steward.says(&format!("已上门 {id} 家里人会转告")).await;
    assert!(made.contains("已记为上门告诉"), "{made}");
    assert_eq!(
        visits(&app).await[0].result.as_deref(),
        Some("家里人会转告")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_lists_and_closes_visits_and_two_presses_close_once() {
    let app = start().await;
    let steward = app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    app.platform.set_standing(&resident.open_id, Standing::Left);
    // Whoever blocks or leaves the account is reached by no channel either.
    tell(&app, "张秀英", "case:77", "您的诉求已办结").await;
    let api = app.api(&steward).await;
    let tasks = api.get("/tasks").await;
    assert_eq!(tasks.status, 200, "{tasks:?}");
    assert_eq!(tasks.json["visits"][0]["place"], "桂园小区 1-1-101");
    assert_eq!(tasks.json["visits"][0]["name"], "张秀英");
    let listed = api.get("/visits").await;
    let id = listed.json["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed.json["items"][0]["text"], "您的诉求已办结");
    let theirs = app.api(&app.resident("李建国").await).await;
    assert_eq!(theirs.get("/visits").await.json["items"], json!([]));
    let path = format!("/visits/{id}/done");
    assert_eq!(theirs.post(&path, &json!({})).await.status, 404);
    assert_eq!(api.post("/visits/x/done", &json!({})).await.status, 404);
    let body = json!({ "text": "已告诉本人" });
    let (one, two) = tokio::join!(api.post(&path, &body), api.post(&path, &body));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(api.get("/visits").await.json["items"], json!([]));
    assert_eq!(api.get("/tasks").await.json["visits"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_loses_twice_is_told_at_the_door() {
    let app = start().await;
    app.resident("张秀英").await;
    for (times, text, tries, visited) in [(1, "明天停水", 2, 0), (2, "后天停电", 5, 1)] {
        let lost = linli::sandbox::Fault::new(
            linli::sandbox::Api::Template,
            "receipt:failed: system failed",
            Some(times),
        );
        assert!(app.platform.set_fault(lost));
        tell(&app, "张秀英", &format!("notice:{times}"), text).await;
        until("it has come or is on the list", 20, async || {
            app.clock.advance(chrono::TimeDelta::seconds(2));
            let rows = delivered(&app).await;
            let ended = |(_, state): &&(String, DeliveryState)| *state != DeliveryState::Failed;
            let sent = rows.iter().filter(ended).count();
            (rows.len() == tries && sent == visited + 1).then_some(())
        })
        .await;
        // What the platform says of the last one is of this message, not of the next.
        app.drain().await;
        let all = visits(&app).await;
        assert_eq!(all.len(), visited, "{text}");
        assert!(all.iter().all(|visit| visit.text == text));
    }
    let rows: Vec<String> = delivered(&app).await.into_iter().map(|row| row.0).collect();
    assert_eq!(
        rows,
        ["template", "template", "template", "template", "visit"]
    );
    app.drain().await;
    let failed =
        |row: &reminder::Model| row.kind == "test.tell" && row.state == ReminderState::Failed;
    assert!(!app.reminders().await.iter().any(failed), "a dead letter");
}
