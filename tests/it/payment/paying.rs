//! From «账单» to the receipt; the same wish again; what cannot be paid; who sees what.

use chrono::TimeDelta;
use entity::money::{BillState, PaymentState};
use linli::base::clock::begin_of;
use serde_json::json;

use super::days::today;
use super::{
    bill_for, bill_now, browser_of, data, expect_state, link_in, open_counter, order_by, payments,
    receipts, sound,
};
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;

#[tokio::test]
async fn from_the_bill_to_the_receipt() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let first = bill_for(&app, "张秀英", 202_610, 16_110).await;
    let second = bill_for(&app, "张秀英", 202_611, 16_110).await;
    let reply = zhang.says("账单").await;
    assert!(reply.contains("322.20"), "{reply}");
    assert!(reply.contains("1 1-1-101 2026年10月：161.10 元"), "{reply}");
    let reply = zhang.says("1").await;
    assert!(
        reply.contains("89.50㎡") && reply.contains("物业费"),
        "{reply}"
    );
    let reply = zhang.says("1").await;
    let link = link_in(&reply);

    // The page needs nobody to be signed in, and tells nothing of who lives there.
    let url = format!("{}{link}", app.url());
    let mut browser = Browser::new();
    let page = browser.open(&url).await;
    page.is(200)
        .says("1-1-1**")
        .says("161.10 元")
        .says("2026年10月");
    assert!(!page.body.contains("张秀英") && !page.body.contains("1-1-101"));
    assert!(page.body.contains("/wechat/oauth/start?to="));

    let mut browser = browser_of(&app, &zhang.open_id).await;
    browser.open(&url).await.is(200).says("去付款");
    let page = browser.post(&url, &[]).await;
    page.is(200);
    // What a payer does: the window checks the signature of the merchant.
    let window = json!({
        "appId": data(&page, "app-id"),
        "timeStamp": data(&page, "time-stamp"),
        "nonceStr": data(&page, "nonce-str"),
        "package": data(&page, "package"),
        "signType": data(&page, "sign-type"),
        "paySign": data(&page, "pay-sign"),
        "openid": zhang.open_id,
    });
    let answer = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(format!("{}/pay", app.settings.wechat.pay.api_base))
        .header("Content-Type", "application/json")
        .body(window.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    let next = data(&page, "next");
    let page = browser.open(&format!("{}{next}", app.url())).await;
    page.is(200).says("已收到您的缴费");

    let told = zhang.expects_push("已收到缴费 161.10 元").await;
    assert!(told.contains("收据第 1 号"), "{told}");
    let row = payments(&app).await.pop().unwrap();
    assert_eq!((row.state, row.amount), (PaymentState::Paid, 16_110));
    assert_eq!(bill_now(&app, first.id).await.state, BillState::Settled);
    assert_eq!(bill_now(&app, second.id).await.state, BillState::Open);

    let reply = zhang.says(&format!("发票 {}", first.id)).await;
    let receipt = &receipts(&app).await[0];
    assert!(reply.contains(&receipt.token), "{reply}");
    let mut anybody = Browser::new();
    let page = anybody
        .open(&format!("{}/receipt/{}", app.url(), receipt.token))
        .await;
    page.is(200)
        .says("第 1 号")
        .says("161.10 元")
        .says("壹佰陆拾壹元壹角整")
        .says("桂园小区")
        .says("1-1-1**")
        .says("<svg");
    assert!(!page.body.contains("张秀英"));
    anybody
        .open(&format!("{}/receipt/{}", app.url(), "0".repeat(32)))
        .await
        .is(404);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn who_pays_late_at_night_is_answered_at_once() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let late = begin_of(today(&app)) + TimeDelta::hours(47);
    app.advance((late - app.now()).num_minutes()).await;
    let bill = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let (prepay, _) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    zhang.expects_push("已收到缴费 100.00 元").await;
    assert!(app.now() < late + TimeDelta::minutes(5));
}

