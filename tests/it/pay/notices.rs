//! Notifications: forged, old, repeated, late, out of order, with another amount, of somebody else;
//! and that the platform comes again until they are taken.

use chrono::TimeDelta;
use linli::sandbox::Api;
use linli::wechat::pay::keys::PrivateKey;
use linli::wechat::pay::sealed::SealKey;
use linli::wechat::pay::verify;
use linli::wechat::pay::{Expected, Mismatch, Notification, PayError, What};

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{MCH_ID, World, client_of, settings, world, world_of};
use crate::harness::until;

fn number(notice: &Notification) -> &str {
    match &notice.what {
        What::Transaction(transaction) => &transaction.out_trade_no,
        What::Refund(refund) => &refund.out_refund_no,
        What::Unknown => "",
    }
}

#[tokio::test]
async fn strangers_are_refused_and_the_platform_is_not() {
    let world = world().await;
    for (at, forgery) in [
        "signature",
        "key",
        "serial",
        "old",
        "future",
        "probe",
        "absent",
    ]
    .iter()
    .enumerate()
    {
        world.fault(Api::Paynotice, &format!("forged:{forgery}"), Some(1));
        world.paid(&format!("order-{at:0>4}"), 100).await;
        let seen = world.seen(2 * at + 2).await;
        assert_eq!(seen[2 * at], Err(PayError::Refused), "{forgery}");
        assert!(seen[2 * at + 1].is_ok(), "{forgery}");
    }
    let told = world.platform.pay_told();
    let forged: Vec<_> = told.iter().filter(|one| one.forged).collect();
    assert_eq!(forged.len(), 7);
    // 4xx to every one of them, the platform's own probes included.
    assert!(forged.iter().all(|one| one.status == Some(401)));
}

#[tokio::test]
async fn the_platform_comes_again_until_it_is_heard() {
    let world = world().await;
    world.answers(&[500, 404]);
    world.paid("order-0001", 100).await;
    world.seen(1).await;
    // Not before its time.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.seen(1).await.len(), 1);
    for (seconds, count) in [(16, 2), (16, 3)] {
        until("it waits to come again", 5, async || {
            (world.platform.pay_waiting() == 1).then_some(())
        })
        .await;
        world.clock.advance(TimeDelta::seconds(seconds));
        world.seen(count).await;
    }
    let seen = world.seen(3).await;
    let ids: Vec<_> = seen.iter().map(|one| &one.as_ref().unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && id.starts_with("EV-")));
    until("it is taken", 5, async || {
        (world.platform.pay_waiting() == 0).then_some(())
    })
    .await;
    world.clock.advance(TimeDelta::days(1));
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.seen(3).await.len(), 3);
}

