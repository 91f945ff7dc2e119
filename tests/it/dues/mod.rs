//! Asking for what is due, from the policy in the console to the resident's chat and the proof of it.

mod desk;
mod late;
mod stops;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use entity::kinds::HomeRelation;
use entity::money::{DueEvent, DueResult};
use entity::{bill, due_notice, reminder, residency};
use linli::base::clock::{begin_of, china};
use linli::dues::remind::WORKS;
use linli::fee::bill::{Growth, grow};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::payment::{bill_for, bill_now};

pub const DUES: &str = "/console/dues";

/// A policy that is right.
pub const GOOD: [(&str, &str); 9] = [
    ("compound", "GY"),
    ("act", "save"),
    ("before", "3"),
    ("on", "yes"),
    ("every", "7"),
    ("most", "2"),
    ("words", "有困难请到服务中心，我们一起想办法。"),
    ("late", ""),
    ("late_basis", ""),
];

/// The same with other values.
pub fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let value = |(name, old)| {
        let changed = changes.iter().find(|(known, _)| *known == name);
        (name, changed.map_or(old, |(_, new)| *new))
    };
    GOOD.map(value).to_vec()
}

/// 桂园 asks like this from now on.
pub async fn policy(app: &TestApp, changes: &[(&str, &str)]) {
    let mut desk = Desk::of(app, "沈立").await;
    let page = desk.send(DUES, DUES, &with(changes)).await;
    page.is(303)
        .leads_to("/console/dues?compound=GY&said=dues-set");
}

pub fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

/// Moves the clock forward to a time in China some days from now, and does what falls due.
pub async fn move_to(app: &TestApp, days: u64, time: &str) {
    let day = today(app).checked_add_days(Days::new(days)).unwrap();
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    let at = begin_of(day) + (time - NaiveTime::MIN);
    let by = at - app.now();
    assert!(by >= TimeDelta::zero(), "the clock goes forward only");
    app.clock.advance(by);
    app.drain().await;
}

/// The clock work of the day, and all that follows from it now.
pub async fn begin(app: &TestApp) {
    (WORKS[0].run)(&app.store, app.now()).await.unwrap();
    app.drain().await;
}

/// Somebody's bill that is due on a day.
pub async fn bill_due(app: &TestApp, name: &str, month: i32, due_on: NaiveDate) -> bill::Model {
    let row = bill_for(app, name, month, 10_000).await;
    bill::Entity::update_many()
        .col_expr(bill::Column::DueOn, Expr::value(due_on))
        .filter(bill::COLUMN.id.eq(row.id))
        .exec(app.store.write())
        .await
        .unwrap();
    bill_now(app, row.id).await
}