#[tokio::test]
async fn a_part_and_then_the_rest_of_all() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let first = bill_for(&app, "张秀英", 202_610, 10_000).await;
    let second = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let link = link_in(&zhang.says(&format!("缴费 {} 40", first.id)).await);
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    assert_eq!(bill_now(&app, first.id).await.paid, 4_000);
    let reply = zhang.says("缴费 全部").await;
    assert!(reply.contains("160.00 元"), "{reply}");
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    for bill in [first, second] {
        assert_eq!(bill_now(&app, bill.id).await.state, BillState::Settled);
    }
    // More than is owed is kept for the next bill.
    let reply = zhang.says("缴费 1-1-101 25.50").await;
    let (prepay, id) = order_by(&app, &mut browser, &link_in(&reply)).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    zhang.expects_push("转为预存").await;
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn the_same_wish_is_the_same_order_and_another_one_closes_it() {
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let browsers =
        futures_util::future::join_all((0..6).map(|_| browser_of(&app, &zhang.open_id))).await;
    let app = &app;
    let orders = browsers.into_iter().map(|mut browser| {
        let link = link.clone();
        async move { order_by(app, &mut browser, &link).await }
    });
    let orders = futures_util::future::join_all(orders).await;
    assert!(
        orders.iter().all(|order| order.1 == orders[0].1),
        "{orders:?}"
    );
    assert_eq!(payments(app).await.len(), 1);

    let part = link_in(&zhang.says(&format!("缴费 {} 30", bill.id)).await);
    let mut browser = browser_of(app, &zhang.open_id).await;
    let (prepay, id) = order_by(app, &mut browser, &part).await;
    assert_ne!(id, orders[0].1);
    expect_state(app, orders[0].1, PaymentState::Closed).await;
    assert!(
        app.platform.pay(&orders[0].0).is_err(),
        "a closed order was paid"
    );
    app.platform.pay(&prepay).unwrap();
    expect_state(app, id, PaymentState::Paid).await;
    app.drain().await;
    sound(app).await;
}

