//! The pretended WeChat Pay lives in the program: killed between a payment and the next morning it still knows what
//! was paid, gives it back, and writes it into the bill of the day.

use chrono::{Days, TimeDelta};
use entity::money::{PaymentState, ReconState, RefundState};
use entity::reconciliation;
use linli::base::clock::begin_of;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::days::alone;
use super::house::{Visitor, movable, shift};
use super::{bill_for, data, expect_state, link_in, open_counter, refunds};
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::db::sandbox_keys;
use crate::harness::program::Program;
use crate::harness::until;

/// Somebody inside WeChat, at a program that pretends the platform itself.
async fn browser_at(url: &str, open_id: &str) -> Browser {
    let mut browser = Browser::new();
    let start = format!("{url}/wechat/oauth/start?to=/me");
    let asked = browser.open(&start).await.to.unwrap();
    let asked = asked.split('#').next().unwrap();
    let back = browser.open(&format!("{asked}&as={open_id}")).await;
    browser.open(&back.to.unwrap()).await.is(303);
    browser
}

/// Presses the button of the pay page and pays; the payment's key.
async fn pay(browser: &mut Browser, url: &str, link: &str) -> i64 {
    let page = browser.post(&format!("{url}{link}"), &[]).await;
    page.is(200);
    let prepay = data(&page, "package").replace("prepay_id=", "");
    let paid = browser.http.post(format!("{url}/sandbox/pay/pay"));
    let paid = browser
        .send(paid.json(&json!({ "prepayId": prepay })))
        .await;
    paid.is(200).says("requestPayment:ok");
    let next = data(&page, "next");
    next.split("back=").nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pretended_platform_knows_after_a_kill_what_was_paid_before() {
    let mut app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 12_345).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let open_id = zhang.open_id;
    alone(&mut app).await;

    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    std::fs::copy(sandbox_keys(), &keys).unwrap();
    let mut variables = movable(&app.variables);
    variables.retain(|(name, _)| {
        let elsewhere = name.ends_with("__API_BASE") || name.ends_with("__SOCKET_URL");
        !elsewhere && name != "LINLI__SANDBOX__KEYS"
    });
    let keys = keys.display().to_string();
    variables.push(("LINLI__SANDBOX__KEYS".to_owned(), keys));
    let mut program = Program::start(&variables).await;
    let url = program.url();
    let mut browser = browser_at(&url, &open_id).await;
    let id = pay(&mut browser, &url, &link).await;
    program.kill9();
    program.restart().await;
    let paid = expect_state(&app, id, PaymentState::Paid).await;

    // Some of it goes back.
    let asks = Visitor::staff(&app, &url, "蒋平").await;
    let grants = Visitor::staff(&app, &url, "沈立").await;
    let ask = format!("/console/payments/{id}/refund");
    let fields = [("amount", "30"), ("reason", "多收了")];
    let asked = asks.post(&url, &ask, &fields).await.unwrap();
    assert_eq!(asked.status, 303, "{}", asked.body);
    let refund = refunds(&app).await.pop().unwrap();
    let grant = format!("/console/payments/refunds/{}/grant", refund.id);
    let granted = grants.post(&url, &grant, &[]).await.unwrap();
    assert_eq!(granted.status, 303, "{}", granted.body);
    until("the refund is done", 60, async || {
        let all = refunds(&app).await;
        all.iter()
            .any(|row| row.id == refund.id && row.state == RefundState::Done)
            .then_some(())
    })
    .await;
    program.kill9();
    program.restart().await;

    let day = paid.day.unwrap();
    let next = begin_of(day.checked_add_days(Days::new(1)).unwrap());
    let morning = next + TimeDelta::minutes(10 * 60 + 31);
    shift(&url, (morning - app.now()).num_seconds() + 1).await;
    let compared = until("the day was compared", 90, async || {
        let row = reconciliation::Entity::find()
            .filter(reconciliation::COLUMN.day.eq(day))
            .filter(reconciliation::COLUMN.state.ne(ReconState::Waiting))
            .one(app.store.read())
            .await;
        row.unwrap()
    })
    .await;
    assert_eq!(compared.state, ReconState::Balanced, "{compared:?}");
    assert!(compared.theirs_count >= 1, "{compared:?}");
    let chair = Visitor::staff(&app, &url, "卫东").await;
    let page = chair.open(&format!("{url}/console/payments/days")).await;
    let page = page.unwrap().body;
    assert!(page.contains("已对平"), "{page}");
}
