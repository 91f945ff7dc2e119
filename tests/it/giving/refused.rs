//! What is refused: amounts that cannot be, drives of elsewhere, too many promises, words that say too much, and
//! uses without their expense.

use linli::ledger::Account;
use serde_json::json;

use super::{MANAGER, cash, drives, gifts, open_drive, pay, sound, spend, uses};
use crate::console::Desk;
use crate::expense::{cast, in_state, spent};
use crate::harness::app::TestApp;
use crate::payment::{browser_of, open_counter, payments};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_nothing_or_too_much_or_elsewhere() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let han = app.resident("韩梅").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let drive = open_drive(&mut desk, "给独居老人添冬衣", "").await;
    for words in ["0", "-1", "1000000000000000", "9999999999", "1.234", "很多"] {
        let reply = zhang.says(&format!("捐款 {drive} {words}")).await;
        assert!(
            reply.contains("金额") && reply.contains("捐多少"),
            "{words}: {reply}"
        );
    }
    // The question is still there.
    let asked = zhang.says("28.5元").await;
    assert!(
        asked.contains("28.50 元") && asked.contains("公示时怎么写"),
        "{asked}"
    );
    let api = app.api(&zhang).await;
    for amount in [0, -1, 1_000_000_000_000_000_i64, 100_000_001] {
        let body = json!({ "kind": "money", "amount": amount, "drive": drive.to_string() });
        let answer = api.post("/donations", &body).await;
        assert_eq!(answer.status, 422, "{amount}: {answer:?}");
        let body = json!({ "kind": "goods", "amount": amount, "goods": "旧书" });
        let answer = api.post("/donations", &body).await;
        assert_eq!(answer.status, 422, "{amount}: {answer:?}");
    }
    for body in [
        json!({ "kind": "money", "amount": "1" }),
        json!({ "kind": "money", "amount": 1.5 }),
        json!({ "kind": "gold", "amount": 1 }),
        json!({ "kind": "goods", "amount": 1, "goods": "" }),
        json!({ "kind": "goods", "amount": 1, "goods": "旧书13800000101" }),
        json!({ "kind": "goods", "amount": 1, "goods": "书".repeat(101) }),
        json!({ "kind": "goods", "amount": 1, "goods": "旧书", "room": "室".repeat(21) }),
        json!({ "kind": "money", "amount": 1, "drive": "9999999" }),
    ] {
        let answer = api.post("/donations", &body).await;
        assert!((400..500).contains(&answer.status), "{body} {answer:?}");
    }
    // Next door the drive is not there, and nothing can be paid inside WeChat.
    let reply = han.says(&format!("捐款 {drive} 10 公开")).await;
    assert!(reply.contains("没有找到捐赠活动"), "{reply}");
    assert!(!han.says("捐款").await.contains("添冬衣"));
    let reply = han.says("捐款 不限 10 公开").await;
    assert!(reply.contains("交现金"), "{reply}");
    // A sentence that only begins like it is offered to be filed.
    let offered = zhang.says("捐款箱坏了没人管").await;
    assert!(
        offered.contains("要把") && offered.contains("2 投诉"),
        "{offered}"
    );
    assert!(gifts(&app).await.is_empty() && payments(&app).await.is_empty());
    for _ in 0..5 {
        zhang.says(&format!("捐款 {drive} 10 公开")).await;
    }
    let full = zhang.says(&format!("捐款 {drive} 10 公开")).await;
    assert!(full.contains("5笔捐赠还没有办完"), "{full}");
    assert_eq!(gifts(&app).await.len(), 5);
    let unbound = app.newcomer("o-nobody").await;
    let reply = unbound.says("捐款").await;
    assert!(reply.contains("请先绑定房号"), "{reply}");
    assert_eq!(api.signed_out().get("/donations").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_not_used_without_a_paid_expense_that_is_large_enough() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    cast(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut desk = Desk::of(&app, MANAGER).await;
    let drive = open_drive(&mut desk, "给独居老人添冬衣", "").await;
    let key = drive.to_string();
    let mut browser = browser_of(&app, &zhang.open_id).await;
    pay(&zhang, &mut browser, &key, "1000", "公开").await;
    cash(&mut desk, "", "700").await;
    let waits = in_state(&app, entity::money::ExpenseState::Payable).await;
    let day = "2026-11-30".parse().unwrap();
    let small = spent(&app, "GY", Account::ExpenseOther, 50_000, day).await;
    let other = spent(&app, "LY", Account::ExpenseOther, 50_000, day).await;
    for (yuan, expense, words) in [
        ("0", small, "大于0"),
        ("-1", small, "两位小数"),
        ("9999999999", small, "太大了"),
        ("100", waits, "还没有支付"),
        ("100", other, "没有这个编号的支出"),
        ("100", 9_999_999, "没有这个编号的支出"),
        ("500.01", small, "还能登记 500.00元"),
    ] {
        spend(&mut desk, &key, yuan, expense)
            .await
            .is(422)
            .says(words);
    }
    let large = spent(&app, "GY", Account::ExpenseOther, 900_000, day).await;
    spend(&mut desk, &key, "1000.01", large)
        .await
        .is(409)
        .says("还剩1000.00元");
    // The same yuan of an expense is not donated twice.
    spend(&mut desk, &key, "300", small).await.is(303);
    spend(&mut desk, "free", "200.01", small).await.is(422);
    spend(&mut desk, "free", "200", small).await.is(303);
    assert_eq!(uses(&app).await.len(), 2);
    // Whoever only takes money writes down no use, and next door there is nothing.
    let mut clerk = Desk::of(&app, super::CLERK).await;
    let path = format!("/console/giving/{drive}");
    let fields = [
        ("compound", "GY"),
        ("kind", "money"),
        ("mark", "mark77"),
        ("expense", "1"),
        ("amount", "1"),
        ("what", "试试看"),
        ("day", "2020-01-02"),
    ];
    clerk
        .send(&path, &format!("{path}/use"), &fields)
        .await
        .is(403);
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open("/console/giving").await.is(403);
    steward.open(&path).await.is(404);
    // A draft that cannot be stays in its form.
    let new = "/console/giving/new";
    let good = [
        ("compound", "GY"),
        ("title", "添冬衣"),
        ("text", "买棉被"),
        ("goal", ""),
        ("from", "2026-11-01"),
        ("to", ""),
    ];
    for (field, value, words) in [
        ("title", "", "请写活动名称"),
        ("text", "联系13800000101", "长号码"),
        ("goal", "0", "大于0"),
        ("goal", "-5", "写成"),
        ("from", "yesterday", "日期写成"),
        ("to", "2020-01-01", "不能早于"),
    ] {
        let mut fields = good.to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        desk.send(new, new, &fields).await.is(422).says(words);
    }
    assert_eq!(drives(&app).await.len(), 1);
    app.drain().await;
    sound(&app).await;
}