#[tokio::test]
async fn nobody_pays_nothing_or_too_much_or_what_is_not_theirs() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let own = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let other = bill_for(&app, "李建国", 202_611, 10_000).await;
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let bills = |id: i64| json!([id.to_string()]);
    for (body, status) in [
        (json!({ "bills": bills(own.id), "amount": 0 }), 422),
        (json!({ "bills": bills(own.id), "amount": -1 }), 422),
        (
            json!({ "bills": bills(own.id), "amount": 1_000_000_000_000_000_i64 }),
            422,
        ),
        (json!({ "bills": [] }), 422),
        (json!({ "bills": bills(other.id) }), 404),
        (json!({ "bills": bills(9_999_999) }), 404),
        (json!({ "bills": ["x"] }), 404),
    ] {
        let answer = api.post("/payments", &body).await;
        assert_eq!(answer.status, status, "{body} {answer:?}");
    }
    for body in [
        json!({ "bills": bills(own.id), "amount": "1" }),
        json!({ "bills": bills(own.id), "amount": 1.5 }),
    ] {
        let answer = api.post("/payments", &body).await;
        assert!((400..500).contains(&answer.status), "{body} {answer:?}");
    }
    for words in ["0", "-1", "1000000000000000", "1.234", "一百"] {
        let reply = zhang.says(&format!("缴费 {} {words}", own.id)).await;
        assert!(reply.contains("金额"), "{words}: {reply}");
    }
    let reply = li.says(&format!("缴费 {}", own.id)).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = li.says(&format!("账单 {}", own.id)).await;
    assert!(reply.contains("没有找到"), "{reply}");
    assert_eq!(api.get(&format!("/bills/{}", other.id)).await.status, 404);
    assert_eq!(api.signed_out().get("/bills").await.status, 401);
    assert!(payments(&app).await.is_empty());
    assert!(app.platform.pay_orders().is_empty());

    // A link that was changed, or is old, opens nothing.
    let link = link_in(&zhang.says(&format!("缴费 {}", own.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let mut parts: Vec<String> = link.split('.').map(str::to_owned).collect();
    parts[2] = "1".to_owned();
    for bad in [parts.join("."), format!("{link}x"), "/pay/x".to_owned()] {
        let page = browser.post(&format!("{}{bad}", app.url()), &[]).await;
        page.is(404);
    }
    app.clock.advance(TimeDelta::hours(25));
    browser.open(&format!("{}{link}", app.url())).await.is(404);
    sound(&app).await;
}

/// The mini-program of somebody of the standard compound, bound to their home.
pub async fn api_bound(app: &TestApp, open_id: &str, name: &str) -> crate::harness::people::Api {
    use sea_orm::ActiveValue::Set;
    use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};
    let api = app.api_of(open_id).await;
    let row = entity::account::Entity::find()
        .filter(entity::account::COLUMN.external_id.eq(open_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let person = app.person(name).await;
    let home = crate::harness::compound::home(name);
    let home = app.place(&format!("GY/{home}")).await;
    let tie = entity::binding::ActiveModel {
        account_id: Set(row.id),
        person_id: Set(Some(person.id)),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        state: Set(entity::kinds::BindingState::Verified),
        claimed_name: Set(name.to_owned()),
        claimed_phone_sealed: Set(String::new()),
        claimed_phone_index: Set(String::new()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    tie.insert(app.store.write()).await.unwrap();
    let change = entity::account::ActiveModel {
        id: Set(row.id),
        person_id: Set(Some(person.id)),
        ..Default::default()
    };
    change.update(app.store.write()).await.unwrap();
    api
}

#[tokio::test]
async fn the_mini_program_pays_too_and_a_repeat_is_the_same_answer() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let list = api.get("/bills?state=open").await;
    assert_eq!(list.json["items"][0]["left"], 10_000, "{list:?}");
    let one = api.get(&format!("/bills/{}", bill.id)).await;
    assert_eq!(one.json["lines"][0]["name"], "物业费", "{one:?}");
    let body = json!({ "bills": [bill.id.to_string()] });
    let first = api.post_once("/payments", "k-1", &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = api.post_once("/payments", "k-1", &body).await;
    assert_eq!((again.status, &again.json), (201, &first.json));
    let window = &first.json["window"];
    assert_eq!(window["appId"], app.settings.wechat.mini.app_id.as_str());
    let prepay = window["package"]
        .as_str()
        .unwrap()
        .replace("prepay_id=", "");
    let path = format!(
        "/payments/{}",
        first.json["payment"]["id"].as_str().unwrap()
    );
    assert_eq!(api.get(&path).await.json["state"], "open");
    // The platform says nothing by itself: the payer's return asks.
    let lost = linli::sandbox::Fault::new(linli::sandbox::Api::Paynotice, "lost", None);
    assert!(app.platform.set_fault(lost));
    app.platform.pay(&prepay).unwrap();
    let seen = api.get(&path).await;
    assert_eq!(seen.json["state"], "paid", "{seen:?}");
    assert_eq!(seen.json["receipt_number"], 1);
    let stranger = app.api_of("m-other").await;
    assert_eq!(stranger.get(&path).await.status, 404);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn where_there_is_no_counter_nothing_is_ordered() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let page = browser.post(&format!("{}{link}", app.url()), &[]).await;
    page.is(409).says("物业服务中心");
    assert!(payments(&app).await.is_empty());
}

#[tokio::test]
async fn a_page_that_is_opened_too_often_waits_and_takes_nothing() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let url = format!("{}{link}", app.url());
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let mut waits = None;
    for _ in 0..30 {
        let page = browser.post(&url, &[]).await;
        if page.status == 429 {
            waits = Some(page);
            break;
        }
        page.is(200);
    }
    let waits = waits.expect("thirty orders in a row");
    waits.says("请一分钟后再试").says("没有扣款");
    assert_eq!(waits.headers["retry-after"], "60");
    assert_eq!(payments(&app).await.len(), 1, "all were one order");
    // Somebody else still pays: it is counted by who pays.
    let daughter = app.newcomer("o-daughter").await;
    let mut other = browser_of(&app, &daughter.open_id).await;
    other.post(&url, &[]).await.is(200);
    // Coming back again and again asks the platform no more often than over the API.
    let id = payments(&app).await[0].id;
    let before = payments(&app).await[0].asked;
    for _ in 0..40 {
        browser
            .open(&format!("{url}?back={id}"))
            .await
            .is(200)
            .says("还没有收到付款");
    }
    let asked = payments(&app).await[0].asked - before;
    assert!(asked < 40, "asked {asked} times");
    // And an address that only looks comes to its end as well.
    let mut nobody = Browser::new();
    let mut last = 200;
    for _ in 0..400 {
        last = nobody.open(&url).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn bills_of_an_order_are_ones_own_and_of_one_home() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    app.resident("张秀英").await;
    let one = bill_for(&app, "张秀英", 202_610, 10_000)
        .await
        .id
        .to_string();
    let two = bill_for(&app, "张秀英", 202_611, 5_000)
        .await
        .id
        .to_string();
    let other = bill_for(&app, "李建国", 202_611, 5_000)
        .await
        .id
        .to_string();
    let api = api_bound(&app, "m-zhang", "张秀英").await;
    let order = async |bills: Vec<&str>| api.post("/payments", &json!({ "bills": bills })).await;
    for (bills, status) in [
        (vec![one.as_str(), other.as_str()], 404),
        (vec![one.as_str(), "999999"], 404),
        (vec!["x"], 404),
        (vec![], 422),
    ] {
        assert_eq!(order(bills.clone()).await.status, status, "{bills:?}");
    }
    assert!(payments(&app).await.is_empty());
    // In the order in which they were named, each once.
    let made = order(vec![two.as_str(), one.as_str(), two.as_str()]).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json["payment"]["bills"], json!([two, one]));
    assert_eq!(made.json["payment"]["amount"], 15_000);
}
