//! The platform's fund-flow bill: what went to the bank is booked once, what people may have entered is not booked
//! twice, and what lies at the platform is held against the books.

use chrono::{Days, NaiveDate};
use entity::ledger_entry;
use entity::money::{DifferenceKind, EntryKind, PaymentState, ReconState};
use linli::ledger::Account;
use linli::payment::reconcile::Outcome;
use linli::sandbox::{Api, Fault};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::days::{compare, today, wait_until};
use super::{bill_for, browser_of, expect_state, link_in, open_counter, order_by, payments};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::program;
use crate::voucher::{FIRST, SECOND, WECHAT_BANK, booked, held};

const PAGE: &str = "/console/payments/days";

/// A day at noon, so that nothing is around midnight.
async fn noon(app: &TestApp) -> NaiveDate {
    wait_until(app, today(app), 12 * 60);
    today(app)
}

/// Somebody pays a bill inside WeChat; the merchant's number.
async fn pay(app: &TestApp, open_id: &str, month: i32, fen: i64) -> String {
    let bill = bill_for(app, "张秀英", month, fen).await;
    let mut browser = browser_of(app, open_id).await;
    let said = app.known(open_id).says(&format!("缴费 {}", bill.id)).await;
    let (prepay, id) = order_by(app, &mut browser, &link_in(&said)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(app, id, PaymentState::Paid).await;
    app.drain().await;
    let paid = payments(app).await.pop().unwrap();
    paid.mch_id.unwrap()
}

async fn compared(app: &TestApp, day: NaiveDate) -> Outcome {
    let parts = app.instances[0].app.clone();
    compare(app, &parts, day).await.unwrap()
}

/// As on the morning after it.
async fn morning(app: &TestApp, day: NaiveDate) -> Outcome {
    wait_until(app, day, 10 * 60 + 31);
    compared(app, day).await
}

async fn transfers(app: &TestApp) -> u64 {
    ledger_entry::Entity::find()
        .filter(ledger_entry::COLUMN.kind.eq(EntryKind::Transfer))
        .count(app.store.read())
        .await
        .unwrap()
}

/// Nothing is open, and the day stands so.
fn stands(outcome: &Outcome, state: ReconState) {
    let found = (outcome.open.len(), outcome.day.state);
    assert_eq!(found, (0, state), "{:?}", outcome.open);
}

fn kinds(outcome: &Outcome) -> Vec<DifferenceKind> {
    outcome.open.iter().map(|one| one.kind).collect()
}

#[tokio::test]
async fn what_went_to_the_bank_is_booked_once() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let day = noon(&app).await;
    let mch = pay(&app, &zhang, 202_611, 20_000).await;
    app.platform.move_funds(&mch, "提现", -15_000);
    let done = morning(&app, day).await;
    stands(&done, ReconState::Balanced);
    // 120 fen are the platform's fee.
    let left = Some(20_000 - 120 - 15_000);
    assert_eq!((done.day.left_ours, done.day.left_theirs), (left, left));
    for _ in 0..2 {
        assert_eq!(transfers(&app).await, 1);
        assert_eq!(held(&app, Account::Bank).await, 15_000);
        assert_eq!(held(&app, Account::Wechat).await, 4_880);
        let again = compared(&app, day).await;
        assert_eq!(again.day.state, ReconState::Balanced);
    }
    let mut desk = Desk::of(&app, "卫东").await;
    desk.open(PAGE).await.is(200).says("已对平").says("48.80");
    // The bank sends it back on the next day.
    let next = noon(&app).await;
    app.platform.move_funds(&mch, "提现退回", 15_000);
    stands(&morning(&app, next).await, ReconState::Balanced);
    assert_eq!(held(&app, Account::Bank).await, 0);
    assert_eq!(held(&app, Account::Wechat).await, 19_880);
}

