//! Each call as it goes when all is well, and what the platform does not take.

use chrono::TimeDelta;
use linli::wechat::pay::{
    Action, Expected, JsapiOrder, PayError, RefundOf, RefundStatus, TradeState, What,
};
use serde_json::{Value, json};

use super::{MCH_ID, PERSON, code, world};

#[tokio::test]
async fn an_order_is_paid_in_the_window_and_told_of() {
    let world = world().await;
    let (client, now) = (&world.client, world.now());
    let order = world.order("order-0001", 12_345);
    let prepay = client.order_jsapi(&order, now).await.unwrap();
    let open = client
        .query_by_out_trade_no("order-0001", now)
        .await
        .unwrap();
    assert_eq!(
        (open.state, open.transaction_id),
        (TradeState::NotPay, None)
    );

    // The window checks what the page hands over.
    let params = serde_json::to_value(client.pay_params(&prepay, now).unwrap()).unwrap();
    for name in [
        "appId",
        "timeStamp",
        "nonceStr",
        "package",
        "signType",
        "paySign",
    ] {
        let mut bent = params.clone();
        bent[name] = json!(format!("{}x", params[name].as_str().unwrap()));
        let (status, words) = world.post("/pay/pay", &bent).await;
        assert_eq!(status, 400, "{name}: {words}");
    }
    let (status, words) = world.post("/pay/cancel", &params).await;
    assert_eq!((status, words.contains("cancel")), (200, true), "{words}");
    let mut other = params.clone();
    other["openid"] = json!("sandbox-steward");
    assert_eq!(world.post("/pay/pay", &other).await.0, 400);
    let (status, words) = world.post("/pay/pay", &params).await;
    assert_eq!(status, 200, "{words}");
    let answer: Value = serde_json::from_str(&words).unwrap();
    let id = answer["transaction_id"].as_str().unwrap();
    // Nobody pays twice.
    let (status, words) = world.post("/pay/pay", &params).await;
    assert_eq!((status, words.contains("已支付")), (400, true), "{words}");

    let seen = world.seen(1).await;
    let notice = seen[0].clone().unwrap();
    assert_eq!(notice.event_type, "TRANSACTION.SUCCESS");
    let What::Transaction(told) = notice.what else {
        panic!("{notice:?} is no payment");
    };
    let expected = Expected {
        app_id: "wxsandbox0000000a",
        mch_id: MCH_ID,
        out_trade_no: "order-0001",
        total: 12_345,
    };
    assert_eq!(told.pays(&expected), Ok(()));
    assert_eq!(told.openid.as_deref(), Some(PERSON));
    assert_eq!(told.attach.as_deref(), Some("bill-7"));
    assert_eq!(told.transaction_id.as_deref(), Some(id));
    assert_eq!(client.query_by_id(id, now).await.unwrap(), told);
    let asked = client.query_by_out_trade_no("order-0001", now).await;
    assert_eq!(asked.unwrap(), told);
}

#[tokio::test]
async fn the_same_order_again_is_the_same_and_another_is_refused() {
    let world = world().await;
    let (client, now) = (&world.client, world.now());
    let order = world.order("order-0001", 100);
    let first = client.order_jsapi(&order, now).await.unwrap();
    let again = client.order_jsapi(&order, now).await.unwrap();
    assert_ne!(first.prepay_id, again.prepay_id);
    assert_eq!(world.platform.pay_orders().len(), 1);
    let mut dearer = order.clone();
    dearer.total = 101;
    let refused = client.order_jsapi(&dearer, now).await;
    assert_eq!(refused.as_ref().unwrap_err().action(), Action::Fix);
    assert_eq!(code(refused), "INVALID_REQUEST");

    // The id grows old before the order does.
    world.clock.advance(TimeDelta::minutes(121));
    let old = world.platform.pay(&again.prepay_id).unwrap_err();
    assert!(old.contains("过期"), "{old}");
    let fresh = client.order_jsapi(&order, world.now()).await.unwrap();
    world.platform.pay(&fresh.prepay_id).unwrap();
    let paid = client.order_jsapi(&order, world.now()).await;
    assert_eq!(paid.unwrap_err().action(), Action::Paid);
}

