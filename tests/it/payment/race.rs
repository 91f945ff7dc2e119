//! Many at once: fifty payers of one bill on two instances, a refund against a payment, two people who
//! decide the same.

use entity::money::{BillState, PaymentState, RefundState};
use linli::sandbox::{Api, Fault};

use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, refunds, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_pay_one_bill_at_once_and_it_is_paid_once() {
    const PAYERS: usize = 50;
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut orders = Vec::new();
    for n in 0..PAYERS {
        let open_id = format!("o-payer-{n:02}");
        app.newcomer(&open_id).await;
        let mut browser = browser_of(&app, &open_id).await;
        orders.push(order_by(&app, &mut browser, &link).await);
    }
    // The platform tells of all of them at the same moment.
    for (prepay, _) in &orders {
        app.platform.pay(prepay).unwrap();
    }
    for (_, id) in &orders {
        expect_state(&app, *id, PaymentState::Paid).await;
    }
    for _ in 0..4 {
        app.advance(5).await;
    }
    let bill = bill_now(&app, bill.id).await;
    assert_eq!((bill.paid, bill.state), (10_000, BillState::Settled));
    assert_eq!(receipts(&app).await.len(), 1);
    let back = refunds(&app).await;
    assert_eq!(back.len(), PAYERS - 1);
    assert!(
        back.iter().all(|row| row.state == RefundState::Done),
        "{back:?}"
    );
    assert_eq!(app.platform.pay_refunds().len(), PAYERS - 1);
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_look_after_the_same_orders_do_it_once() {
    const ORDERS: i32 = 12;
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut orders = Vec::new();
    let mut bills = Vec::new();
    for n in 0..ORDERS {
        let bill = bill_for(&app, "张秀英", 202_501 + n, 1_000).await;
        let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
        // An account has one order for a home at a time.
        let open_id = format!("o-payer-{n:02}");
        app.newcomer(&open_id).await;
        let mut browser = browser_of(&app, &open_id).await;
        orders.push(order_by(&app, &mut browser, &link).await);
        bills.push(bill.id);
    }
    // Half of them are paid, and nobody tells us.
    let lost = Fault::new(Api::Paynotice, "lost", None);
    assert!(app.platform.set_fault(lost));
    let (paid, left) = orders.split_at(orders.len() / 2);
    for (prepay, _) in paid {
        app.platform.pay(prepay).unwrap();
    }
    app.clock.advance(chrono::TimeDelta::seconds(31));
    for (_, id) in paid {
        expect_state(&app, *id, PaymentState::Paid).await;
    }
    app.drain().await;
    // Each was asked about once, and so were those that nobody has paid.
    assert_eq!(
        app.platform.calls(Api::Payquery),
        u64::from(ORDERS.unsigned_abs())
    );
    app.clock.advance(chrono::TimeDelta::seconds(7_200));
    for (_, id) in left {
        expect_state(&app, *id, PaymentState::Closed).await;
    }
    app.drain().await;
    assert_eq!(app.platform.calls(Api::Payclose), left.len() as u64);
    assert_eq!(receipts(&app).await.len(), paid.len());
    for (n, bill) in bills.iter().enumerate() {
        let settled = bill_now(&app, *bill).await.state == BillState::Settled;
        assert_eq!(settled, n < paid.len());
    }
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_against_a_payment_and_two_seconds_against_each_other() {
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let first = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    // More than the bill: the rest is kept, and both the next bill and the refund want it.
    let reply = zhang.says("缴费 1-1-101 150").await;
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, first.id).await.state, BillState::Settled);
    let second = bill_for(&app, "张秀英", 202_611, 8_000).await;
    let mut asks = Desk::of(&app, "蒋平").await;
    let page = format!("/console/payments/{id}");
    for amount in ["60", "59", "61"] {
        let fields = [("amount", amount), ("reason", "多交了")];
        let sent = asks.send(&page, &format!("{page}/refund"), &fields).await;
        assert!([303, 422].contains(&sent.status), "{}", sent.body);
    }
    let asked = refunds(&app).await;
    assert_eq!(asked.len(), 2, "more than was paid was asked back");
    let link = link_in(&zhang.says(&format!("缴费 {}", second.id)).await);
    let (prepay, next) = order_by(&app, &mut browser, &link).await;
    let mut one = Desk::of(&app, "沈立").await;
    let mut two = Desk::at(&app, 1);
    two.browser.cookies = Desk::of(&app, "卫东").await.browser.cookies;
    let waiting = "/console/payments/waiting";
    let (csrf_one, csrf_two) = (
        one.open(waiting).await.hidden("csrf"),
        two.open(waiting).await.hidden("csrf"),
    );
    app.platform.pay(&prepay).unwrap();
    for row in &asked {
        let grant = format!("/console/payments/refunds/{}/grant", row.id);
        let (a, b) = futures_util::join!(
            one.send_with(&csrf_one, &grant, &[]),
            two.send_with(&csrf_two, &grant, &[])
        );
        let mut both = [a.status, b.status];
        both.sort_unstable();
        assert_eq!(both, [303, 409], "{} {}", a.body, b.body);
    }
    expect_state(&app, next, PaymentState::Paid).await;
    for _ in 0..3 {
        app.advance(5).await;
    }
    let back = refunds(&app).await;
    assert!(
        back.iter().all(|row| row.state == RefundState::Done),
        "{back:?}"
    );
    assert_eq!(payments(&app).await.len(), 2);
    sound(&app).await;
}
