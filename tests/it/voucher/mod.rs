//! 记账 and the books at the console: what is entered by one and booked by another, taken back the same way, and
//! looked at account by account. Nothing is taken from an account that is not on it.

mod books;
mod command;
mod money;
mod powers;
pub mod property;
mod race;
mod refused;
mod reversal;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::money::{EntryKind, VoucherState};
use entity::{ledger_entry, voucher};
use linli::base::clock::china;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::ledger::queries::{Days, moved};
use linli::voucher::MOVES;
use sea_orm::{EntityTrait, QueryOrder};

use crate::console::{Desk, on_record};
use crate::expense::fund;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::harness::pictures::jpeg;

pub const PAGE: &str = "/console/vouchers";
/// Who enters, and who agrees.
pub const FIRST: &str = "蒋平";
pub const SECOND: &str = "沈立";

pub const PUBLIC_BANK: &str = "assets:bank-income:public";
pub const PUBLIC_CASH: &str = "assets:cash-income:public";
pub const CASH_BANK: &str = "assets:bank-assets:cash";
pub const WECHAT_BANK: &str = "assets:bank-assets:wechat";
pub const BANK_WECHAT: &str = "assets:wechat-assets:bank";

pub fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

/// A field of the form with another value.
pub type Change<'a> = (&'a str, &'a str);

