//! Four faults with which another program for the same purpose loses money, each tried here: what an order was
//! about was known to Redis alone, for two hours; what was paid was never compared with what was ordered; money
//! was a floating number; and the platform was told of a failure in words that it could not read.

use std::time::Duration;

use entity::money::{BillState, PaymentState};
use linli::sandbox::{Api, Fault};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::letter::Office;
use super::paying::api_bound;
use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, refunds, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::faults::OwnRedis;

/// Amounts that a floating number cannot hold, as people type them; times a hundred and cut off, most of them
/// lose a fen.
const TYPED: [(&str, i64); 14] = [
    ("0.07", 7),
    ("0.29", 29),
    ("0.57", 57),
    ("0.58", 58),
    ("1.1", 110),
    ("1.15", 115),
    ("2.01", 201),
    ("4.35", 435),
    ("8.2", 820),
    ("16.1", 1_610),
    ("68.33", 6_833),
    ("79.99", 7_999),
    ("1005.01", 100_501),
    ("999999.99", 99_999_999),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_known_though_redis_was_emptied_and_everybody_restarted() {
    let mut redis = match Backend::chosen().redis {
        true => OwnRedis::start().await,
        false => None,
    };
    let mut plan = TestApp::plan();
    if let Some(redis) = &redis {
        plan = plan.set("REDIS__URL", &redis.url());
    }
    let mut app = plan.start().await;
    app.allow_errors();
    open_counter(&app).await;
    let open_id = app.resident("张秀英").await.open_id;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let said = app.known(&open_id).says(&format!("缴费 {}", bill.id)).await;
    let mut browser = browser_of(&app, &open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&said)).await;
    app.instances.remove(0).stop().await.unwrap();
    if let Some(redis) = &mut redis {
        redis.start_again().await;
    }
    app.platform.pay(&prepay).unwrap();
    back_a_day_later(&mut app, id).await;
    assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    assert_eq!(receipts(&app).await.len(), 1);
    assert!(refunds(&app).await.is_empty());
    sound(&app).await;
}

/// Nobody listens for most of a day: long after the order has ended.
async fn back_a_day_later(app: &mut TestApp, id: i64) {
    for _ in 0..5 {
        app.clock.advance(chrono::TimeDelta::hours(4));
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    app.add_instance().await;
    expect_state(app, id, PaymentState::Paid).await;
    app.drain().await;
}

#[tokio::test]
async fn a_fen_more_or_less_than_ordered_is_never_credited() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    app.staff("沈立").await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    let wrong = Fault::new(Api::Paynotice, "amount", None);
    assert!(app.platform.set_fault(wrong));
    app.platform.pay(&prepay).unwrap();
    app.known("o-shen").expects_push("对不上").await;
    app.drain().await;
    assert_eq!(payments(&app).await[0].state, PaymentState::Open);
    assert_eq!(bill_now(&app, bill.id).await.paid, 0);
    assert!(receipts(&app).await.is_empty());
    // What the platform says when it is asked has the ordered amount.
    app.platform.clear_faults();
    app.advance(1).await;
    expect_state(&app, id, PaymentState::Paid).await;
    sound(&app).await;
}

#[tokio::test]
async fn what_is_typed_is_what_is_booked_to_the_fen() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 500_000_000).await;
    let mut desk = Desk::of(&app, "蒋平").await;
    let take = "/console/payments/take";
    let csrf = desk.open(take).await.hidden("csrf");
    for (n, (typed, _)) in TYPED.iter().enumerate() {
        let mark = format!("typed{n:03}");
        let fields = [
            ("mark", mark.as_str()),
            ("home", "1-1-101"),
            ("way", "cash"),
            ("amount", typed),
        ];
        desk.send_with(&csrf, take, &fields).await.is(303);
    }
    let fen: Vec<i64> = payments(&app).await.iter().map(|row| row.amount).collect();
    assert_eq!(fen, TYPED.map(|(_, fen)| fen));
    let sum: i64 = TYPED.iter().map(|(_, fen)| fen).sum();
    assert_eq!(bill_now(&app, bill.id).await.paid, sum);
    sound(&app).await;
    // The same over the chat, to the platform and back.
    let mut browser = browser_of(&app, &zhang.open_id).await;
    for (typed, fen) in [TYPED[5], TYPED[7], TYPED[10]] {
        let reply = zhang.says(&format!("缴费 {} {typed}", bill.id)).await;
        let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
        app.platform.pay(&prepay).unwrap();
        let paid = expect_state(&app, id, PaymentState::Paid).await;
        assert_eq!(paid.amount, fen, "{typed}");
        let all = app.platform.pay_orders();
        assert_eq!(all.last().unwrap().total, fen, "{typed}");
    }
    // The API has no other number than whole fen.
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    for amount in [
        json!(1.0),
        json!(1e2),
        json!("100"),
        json!(0.1),
        json!(true),
    ] {
        let body = json!({ "bills": [bill.id.to_string()], "amount": amount });
        let answer = api.post("/payments", &body).await;
        assert!((400..500).contains(&answer.status), "{body} {answer:?}");
    }
    app.drain().await;
    sound(&app).await;
}

/// What the platform reads of a failure: JSON with a code and words, and nothing else.
fn expect_failure(status: u16, body: &str, wanted: u16) {
    assert_eq!(status, wanted, "{body}");
    let json: Value = serde_json::from_str(body).unwrap();
    let fields = json.as_object().unwrap();
    assert_eq!(fields.len(), 2, "{body}");
    assert_eq!(json["code"], "FAIL", "{body}");
    assert!(
        json["message"]
            .as_str()
            .is_some_and(|words| !words.is_empty())
    );
}

#[tokio::test]
async fn a_failure_is_told_so_that_the_platform_comes_again() {
    let (office, url) = Office::start().await;
    let plan = TestApp::plan().set("SERVER__PUBLIC_URL", &url);
    let mut app = plan.start().await;
    app.allow_errors();
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await.open_id;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let said = app.known(&zhang).says(&format!("缴费 {}", bill.id)).await;
    let mut browser = browser_of(&app, &zhang).await;
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&said)).await;
    app.platform.pay(&prepay).unwrap();
    let letter = office.letter(0).await;
    let (status, body) = letter.tampered().to(&app.url()).await;
    expect_failure(status, &body, 401);
    let mut elsewhere = letter.clone();
    elsewhere.path = letter.path.replace("sandbox", "nobody");
    let (status, body) = elsewhere.to(&app.url()).await;
    expect_failure(status, &body, 404);
    // There is nowhere to write it down.
    let rename = async |from: &str, to: &str| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        let done = app.store.write().execute_unprepared(&statement).await;
        done.unwrap();
    };
    rename("payment_notice", "payment_notice_away").await;
    let (status, body) = letter.to(&app.url()).await;
    rename("payment_notice_away", "payment_notice").await;
    expect_failure(status, &body, 503);
    assert_eq!(payments(&app).await[0].state, PaymentState::Open);
    let (status, body) = letter.to(&app.url()).await;
    assert_eq!((status, body.as_str()), (204, ""));
    expect_state(&app, id, PaymentState::Paid).await;
    app.drain().await;
    sound(&app).await;
}
