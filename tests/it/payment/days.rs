//! A day against the platform's bill: what was never told is followed, what differs is written down once and
//! becomes a task, a person says what it was; the platform's fee comes into the books.

use chrono::{Days, NaiveDate, TimeDelta};
use entity::money::{DifferenceKind, PaymentState, ReconState, RefundState};
use entity::{payment, recon_difference, reconciliation, refund, reminder};
use linli::app::App;
use linli::base::clock::{begin_of, china};
use linli::base::dice::Dice;
use linli::payment::reconcile::{Failure, Outcome, Wanted, clock, run};
use linli::sandbox::{Api, Fault};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
};

use super::refunds::paid;
use super::{
    MERCHANT, bill_for, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, refunds, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::{program, until};

/// Today in China, by the clock of the test.
pub fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

/// The parts of an instance that does nothing by itself any more: no sweep helps.
pub async fn alone(app: &mut TestApp) -> App {
    let running = app.instances.remove(0);
    let parts = running.app.clone();
    running.stop().await.unwrap();
    parts
}

/// To so many minutes after China's midnight behind this day.
pub fn wait_until(app: &TestApp, day: NaiveDate, minutes: i64) {
    let next = day.checked_add_days(Days::new(1)).unwrap();
    app.clock
        .advance(begin_of(next) + TimeDelta::minutes(minutes) - app.now());
}

pub async fn compare(app: &TestApp, parts: &App, day: NaiveDate) -> Result<Outcome, Failure> {
    let wanted = Wanted {
        merchant: MERCHANT,
        day,
        actor_id: None,
    };
    let client = parts.pay.get(MERCHANT).unwrap();
    run(&app.store, &Dice::from_seed(9), app.now(), client, wanted).await
}

async fn open(app: &TestApp) -> Vec<recon_difference::Model> {
    let rows = recon_difference::Entity::find()
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .order_by_asc(recon_difference::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

#[tokio::test]
async fn what_nobody_told_us_is_found_by_the_bill_of_the_day() {
    let mut app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let one = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let two = bill_for(&app, "张秀英", 202_611, 12_345).await;
    let mut browser = browser_of(&app, &zhang).await;
    let mut orders = Vec::new();
    // The first is told and settled; the second is paid while nobody here listens.
    for bill in [&one, &two] {
        let said = app.known(&zhang).says(&format!("缴费 {}", bill.id)).await;
        orders.push(order_by(&app, &mut browser, &link_in(&said)).await);
        if orders.len() == 1 {
            app.platform.pay(&orders[0].0).unwrap();
            expect_state(&app, orders[0].1, PaymentState::Paid).await;
        }
    }
    app.drain().await;
    let parts = alone(&mut app).await;
    app.platform
        .set_callbacks(vec!["http://127.0.0.1:9/none".to_owned()]);
    app.platform.pay(&orders[1].0).unwrap();
    let day = today(&app);
    wait_until(&app, day, 9 * 60);
    assert!(matches!(
        compare(&app, &parts, day).await,
        Err(Failure::NotYet)
    ));
    wait_until(&app, day, 10 * 60 + 30);
    let done = compare(&app, &parts, day).await.unwrap();
    assert!(done.open.is_empty(), "{:?}", done.open);
    assert_eq!(done.day.state, ReconState::Balanced);
    assert_eq!((done.day.theirs_count, done.day.theirs_amount), (2, 22_345));
    let second = payment::Entity::find_by_id(orders[1].1)
        .one(app.store.read())
        .await;
    let second = second.unwrap().unwrap();
    assert_eq!((second.state, second.day), (PaymentState::Paid, Some(day)));
    assert_eq!(receipts(&app).await.len(), 2);
    // Again: the same, and nothing twice.
    let again = compare(&app, &parts, day).await.unwrap();
    assert_eq!((again.day.id, again.open.len()), (done.day.id, 0));
    assert_eq!((again.day.ours_count, again.day.ours_amount), (2, 22_345));
    assert_eq!(receipts(&app).await.len(), 2);
    let next = compare(&app, &parts, day.pred_opt().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (next.day.state, next.day.theirs_count),
        (ReconState::Balanced, 0)
    );
}

#[tokio::test]
async fn what_differs_is_a_task_once_until_somebody_says_what_it_was() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let chair = app.staff("卫东").await.open_id;
    let mut browser = browser_of(&app, &zhang).await;
    let mut ids = Vec::new();
    for (month, fen) in [(202_609, 10_000), (202_610, 20_000), (202_611, 30_000)] {
        let bill = bill_for(&app, "张秀英", month, fen).await;
        let said = app.known(&zhang).says(&format!("缴费 {}", bill.id)).await;
        let (prepay, id) = order_by(&app, &mut browser, &link_in(&said)).await;
        app.platform.pay(&prepay).unwrap();
        expect_state(&app, id, PaymentState::Paid).await;
        ids.push(id);
    }
    app.drain().await;
    sound(&app).await;
    let day = today(&app);
    let rows = payments(&app).await;
    // Somebody has meddled with our rows, and the platform knows deals that we do not.
    for (id, change) in [
        (
            ids[0],
            payment::ActiveModel {
                amount: Set(9_999),
                ..Default::default()
            },
        ),
        (
            ids[1],
            payment::ActiveModel {
                out_trade_no: Set(Some("LOST0001".to_owned())),
                ..Default::default()
            },
        ),
    ] {
        let row = payment::ActiveModel {
            id: Set(id),
            ..change
        };
        row.update(app.store.write()).await.unwrap();
    }
    let mch = rows[0].mch_id.clone().unwrap();
    app.platform.invent_trades(&mch, day, 2);
    wait_until(&app, day, 10 * 60 + 31);
    let parts = app.instances[0].app.clone();
    let done = compare(&app, &parts, day).await.unwrap();
    let count = |kind| done.open.iter().filter(|one| one.kind == kind).count();
    let kinds = [
        DifferenceKind::Amount,
        DifferenceKind::OursOnly,
        DifferenceKind::TheirsOnly,
    ];
    assert_eq!(kinds.map(count), [1, 1, 3], "{:?}", done.open);
    assert_eq!(done.day.state, ReconState::Different);
    let again = compare(&app, &parts, day).await.unwrap();
    assert_eq!(again.open, done.open, "found twice");
    app.known(&chair).expects_push("对账有一处不一样").await;
    app.drain().await;
    let tasks = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("payment.mend"))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(
        tasks,
        2 * 5,
        "one task a difference, for the chair and the manager"
    );

    let mut desk = Desk::of(&app, "卫东").await;
    let page = "/console/payments/days";
    desk.open(page)
        .await
        .is(200)
        .says("缴费金额不一样")
        .says("有差异");
    for one in &done.open {
        let to = format!("{page}/{}/solve", one.id);
        desk.send(page, &to, &[("note", " ")])
            .await
            .is(422)
            .says("请写明查清了什么");
        desk.send(page, &to, &[("note", "已与银行核对")])
            .await
            .is(303);
        desk.send(page, &to, &[("note", "再来")])
            .await
            .is(409)
            .says("已经处理过");
    }
    // The sums differ as before: what was said of it stays to be read, and the day is not called equal.
    let solved = desk.open(page).await;
    solved
        .says("没有差异")
        .says("有差异，已查清")
        .says("已与银行核对")
        .says("卫东");
    assert_eq!(state_of(&app, day).await, Some(ReconState::Explained));
    assert!(open(&app).await.is_empty());
    let later = compare(&app, &parts, day).await.unwrap();
    assert_eq!(
        (later.day.state, later.open.len()),
        (ReconState::Explained, 0)
    );
    desk.open(page).await.says("LOST0001");
    for (name, status) in [("沈立", 404), ("孙梅", 403)] {
        let mut other = Desk::of(&app, name).await;
        let refused = other
            .send(
                "/console/account",
                &format!("{page}/999/solve"),
                &[("note", "x")],
            )
            .await;
        assert_eq!(refused.status, status, "{name}");
    }
}

/// Two people give some of a payment back.
async fn give_back(app: &TestApp, payment: i64, yuan: &str) -> refund::Model {
    let (mut one, mut two) = (Desk::of(app, "蒋平").await, Desk::of(app, "沈立").await);
    let fields = [("amount", yuan), ("reason", "多收了")];
    let page = format!("/console/payments/{payment}");
    one.send(&page, &format!("{page}/refund"), &fields)
        .await
        .is(303);
    let asked = refunds(app).await.pop().unwrap();
    let grant = format!("/console/payments/refunds/{}/grant", asked.id);
    two.send("/console/payments/waiting", &grant, &[])
        .await
        .is(303);
    asked
}

async fn until_done(app: &TestApp, id: i64) -> refund::Model {
    until("the refund is done", 10, async || {
        app.advance(10).await;
        let all = refunds(app).await;
        all.into_iter()
            .find(|row| row.id == id && row.state == RefundState::Done)
    })
    .await
}

#[tokio::test]
async fn a_refund_is_looked_for_in_the_bill_of_the_day_on_which_the_platform_took_and_ended_it() {
    let app = TestApp::start().await;
    let (payment, _) = paid(&app).await;
    // Ten minutes before midnight the platform takes a refund, and its answer is lost.
    let day = today(&app).checked_add_days(Days::new(1)).unwrap();
    wait_until(&app, day, -10);
    let dropped = Fault::new(Api::Payrefund, "dropped", Some(1));
    assert!(app.platform.set_fault(dropped));
    let first = give_back(&app, payment, "30").await;
    until("the refund is sent", 10, async || {
        (app.platform.calls(Api::Payrefund) >= 1).then_some(())
    })
    .await;
    wait_until(&app, day, 120);
    let first = until_done(&app, first.id).await;
    // Its notification, which does not say when it was taken, may have been the first that came through.
    let taken = first.sent_at.map(|at| china(at).date_naive());
    assert!(taken.is_none_or(|taken| taken == day), "{taken:?}");
    let next = today(&app);
    assert_ne!(next, day);
    // Another one in the course of the next day, under a number that the platform never heard of.
    wait_until(&app, day, 12 * 60);
    let second = give_back(&app, payment, "20").await;
    until_done(&app, second.id).await;
    let changed = refund::ActiveModel {
        id: Set(second.id),
        out_refund_no: Set("LOSTREFUND0001".to_owned()),
        ..Default::default()
    };
    changed.update(app.store.write()).await.unwrap();
    wait_until(&app, next, 10 * 60 + 31);
    let parts = app.instances[0].app.clone();
    for (day, wanted) in [(day, [0, 0]), (next, [1, 1])] {
        let done = compare(&app, &parts, day).await.unwrap();
        let count = |kind| done.open.iter().filter(|one| one.kind == kind).count();
        let kinds = [
            DifferenceKind::RefundOursOnly,
            DifferenceKind::RefundTheirsOnly,
        ];
        assert_eq!(kinds.map(count), wanted, "{day}: {:?}", done.open);
    }
}

#[tokio::test]
async fn each_morning_yesterday_is_compared_by_itself() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let day = today(&app);
    // Somebody began with the day and died.
    let left = reconciliation::ActiveModel {
        merchant: Set(MERCHANT.to_owned()),
        day: Set(day),
        state: Set(ReconState::Waiting),
        ours_count: Set(0),
        ours_amount: Set(0),
        theirs_count: Set(0),
        theirs_amount: Set(0),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    left.insert(app.store.write()).await.unwrap();
    wait_until(&app, day, 10 * 60 + 40);
    app.clock.advance(TimeDelta::minutes(1));
    let found = until("yesterday was compared", 90, async || {
        let row = reconciliation::Entity::find()
            .filter(reconciliation::COLUMN.day.eq(day))
            .filter(reconciliation::COLUMN.state.ne(ReconState::Waiting))
            .one(app.store.read())
            .await;
        row.unwrap()
    })
    .await;
    assert_eq!(found.state, ReconState::Balanced);
}

/// The plan of a morning, as the clock makes it.
pub async fn plan(app: &TestApp) {
    for work in clock::WORKS {
        (work.run)(&app.store, app.now()).await.unwrap();
    }
}

async fn state_of(app: &TestApp, day: NaiveDate) -> Option<ReconState> {
    let row = reconciliation::Entity::find()
        .filter(reconciliation::COLUMN.day.eq(day))
        .one(app.store.read())
        .await;
    row.unwrap().map(|row| row.state)
}

#[tokio::test]
async fn a_day_that_was_given_up_is_tried_again_the_next_morning_and_somebody_is_told() {
    let mut app = TestApp::start().await;
    // The oldest of the days that are tried has its last morning.
    app.allow_errors();
    open_counter(&app).await;
    let chair = app.staff("卫东").await.open_id;
    let day = today(&app);
    let broken = Fault::new(Api::Paybill, "error:SYSTEM_ERROR", None);
    assert!(app.platform.set_fault(broken));
    wait_until(&app, day, 10 * 60 + 31);
    plan(&app).await;
    app.drain().await;
    assert_eq!(state_of(&app, day).await, Some(ReconState::Waiting));
    // Whoever has just written can be written to tomorrow.
    app.known(&chair).says("帮助").await;
    // The last try of this morning's plan.
    app.advance(23 * 60).await;
    let words = format!("{day}还没有对账");
    app.known(&chair).expects_push(&words).await;
    assert_eq!(state_of(&app, day).await, Some(ReconState::Waiting));
    let mut desk = Desk::of(&app, "卫东").await;
    desk.open("/console/payments/days")
        .await
        .is(200)
        .says("等平台账单");
    app.platform.clear_faults();
    let next = day.checked_add_days(Days::new(1)).unwrap();
    wait_until(&app, next, 10 * 60 + 31);
    plan(&app).await;
    app.drain().await;
    assert_eq!(state_of(&app, day).await, Some(ReconState::Balanced));
}

#[tokio::test]
async fn the_command_says_what_it_found_or_what_is_wrong() {
    let app = TestApp::start().await;
    let variables = &app.variables;
    let days_ago = |days: u64| {
        let day = today(&app).checked_sub_days(Days::new(days)).unwrap();
        day.to_string()
    };
    open_counter(&app).await;
    // An account is one compound's: nothing is pooled.
    let pooled = [
        "bills",
        "account",
        "--compound",
        "LY",
        "--merchant",
        MERCHANT,
    ];
    let refused = program::run(variables, &pooled).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("另一个小区"));
    let before = days_ago(2);
    let said = program::succeed(variables, &["reconcile", "--date", &before]).await;
    assert!(said.contains("对平了"), "{said}");
    for words in [
        vec!["reconcile", "--date", "soon"],
        vec!["reconcile", "--date", &days_ago(0)],
        vec!["reconcile", "--date", &before, "--merchant", "nobody"],
        vec!["reconcile"],
    ] {
        let done = program::run(variables, &words).await;
        assert_eq!(done.status.code(), Some(2), "{words:?}");
    }
}
