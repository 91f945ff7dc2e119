//! No account that holds money is published below zero: what WeChat has taken is not in the bank before somebody has
//! written that down, the maintenance fund is not spent before it is there, and a month in which there would be
//! less than nothing is not published.

use entity::money::{EntryKind, ExpenseState};
use linli::ledger::Account;

use super::{
    BANK_WECHAT, PAGE, WECHAT_BANK, book, booked, both, decide, enter_with, held, holds, led_to,
    paid_by_wechat,
};
use crate::console::Desk;
use crate::disclosure::{books, publish};
use crate::expense::{PAYER, act_with, cast, fund, in_state, now, on_account};
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

#[tokio::test]
async fn what_wechat_has_taken_is_paid_from_the_bank_once_it_is_there() {
    let app = TestApp::start().await;
    cast(&app).await;
    app.staff(PAYER).await;
    let (mut first, mut second) = both(&app).await;
    let id = in_state(&app, ExpenseState::Payable).await;
    paid_by_wechat(&app, 120_000).await;
    let mut payer = Desk::of(&app, PAYER).await;
    let bank = [("source", "assets:bank")];
    act_with(&mut payer, id, "pay", &bank, ("proof", jpeg(1)))
        .await
        .is(422)
        .says("账上银行存款现在是0.00元")
        .says("微信支付账上还有1,200.00元")
        .says("微信支付的钱转到银行");
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
    booked(&mut first, &mut second, WECHAT_BANK, "1100").await;
    act_with(&mut payer, id, "pay", &bank, ("proof", jpeg(1)))
        .await
        .is(303);
    let left = holds(&app).await;
    assert_eq!(left[&Account::Bank], 10_000);
    assert_eq!(left[&Account::Wechat], 10_000);
}

#[tokio::test]
async fn the_maintenance_fund_is_not_spent_before_it_is_there() {
    let app = TestApp::start().await;
    cast(&app).await;
    app.staff(PAYER).await;
    let (mut first, mut second) = both(&app).await;
    let id = on_account(&app, ExpenseState::Payable, "equity:maintenance").await;
    fund(&app, "bank", 500_000).await;
    let mut payer = Desk::of(&app, PAYER).await;
    let bank = [("source", "assets:bank")];
    act_with(&mut payer, id, "pay", &bank, ("proof", jpeg(1)))
        .await
        .is(422)
        .says("账上维修资金现在是0.00元")
        .says("期初的钱里属于维修资金的");
    let share = "equity:opening-equity:maintenance";
    booked(&mut first, &mut second, share, "1500").await;
    act_with(&mut payer, id, "pay", &bank, ("proof", jpeg(1)))
        .await
        .is(303);
    assert_eq!(held(&app, Account::Maintenance).await, 50_000);
    assert_eq!(held(&app, Account::Bank).await, 400_000);
}

#[tokio::test]
async fn a_month_with_less_money_than_none_is_not_published() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let month = books(&app).await;
    // The platform keeps its fee of a day on which all else had gone to the bank.
    let fee = (Account::ExpenseFee, Account::Wechat, 300);
    let cause = "platform-fee:sandbox:x:kept";
    book(&app, cause, EntryKind::Fee, month.last(), fee).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let path = month.to_string();
    publish(&mut chair, &path, "")
        .await
        .is(409)
        .says("微信支付-3.00元")
        .says("请先在“记账”里补记");
    let day = month.last().to_string();
    let back = [
        ("what", BANK_WECHAT),
        ("amount", "3"),
        ("day", day.as_str()),
        ("words", "充值，用来付手续费"),
    ];
    let id = led_to(&enter_with(&mut first, &back).await);
    decide(&mut second, id, "grant").await.is(303);
    publish(&mut chair, &path, "").await.is(303);
    let board = format!("{}/board/GY/accounts/{path}", app.url());
    let html = reqwest::get(board).await.unwrap().text().await.unwrap();
    assert!(!html.contains("-3.00"), "{html}");
    // What is entered for a published month is a correction, which the page asks for.
    let late = [("day", day.as_str()), ("amount", "7")];
    let id = led_to(&enter_with(&mut first, &late).await);
    decide(&mut second, id, "grant").await.is(303);
    chair
        .open(&format!("/console/accounts?place=GY&month={path}"))
        .await
        .says("公布以后账有变动");
    first.open(&format!("{PAGE}/{id}")).await.is(200);
}