#[tokio::test]
async fn closing_is_for_what_nobody_has_paid() {
    let world = world().await;
    let (client, now) = (&world.client, world.now());
    let order = world.order("order-0001", 100);
    let prepay = client.order_jsapi(&order, now).await.unwrap();
    client.close("order-0001", now).await.unwrap();
    client.close("order-0001", now).await.unwrap();
    let closed = client.query_by_out_trade_no("order-0001", now).await;
    assert_eq!(closed.unwrap().state, TradeState::Closed);
    assert!(
        world
            .platform
            .pay(&prepay.prepay_id)
            .unwrap_err()
            .contains("关闭")
    );
    let again = client.order_jsapi(&order, now).await;
    assert_eq!(again.unwrap_err().action(), Action::Renew);

    world.paid("order-0002", 100).await;
    let late = client.close("order-0002", now).await;
    assert_eq!(late.unwrap_err().action(), Action::Paid);
    assert_eq!(
        code(client.close("order-0003", now).await),
        "ORDER_NOT_EXIST"
    );
}

#[tokio::test]
async fn time_closes_an_order() {
    let world = world().await;
    let now = world.now();
    let mut order = world.order("order-0001", 100);
    order.time_expire = Some(now + 600);
    world.client.order_jsapi(&order, now).await.unwrap();
    world.clock.advance(TimeDelta::seconds(601));
    let now = world.now();
    let asked = world.client.query_by_out_trade_no("order-0001", now).await;
    assert_eq!(asked.unwrap().state, TradeState::Closed);
    order.out_trade_no = "order-0002".to_owned();
    // A new order needs a minute, and has ninety days at most.
    for at in [now - 1, now + 30, now + 91 * 86_400] {
        order.time_expire = Some(at);
        let refused = world.client.order_jsapi(&order, now).await;
        assert_eq!(code(refused), "PARAM_ERROR");
    }
    order.time_expire = Some(now + 70);
    world.client.order_jsapi(&order, now).await.unwrap();
    world.clock.advance(TimeDelta::seconds(30));
    let again = world.client.order_jsapi(&order, world.now()).await;
    assert!(
        again.is_ok(),
        "the same order, shortly before its end: {again:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_is_not_even_sent() {
    let world = world().await;
    let now = world.now();
    let good = world.order("order-0001", 100);
    type Change = fn(&mut JsapiOrder);
    let changes: [(&str, Change); 8] = [
        ("total", |o| o.total = 0),
        ("total", |o| o.total = -5),
        ("out_trade_no", |o| o.out_trade_no = "a/../b".to_owned()),
        ("out_trade_no", |o| o.out_trade_no = "short".to_owned()),
        ("description", |o| o.description = String::new()),
        ("notify_url", |o| {
            o.notify_url = "https://a.cn/?x=1".to_owned();
        }),
        ("attach", |o| o.attach = Some("长".repeat(129))),
        ("openid", |o| o.openid = String::new()),
    ];
    for (name, change) in changes {
        let mut order = good.clone();
        change(&mut order);
        let refused = world.client.order_jsapi(&order, now).await;
        assert_eq!(refused, Err(PayError::Malformed(name)));
    }
    let close = world.client.close("../refunds", now).await;
    assert_eq!(close, Err(PayError::Malformed("out_trade_no")));
    let query = world.client.query_by_id("1/../2", now).await;
    assert_eq!(query, Err(PayError::Malformed("transaction_id")));
    let mut refund = world.refund("r-1", "order-0001", 101, 100);
    let refused = world.client.refund(&refund, now).await;
    assert_eq!(refused, Err(PayError::Malformed("refund")));
    refund.out_refund_no = "r/1".to_owned();
    let refused = world.client.refund(&refund, now).await;
    assert_eq!(refused, Err(PayError::Malformed("out_refund_no")));
    assert_eq!(world.platform.calls(linli::sandbox::Api::Payorder), 0);

    // What only the platform can know.
    let mut foreign = good.clone();
    foreign.app_id = Some("wx0000000000000000".to_owned());
    let refused = world.client.order_jsapi(&foreign, now).await;
    assert_eq!(refused.as_ref().unwrap_err().action(), Action::Config);
    assert_eq!(code(refused), "APPID_MCHID_NOT_MATCH");
    let mut mini = good;
    mini.app_id = Some("wxsandbox0000000b".to_owned());
    let prepay = world.client.order_jsapi(&mini, now).await.unwrap();
    assert_eq!(prepay.app_id, "wxsandbox0000000b");
}

#[tokio::test]
async fn money_goes_back_once_and_never_more_than_there_was() {
    let world = world().await;
    let client = &world.client;
    let id = world.paid("order-0001", 1000).await;
    let now = world.now();
    let first = world.refund("refund-1", "order-0001", 300, 1000);
    let taken = client.refund(&first, now).await.unwrap();
    assert_eq!(taken.status, RefundStatus::Processing);
    let again = client.refund(&first, now).await.unwrap();
    assert_eq!(again.refund_id, taken.refund_id);
    let mut changed = first.clone();
    changed.refund = 301;
    assert_eq!(code(client.refund(&changed, now).await), "INVALID_REQUEST");
    let much = world.refund("refund-2", "order-0001", 701, 1000);
    assert_eq!(code(client.refund(&much, now).await), "INVALID_REQUEST");
    let mut rest = world.refund("refund-2", "order-0001", 700, 1000);
    rest.of = RefundOf::TransactionId(id.clone());
    client.refund(&rest, now).await.unwrap();
    let more = world.refund("refund-3", "order-0001", 1, 1000);
    assert_eq!(code(client.refund(&more, now).await), "INVALID_REQUEST");
    let unknown = world.refund("refund-4", "order-0009", 1, 1000);
    let unknown = client.refund(&unknown, now).await.unwrap_err();
    assert_eq!(unknown.action(), Action::Absent);

    // Payment, then both refunds; in which order they come nobody promises.
    assert!(world.platform.end_refund(MCH_ID, "refund-2", "ABNORMAL"));
    world.clock.advance(TimeDelta::seconds(6));
    let seen = world.seen(3).await;
    let told = |number: &str| {
        seen.iter()
            .find_map(|one| match &one.as_ref().unwrap().what {
                What::Refund(refund) if refund.out_refund_no == number => {
                    Some((one.as_ref().unwrap().event_type.clone(), refund.clone()))
                }
                _ => None,
            })
    };
    let (event, back) = told("refund-1").unwrap();
    assert_eq!(
        (event.as_str(), back.status),
        ("REFUND.SUCCESS", RefundStatus::Success)
    );
    assert_eq!((back.refund, back.total), (300, 1000));
    assert!(back.success_at.is_some());
    let (event, stuck) = told("refund-2").unwrap();
    assert_eq!(
        (event.as_str(), stuck.status),
        ("REFUND.ABNORMAL", RefundStatus::Abnormal)
    );
    let asked = client.query_refund("refund-1", world.now()).await.unwrap();
    assert_eq!(asked.status, RefundStatus::Success);
    let absent = client.query_refund("refund-9", world.now()).await;
    assert_eq!(absent.unwrap_err().action(), Action::Absent);
    let paid = client.query_by_id(&id, world.now()).await.unwrap();
    assert_eq!(paid.state, TradeState::Refund);
}

#[tokio::test]
async fn an_order_has_at_most_fifty_refunds() {
    let world = world().await;
    world.paid("order-0001", 1000).await;
    for number in 0..50 {
        let part = world.refund(&format!("r-{number}"), "order-0001", 1, 1000);
        world.client.refund(&part, world.now()).await.unwrap();
    }
    let one_more = world.refund("r-50", "order-0001", 1, 1000);
    let refused = world.client.refund(&one_more, world.now()).await;
    assert_eq!(code(refused), "INVALID_REQUEST");
}
