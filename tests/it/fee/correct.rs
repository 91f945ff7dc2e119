//! Corrections and what was paid ahead: nothing is edited, nothing is lost, and the books say the same.

use std::collections::BTreeMap;

use entity::kinds::FeeKind;
use entity::money::{BillState, EntryKind, PayWay};
use entity::{bill, bill_line, payment, payment_part};
use linli::access::Actor;
use linli::base::clock::china;
use linli::base::fault::{Code, Fault};
use linli::fee::actions::credit::credit;
use linli::fee::advance::{balance, give, pay_open, take};
use linli::fee::bill::left;
use linli::fee::load::next_owner;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::ledger::queries::{Days, moved};
use sea_orm::{EntityTrait, QueryFilter};

use super::{add, bills_of, charge, expect_sound, fee, lines, make, this_month};
use crate::harness::app::TestApp;

/// Debits less credits of each account of 桂园.
async fn books(app: &TestApp) -> BTreeMap<Account, i64> {
    let gy = app.place("GY").await;
    let all = moved(app.store.read(), gy.id, Days::default()).await;
    let all = all.unwrap().into_iter();
    all.map(|(account, moved)| (account, moved.debit - moved.credit))
        .filter(|(_, sum)| *sum != 0)
        .collect()
}

/// What the owner of a home has.
async fn kept(app: &TestApp, home_id: i64) -> i64 {
    let db = app.store.read();
    let owner = next_owner(db, home_id, app.now()).await.unwrap();
    balance(db, home_id, owner).await.unwrap()
}

/// The owner of a home pays ahead in cash, as the noun of payments does it.
async fn pay_ahead(app: &TestApp, home: &str, fen: i64) {
    let home = app.place(&format!("GY/{home}")).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let compound_id = home.compound_id.unwrap();
    let owner = next_owner(tx.db(), home.id, app.now()).await.unwrap();
    give(&tx, compound_id, home.id, owner, fen).await.unwrap();
    let draft = Draft {
        compound_id,
        day: china(app.now()).date_naive(),
        cause: format!("test:{}:{fen}", home.id),
        kind: EntryKind::Payment,
        memo: "预存".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Cash,
            credit: Account::Advance,
            amount: fen,
        }],
    };
    post(&mut tx, None, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn try_credit(
    app: &TestApp,
    line: i64,
    fen: i64,
    reason: &str,
) -> Result<bill_line::Model, Fault> {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let line = credit(&mut tx, &Actor::operator(), line, fen, reason).await?;
    tx.commit().await?;
    Ok(line)
}

async fn one_bill(app: &TestApp) -> bill::Model {
    bills_of(app, "1-1-101").await.remove(0)
}

#[tokio::test]
async fn a_credit_takes_back_and_edits_nothing() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, month).await;
    let before = lines(&app).await;
    let bill = one_bill(&app).await;
    let line = before.iter().find(|line| line.bill_id == bill.id).unwrap();
    let none = try_credit(&app, line.id, 0, "算错").await.unwrap_err();
    assert_eq!(none.field, Some("amount"));
    for (fen, reason, field) in [
        (-5, "算错", "amount"),
        (16_111, "算错", "amount"),
        (i64::MAX, "算错", "amount"),
        (5, " ", "reason"),
        (5, "长".repeat(201).as_str(), "reason"),
    ] {
        let fault = try_credit(&app, line.id, fen, reason).await.unwrap_err();
        assert_eq!((fault.code, fault.field), (Code::Invalid, Some(field)));
    }
    let missing = try_credit(&app, 999_999, 5, "算错").await.unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
    let made = try_credit(&app, line.id, 6_000, "面积登记有误")
        .await
        .unwrap();
    assert_eq!((made.amount, made.corrects), (-6_000, Some(line.id)));
    assert_eq!(made.basis, "面积登记有误");
    // A credit is no line that may be credited, and of the charge only the rest is left.
    let twice = try_credit(&app, made.id, 5, "算错").await.unwrap_err();
    assert_eq!(twice.field, Some("amount"));
    let more = try_credit(&app, line.id, 10_111, "算错").await.unwrap_err();
    assert!(more.detail.contains("101.10"), "{more}");
    let bill = one_bill(&app).await;
    assert_eq!(
        (bill.amount, bill.credited, left(&bill)),
        (16_110, 6_000, 10_110)
    );
    try_credit(&app, line.id, 10_110, "不该收").await.unwrap();
    let bill = one_bill(&app).await;
    assert_eq!((left(&bill), bill.state), (0, BillState::Settled));
    assert!(bill.settled_at.is_some());
    let after = lines(&app).await;
    assert_eq!(after[..before.len()], before[..], "a line was edited");
    let gy = bill.compound_id;
    expect_sound(&app, gy).await;
    // What was asked of the five other homes is still owed.
    let owed: i64 = super::bills(&app).await.iter().map(left).sum();
    let expected = [
        (Account::Receivable, owed),
        (Account::IncomeProperty, -owed),
    ];
    assert_eq!(books(&app).await, BTreeMap::from(expected));
}