pub async fn notices(app: &TestApp) -> Vec<due_notice::Model> {
    let all = due_notice::Entity::find().order_by_asc(due_notice::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

/// What came of the reminders of a bill, in their order.
pub async fn ended(app: &TestApp, bill_id: i64) -> Vec<(String, DueResult)> {
    let rows = notices(app).await.into_iter();
    rows.filter(|row| row.bill_id == bill_id && row.event == DueEvent::Ended)
        .map(|row| (row.slot, row.result.unwrap()))
        .collect()
}

/// What was said of a bill the first time.
pub async fn words_of(app: &TestApp, bill_id: i64) -> String {
    let rows = notices(app).await;
    let said = rows
        .into_iter()
        .find(|row| row.bill_id == bill_id && row.words.is_some());
    said.unwrap().words.unwrap()
}

/// Reminders of dues that somebody has received.
pub fn asked(person: &Person<'_>) -> Vec<String> {
    let mut all = person.pushes();
    all.retain(|text| text.contains("待缴"));
    all
}

/// A bill grows, whoever does it.
pub async fn grows(app: &TestApp, bill_id: i64, by: Growth) {
    let seen = bill_now(app, bill_id).await;
    let tx = app.store.begin(app.now()).await.unwrap();
    grow(&tx, &seen, by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_owes_is_asked_before_on_and_after_the_day_then_no_more_and_all_of_it_is_on_record() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let neighbour = app.resident("李建国").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    let due_on = today(&app).checked_add_days(Days::new(3)).unwrap();
    let bill = bill_due(&app, "张秀英", 202_611, due_on).await;
    begin(&app).await;
    let said = zhang.expects_push("1-1-101待缴100.00元").await;
    assert!(said.contains("前缴就好"), "{said}");
    let said = words_of(&app, bill.id).await;
    for words in [
        "1-1-101 2026年11月",
        "前缴就好",
        "有困难请到服务中心",
        "账单有误",
    ] {
        assert!(said.contains(words), "{said}");
    }
    // The day again, and at another hour: nothing more.
    begin(&app).await;
    move_to(&app, 0, "15:00").await;
    begin(&app).await;
    assert_eq!(asked(&zhang).len(), 1);
    move_to(&app, 3, "11:00").await;
    begin(&app).await;
    zhang.expects_push("今天是缴费日").await;
    for _ in 0..4 {
        move_to(&app, 7, "11:00").await;
        begin(&app).await;
    }
    let all = asked(&zhang);
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(all[3].contains("可能忘了"), "{}", all[3]);
    assert!(asked(&neighbour).is_empty());
    move_to(&app, 0, "13:00").await;
    let slots: Vec<String> = ended(&app, bill.id)
        .await
        .into_iter()
        .map(|(slot, result)| {
            let arrived = matches!(result, DueResult::Sent | DueResult::Delivered);
            assert!(arrived, "{slot} {result:?}");
            slot
        })
        .collect();
    assert_eq!(slots, ["before", "on", "after-1", "after-2"]);
    // At the bill, and to be kept.
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(&format!("/console/bills/{}", bill.id)).await;
    page.is(200)
        .says("缴费日前")
        .says("缴费日当天")
        .says("逾期第2次")
        .says("公众号");
    let month = due_on.format("%Y-%m").to_string();
    let path = format!("/console/dues/notices.csv?compound=GY&month={month}");
    let file = desk.open(&path).await;
    file.is(200)
        .says("张秀英")
        .says("1-1-101")
        .says("有困难请到服务中心");
    // Nobody changes what was done.
    for sql in ["UPDATE due_notice SET amount = 0", "DELETE FROM due_notice"] {
        let done = app.store.write().execute_unprepared(sql).await;
        assert!(done.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_bills_of_somebody_are_one_message() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    // A second home of hers.
    let home = app.place("GY/1-1-102").await;
    let owner = app.person("张秀英").await;
    let tie = residency::ActiveModel {
        person_id: Set(owner.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        relation: Set(HomeRelation::Owner),
        share: Set(None),
        ended_at: Set(None),
        created_at: Set(app.now()),
        ..Default::default()
    };
    tie.insert(app.store.write()).await.unwrap();
    let day = today(&app);
    let one = bill_due(&app, "张秀英", 202_610, day).await;
    bill_due(&app, "张秀英", 202_611, day).await;
    let other = bill_due(&app, "李建国", 202_611, day).await;
    bill::Entity::update_many()
        .col_expr(bill::Column::PayerId, Expr::value(owner.id))
        .filter(bill::COLUMN.id.eq(other.id))
        .exec(app.store.write())
        .await
        .unwrap();
    begin(&app).await;
    zhang.expects_push("待缴300.00元").await;
    let said = words_of(&app, one.id).await;
    for words in [
        "1-1-101 2026年10月",
        "1-1-101 2026年11月",
        "1-1-102 2026年11月",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(asked(&zhang).len(), 1);
    let noted = notices(&app).await;
    let said = noted.iter().filter(|row| row.event == DueEvent::Said);
    assert_eq!(said.count(), 3);
    assert!(
        noted
            .iter()
            .any(|row| row.bill_id == one.id && row.amount == 10_000)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_ask_once() {
    let app = TestApp::with_instances(2).await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    for name in ["张秀英", "李建国", "王芳"] {
        bill_due(&app, name, 202_611, today(&app)).await;
    }
    let (one, two) = tokio::join!(
        (WORKS[0].run)(&app.store, app.now()),
        (WORKS[0].run)(&app.instances[1].app.store, app.now()),
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    app.drain().await;
    zhang.expects_push("今天是缴费日").await;
    li.expects_push("今天是缴费日").await;
    assert_eq!((asked(&zhang).len(), asked(&li).len()), (1, 1));
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("dues.due"))
        .all(app.store.read())
        .await
        .unwrap();
    // 王芳 has no account: nothing is tried, and that is on record.
    assert_eq!(rows.len(), 2, "{rows:?}");
    let wang = app.person("王芳").await;
    let unreached = notices(&app).await;
    let unreached = unreached
        .iter()
        .find(|row| row.person_id == wang.id && row.result.is_some());
    assert_eq!(unreached.unwrap().result, Some(DueResult::Unreachable));
}