/// Until so many attempts have begun and one notification waits for something.
async fn waits(world: &World, attempts: u64) {
    until("one waits", 5, async || {
        let begun = world.platform.calls(Api::Paynotice) == attempts;
        (begun && world.platform.pay_waiting() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_may_come_twice_or_after_a_later_one_or_late_or_never() {
    let world = world().await;
    world.fault(Api::Paynotice, "repeat", Some(1));
    world.paid("order-twice", 100).await;
    let seen = world.seen(2).await;
    assert_eq!(seen[0], seen[1]);

    world.fault(Api::Paynotice, "held", Some(1));
    world.paid("order-first", 100).await;
    waits(&world, 2).await;
    world.paid("order-second", 100).await;
    let seen = world.seen(4).await;
    let order: Vec<_> = seen[2..]
        .iter()
        .map(|one| number(one.as_ref().unwrap()))
        .collect();
    assert_eq!(order, ["order-second", "order-first"]);

    world.fault(Api::Paynotice, "lost", Some(1));
    world.paid("order-never", 100).await;
    until("it was lost", 5, async || {
        (world.platform.calls(Api::Paynotice) == 4).then_some(())
    })
    .await;
    let mut late = linli::sandbox::Fault::new(Api::Paynotice, "slow", Some(1));
    late.ms = Some(3_600_000);
    assert!(world.platform.set_fault(late));
    world.paid("order-late", 100).await;
    waits(&world, 5).await;
    assert_eq!(world.seen(4).await.len(), 4);
    world.clock.advance(TimeDelta::minutes(61));
    let seen = world.seen(5).await;
    assert_eq!(number(seen[4].as_ref().unwrap()), "order-late");
}

#[tokio::test]
async fn another_amount_is_signed_and_still_no_payment_of_the_order() {
    let world = world().await;
    world.fault(Api::Paynotice, "amount", Some(1));
    world.paid("order-0001", 100).await;
    let seen = world.seen(1).await;
    let What::Transaction(told) = seen[0].clone().unwrap().what else {
        panic!("{seen:?}");
    };
    let order = Expected {
        app_id: "wxsandbox0000000a",
        mch_id: MCH_ID,
        out_trade_no: "order-0001",
        total: 100,
    };
    assert_eq!(told.pays(&order), Err(Mismatch::Total));
    // Who asks instead hears the truth.
    let asked = world
        .client
        .query_by_out_trade_no("order-0001", world.now())
        .await;
    assert_eq!(asked.unwrap().pays(&order), Ok(()));
}

#[tokio::test]
async fn what_is_told_to_one_merchant_is_nothing_to_another() {
    let mut two = settings();
    let mut second = two.wechat.pay.merchants[0].clone();
    second.name = "second".to_owned();
    second.mch_id = "1900000110".to_owned();
    two.wechat.pay.merchants.push(second.clone());
    let world = world_of(two).await;
    // The same keys, even: only the merchant's number differs.
    let patience = std::time::Duration::from_secs(20);
    let other = client_of(&second, &world.base, patience);
    let order = world.order("order-0001", 100);
    let prepay = other.order_jsapi(&order, world.now()).await.unwrap();
    world.platform.pay(&prepay.prepay_id).unwrap();
    let seen = world.seen(1).await;
    assert_eq!(seen[0], Err(PayError::Refused));
    assert_eq!(
        world
            .client
            .query_by_out_trade_no("order-0001", world.now())
            .await
            .unwrap_err()
            .code(),
        Some("ORDER_NOT_EXIST")
    );
}

/// A message that the platform might send, signed with its own key.
fn signed(body: &str, now: i64) -> HeaderMap {
    let kept = settings().sandbox_keys().unwrap();
    let key = PrivateKey::from_pem(kept.platform.expose_secret()).unwrap();
    let (timestamp, nonce) = (now.to_string(), "a nonce of ours");
    let signature = key.sign(&verify::message(&timestamp, nonce, body.as_bytes()));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("wechatpay-serial", &kept.public_key_id),
        ("wechatpay-timestamp", &timestamp),
        ("wechatpay-nonce", &nonce.to_owned()),
        ("wechatpay-signature", &signature.unwrap()),
    ] {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[tokio::test]
async fn what_is_signed_is_still_read_with_care() {
    let world = world().await;
    let now = world.now();
    let key = SealKey::new(&world.merchant().api_v3_key).unwrap();
    let sealed = |plain: &Value| {
        key.seal(plain.to_string().as_bytes(), "", "123456789012")
            .unwrap()
    };
    let transaction = |total: Value, mch_id: &str| {
        json!({
            "appid": "wx1", "mchid": mch_id, "out_trade_no": "order-1", "transaction_id": "42",
            "trade_state": "SUCCESS", "amount": { "total": total, "currency": "CNY" },
        })
    };
    let message = |event: &str, resource: &Value| {
        json!({ "id": "EV-1", "event_type": event, "resource": resource }).to_string()
    };
    let open = async |body: &str| {
        let headers = signed(body, now);
        world
            .client
            .open_notification(&headers, body.as_bytes(), now)
            .await
    };
    let resource = |plain: &Value| serde_json::to_value(sealed(plain)).unwrap();
    let good = resource(&transaction(json!(1), MCH_ID));
    let opened = open(&message("TRANSACTION.SUCCESS", &good)).await.unwrap();
    assert!(matches!(opened.what, What::Transaction(_)));
    // A kind that nobody here knows is acknowledged, whatever is in it.
    for event in ["PAYSCORE.USER_OPEN_SERVICE", "SOMETHING", ""] {
        let opened = open(&message(event, &good)).await.unwrap();
        assert_eq!(
            (opened.what, opened.event_type.as_str()),
            (What::Unknown, event)
        );
    }
    let mut absent = good.clone();
    absent.as_object_mut().unwrap().remove("associated_data");
    assert!(open(&message("TRANSACTION.SUCCESS", &absent)).await.is_ok());
    let mut other = good.clone();
    other["algorithm"] = json!("AEAD_SM4_GCM");
    let mut bound = good.clone();
    bound["associated_data"] = json!("transaction");
    for (body, why) in [
        ("{}".to_owned(), "nothing in it"),
        ("no json".to_owned(), "no JSON"),
        (message("TRANSACTION.SUCCESS", &other), "another cipher"),
        (
            message("TRANSACTION.SUCCESS", &bound),
            "bound to something else",
        ),
        (
            message("REFUND.SUCCESS", &good),
            "a payment that says it is a refund",
        ),
        (
            message(
                "TRANSACTION.SUCCESS",
                &resource(&transaction(json!("1"), MCH_ID)),
            ),
            "text",
        ),
        (
            message(
                "TRANSACTION.SUCCESS",
                &resource(&transaction(json!(1.0), MCH_ID)),
            ),
            "a fraction",
        ),
        (
            message(
                "TRANSACTION.SUCCESS",
                &resource(&transaction(json!(-1), MCH_ID)),
            ),
            "negative",
        ),
        (
            message(
                "TRANSACTION.SUCCESS",
                &resource(&transaction(json!(1), "1")),
            ),
            "another merchant",
        ),
        (
            message("TRANSACTION.SUCCESS", &resource(&json!({ "appid": "wx1" }))),
            "no merchant",
        ),
        (
            format!("{}{}", message("X", &good), " ".repeat(64 * 1024)),
            "too large",
        ),
    ] {
        assert_eq!(open(&body).await, Err(PayError::Refused), "{why}");
    }
}
