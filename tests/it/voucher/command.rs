//! The operator's way: what was there before the books began, the fund's part of it, and taking an entry back.

use entity::money::EntryKind;
use linli::ledger::Account;

use super::{PUBLIC_BANK, book, booked, both, entries, held, today};
use crate::console::on_record;
use crate::harness::app::TestApp;
use crate::harness::program;

async fn run(app: &TestApp, words: &[&str]) -> (Option<i32>, String) {
    let done = program::run(&app.variables, words).await;
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

async fn opening(app: &TestApp, account: &str, amount: &str) -> (Option<i32>, String) {
    let words = ["opening", "--compound", "GY", "--account", account];
    run(app, &[&words[..], &["--amount", amount]].concat()).await
}

async fn reverse(app: &TestApp, code: &str, entry: i64, reason: &str) -> (Option<i32>, String) {
    let entry = entry.to_string();
    let words = ["ledger", "reverse", "--compound", code, "--entry", &entry];
    run(app, &[&words[..], &["--reason", reason]].concat()).await
}

#[tokio::test]
async fn what_was_opened_wrongly_is_taken_back_and_opened_anew() {
    let app = TestApp::plan().instances(0).start().await;
    // The fund's part is a part of what is there.
    let (status, said) = opening(&app, "maintenance", "500").await;
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("请先记银行存款"), "{said}");
    assert_eq!(opening(&app, "bank", "1200.50").await.0, Some(0));
    assert_eq!(opening(&app, "maintenance", "500").await.0, Some(0));
    assert_eq!(held(&app, Account::Maintenance).await, 50_000);
    assert_eq!(held(&app, Account::Opening).await, 70_050);
    let (status, said) = opening(&app, "bank", "1").await;
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("linli ledger reverse"), "{said}");
    let all = entries(&app).await;
    // Out of what is the fund's the bank's opening cannot be taken.
    let (status, said) = reverse(&app, "GY", all[0].id, "录错了").await;
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("期初现在是700.50元"), "{said}");
    for id in [all[1].id, all[0].id] {
        let (status, said) = reverse(&app, "GY", id, "录错了").await;
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains(&format!("分录 #{id} 已冲销")), "{said}");
    }
    assert_eq!(held(&app, Account::Bank).await, 0);
    assert_eq!(opening(&app, "bank", "1000").await.0, Some(0));
    assert_eq!(opening(&app, "bank", "1000").await.0, Some(2));
    assert_eq!(held(&app, Account::Bank).await, 100_000);
    let last = entries(&app).await.pop().unwrap();
    assert_eq!(last.cause, "opening:assets:bank:2");
    let gy = format!("place:{}", app.place("GY").await.id);
    assert_eq!(on_record(&app, "ledger.reverse", &gy).await, 2);
    assert_eq!(on_record(&app, "ledger.opening", &gy).await, 3);
}

#[tokio::test]
async fn the_operator_takes_back_what_people_entered_and_nothing_else() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    booked(&mut first, &mut second, PUBLIC_BANK, "20").await;
    let entry = entries(&app).await[0].id;
    let bill = (Account::Receivable, Account::IncomeProperty, 900);
    let bill = book(&app, "bill:1:202611:2", EntryKind::Bill, today(&app), bill).await;
    for (code, id, reason, words) in [
        ("XX", entry, "录错了", "没有编码为"),
        ("LY", entry, "录错了", "没有这一笔"),
        ("GY", 999_999, "录错了", "没有这一笔"),
        ("GY", bill, "录错了", "账单的页面上更正"),
        ("GY", entry, " ", "请写为什么"),
        ("GY", entry, "问13800000000", "长号码"),
    ] {
        let (status, said) = reverse(&app, code, id, reason).await;
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(reverse(&app, "GY", entry, "录错了").await.0, Some(0));
    let (status, said) = reverse(&app, "GY", entry, "录错了").await;
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("已经冲销过"), "{said}");
    assert_eq!(held(&app, Account::Bank).await, 0);
}
