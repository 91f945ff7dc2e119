//! What somebody tries who wants money that is not theirs, or to know of other people's: other accounts' paths,
//! other people's payments and receipts, forms from elsewhere, everything at once.

use std::sync::Arc;

use entity::money::{BillState, NoticeState, PaymentState, RefundState};
use entity::payment_notice;
use sea_orm::{EntityTrait, QueryOrder};

use super::letter::Office;
use super::paying::api_bound;
use super::{
    bill_for, bill_now, browser_of, expect_state, link_in, open_counter, order_by, payments,
    receipts, refunds, sound,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::until;

/// A house with a second receiving account that has the same keys, as when somebody copied them.
async fn two_accounts() -> (TestApp, Arc<Office>) {
    let (office, url) = Office::start().await;
    let plan = TestApp::plan().instances(0).set("SERVER__PUBLIC_URL", &url);
    let mut app = plan.start().await;
    app.allow_errors();
    app.settings.fill_in_merchants().unwrap();
    let mut twin = app.settings.wechat.pay.merchants[0].clone();
    twin.name = "other".to_owned();
    app.settings.wechat.pay.merchants.push(twin);
    app.add_instance().await;
    open_counter(&app).await;
    (app, office)
}

#[tokio::test]
async fn what_one_account_is_told_pays_nothing_of_another() {
    let (app, office) = two_accounts().await;
    let zhang = app.resident("张秀英").await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    let letter = office.letter(0).await;
    for path in ["/wechat/pay/other/payment", "/wechat/pay/other/refund"] {
        let mut elsewhere = letter.clone();
        elsewhere.path = path.to_owned();
        // It is signed, so it is kept and acknowledged, and somebody has to look.
        assert_eq!(elsewhere.to(&app.url()).await.0, 204);
    }
    let notice = until("it is refused", 10, async || {
        let all = payment_notice::Entity::find().order_by_asc(payment_notice::COLUMN.id);
        let all = all.all(app.store.read()).await.unwrap();
        assert_eq!(all.len(), 1, "kept twice");
        let first = all.into_iter().next().unwrap();
        (first.state == NoticeState::Refused).then_some(first)
    })
    .await;
    assert_eq!(notice.merchant, "other");
    assert_eq!(payments(&app).await[0].state, PaymentState::Open);
    assert_eq!(bill_now(&app, bill.id).await.paid, 0);
    // And it has kept nobody from hearing it where it belongs.
    assert_eq!(letter.to(&app.url()).await.0, 204);
    expect_state(&app, id, PaymentState::Paid).await;
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn nobody_sees_what_others_have_paid() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let bill = bill_for(&app, "张秀英", 202_611, 12_345).await;
    let own = bill_for(&app, "李建国", 202_611, 5_000).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;
    let theirs = link_in(&li.says(&format!("缴费 {}", own.id)).await);
    let mut other = browser_of(&app, &li.open_id).await;
    for back in [id, id + 1, 0, -1, i64::MAX] {
        let page = other
            .open(&format!("{}{theirs}?back={back}", app.url()))
            .await;
        assert!(!page.body.contains("123.45") && !page.body.contains("已收到您"));
        page.is(200).says("还没有收到付款");
    }
    for back in ["x", "9223372036854775808", "1;2"] {
        let page = other
            .open(&format!("{}{theirs}?back={back}", app.url()))
            .await;
        assert!((400..500).contains(&page.status), "{}", page.status);
    }
    let api = api_bound(&app, "m-li", "李建国").await;
    let path = format!("/payments/{id}");
    assert_eq!(api.get(&path).await.status, 404);
    assert_eq!(api.get(&format!("/bills/{}", bill.id)).await.status, 404);
    for id in ["0", "-1", "x", "9223372036854775808", "1%20OR%201=1"] {
        assert_eq!(api.get(&format!("/payments/{id}")).await.status, 404);
        assert_eq!(api.get(&format!("/bills/{id}")).await.status, 404);
    }
    // Receipts have numbers that can be counted, and addresses that cannot.
    let receipt = receipts(&app).await.remove(0);
    let mut anybody = Browser::new();
    let short = receipt.token[..31].to_owned();
    let upper = receipt.token.to_uppercase();
    let mut tries = vec!["1".to_owned(), "%25".to_owned(), "_".repeat(32), short];
    tries.extend((upper != receipt.token).then_some(upper));
    for token in tries {
        let page = anybody
            .open(&format!("{}/receipt/{token}", app.url()))
            .await;
        page.is(404);
        assert!(!page.body.contains("123.45"));
    }
    app.drain().await;
    sound(&app).await;
}

#[tokio::test]
async fn a_form_from_elsewhere_moves_no_money() {
    let app = TestApp::start().await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let mut other = Desk::of(&app, "卫东").await;
    let take = "/console/payments/take";
    let (own, theirs) = (
        desk.open(take).await.hidden("csrf"),
        other.open(take).await.hidden("csrf"),
    );
    assert_ne!(own, theirs);
    let bill_id = bill.id.to_string();
    let cash = [
        ("mark", "elsewhere1"),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "10"),
    ];
    let waiver = [
        ("bill", bill_id.as_str()),
        ("amount", "10"),
        ("reason", "低保"),
    ];
    for csrf in [theirs.as_str(), "", "x"] {
        desk.send_with(csrf, take, &cash).await.is(403);
        let page = desk
            .send_with(csrf, "/console/payments/waivers", &waiver)
            .await;
        page.is(403);
    }
    // The right mark, but the browser says that another site sent it.
    for (header, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let mut fields = cash.to_vec();
        fields.push(("csrf", &own));
        let request = desk.browser.http.post(format!("{}{take}", app.url()));
        let request = request.header(header, value).form(&fields);
        desk.browser.send(request).await.is(403);
    }
    assert!(payments(&app).await.is_empty());
    desk.send_with(&own, take, &cash).await.is(303);
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_and_grant_at_once_give_back_no_more_than_was_paid() {
    let app = TestApp::with_instances(2).await;
    let bill = bill_for(&app, "张秀英", 202_611, 10_000).await;
    let mut staff = Desk::of(&app, "蒋平").await;
    let take = "/console/payments/take";
    let csrf = staff.open(take).await.hidden("csrf");
    let cash = [
        ("mark", "manyatonce"),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "100"),
    ];
    staff.send_with(&csrf, take, &cash).await.is(303);
    let id = payments(&app).await[0].id;
    let ask = format!("/console/payments/{id}/refund");
    // Each of them is there, all of them are not.
    let desks = (0..12).map(|n| {
        let mut desk = Desk::at(&app, n % 2);
        desk.browser.cookies.clone_from(&staff.browser.cookies);
        let (csrf, ask) = (csrf.clone(), ask.clone());
        async move {
            let amount = format!("{}", 40 + n);
            let fields = [("amount", amount.as_str()), ("reason", "多收了")];
            desk.send_with(&csrf, &ask, &fields).await.status
        }
    });
    let answers = futures_util::future::join_all(desks).await;
    let asked = answers.iter().filter(|status| **status == 303).count();
    assert_eq!(asked, refunds(&app).await.len());
    assert!((1..=2).contains(&asked), "{answers:?}");
    let (one, two) = (Desk::of(&app, "沈立").await, Desk::of(&app, "卫东").await);
    let mut deciders = Vec::new();
    for desk in [one, two] {
        let cookies = desk.browser.cookies.clone();
        let mut desk = desk;
        let csrf = desk.open("/console/payments/waiting").await.hidden("csrf");
        deciders.push((cookies, csrf));
    }
    for row in refunds(&app).await {
        let grant = format!("/console/payments/refunds/{}/grant", row.id);
        let tries = (0..8).map(|n| {
            let (cookies, csrf) = deciders[n % 2].clone();
            let mut desk = Desk::at(&app, n / 2 % 2);
            desk.browser.cookies = cookies;
            let grant = grant.clone();
            async move { desk.send_with(&csrf, &grant, &[]).await.status }
        });
        let answers = futures_util::future::join_all(tries).await;
        let done = answers.iter().filter(|status| **status == 303).count();
        assert_eq!(done, 1, "{answers:?}");
    }
    let gone: i64 = refunds(&app).await.iter().map(|row| row.amount).sum();
    assert!(
        refunds(&app)
            .await
            .iter()
            .all(|row| row.state == RefundState::Granted)
    );
    let bill = bill_now(&app, bill.id).await;
    assert_eq!((bill.paid, bill.state), (10_000 - gone, BillState::Open));
    assert!(bill.paid >= 0);
    app.drain().await;
    sound(&app).await;
}
