//! What the platform tells, as it comes: repeated, all at once with a query, lost, forged, with another
//! amount, late. A relay stands between: it holds each notification until the test lets it through.

use std::sync::Arc;

use entity::kinds::RoleKind;
use entity::money::{BillState, NoticeState, PaymentState, RefundCause, RefundState};
use entity::{payment, payment_notice};
use linli::payment::actions::notice;
use linli::sandbox::{Api, Fault};
use linli::wechat::pay::{Notification, TradeState, Transaction, What};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QueryOrder};

use super::letter::Office;
use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, refunds, sound,
};
use crate::console::{Desk, administrator};
use crate::harness::app::TestApp;
use crate::powers::desk_with;

/// An order of 张秀英 that waits to be paid, with a relay between; notifications go nowhere by
/// themselves.
async fn waiting(instances: usize) -> (TestApp, Arc<Office>, String, i64, i64) {
    let (relay, url) = Office::start().await;
    let app = TestApp::plan()
        .instances(instances)
        .set("SERVER__PUBLIC_URL", &url)
        .start()
        .await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    (app, relay, prepay, id, bill.id)
}

async fn notices(app: &TestApp) -> Vec<payment_notice::Model> {
    let all = payment_notice::Entity::find().order_by_asc(payment_notice::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

fn base(app: &TestApp, instance: usize) -> String {
    format!("http://{}", app.instances[instance].address)
}

#[tokio::test]
async fn five_times_at_once_on_two_instances_with_a_query_is_once() {
    let (app, relay, prepay, id, bill) = waiting(2).await;
    app.platform.pay(&prepay).unwrap();
    let letter = relay.letter(0).await;
    let row = payment::Entity::find_by_id(id).one(app.store.read()).await;
    let row = row.unwrap().unwrap();
    let (one, two) = (base(&app, 0), base(&app, 1));
    let all = (0..5).map(|n| {
        let to = if n % 2 == 0 { &one } else { &two };
        letter.to(to)
    });
    let house = app.instances[1].app.clone();
    let asked = async { linli::payment::actions::watch::ask(&house, &row).await };
    let (answers, asked) = futures_util::join!(futures_util::future::join_all(all), asked);
    asked.unwrap();
    assert!(answers.iter().all(|answer| answer.0 == 204), "{answers:?}");
    expect_state(&app, id, PaymentState::Paid).await;
    app.drain().await;
    // And once more, days later: the row is done.
    assert_eq!(notices(&app).await.len(), 1);
    assert_eq!(notices(&app).await[0].state, NoticeState::Done);
    assert_eq!(receipts(&app).await.len(), 1);
    assert!(refunds(&app).await.is_empty());
    assert_eq!(bill_now(&app, bill).await.paid, 10_000);
    sound(&app).await;
}

#[tokio::test]
async fn what_the_platform_has_not_signed_is_turned_away() {
    let (app, relay, prepay, id, _) = waiting(1).await;
    app.platform.pay(&prepay).unwrap();
    let letter = relay.letter(0).await;
    let url = base(&app, 0);
    let mut changed = letter.clone();
    let text = String::from_utf8(changed.body).unwrap();
    changed.body = text
        .replace("TRANSACTION.SUCCESS", "TRANSACTION.SUCCESs")
        .into_bytes();
    let mut bare = letter.clone();
    bare.headers.remove("wechatpay-signature");
    let mut nonsense = letter.clone();
    nonsense.body = b"{".to_vec();
    let forged = [
        changed,
        bare,
        nonsense,
        letter.with("wechatpay-signature", "WECHATPAY/SIGNTEST/abc"),
        letter.with("wechatpay-timestamp", "1"),
        letter.with("wechatpay-serial", "PUB_KEY_ID_0"),
        letter.with("wechatpay-nonce", "x"),
    ];
    for letter in &forged {
        let (status, body) = letter.to(&url).await;
        assert_eq!(status, 401, "{body}");
        assert!(body.contains("\"code\":\"FAIL\""), "{body}");
    }
    let mut elsewhere = letter.clone();
    elsewhere.path = "/wechat/pay/nobody/payment".to_owned();
    assert_eq!(elsewhere.to(&url).await.0, 404);
    assert!(notices(&app).await.is_empty());
    // Signed, but from an hour ago.
    app.clock.advance(chrono::TimeDelta::minutes(6));
    assert_eq!(letter.to(&url).await.0, 401);
    assert!(notices(&app).await.is_empty());
    // The query at its time finds it all the same.
    expect_state(&app, id, PaymentState::Paid).await;
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn another_amount_is_kept_shown_and_never_credited() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let manager = app.staff("沈立").await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Paynotice, "amount", Some(1)))
    );
    app.platform.pay(&prepay).unwrap();
    let told = manager.expects_push("对不上").await;
    assert!(told.contains("金额"), "{told}");
    assert_eq!(notices(&app).await[0].state, NoticeState::Refused);
    let number = payments(&app).await[0].out_trade_no.clone().unwrap();
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open("/console/payments/notices").await;
    page.is(200).says("金额和订单不一样").says(&number);
    desk.open(&format!("/console/payments/{id}"))
        .await
        .is(200)
        .says("金额和订单不一样");
    assert_eq!(payments(&app).await[0].state, PaymentState::Open);
    assert_eq!(bill_now(&app, bill.id).await.paid, 0);
    // The platform, asked, says how it is.
    app.advance(1).await;
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    sound(&app).await;
}

