//! When nobody is asked: at night, and for what is paid, forgiven, disputed, being paid, somebody else's by
//! now, or not wanted.

use chrono::{Days, TimeDelta};
use entity::kinds::{CaseState, HomeRelation, ReminderState};
use entity::money::{DueResult, PayWay, PaymentState};
use entity::{case, payment, reminder, residency};
use linli::base::clock::china;
use linli::fee::bill::Growth;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{asked, begin, bill_due, ended, grows, move_to, notices, policy, today};
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_at_night_whatever_the_settings_allow() {
    // The settings of tests know no quiet hours.
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "21:30").await;
    bill_due(&app, "张秀英", 202_611, today(&app)).await;
    begin(&app).await;
    assert!(asked(&zhang).is_empty());
    // Even one that claims to be due now waits for the morning.
    reminder::Entity::update_many()
        .col_expr(reminder::Column::NextAt, Expr::value(app.now()))
        .filter(reminder::COLUMN.kind.eq("dues.due"))
        .exec(app.store.write())
        .await
        .unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    app.drain().await;
    assert!(asked(&zhang).is_empty());
    let row = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("dues.due"))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, ReminderState::Pending);
    let next = china(row.next_at);
    assert_eq!(next.format("%H:%M").to_string(), "08:00");
    assert!(notices(&app).await.iter().all(|row| row.words.is_none()));
    move_to(&app, 1, "08:01").await;
    zhang.expects_push("待缴").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_credited_or_waived_before_it_goes_out_is_not_asked_for() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for name in ["张秀英", "李建国", "王芳", "陈伟"] {
        people.push(app.resident(name).await);
    }
    policy(&app, &[]).await;
    move_to(&app, 1, "21:30").await;
    let mut bills = Vec::new();
    for name in ["张秀英", "李建国", "王芳", "陈伟"] {
        bills.push(bill_due(&app, name, 202_611, today(&app)).await);
    }
    begin(&app).await;
    for (at, by) in [
        Growth {
            paid: 10_000,
            ..Growth::default()
        },
        Growth {
            credited: 10_000,
            ..Growth::default()
        },
        Growth {
            waived: 10_000,
            ..Growth::default()
        },
    ]
    .into_iter()
    .enumerate()
    {
        grows(&app, bills[at].id, by).await;
    }
    // Something is paid of the fourth: it is asked for what is left.
    let some = Growth {
        paid: 4_000,
        ..Growth::default()
    };
    grows(&app, bills[3].id, some).await;
    move_to(&app, 1, "08:01").await;
    people[3].expects_push("待缴60.00元").await;
    move_to(&app, 0, "12:00").await;
    for at in 0..3 {
        assert!(asked(&people[at]).is_empty(), "{:?}", asked(&people[at]));
        let wanted = [("on".to_owned(), DueResult::NotNeeded)];
        assert_eq!(ended(&app, bills[at].id).await, wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_that_changes_hands_is_asked_of_nobody_who_does_not_owe_it() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "21:30").await;
    let bill = bill_due(&app, "张秀英", 202_611, today(&app)).await;
    begin(&app).await;
    // Sold in the evening, to 李建国.
    let home = app.place("GY/1-1-101").await;
    residency::Entity::update_many()
        .col_expr(residency::Column::EndedAt, Expr::value(Some(app.now())))
        .filter(residency::COLUMN.place_id.eq(home.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let tie = residency::ActiveModel {
        person_id: Set(app.person("李建国").await.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        relation: Set(HomeRelation::Owner),
        share: Set(None),
        ended_at: Set(None),
        created_at: Set(app.now()),
        ..Default::default()
    };
    tie.insert(app.store.write()).await.unwrap();
    move_to(&app, 1, "08:01").await;
    assert!(asked(&zhang).is_empty() && asked(&li).is_empty());
    // A week later it is on record why not.
    move_to(&app, 6, "11:00").await;
    begin(&app).await;
    assert!(asked(&zhang).is_empty() && asked(&li).is_empty());
    let all = ended(&app, bill.id).await;
    assert_eq!(all.last(), Some(&("after-1".to_owned(), DueResult::Moved)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_that_is_disputed_is_not_asked_for_until_it_is_answered() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    let bill = bill_due(&app, "张秀英", 202_611, today(&app)).await;
    // Not somebody else's, and not without words.
    let none = li.says(&format!("账单有误 {} 算错了", bill.id)).await;
    assert!(none.contains("没有找到账单"), "{none}");
    let how = zhang.says("账单有误").await;
    assert!(how.contains("例如"), "{how}");
    let how = zhang.says(&format!("账单有误 {}", bill.id)).await;
    assert!(how.contains("哪里不对"), "{how}");
    let reply = zhang
        .says(&format!("账单有误 {} 面积多算了", bill.id))
        .await;
    assert!(
        reply.contains("诉求 #") && reply.contains("不会再催"),
        "{reply}"
    );
    let filed = zhang.case().await;
    assert!(filed.text.contains("面积多算了"), "{}", filed.text);
    begin(&app).await;
    assert!(asked(&zhang).is_empty());
    case::Entity::update_many()
        .col_expr(case::Column::State, Expr::value(CaseState::Finished))
        .filter(case::COLUMN.id.eq(filed.id))
        .exec(app.store.write())
        .await
        .unwrap();
    move_to(&app, 7, "11:00").await;
    begin(&app).await;
    zhang.expects_push("待缴100.00元").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_paying_right_now_is_left_alone() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    let bill = bill_due(&app, "张秀英", 202_611, today(&app)).await;
    let order = payment::ActiveModel {
        compound_id: Set(bill.compound_id),
        home_id: Set(bill.home_id),
        payer_id: Set(Some(bill.payer_id)),
        way: Set(PayWay::Wechat),
        state: Set(PaymentState::Open),
        amount: Set(10_000),
        bills: Set(json!([bill.id])),
        expires_at: Set(Some(app.now() + TimeDelta::hours(2))),
        asked: Set(0),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    order.insert(app.store.write()).await.unwrap();
    begin(&app).await;
    assert!(asked(&zhang).is_empty() && notices(&app).await.is_empty());
    // The order has lapsed by tomorrow: it is not too late for the reminder of today.
    move_to(&app, 1, "11:00").await;
    begin(&app).await;
    zhang.expects_push("待缴100.00元").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_want_it_is_not_asked_and_that_is_on_record() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let off = zhang.says("退订 缴费提醒").await;
    assert!(off.contains("缴费提醒：关"), "{off}");
    policy(&app, &[]).await;
    move_to(&app, 1, "11:00").await;
    let bill = bill_due(&app, "张秀英", 202_611, today(&app)).await;
    begin(&app).await;
    move_to(&app, 0, "13:00").await;
    assert!(asked(&zhang).is_empty());
    let wanted = [("on".to_owned(), DueResult::Unwanted)];
    assert_eq!(ended(&app, bill.id).await, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_where_nothing_was_set_or_what_was_set_is_taken_back() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    move_to(&app, 1, "11:00").await;
    let due_on = today(&app).checked_add_days(Days::new(1)).unwrap();
    bill_due(&app, "张秀英", 202_611, due_on).await;
    begin(&app).await;
    assert!(notices(&app).await.is_empty());
    policy(&app, &[]).await;
    move_to(&app, 0, "21:30").await;
    begin(&app).await;
    let off = [("before", ""), ("on", ""), ("every", ""), ("most", "")];
    policy(&app, &off).await;
    move_to(&app, 1, "08:01").await;
    assert!(asked(&zhang).is_empty());
}
