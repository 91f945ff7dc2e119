//! A database that is slow: the platform is answered in time, the work goes on, its answer follows by
//! customer service, once.

use std::time::Duration;

use chrono::TimeDelta;
use entity::inbound;
use linli::sandbox::{Api, Say};
use linli::store::Store;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::harness::app::TestApp;
use crate::harness::until;

/// Lets no message be stored until it is dropped.
pub async fn block(app: &TestApp) -> linli::store::Tx {
    let store: &Store = &app.instances[0].app.store;
    let tx = store.begin(app.now()).await.unwrap();
    if store.backend() == sea_orm::DbBackend::Postgres {
        let lock = r#"LOCK TABLE "inbound" IN EXCLUSIVE MODE"#;
        tx.db().execute_unprepared(lock).await.unwrap();
    }
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_command_is_acknowledged_and_its_answer_follows_once() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let resident = app.resident("张秀英").await;
    let blocked = block(&app).await;
    let (reply, ()) = tokio::join!(resident.says("报修 楼道灯不亮"), async {
        tokio::time::sleep(Duration::from_millis(4_600)).await;
        blocked.rollback().await.unwrap();
    });
    assert!(reply.contains("正在办理"), "{reply}");
    let answer = resident.expects_push("已收到").await;
    let cases = resident.cases().await;
    assert_eq!(cases.len(), 1, "doubled or lost");
    assert!(answer.contains(&format!("#{}", cases[0].id)), "{answer}");
    assert!(
        app.platform.calls(Api::Typing) >= 1,
        "nobody was seen typing"
    );
    app.advance(2).await;
    let all: Vec<String> = resident.pushes();
    let told = all.iter().filter(|text| text.contains("已收到")).count();
    assert_eq!(told, 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_question_is_a_menu_whose_tap_is_its_digit() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let resident = app.resident("张秀英").await;
    let blocked = block(&app).await;
    let (reply, ()) = tokio::join!(resident.says("菜单"), async {
        tokio::time::sleep(Duration::from_millis(4_600)).await;
        blocked.rollback().await.unwrap();
    });
    assert!(reply.contains("正在办理"), "{reply}");
    let sent = until("the menu", 15, async || {
        let sent = app.platform.sent_to(&resident.open_id);
        sent.into_iter().find(|entry| !entry.menu.is_empty())
    })
    .await;
    let tap = |n: usize| {
        let (id, content) = sent.menu[n].clone();
        Say::Tap { id, content }
    };
    assert!(sent.menu[0].1.starts_with("1 报修"), "{:?}", sent.menu);
    let question = resident.does(&tap(0)).await.unwrap();
    assert!(question.contains("请直接写下要报修"), "{question}");
    // The question has been replaced: an old line picks nothing any more.
    let old = resident.does(&tap(1)).await.unwrap();
    assert!(old.contains("过了时间"), "{old}");
    // A menu of somebody else's is a text like any other.
    let foreign = Say::Tap {
        id: "42".to_owned(),
        content: "进度".to_owned(),
    };
    let reply = resident.does(&foreign).await.unwrap();
    assert!(reply.contains("诉求"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_waits_for_what_was_acknowledged() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let open_id = app.resident("张秀英").await.open_id;
    let before = inbound::Entity::find().all(app.store.read()).await.unwrap();
    let blocked = block(&app).await;
    let reply = app.known(&open_id).says("报修 楼道灯不亮").await;
    assert!(reply.contains("正在办理"), "{reply}");
    let running = app.instances.remove(0);
    let stopping = tokio::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    blocked.rollback().await.unwrap();
    stopping.await.unwrap().unwrap();
    assert_eq!(
        app.known(&open_id).cases().await.len(),
        1,
        "lost by stopping"
    );
    let after = inbound::Entity::find().all(app.store.read()).await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    // The answer is owed and sent by whoever starts next.
    app.add_instance().await;
    app.clock.advance(TimeDelta::seconds(1));
    app.known(&open_id).expects_push("已收到").await;
}
