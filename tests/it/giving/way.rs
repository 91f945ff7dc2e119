//! The whole way: a drive, money by digits, its receipt, its use, the word to whoever gave, the end of the drive;
//! paid twice; and what time does.

use entity::kinds::{DonationState, DriveState};
use entity::money::{PayWay, PaymentState, RefundState};
use linli::ledger::Account;

use super::{
    MANAGER, cash, drives, gift, gifts, history, open_drive, pay, promise, sound, spend, uses,
};
use crate::console::Desk;
use crate::expense::spent;
use crate::harness::app::TestApp;
use crate::payment::{
    browser_of, expect_state, link_in, open_counter, order_by, payments, receipts, refunds,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_sum_is_asked_about_once_more() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    for (yuan, asks) in [("9999", false), ("10000", true)] {
        let reply = zhang.says(&format!("捐款 不限 {yuan} 公开")).await;
        let url = format!("{}{}", app.url(), link_in(&reply));
        let page = browser.open(&url).await;
        page.is(200).says("去付款");
        assert_eq!(page.body.contains("我确认要捐"), asks, "{}", page.body);
        // Without the tick nothing is ordered, whatever sends it.
        let bare = browser.post(&url, &[]).await;
        assert_eq!(bare.body.contains("请再确认一次"), asks, "{}", bare.body);
        let sure = browser.post(&url, &[("sure", "yes")]).await;
        sure.is(200).says("prepay_id=");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_given_by_digits_and_followed_to_its_use() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    app.staff(MANAGER).await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let drive = open_drive(&mut desk, "给独居老人添冬衣", "").await;

    let list = zhang.says("捐款").await;
    assert!(
        list.contains("1 给独居老人添冬衣") && list.contains("2 小区公益"),
        "{list}"
    );
    let asked = zhang.says("1").await;
    assert!(asked.contains("1 10元  2 50元  3 100元"), "{asked}");
    let asked = zhang.says("2").await;
    assert!(
        asked.contains("张**") && asked.contains("2 匿名"),
        "{asked}"
    );
    let reply = zhang.says("1").await;
    assert!(reply.contains("50.00 元"), "{reply}");
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let link = link_in(&reply);
    let page = browser.open(&format!("{}{link}", app.url())).await;
    page.is(200)
        .says("给独居老人添冬衣")
        .says("50.00 元")
        .says("<h1>捐款</h1>");
    assert!(!page.body.contains("我确认要捐"), "{}", page.body);
    assert!(!page.body.contains("张秀英"), "{}", page.body);
    let (prepay, payment) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    let row = expect_state(&app, payment, PaymentState::Paid).await;
    assert_eq!((row.way, row.amount), (PayWay::Wechat, 5_000));
    let told = zhang.expects_push("已收到捐款 50.00 元").await;
    assert!(told.contains("收据第 1 号"), "{told}");
    let id = gifts(&app).await[0].id;
    assert_eq!(history(&app, id).await, ["pledged", "received"]);
    let receipt = &receipts(&app).await[0];
    browser
        .open(&format!("{}/receipt/{}", app.url(), receipt.token))
        .await
        .is(200)
        .says("捐给")
        .says("给独居老人添冬衣")
        .says("伍拾元整");
    sound(&app).await;

    // Half of it goes into an expense that is paid.
    let day = "2026-11-30".parse().unwrap();
    let expense = spent(&app, "GY", Account::ExpenseGiving, 3_000, day).await;
    let key = drive.to_string();
    spend(&mut desk, &key, "30", expense).await.is(303);
    let told = zhang.expects_push("用了30.00元").await;
    assert!(told.contains("给12位老人买棉被"), "{told}");
    let mine = zhang.says(&format!("我的捐赠 {id}")).await;
    assert!(
        mine.contains("用了30.00元：给12位老人买棉被") && mine.contains("用了一部分"),
        "{mine}"
    );
    desk.open(&format!("/console/giving/{drive}"))
        .await
        .says(&format!("#{id} 30.00元"))
        .says("20.00 元");
    let html = app.board(&format!("GY/giving?drive={drive}")).await;
    for words in ["张**", "给12位老人买棉被", &format!("#{id} 30.00元")] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(app.board("GY/giving").await.contains("还剩 20.00 元"));
    assert!(app.board("GY").await.contains("/board/GY/giving"));
    sound(&app).await;

    let path = format!("/console/giving/{drive}");
    desk.send(&path, &format!("{path}/close"), &[])
        .await
        .is(303);
    let told = zhang.expects_push("已结束").await;
    assert!(told.contains("还剩20.00元"), "{told}");
    let late = zhang.says(&format!("捐款 {drive} 10 公开")).await;
    assert!(late.contains("没有找到捐赠活动"), "{late}");
    // What is left is used on.
    let rest = spent(&app, "GY", Account::ExpenseOther, 9_000, day).await;
    spend(&mut desk, &key, "20", rest).await.is(303);
    zhang.expects_push("用了20.00元").await;
    assert_eq!(gift(&app, id).await.used, 5_000);
    app.drain().await;
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_donation_is_paid_once_and_the_second_payer_gets_it_back() {
    let app = TestApp::with_instances(2).await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let (id, link) = promise(&zhang, "不限", "66", "公开").await;
    let daughter = app.newcomer("o-daughter").await;
    let mut one = browser_of(&app, &zhang.open_id).await;
    let mut two = browser_of(&app, &daughter.open_id).await;
    let (first, _) = order_by(&app, &mut one, &link).await;
    let (again, _) = order_by(&app, &mut one, &link).await;
    assert_eq!(first, again, "the same wish is the same order");
    let (second, late) = order_by(&app, &mut two, &link).await;
    app.platform.pay(&first).unwrap();
    zhang.expects_push("已收到捐款").await;
    app.platform.pay(&second).unwrap();
    daughter.expects_push("会退给您").await;
    app.advance(2).await;
    daughter.expects_push("已退款").await;
    let back = refunds(&app).await;
    assert_eq!((back.len(), back[0].payment_id), (1, Some(late)));
    assert_eq!(back[0].state, RefundState::Done);
    assert_eq!(receipts(&app).await.len(), 1);
    assert_eq!(gift(&app, id).await.amount, 6_600);
    // The link is of no use any more.
    one.open(&format!("{}{link}", app.url()))
        .await
        .is(200)
        .says("不用再付");
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_is_taken_back_or_forgotten_is_none_and_money_for_it_goes_back() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let (id, link) = promise(&zhang, "不限", "20", "公开").await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let (prepay, _) = order_by(&app, &mut browser, &link).await;
    let back = zhang.says(&format!("撤回捐赠 {id}")).await;
    assert!(back.contains("已撤回"), "{back}");
    app.platform.pay(&prepay).unwrap();
    zhang.expects_push("会退给您").await;
    app.advance(2).await;
    assert_eq!(refunds(&app).await[0].state, RefundState::Done);
    assert_eq!(gift(&app, id).await.state, DonationState::Withdrawn);

    let (second, link) = promise(&zhang, "不限", "30", "公开").await;
    app.advance(26 * 60).await;
    assert_eq!(gift(&app, second).await.state, DonationState::Pledged);
    zhang.says("菜单").await;
    app.advance(2 * 60).await;
    assert_eq!(gift(&app, second).await.state, DonationState::Lapsed);
    browser
        .post(&format!("{}{link}", app.url()), &[])
        .await
        .is(404);
    assert_eq!(payments(&app).await.len(), 1);
    sound(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drive_ends_with_its_last_day_and_a_refund_takes_two() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let today = linli::base::clock::china(app.now()).date_naive();
    let last = today.succ_opt().unwrap().to_string();
    let drive = open_drive(&mut desk, "给独居老人添冬衣", &last).await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let key = drive.to_string();
    let id = pay(&zhang, &mut browser, &key, "80", "公开").await;
    let other = cash(&mut desk, &key, "5").await;
    // A part goes back: asked for by one, granted by another.
    let payment = payments(&app).await[0].id;
    let page = format!("/console/payments/{payment}");
    desk.open(&page).await.says(&format!("捐款 #{id}"));
    let ask = [("amount", "30"), ("reason", "捐多了")];
    desk.send(&page, &format!("{page}/refund"), &ask)
        .await
        .is(303);
    let refund = refunds(&app).await[0].id;
    let grant = format!("/console/payments/refunds/{refund}/grant");
    let waiting = "/console/payments/waiting";
    desk.send(waiting, &grant, &[]).await.is(403);
    let mut chair = Desk::of(&app, "卫东").await;
    chair.send(waiting, &grant, &[]).await.is(303);
    app.advance(2).await;
    zhang.expects_push("已退款").await;
    assert_eq!(gift(&app, id).await.returned, 3_000);
    sound(&app).await;
    // What was used does not go back.
    let expense = spent(&app, "GY", Account::ExpenseOther, 4_000, today).await;
    spend(&mut desk, &key, "40", expense).await.is(303);
    desk.send(
        &page,
        &format!("{page}/refund"),
        &[("amount", "20"), ("reason", "急用")],
    )
    .await
    .is(303);
    let refund = refunds(&app).await[1].id;
    let grant = format!("/console/payments/refunds/{refund}/grant");
    chair
        .send(waiting, &grant, &[])
        .await
        .says("已经用掉一部分");
    assert_eq!(gift(&app, id).await.returned, 3_000);

    zhang.says("菜单").await;
    app.advance(49 * 60).await;
    let rows = drives(&app).await;
    assert_eq!(
        (rows[0].state, rows[0].closed_by),
        (DriveState::Closed, None)
    );
    assert_eq!(uses(&app).await.len(), 1);
    assert_eq!(gift(&app, other).await.used, 0);
    sound(&app).await;
}
