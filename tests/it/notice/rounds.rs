//! Rounds that begin by themselves, and the page that shows how far a notice has come.

use chrono::TimeDelta;
use entity::kinds::ReminderState;
use entity::reminder;
use linli::base::clock::{Clock, ShiftedClock, china};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{TEXT, confirmed, goes_out, posted, published, reminders_of, row};
use crate::console::Desk;
use crate::harness::app::{Plan, TestApp};
use crate::harness::until;

const DAY: i64 = 24 * 60;

/// A template carries notices, however long ago people have written.
pub fn with_template() -> Plan {
    let name = |key: &str| format!("WECHAT__OFFICIAL__TEMPLATES__NOTICE__{key}");
    TestApp::plan()
        .set(&name("ID"), "sandbox-template-notice")
        .set(&name("FIELDS__THING1"), "title")
        .set(&name("FIELDS__PHRASE2"), "state")
        .set(&name("FIELDS__TIME3"), "time")
}

/// What of a notice still waits.
async fn waiting(app: &TestApp, id: i64) -> u64 {
    reminder::Entity::find()
        .filter(reminder::COLUMN.subject.eq(format!("notice:{id}")))
        .filter(reminder::COLUMN.state.eq(ReminderState::Pending))
        .count(app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn who_does_not_read_is_told_again_each_day_three_times_and_the_reader_once() {
    let app = with_template().start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let chair = app.staff("卫东").await;
    let desk = app.api(&chair).await;
    let body = json!({ "place": "GY", "title": "周六停水", "body": "请存水", "repeat_hours": 24 });
    let id = posted(&desk, &body).await;
    goes_out(&app, id).await;
    zhang.says(&format!("公告 {id}")).await;
    for round in 1..=3_usize {
        app.advance(DAY + 1).await;
        until("the next round is told", 15, async || {
            app.advance(1).await;
            (liu.told("周六停水") == 1 + round).then_some(())
        })
        .await;
        assert_eq!(row(&app, id).await.round, i32::try_from(round).unwrap());
        assert_eq!(zhang.told("周六停水"), 1, "told though it was read");
    }
    let push = liu.expects_push("周六停水").await;
    assert!(
        !push.contains("请存水"),
        "the body stands in a template: {push}"
    );
    app.advance(2 * DAY).await;
    assert_eq!((liu.told("周六停水"), zhang.told("周六停水")), (4, 1));
    assert_eq!(
        (reminders_of(&app, id).await, waiting(&app, id).await),
        (5, 0)
    );
    // Who had read it before the last round is counted, too: the parts of the first line are all.
    let far = chair.says(&format!("广播进度 {id}")).await;
    assert!(
        far.contains("收件人6：已发出1，等待0，没送到0，以前已读1，没有微信要上门4。"),
        "{far}"
    );
    let api = app.api(&chair).await;
    let desk = api.get(&format!("/notices/{id}/progress")).await;
    let count = |name: &str| {
        desk.json[name]
            .as_i64()
            .unwrap_or_else(|| panic!("{desk:?}"))
    };
    let parts = ["sent", "waiting", "failed", "dropped", "earlier"];
    let told: i64 = parts.into_iter().map(count).sum();
    assert_eq!(told, count("reachable"));
}

#[tokio::test]
async fn who_has_bound_since_is_no_more_without_wechat_and_gets_the_next_round() {
    let app = with_template().start().await;
    app.resident("张秀英").await;
    let chair = app.staff("卫东").await;
    let id = published(&chair, TEXT).await;
    let first = chair.says(&format!("广播进度 {id}")).await;
    assert!(first.contains("没有微信要上门5"), "{first}");
    let li = app.resident("李建国").await;
    let mut desk = Desk::of(&app, "卫东").await;
    let building = app.place("GY/1").await.id.to_string();
    let page = desk
        .open(&format!("/console/notices/{id}/unread?building={building}"))
        .await;
    page.is(200)
        .says("后来绑定了微信")
        .says("发过消息，还没有读");
    app.advance(61).await;
    chair.says(&format!("提醒未读 {id}")).await;
    goes_out(&app, id).await;
    li.expects_push("周六停水").await;
    let next = chair.says(&format!("广播进度 {id}")).await;
    assert!(next.contains("没有微信要上门4"), "{next}");
    // Who has got it and not read it is no door that nothing reaches.
    let sun = app.staff("孙梅").await;
    let to = format!("/console/notices/{id}/visits");
    let fields = [("building", building.as_str())];
    desk.send("/console/account", &to, &fields).await.is(303);
    let list = sun.says("上门").await;
    let line = list.lines().find(|line| line.contains("张秀英"));
    let digit = line.unwrap_or_else(|| panic!("{list}")).split(' ').next();
    let one = sun.says(digit.unwrap()).await;
    assert!(
        one.contains("还没有读到这条消息") && !one.contains("收不到微信"),
        "{one}"
    );
}

#[tokio::test]
async fn a_recall_ends_the_rounds_and_so_does_the_last_reader() {
    let app = with_template().start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let desk = app.api(&chair).await;
    let body = |title: &str| {
        json!({
            "place": "GY", "title": title, "body": "x", "repeat_hours": 24, "urgent": true,
        })
    };
    let (recalled, read) = (
        posted(&desk, &body("停水")).await,
        posted(&desk, &body("停电")).await,
    );
    goes_out(&app, recalled).await;
    goes_out(&app, read).await;
    assert_eq!(
        (waiting(&app, recalled).await, waiting(&app, read).await),
        (1, 1)
    );
    let said = chair.says(&format!("撤回公告 {recalled}")).await;
    assert!(said.contains("已撤回"), "{said}");
    // What the groups are told of it.
    app.drain().await;
    assert_eq!(waiting(&app, recalled).await, 0);
    zhang.says(&format!("收到 {read}")).await;
    app.advance(DAY + 1).await;
    app.advance(DAY + 1).await;
    assert_eq!((zhang.told("停水"), zhang.told("停电")), (1, 1));
    assert_eq!(
        (row(&app, recalled).await.round, row(&app, read).await.round),
        (0, 0)
    );
}

#[tokio::test]
async fn the_bar_moves_by_itself_while_messages_wait_and_by_loading_anew() {
    // It is night: what is not urgent waits for the morning.
    let now = china(ShiftedClock::default().now());
    let at = |moment: chrono::DateTime<chrono::FixedOffset>| moment.format("%H:%M").to_string();
    let app = TestApp::plan()
        .set("REMINDER__QUIET_FROM", &at(now - TimeDelta::minutes(30)))
        .set("REMINDER__QUIET_TO", &at(now + TimeDelta::minutes(30)))
        .start()
        .await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let mut desk = Desk::of(&app, "卫东").await;
    let id = confirmed(&chair, TEXT).await;
    let path = format!("/console/notices/{id}");
    let polls = format!("hx-get=\"{path}\" hx-trigger=\"every 5s\" hx-select=\"#live\"");
    // Before it goes out what may be done changes, too.
    let page = desk.open(&path).await;
    page.is(200).says(&polls).says("hx-select-oob=\"#act\"");
    goes_out(&app, id).await;
    let page = desk.open(&path).await;
    page.says(&polls)
        .says("每 5 秒自动更新")
        .says("<progress max=\"100\" value=\"0\"");
    assert!(!page.body.contains("hx-select-oob"), "{}", page.body);
    app.advance(31).await;
    zhang.expects_push("周六停水").await;
    app.drain().await;
    let page = desk.open(&path).await;
    page.says("<progress max=\"100\" value=\"100\"");
    assert!(!page.body.contains("every 5s"), "{}", page.body);
}

#[tokio::test]
async fn what_waits_for_hours_is_not_asked_for_every_few_seconds() {
    let now = china(ShiftedClock::default().now());
    let at = |moment: chrono::DateTime<chrono::FixedOffset>| moment.format("%H:%M").to_string();
    let app = TestApp::plan()
        .set("REMINDER__QUIET_FROM", &at(now - TimeDelta::hours(1)))
        .set("REMINDER__QUIET_TO", &at(now + TimeDelta::hours(6)))
        .start()
        .await;
    let (_zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = published(&chair, TEXT).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let path = format!("/console/notices/{id}");
    desk.open(&path).await.says("every 5s");
    app.advance(65).await;
    let page = desk.open(&path).await;
    page.is(200).says("<dt>等待</dt><dd>1</dd>");
    assert!(!page.body.contains("every 5s"), "{}", page.body);
}
