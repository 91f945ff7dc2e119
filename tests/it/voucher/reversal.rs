//! Taking back what was entered wrongly: with a reason, by two people, once; what another noun has booked is put
//! right there.

use chrono::Days;
use entity::money::{EntryKind, VoucherState};
use linli::ledger::Account;

use super::{
    CASH_BANK, PAGE, PUBLIC_BANK, PUBLIC_CASH, book, booked, both, decide, entries, held, led_to,
    state, today, vouchers,
};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

/// Sends the form of an entry.
async fn reverse(desk: &mut Desk<'_>, entry: i64, day: &str, words: &str) -> Page {
    let page = format!("/console/ledger/{entry}");
    let mark = format!("reverse{entry:08}{}", words.chars().count());
    let fields = [("mark", mark.as_str()), ("day", day), ("words", words)];
    let from = "/console/account";
    desk.send(from, &format!("{page}/reverse"), &fields).await
}

#[tokio::test]
async fn an_entry_is_taken_back_by_two_people_once() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    booked(&mut first, &mut second, PUBLIC_BANK, "2000").await;
    let entry = entries(&app).await[0].id;
    let page = format!("/console/ledger/{entry}");
    second
        .open(&page)
        .await
        .is(200)
        .says("申请冲销")
        .says("看记账和凭证")
        .says("2,000.00");
    let day = today(&app).to_string();
    reverse(&mut second, entry, &day, "")
        .await
        .is(422)
        .says("请写为什么冲销");
    let before = (today(&app) - Days::new(1)).to_string();
    reverse(&mut second, entry, &before, "早了")
        .await
        .is(422)
        .says("不能早于原来那一笔");
    let id = led_to(&reverse(&mut second, entry, &day, "金额录错了").await);
    // Somebody else's wish for the same is not a second one; the first person is not the second.
    reverse(&mut chair, entry, &day, "我也要冲销它")
        .await
        .is(409)
        .says("已经有人申请过");
    decide(&mut second, id, "grant").await.is(403);
    assert_eq!(held(&app, Account::Bank).await, 200_000);
    chair
        .open(&format!("{PAGE}/{id}"))
        .await
        .says("金额录错了")
        .says(&page);
    decide(&mut chair, id, "grant").await.is(303);
    assert_eq!(held(&app, Account::Bank).await, 0);
    assert_eq!(held(&app, Account::IncomePublic).await, 0);
    let all = entries(&app).await;
    assert_eq!((all.len(), all[1].kind), (2, EntryKind::Reversal));
    assert_eq!(all[1].reverses, Some(entry));
    assert!(all[1].memo.contains("金额录错了"), "{}", all[1].memo);
    let subject = format!("voucher:{id}");
    assert_eq!(on_record(&app, "voucher.grant", &subject).await, 1);
    // Once, and not the reversal itself.
    reverse(&mut second, entry, &day, "再来一次")
        .await
        .is(409)
        .says("已经冲销过");
    reverse(&mut second, all[1].id, &day, "恢复")
        .await
        .is(409)
        .says("不能再冲销");
    let shown = second.open(&page).await;
    shown.says("已经冲销了").says(&format!("#{}", all[1].id));
    assert!(!shown.body.contains("申请冲销"), "{}", shown.body);
    // What was wrong may be entered anew.
    booked(&mut first, &mut second, PUBLIC_BANK, "200").await;
    assert_eq!(held(&app, Account::Bank).await, 20_000);
}

#[tokio::test]
async fn what_was_spent_meanwhile_is_not_taken_back() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    booked(&mut first, &mut second, PUBLIC_CASH, "60").await;
    let entry = entries(&app).await[0].id;
    let day = today(&app).to_string();
    let id = led_to(&reverse(&mut second, entry, &day, "录错了").await);
    booked(&mut first, &mut second, CASH_BANK, "50").await;
    decide(&mut chair, id, "grant")
        .await
        .is(422)
        .says("账上现金现在是10.00元");
    assert_eq!(state(&app, id).await, VoucherState::Asked);
    assert_eq!(held(&app, Account::Cash).await, 1_000);
}

#[tokio::test]
async fn what_another_noun_has_booked_is_put_right_there() {
    let app = TestApp::start().await;
    let (_, mut second) = both(&app).await;
    let day = today(&app);
    let (owed, income) = (Account::Receivable, Account::IncomeProperty);
    let mut number = 0;
    for (cause, kind, moves, words) in [
        (
            "bill:1:202611:2",
            EntryKind::Bill,
            (owed, income, 900),
            "在那张账单的页面上更正",
        ),
        (
            "payment:1:paid",
            EntryKind::Payment,
            (Account::Cash, owed, 500),
            "申请退款",
        ),
        (
            "waiver:1:granted",
            EntryKind::Waiver,
            (Account::ExpenseWaiver, owed, 5),
            "减免不在这里冲销",
        ),
        (
            "donation-use:1:used",
            EntryKind::Income,
            (Account::Donated, Account::IncomeDonation, 5),
            "捐款的用途不在这里冲销",
        ),
        (
            "platform-fee:sandbox:2026-11-01:kept",
            EntryKind::Fee,
            (Account::ExpenseFee, Account::Wechat, 1),
            "不能在这里冲销",
        ),
    ] {
        number += 1;
        let entry = book(&app, cause, kind, day, moves).await;
        reverse(&mut second, entry, &day.to_string(), "录错了")
            .await
            .is(409)
            .says(words);
        let shown = second.open(&format!("/console/ledger/{entry}")).await;
        assert!(!shown.is(200).body.contains("申请冲销"), "{cause}");
        assert_eq!(entries(&app).await.len(), number);
    }
    reverse(&mut second, 999_999, &day.to_string(), "录错了")
        .await
        .is(404);
    assert!(vouchers(&app).await.is_empty());
}
