//! A database that is slow: the platform is answered in time, the work goes on, its answer follows by
//! customer service, once.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{delivery, inbound};
use linli::sandbox::{Api, Say};
use linli::store::Store;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::until;
use crate::harness::wechat::xml;

/// What the platform waits for an answer.
const HANGS_UP: Duration = Duration::from_secs(5);

/// Lets no message be stored until it is dropped.
pub async fn block(app: &TestApp) -> linli::store::Tx {
    block_tables(app, r#""inbound""#).await
}

/// Lets nothing be stored in these until it is dropped; on SQLite nothing at all.
async fn block_tables(app: &TestApp, tables: &str) -> linli::store::Tx {
    let store: &Store = &app.instances[0].app.store;
    let tx = store.begin(app.now()).await.unwrap();
    if store.backend() == sea_orm::DbBackend::Postgres {
        let lock = format!("LOCK TABLE {tables} IN EXCLUSIVE MODE");
        tx.db().execute_unprepared(&lock).await.unwrap();
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

/// A message that the platform took under this id.
async fn sent(app: &TestApp, channel: &str, platform_id: &str) {
    let row = delivery::ActiveModel {
        channel: Set(channel.to_owned()),
        kind: Set("case.told".to_owned()),
        subject: Set("case:1".to_owned()),
        client_msg_id: Set(format!("r{platform_id}")),
        platform_id: Set(Some(platform_id.to_owned())),
        state: Set(DeliveryState::Sent),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    delivery::Entity::insert(row)
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_could_not_be_stored_is_not_acknowledged_and_comes_again() {
    let mut app = TestApp::plan().empty().start().await;
    app.allow_errors();
    sent(&app, "template", "4711").await;
    sent(&app, "notice", "4712").await;
    let finished = [
        ("Event", "TEMPLATESENDJOBFINISH"),
        ("MsgID", "4711"),
        ("Status", "success"),
    ];
    let ended = xml("o-1", "event", &[("Event", "subscribe_msg_sent_event")]).replace(
        "</xml>",
        "<SubscribeMsgSentEvent><List><TemplateId>t</TemplateId><MsgID>4712</MsgID>\
         <ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List>\
         </SubscribeMsgSentEvent></xml>",
    );
    let reports = [xml("o-1", "event", &finished), ended];
    let sender = app.sender(0);
    let blocked = block_tables(&app, r#""delivery", "reminder""#).await;
    let hears = async |report: &String| {
        let envelope = sender.envelope(report);
        tokio::time::timeout(HANGS_UP, sender.try_post(&envelope)).await
    };
    let (first, second) = tokio::join!(hears(&reports[0]), hears(&reports[1]));
    assert!(first.is_err() && second.is_err(), "{first:?} {second:?}");
    blocked.rollback().await.unwrap();
    for report in &reports {
        let answer = sender.post(&sender.envelope(report)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "success"));
    }
    let rows = delivery::Entity::find()
        .order_by_asc(delivery::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Delivered]);
}