/// Fills in the form as a person would who has a slip, with some fields changed.
pub async fn enter_with(desk: &mut Desk<'_>, changes: &[Change<'_>]) -> Page {
    let page = desk.open(&format!("{PAGE}?compound=GY")).await;
    let (csrf, mark) = (page.hidden("csrf"), page.hidden("mark"));
    let day = today(desk.app).to_string();
    let mut fields = vec![
        ("csrf", csrf.as_str()),
        ("mark", mark.as_str()),
        ("compound", "GY"),
        ("what", PUBLIC_BANK),
        ("amount", "2000"),
        ("day", day.as_str()),
        ("words", "电梯广告费"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((*name, *value));
    }
    let slip = [("proof", "x.jpg", jpeg(1))];
    desk.send_files(PAGE, &fields, &slip).await
}

pub async fn enter(desk: &mut Desk<'_>, what: &str, amount: &str) -> i64 {
    let page = enter_with(desk, &[("what", what), ("amount", amount)]).await;
    led_to(&page)
}

/// The number of the voucher that a form has led to.
pub fn led_to(page: &Page) -> i64 {
    let to = page.is(303).to.as_deref().unwrap();
    let id = to.strip_prefix("/console/vouchers/").unwrap();
    id.split('?').next().unwrap().parse().unwrap()
}

/// The second person's word.
pub async fn decide(desk: &mut Desk<'_>, id: i64, act: &str) -> Page {
    let page = format!("{PAGE}/{id}");
    desk.send(&page, &format!("{page}/{act}"), &[]).await
}

/// The two at their desks, each with a chat account.
pub async fn both(app: &TestApp) -> (Desk<'_>, Desk<'_>) {
    app.staff(FIRST).await;
    app.staff(SECOND).await;
    (Desk::of(app, FIRST).await, Desk::of(app, SECOND).await)
}

/// Enters and agrees; the number of the voucher.
pub async fn booked(first: &mut Desk<'_>, second: &mut Desk<'_>, what: &str, amount: &str) -> i64 {
    let id = enter(first, what, amount).await;
    decide(second, id, "grant").await.is(303);
    id
}

pub async fn vouchers(app: &TestApp) -> Vec<voucher::Model> {
    let rows = voucher::Entity::find().order_by_asc(voucher::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

pub async fn state(app: &TestApp, id: i64) -> VoucherState {
    let row = voucher::Entity::find_by_id(id).one(app.store.read()).await;
    row.unwrap().unwrap().state
}

pub async fn entries(app: &TestApp) -> Vec<ledger_entry::Model> {
    let rows = ledger_entry::Entity::find().order_by_asc(ledger_entry::COLUMN.id);
    rows.all(app.store.read()).await.unwrap()
}

/// What each account of GY holds; what is not there holds nothing.
pub async fn holds(app: &TestApp) -> BTreeMap<Account, i64> {
    let gy = app.place("GY").await.id;
    let all = moved(app.store.read(), gy, Days::default()).await.unwrap();
    let debit: i64 = all.values().map(|one| one.debit).sum();
    let credit: i64 = all.values().map(|one| one.credit).sum();
    assert_eq!(debit, credit, "the books do not balance: {all:?}");
    let each = all.into_iter();
    each.map(|(account, one)| (account, one.balance(account)))
        .collect()
}

pub async fn held(app: &TestApp, account: Account) -> i64 {
    holds(app).await.get(&account).copied().unwrap_or(0)
}

/// Books something for GY that another noun would have booked.
pub async fn book(
    app: &TestApp,
    cause: &str,
    kind: EntryKind,
    day: NaiveDate,
    (debit, credit, amount): (Account, Account, i64),
) -> i64 {
    let draft = Draft {
        compound_id: app.place("GY").await.id,
        day,
        cause: cause.to_owned(),
        kind,
        memo: "一笔".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit,
            credit,
            amount,
        }],
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let keys = post(&mut tx, None, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
    keys[0].unwrap()
}

/// Money that WeChat has taken.
pub async fn paid_by_wechat(app: &TestApp, fen: i64) {
    let moves = (Account::Wechat, Account::Advance, fen);
    book(app, "payment:9:paid", EntryKind::Payment, today(app), moves).await;
}

#[tokio::test]
async fn public_income_is_entered_by_one_and_booked_by_another() {
    let app = TestApp::start().await;
    app.staff(FIRST).await;
    let manager = app.staff(SECOND).await;
    let (mut first, mut second) = (Desk::of(&app, FIRST).await, Desk::of(&app, SECOND).await);
    let id = enter(&mut first, PUBLIC_BANK, "2,000.50").await;
    let told = manager.expects_push("记账待确认").await;
    assert!(told.contains("2000.50元 公"), "{told}");
    // Nothing is booked by one person alone.
    assert!(entries(&app).await.is_empty());
    let page = format!("{PAGE}/{id}");
    first
        .open(&page)
        .await
        .is(200)
        .says("要由另一个管账的人确认");
    decide(&mut first, id, "grant").await.is(403);
    second
        .open(&format!("{PAGE}?compound=GY"))
        .await
        .says("电梯广告费")
        .says(FIRST);
    second
        .open(&page)
        .await
        .says("2,000.50 元")
        .says("您同意吗")
        .says("看凭证");
    let slip = second.open(&format!("{page}/proof")).await;
    assert_eq!(slip.is(200).headers["content-type"], "image/jpeg");
    decide(&mut second, id, "grant")
        .await
        .leads_to(&format!("{page}?said=voucher-granted"));
    assert_eq!(held(&app, Account::Bank).await, 200_050);
    assert_eq!(held(&app, Account::IncomePublic).await, 200_050);
    let [entry] = entries(&app).await.try_into().unwrap();
    assert_eq!(entry.cause, format!("voucher:{id}:booked"));
    assert_eq!(entry.kind, EntryKind::Income);
    assert_eq!(entry.day, today(&app));
    assert!(entry.memo.contains("电梯广告费"), "{}", entry.memo);
    let subject = format!("voucher:{id}");
    for action in ["voucher.ask", "voucher.grant"] {
        assert_eq!(on_record(&app, action, &subject).await, 1, "{action}");
    }
    second
        .open(&page)
        .await
        .says("已记账")
        .says(&format!("/console/ledger/{}", entry.id));
}

#[tokio::test]
async fn all_that_may_be_entered_is_booked_as_it_says() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    fund(&app, "bank", 100_000).await;
    paid_by_wechat(&app, 50_000).await;
    let mut wanted = holds(&app).await;
    for one in MOVES {
        booked(&mut first, &mut second, &one.key(), "10").await;
        for (account, change) in [(one.debit, 1_000), (one.credit, -1_000)] {
            let grows = account.family().grows_by_debit();
            let change = if grows { change } else { -change };
            *wanted.entry(account).or_default() += change;
        }
    }
    let found = holds(&app).await;
    wanted.retain(|account, fen| *fen != 0 || found.contains_key(account));
    assert_eq!(found, wanted);
    // 10 came in, 10 of the opening and 10 of the public income were set aside.
    assert_eq!(found[&Account::Maintenance], 3_000);
    assert_eq!(vouchers(&app).await.len(), MOVES.len());
}

#[tokio::test]
async fn a_form_sent_twice_is_one_voucher() {
    let app = TestApp::start().await;
    let (mut first, _) = both(&app).await;
    let mark = ("mark", "abcdef0123456789");
    let one = enter_with(&mut first, &[mark]).await;
    let again = enter_with(&mut first, &[mark]).await;
    assert_eq!(led_to(&one), led_to(&again));
    for other in [
        ("amount", "1"),
        ("words", "别的"),
        ("what", PUBLIC_CASH),
        ("day", "2026-01-01"),
    ] {
        enter_with(&mut first, &[mark, other])
            .await
            .is(409)
            .says("已经交过了");
    }
    assert_eq!(vouchers(&app).await.len(), 1);
}

#[tokio::test]
async fn what_the_second_person_refuses_is_not_booked() {
    let app = TestApp::start().await;
    let (mut first, mut second) = both(&app).await;
    let id = enter(&mut first, PUBLIC_BANK, "20").await;
    decide(&mut second, id, "refuse").await.is(303);
    assert_eq!(state(&app, id).await, VoucherState::Refused);
    let mut chair = Desk::of(&app, "卫东").await;
    decide(&mut chair, id, "grant").await.is(409);
    assert!(entries(&app).await.is_empty());
    let list = first.open(&format!("{PAGE}?compound=GY")).await;
    list.says("没有等确认的记账").says("未同意");
}