#[tokio::test]
async fn what_was_paid_ahead_pays_the_next_bill_and_what_a_credit_frees_the_one_after() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app).before();
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    pay_ahead(&app, "1-1-101", 10_000).await;
    pay_ahead(&app, "1-1-102", 50_000).await;
    make(&app, month).await;
    let zhang = one_bill(&app).await;
    assert_eq!(
        (zhang.paid, left(&zhang), zhang.state),
        (10_000, 6_110, BillState::Open)
    );
    let li = bills_of(&app, "1-1-102").await.remove(0);
    assert_eq!((left(&li), li.state), (0, BillState::Settled));
    let home = app.place("GY/1-1-102").await;
    assert_eq!(kept(&app, home.id).await, 50_000 - 16_110);
    // Again: nothing more is used.
    make(&app, month).await;
    assert_eq!(kept(&app, home.id).await, 50_000 - 16_110);
    let paid = payment::Entity::find().all(app.store.read()).await.unwrap();
    assert_eq!(paid.len(), 2);
    assert!(paid.iter().all(|row| row.way == PayWay::Advance));
    // 100 of 161.10 are paid; 120 are credited: what is over belongs to the home.
    let line = lines(&app).await;
    let line = line.iter().find(|line| line.bill_id == zhang.id).unwrap();
    try_credit(&app, line.id, 12_000, "减半收取").await.unwrap();
    let zhang = one_bill(&app).await;
    assert_eq!(
        (zhang.credited, zhang.paid, left(&zhang)),
        (12_000, 4_110, 0)
    );
    assert_eq!(zhang.state, BillState::Settled);
    assert_eq!(kept(&app, zhang.home_id).await, 5_890);
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.bill_id.eq(zhang.id))
        .all(app.store.read())
        .await
        .unwrap();
    let of_bill: i64 = parts.iter().map(|part| part.amount).sum();
    assert_eq!(of_bill, zhang.paid, "{parts:?}");
    // And the next bill gets it.
    charge(&app, "1-1-101", month.next(), 1_000).await;
    make(&app, month.next()).await;
    let next = bills_of(&app, "1-1-101").await.remove(1);
    assert_eq!((next.amount, next.paid), (17_110, 5_890));
    let gy = next.compound_id;
    expect_sound(&app, gy).await;
    let owed: i64 = super::bills(&app).await.iter().map(left).sum();
    let ahead = 50_000 - 2 * 16_110;
    let books = books(&app).await;
    assert_eq!(books[&Account::Receivable], owed);
    assert_eq!(books[&Account::Advance], -ahead);
    assert_eq!(books[&Account::Cash], 60_000);
    assert_eq!(books.values().sum::<i64>(), 0);
}

/// What a credit frees pays what is open longest, at once; what was open before is paid before the new bill.
#[tokio::test]
async fn what_is_freed_pays_what_is_owed_oldest_first() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, month.before().before()).await;
    make(&app, month.before()).await;
    let [first, second] = bills_of(&app, "1-1-101").await.try_into().unwrap();
    pay_ahead(&app, "1-1-101", 16_110 + 500).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let day = china(app.now()).date_naive();
    let used = pay_open(&mut tx, None, day, [first.home_id]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(used, 16_110 + 500);
    let now = bills_of(&app, "1-1-101").await;
    assert_eq!((now[0].paid, now[1].paid), (16_110, 500));
    // The first is credited whole: what had paid it goes to the second, and what is over is kept.
    let line = lines(&app).await;
    let line = line.iter().find(|line| line.bill_id == first.id).unwrap();
    try_credit(&app, line.id, 16_110, "不该收").await.unwrap();
    let now = bills_of(&app, "1-1-101").await;
    assert_eq!((now[0].paid, now[1].paid), (0, 16_110));
    assert_eq!(now[1].state, BillState::Settled);
    assert_eq!(kept(&app, second.home_id).await, 500);
    // What is open of before and the new one: the older is paid first.
    let li = bills_of(&app, "1-1-102").await;
    pay_ahead(&app, "1-1-102", 16_110 + 700).await;
    make(&app, month).await;
    let now = bills_of(&app, "1-1-102").await;
    assert_eq!(now.len(), li.len() + 1);
    let paid: Vec<i64> = now.iter().map(|bill| bill.paid).collect();
    assert_eq!(paid, [16_110, 700, 0]);
    expect_sound(&app, second.compound_id).await;
    let owed: i64 = super::bills(&app).await.iter().map(left).sum();
    let books = books(&app).await;
    assert_eq!(books[&Account::Receivable], owed);
    // 500 of 张秀英 went to the new bill; of 李建国 nothing is left.
    assert_eq!(kept(&app, second.home_id).await, 0);
    assert!(!books.contains_key(&Account::Advance));
}

#[tokio::test]
async fn two_who_use_it_at_once_use_it_once() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, month).await;
    pay_ahead(&app, "1-1-101", 5_000).await;
    let bill = one_bill(&app).await;
    let day = china(app.now()).date_naive();
    let tries = (0..4).map(|_| async {
        let mut tx = app.store.begin(app.now()).await?;
        let used = pay_open(&mut tx, None, day, [bill.home_id]).await?;
        tx.commit().await?;
        Ok::<i64, Fault>(used)
    });
    let tries = futures_util::future::join_all(tries).await;
    let used: i64 = tries.iter().flatten().sum();
    assert_eq!(used, 5_000, "{tries:?}");
    assert_eq!(one_bill(&app).await.paid, 5_000);
    let tx = app.store.begin(app.now()).await.unwrap();
    let fault = take(&tx, bill.home_id, bill.payer_id, 1).await.unwrap_err();
    assert_eq!(fault.code, Code::Conflict);
}