#[tokio::test]
async fn a_lost_one_is_found_by_asking_and_an_unpaid_order_is_closed() {
    let (app, relay, prepay, id, bill) = waiting(1).await;
    app.platform.pay(&prepay).unwrap();
    relay.letter(0).await;
    assert_eq!(payments(&app).await[0].state, PaymentState::Open);
    app.clock.advance(chrono::TimeDelta::seconds(31));
    expect_state(&app, id, PaymentState::Paid).await;
    app.drain().await;
    assert_eq!(bill_now(&app, bill).await.state, BillState::Settled);
    sound(&app).await;

    let zhang = app.known("o-zhang");
    let more = bill_for(&app, "张秀英", 202_612, 5_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", more.id)).await);
    let mut browser = browser_of(&app, "o-zhang").await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    for minutes in [1, 1, 4, 5, 20] {
        app.advance(minutes).await;
        assert_eq!(expect_state(&app, id, PaymentState::Open).await.id, id);
    }
    let asked = payments(&app).await[1].asked;
    assert!((4..=6).contains(&asked), "asked {asked} times");
    app.advance(100).await;
    expect_state(&app, id, PaymentState::Closed).await;
    assert!(app.platform.pay(&prepay).is_err());
    sound(&app).await;
}

#[tokio::test]
async fn money_for_a_closed_order_goes_back_by_itself() {
    let (app, relay, prepay, id, bill) = waiting(1).await;
    app.platform.pay(&prepay).unwrap();
    let letter = relay.letter(0).await;
    // As if somebody had closed it here, believing that the platform knew nothing of it.
    let closed = payment::ActiveModel {
        id: Set(id),
        state: Set(PaymentState::Closed),
        ..Default::default()
    };
    closed.update(app.store.write()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(letter.to(&base(&app, 0)).await.0, 204);
    }
    let zhang = app.known("o-zhang");
    zhang.expects_push("会退给您").await;
    app.advance(2).await;
    zhang.expects_push("已退款").await;
    let back = refunds(&app).await;
    assert_eq!(back.len(), 1);
    assert_eq!(
        (back[0].cause, back[0].state),
        (RefundCause::Late, RefundState::Done)
    );
    assert_eq!(app.platform.pay_refunds().len(), 1);
    assert_eq!(bill_now(&app, bill).await.paid, 0);
    assert!(receipts(&app).await.is_empty());
    sound(&app).await;
}

/// A success for an order under this number, as the platform tells it.
fn success(id: &str, number: &str) -> Notification {
    Notification {
        id: id.to_owned(),
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        what: What::Transaction(Transaction {
            app_id: "wx0".to_owned(),
            mch_id: "0".to_owned(),
            out_trade_no: number.to_owned(),
            transaction_id: Some(format!("test{id}")),
            state: TradeState::Success,
            state_words: String::new(),
            success_at: None,
            openid: None,
            attach: None,
            total: Some(123),
            payer_total: None,
            currency: Some("CNY".to_owned()),
        }),
    }
}

#[tokio::test]
async fn what_fits_nothing_is_listed_with_its_reason_for_its_compound_alone() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    open_counter(&app).await;
    let house = &app.instances[0].app;
    // More than any page that is looked through: one is found by its number all the same.
    for at in 0..33 {
        let said = success(&format!("EV-{at}"), &format!("UNKNOWN{at:02}"));
        let new = notice::receive(house, super::MERCHANT, &said)
            .await
            .unwrap();
        notice::follow(house, new.unwrap()).await.unwrap();
    }
    // An account of no compound, a number that is too long to be ours.
    let long = "9".repeat(80);
    let new = notice::receive(house, "elsewhere", &success("EV-X", &long))
        .await
        .unwrap();
    notice::follow(house, new.unwrap()).await.unwrap();
    let all = notices(&app).await;
    assert!(all.iter().all(|row| row.state == NoticeState::Refused));
    assert_eq!(all[33].compound_id, None);
    assert_eq!(all[33].out_trade_no.as_deref(), Some(&long[..32]));

    let path = "/console/payments/notices";
    let mut desk = Desk::of(&app, "沈立").await;
    let first = desk.open(path).await;
    first
        .is(200)
        .says("UNKNOWN32")
        .says("没有这个订单号")
        .says("1.23 元");
    assert!(!first.body.contains("UNKNOWN02") && !first.body.contains("elsewhere"));
    let next = regex::Regex::new("rel=\"next\" href=\"([^\"]*)\"").unwrap();
    let next = next.captures(&first.body).unwrap()[1].to_owned();
    desk.open(&next)
        .await
        .is(200)
        .says("UNKNOWN02")
        .says("UNKNOWN00");
    let mut next_door = desk_with(&app, RoleKind::PropertyManager, "LY").await;
    next_door.open(path).await.is(200).says("没有对不上的通知");
    Desk::of(&app, "孙梅").await.open(path).await.is(403);
    // What is of no compound is for whoever sees everything.
    let mut all = administrator(&app, "卫东", None).await;
    all.open(path).await.is(200).says("elsewhere");
}

#[tokio::test]
async fn something_that_nobody_knows_is_kept_and_acknowledged() {
    let app = TestApp::start().await;
    let house = &app.instances[0].app;
    let said = Notification {
        id: "EV-1".to_owned(),
        event_type: "PROFITSHARING.SUCCESS".to_owned(),
        what: What::Unknown,
    };
    for _ in 0..2 {
        let new = notice::receive(house, super::MERCHANT, &said)
            .await
            .unwrap();
        assert_eq!(new, None);
    }
    let all = notices(&app).await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].state, all[0].kind.as_str()),
        (NoticeState::Done, "PROFITSHARING.SUCCESS")
    );
    assert_eq!(
        payment::Entity::find()
            .count(app.store.read())
            .await
            .unwrap(),
        0
    );
}
