//! Amounts that cannot be, by every way in: nothing, less than nothing, 10^15 fen. Each is refused in words, and no
//! donation, payment, receipt or entry of the books comes of it.

use entity::attachment;
use entity::kinds::DonationState;
use entity::money::PayWay;
use linli::payment::actions::order::Wish;
use linli::payment::link::pay;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{CLERK, gift, gifts, promise, sound};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;
use crate::payment::{browser_of, link_in, open_counter, order_by, payments, receipts};

const TAKE: &str = "/console/giving/take";

/// Nothing was written down, here or in the books.
async fn nothing(app: &TestApp) {
    assert!(gifts(app).await.is_empty() && payments(app).await.is_empty());
    assert!(receipts(app).await.is_empty());
    sound(app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_chat_and_over_the_api_they_are_refused_in_words() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    for yuan in [
        "0",
        "0.00",
        "-1",
        "１０００００１",
        "10000000000000",
        "1000000000000000",
    ] {
        let reply = zhang.says(&format!("捐款 不限 {yuan} 公开")).await;
        assert!(
            reply.contains("金额") && reply.contains("捐多少"),
            "{yuan}: {reply}"
        );
    }
    let api = app.api(&zhang).await;
    for (amount, says) in [
        (0, "大于0"),
        (-1, "大于0"),
        (i64::MIN, "大于0"),
        (100_000_001, "一百万元"),
        (1_000_000_000_000_000, "一百万元"),
        (i64::MAX, "一百万元"),
    ] {
        let body = json!({ "kind": "money", "amount": amount });
        let answer = api.post("/donations", &body).await;
        answer.refuses(422, "invalid", says);
        assert_eq!(answer.json["errors"][0]["field"], "amount", "{answer:?}");
        let body = json!({ "kind": "goods", "amount": amount, "goods": "旧书" });
        let answer = api.post("/donations", &body).await;
        answer.refuses(422, "invalid", "件数要在1到");
    }
    nothing(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_link_orders_nothing_and_the_true_one_what_was_promised() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let (id, link) = promise(&zhang, "不限", "28.50", "公开").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let parts: Vec<&str> = link.trim_start_matches("/pay/").split('.').collect();
    let [home, what, amount, until, signed] = parts[..] else {
        panic!("{link}");
    };
    let other = format!("d{}", id + 1);
    let mut forged: Vec<String> = ["0", "-1", "1", "2849", "1000000000000000", "1e3", ""]
        .iter()
        .map(|amount| format!("/pay/{home}.{what}.{amount}.{until}.{signed}"))
        .collect();
    forged.push(format!("/pay/{home}.{other}.{amount}.{until}.{signed}"));
    forged.push(format!("/pay/{home}..{amount}.{until}.{signed}"));
    forged.push(format!("/pay/{home}.{what}.{amount}.9999999999.{signed}"));
    for link in &forged {
        let url = format!("{}{link}", app.url());
        browser.open(&url).await.is(404).says("不能用了");
        browser.post(&url, &[]).await.is(404).says("不能用了");
    }
    // Signed as ours are: what it says is compared with what was promised.
    let house = &app.instances[0].app;
    let compound = gift(&app, id).await.compound_id;
    for (amount, status, says) in [
        (None, 422, "大于0"),
        (Some(0), 422, "大于0"),
        (Some(-1), 422, "大于0"),
        (Some(2_849), 404, "没有找到捐赠"),
        (Some(2_851), 404, "没有找到捐赠"),
        (Some(1_000_000_000_000_000), 404, "不能用了"),
    ] {
        let wish = Wish {
            home_id: compound,
            bills: Vec::new(),
            amount,
            donation: Some(id),
        };
        let link = link_in(&pay(house, &wish));
        let page = browser.post(&format!("{}{link}", app.url()), &[]).await;
        page.is(status).says(says);
    }
    assert!(payments(&app).await.is_empty());
    assert_eq!(gift(&app, id).await.state, DonationState::Pledged);
    let (_, payment) = order_by(&app, &mut browser, &link).await;
    let ordered = payments(&app).await;
    assert_eq!((ordered[0].id, ordered[0].amount), (payment, 2_850));
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_with_its_slip_is_booked_for_an_amount_that_can_be_alone() {
    let app = TestApp::start().await;
    app.staff(CLERK).await;
    let mut desk = Desk::of(&app, CLERK).await;
    let page = desk.open(TAKE).await;
    let (csrf, mark) = (page.hidden("csrf"), page.hidden("mark"));
    let good = [
        ("csrf", csrf.as_str()),
        ("compound", "GY"),
        ("mark", mark.as_str()),
        ("drive", ""),
        ("way", "transfer"),
        ("note", "11月30日工行转入"),
    ];
    for (amount, says) in [
        ("0", "大于0"),
        ("0.00", "大于0"),
        ("-1", "两位小数"),
        ("1000000.01", "太大了"),
        ("10000000000000", "两位小数"),
        ("1000000000000000", "两位小数"),
        ("", "两位小数"),
    ] {
        let mut fields = good.to_vec();
        fields.push(("amount", amount));
        let slip = [("proof", "slip.jpg", jpeg(64))];
        let page = desk.send_files(TAKE, &fields, &slip).await;
        page.is(422).says(says).says("aria-invalid");
    }
    nothing(&app).await;
    let slips = attachment::Entity::find().count(app.store.read()).await;
    assert_eq!(slips.unwrap(), 0, "a slip was kept");
    let mut fields = good.to_vec();
    fields.push(("amount", "230.50"));
    let slip = [("proof", "slip.jpg", jpeg(64))];
    desk.send_files(TAKE, &fields, &slip).await.is(303);
    let row = payments(&app).await.pop().unwrap();
    assert_eq!((row.way, row.amount), (PayWay::Transfer, 23_050));
    assert!(row.proof_id.is_some(), "{row:?}");
    let id = row.donation_id.unwrap();
    assert_eq!(gift(&app, id).await.state, DonationState::Received);
    assert_eq!(receipts(&app).await.len(), 1);
    app.drain().await;
    sound(&app).await;
}