#[tokio::test]
async fn what_people_have_entered_is_not_booked_a_second_time() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    // Their codes are of the machine's day, which noon may be past.
    for name in [FIRST, SECOND] {
        app.staff(name).await;
    }
    let day = noon(&app).await;
    let mch = pay(&app, &zhang, 202_611, 20_000).await;
    app.platform.move_funds(&mch, "提现", -10_000);
    {
        let (mut first, mut second) = (Desk::of(&app, FIRST).await, Desk::of(&app, SECOND).await);
        booked(&mut first, &mut second, WECHAT_BANK, "100").await;
    }
    let done = morning(&app, day).await;
    assert_eq!(kinds(&done), [DifferenceKind::Withdrawal]);
    assert_eq!(held(&app, Account::Bank).await, 10_000);
    let mut desk = Desk::of(&app, "卫东").await;
    let to = format!("{PAGE}/{}/solve", done.open[0].id);
    desk.open(PAGE).await.says("提现没有自动记账");
    desk.send(PAGE, &to, &[("note", "就是手工记的那一笔")])
        .await
        .is(303);
    let again = compared(&app, day).await;
    stands(&again, ReconState::Explained);
    assert_eq!(held(&app, Account::Bank).await, 10_000);
    assert_eq!(transfers(&app).await, 1);
}

#[tokio::test]
async fn what_the_books_do_not_have_is_not_taken_from_them() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    // There was money at the platform before the books began.
    noon(&app).await;
    let mch = app.instances[0].app.settings.wechat.pay.merchants[0]
        .mch_id
        .clone();
    app.platform.move_funds(&mch, "充值", 40_000);
    let day = noon(&app).await;
    pay(&app, &zhang, 202_611, 20_000).await;
    app.platform.move_funds(&mch, "提现", -50_000);
    let done = morning(&app, day).await;
    assert_eq!(kinds(&done), [DifferenceKind::Withdrawal]);
    assert_eq!(held(&app, Account::Wechat).await, 19_880);
    // By the operator's clock, which has not moved: before all of it.
    let words = ["opening", "--compound", "GY", "--account", "wechat"];
    let words = [&words[..], &["--amount", "400.00"]].concat();
    program::succeed(&app.variables, &words).await;
    let again = compared(&app, day).await;
    stands(&again, ReconState::Balanced);
    assert_eq!(held(&app, Account::Bank).await, 50_000);
    assert_eq!(held(&app, Account::Wechat).await, 9_880);
}

#[tokio::test]
async fn a_fee_that_the_two_bills_name_differently_is_a_difference() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let day = noon(&app).await;
    let mch = pay(&app, &zhang, 202_611, 20_000).await;
    app.platform.move_funds(&mch, "扣除交易手续费", -7);
    let done = morning(&app, day).await;
    assert_eq!(kinds(&done), [DifferenceKind::Fee]);
    let one = &done.open[0];
    assert_eq!((one.ours, one.theirs), (Some(120), Some(127)));
    assert_eq!(
        done.day.left_theirs, None,
        "compared while something is open"
    );
}

#[tokio::test]
async fn what_lies_there_otherwise_than_in_the_books_is_told_once() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let first = noon(&app).await;
    let mch = pay(&app, &zhang, 202_610, 20_000).await;
    app.platform.move_funds(&mch, "冻结", -300);
    let done = morning(&app, first).await;
    assert_eq!(kinds(&done), [DifferenceKind::Balance]);
    let one = &done.open[0];
    assert_eq!((one.ours, one.theirs), (Some(19_880), Some(19_580)));
    // Nothing new on the next day, and on the third it is as it should be.
    let second = noon(&app).await;
    assert_eq!(second, first.checked_add_days(Days::new(2)).unwrap());
    pay(&app, &zhang, 202_611, 10_000).await;
    let done = morning(&app, second).await;
    stands(&done, ReconState::Balanced);
    let third = noon(&app).await;
    app.platform.move_funds(&mch, "解冻", 300);
    let done = morning(&app, third).await;
    stands(&done, ReconState::Balanced);
    assert_eq!(done.day.left_ours, done.day.left_theirs);
    assert_eq!(done.day.left_ours, Some(19_880 + 10_000 - 60));
}

#[tokio::test]
async fn a_platform_that_gives_no_fund_flow_bill_stops_nothing() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let day = noon(&app).await;
    pay(&app, &zhang, 202_611, 20_000).await;
    wait_until(&app, day, 10 * 60 + 31);
    let withheld = Fault::new(Api::Paybill, "error:NO_AUTH", Some(1)).after(1);
    assert!(app.platform.set_fault(withheld));
    let done = compared(&app, day).await;
    stands(&done, ReconState::Balanced);
    assert_eq!(done.day.left_theirs, None);
    // The next time it is given.
    let again = compared(&app, day).await;
    assert_eq!(again.day.left_theirs, Some(19_880));
}
