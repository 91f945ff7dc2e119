//! Payments from the bill to the receipt, over the wire: WeChat's side, the payer's browser, the console.
//! After everything [`sound`] holds: the books balance and every fen has one place.

mod ahead;
mod anything;
mod attack;
mod cash;
mod crash;
pub mod days;
mod elsewhere;
mod flow;
mod house;
mod letter;
mod notices;
mod paid_out;
mod paying;
mod powers;
mod race;
mod refunds;
mod restart;
mod shown;
mod steps;
mod walk;

use std::collections::BTreeMap;

use entity::money::{BillState, EntryKind, PayWay, PaymentState, RefundState};
use entity::{advance, bill, bill_line, fee_policy, payment, payment_part, receipt, refund};
use linli::base::month::Month;
use linli::fee::bill::left;
use linli::fee::stats::{Figure, Period};
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::ledger::queries::{Days, moved};
use linli::place::scope::Scope;
use linli::report::money;
use linli::sandbox::pay::Standing;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder};

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::{Browser, Page};
use crate::harness::pictures::jpeg;
use crate::harness::{compound, until};

/// The merchant of all these tests.
pub const MERCHANT: &str = "sandbox";

/// 桂园 takes money inside WeChat.
pub async fn open_counter(app: &TestApp) {
    let compound = app.place("GY").await;
    let row = fee_policy::ActiveModel {
        compound_id: Set(compound.id),
        merchant: Set(Some(MERCHANT.to_owned())),
        remind_before: Set(None),
        remind_on: Set(false),
        remind_every: Set(None),
        remind_most: Set(0),
        remind_words: Set(None),
        late_daily: Set(0),
        late_from: Set(None),
        late_basis: Set(None),
        version: Set(1),
        updated_at: Set(app.now()),
    };
    row.insert(app.store.write()).await.unwrap();
}

/// A bill of somebody's home, in the books.
pub async fn bill_for(app: &TestApp, name: &str, month: i32, fen: i64) -> bill::Model {
    let home = app.place(compound::full_home(name)).await;
    let payer = app.person(name).await;
    let day = linli::base::clock::china(app.now()).date_naive();
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let row = bill::ActiveModel {
        compound_id: Set(home.compound_id.unwrap()),
        home_id: Set(home.id),
        payer_id: Set(payer.id),
        month: Set(month),
        from_day: Set(day),
        to_day: Set(day),
        due_on: Set(day),
        amount: Set(fen),
        credited: Set(0),
        paid: Set(0),
        waived: Set(0),
        state: Set(BillState::Open),
        settled_at: Set(None),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(tx.db()).await.unwrap();
    let line = bill_line::ActiveModel {
        bill_id: Set(row.id),
        compound_id: Set(row.compound_id),
        account: Set("income:property".to_owned()),
        name: Set("物业费".to_owned()),
        formula: Set("89.50㎡ × 1.80元/㎡·月 × 1个月".to_owned()),
        basis: Set("物业服务合同".to_owned()),
        amount: Set(fen),
        created_at: Set(app.now()),
        ..Default::default()
    };
    line.insert(tx.db()).await.unwrap();
    let draft = Draft {
        compound_id: row.compound_id,
        day,
        cause: format!("bill:{}:{month}:{}", home.id, payer.id),
        kind: EntryKind::Bill,
        memo: "账单".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Receivable,
            credit: Account::IncomeProperty,
            amount: fen,
        }],
    };
    post(&mut tx, None, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
    row
}

pub async fn bill_now(app: &TestApp, id: i64) -> bill::Model {
    let found = bill::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().unwrap()
}

pub async fn payments(app: &TestApp) -> Vec<payment::Model> {
    let all = payment::Entity::find().order_by_asc(payment::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

pub async fn refunds(app: &TestApp) -> Vec<refund::Model> {
    let all = refund::Entity::find().order_by_asc(refund::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

pub async fn receipts(app: &TestApp) -> Vec<receipt::Model> {
    let all = receipt::Entity::find().order_by_asc(receipt::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

/// Waits until a payment is in this state.
pub async fn expect_state(app: &TestApp, id: i64, state: PaymentState) -> payment::Model {
    let what = format!("payment {id} is {state:?}");
    until(&what, 15, async || {
        let row = payment::Entity::find_by_id(id).one(app.store.read()).await;
        row.unwrap().filter(|row| row.state == state)
    })
    .await
}

/// The address of a pay link in a reply, below the program's own.
pub fn link_in(reply: &str) -> String {
    let found = regex::Regex::new(r"/pay/[0-9A-Za-z.\-]+").unwrap();
    let found = found.find(reply);
    found
        .unwrap_or_else(|| panic!("no link in {reply}"))
        .as_str()
        .to_owned()
}

/// A browser inside WeChat that says who looks.
pub async fn browser_of(app: &TestApp, open_id: &str) -> Browser {
    let mut browser = Browser::new();
    let page = browser.come_back(app, open_id, "/me").await;
    assert_eq!(page.status, 303, "{}", page.body);
    browser
}

/// A field of the page that opens the payment window.
pub fn data(page: &Page, name: &str) -> String {
    let found = regex::Regex::new(&format!("data-{name}=\"([^\"]*)\"")).unwrap();
    let found = found.captures(&page.body);
    let found = found.unwrap_or_else(|| panic!("no data-{name} in {}", page.body));
    found[1].replace("&amp;", "&")
}

/// Orders by a link; the platform's id of the order and our key of the payment.
pub async fn order_by(app: &TestApp, browser: &mut Browser, link: &str) -> (String, i64) {
    let page = browser.post(&format!("{}{link}", app.url()), &[]).await;
    page.is(200);
    let prepay = data(&page, "package").replace("prepay_id=", "");
    let next = data(&page, "next");
    let id = next.split("back=").nth(1).unwrap().parse().unwrap();
    (prepay, id)
}

/// Asks for a waiver of a bill, with a picture of what shows that it is right.
pub async fn ask_waiver(desk: &mut Desk<'_>, bill: i64, amount: &str, reason: &str) -> Page {
    let csrf = desk.open("/console/payments/waiting").await.hidden("csrf");
    let bill = bill.to_string();
    let fields = [
        ("csrf", csrf.as_str()),
        ("bill", bill.as_str()),
        ("amount", amount),
        ("reason", reason),
    ];
    let files = [("proof", "proof.jpg", jpeg(90))];
    let to = "/console/payments/waivers";
    desk.send_files(to, &fields, &files).await
}

/// Says that a refund was paid out, from there and with a picture of the slip.
pub async fn pay_out(desk: &mut Desk<'_>, id: i64, source: &str) -> Page {
    let page = format!("/console/payments/refunds/{id}");
    let csrf = desk.open(&page).await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("source", source)];
    let files = [("proof", "slip.jpg", jpeg(70))];
    desk.send_files(&format!("{page}/paid"), &fields, &files)
        .await
}

/// Whether the books balance, agree with the rows and with the platform, and every fen has one place.
/// Everything that was due has to be done.
pub async fn sound(app: &TestApp) {
    let db = app.store.read();
    let compound = app.place("GY").await.id;
    let moved = moved(db, compound, Days::default()).await.unwrap();
    let of = |account: Account| moved.get(&account).map_or(0, |one| one.balance(account));
    let (debit, credit) = moved.values().fold((0, 0), |(debit, credit), one| {
        (debit + one.debit, credit + one.credit)
    });
    assert_eq!(debit, credit, "the books do not balance: {moved:?}");

    let bills = bill::Entity::find().all(db).await.unwrap();
    let owed: i64 = bills.iter().map(left).sum();
    assert_eq!(
        of(Account::Receivable),
        owed,
        "receivable is not what is owed"
    );
    with_figures(app, owed).await;
    let parts = payment_part::Entity::find().all(db).await.unwrap();
    for bill in &bills {
        let own = parts.iter().filter(|part| part.bill_id == Some(bill.id));
        let paid: i64 = own.map(|part| part.amount).sum();
        assert_eq!(bill.paid, paid, "parts of {bill:?}");
        assert_eq!(
            bill.state == BillState::Settled,
            left(bill) == 0,
            "{bill:?}"
        );
    }
    let rows = advance::Entity::find().all(db).await.unwrap();
    let kept: i64 = rows.iter().map(|one| one.balance).sum();
    assert_eq!(of(Account::Advance), kept, "advance is not what is kept");

    let all = payments(app).await;
    let back = refunds(app).await;
    each_owner(&rows, &all, &parts, &bills, &back);
    let waits = |row: &&refund::Model| {
        matches!(
            row.state,
            RefundState::Approved
                | RefundState::Granted
                | RefundState::Sent
                | RefundState::Abnormal
                | RefundState::Closed
        )
    };
    let waiting: i64 = back.iter().filter(waits).map(|row| row.amount).sum();
    assert_eq!(of(Account::Refund), waiting, "what is to go back: {back:?}");
    each_payment(&all, &parts, &back);
    // What the platform kept for itself went out of what it holds.
    let holds = of(Account::Wechat) + of(Account::ExpenseFee);
    with_platform(app, &all, &back, holds).await;

    let numbers: Vec<i64> = receipts(app).await.iter().map(|one| one.number).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let gapless: Vec<i64> = (1..).take(numbers.len()).collect();
    assert_eq!(sorted, gapless, "numbers of receipts");
}

/// The figures of the console are the sums of the bills.
async fn with_figures(app: &TestApp, owed: i64) {
    let db = app.store.read();
    let scope = Scope::of(db, app.place("GY").await).await.unwrap();
    let today = linli::base::clock::china(app.now()).date_naive();
    let (mut left, mut ages) = (0, 0);
    // Five years are the most that are asked for at once.
    for year in (2010..2030).step_by(5) {
        let from = Month::new(year, 1).unwrap();
        let span = Period::new(from, Month::new(year + 4, 12).unwrap());
        let sums = money::whole(db, &scope, span, today).await.unwrap();
        left += sums.get(Figure::Left);
        ages += Figure::AGES.iter().map(|age| sums.get(*age)).sum::<i64>();
    }
    assert_eq!((left, ages), (owed, owed));
}

/// What somebody has is what was kept for them less what their bills have used and what goes back: nobody's pays
/// another's.
fn each_owner(
    rows: &[advance::Model],
    all: &[payment::Model],
    parts: &[payment_part::Model],
    bills: &[bill::Model],
    back: &[refund::Model],
) {
    let mut sums: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for part in parts.iter().filter(|part| part.bill_id.is_none()) {
        let paid = all.iter().find(|row| row.id == part.payment_id).unwrap();
        let whose = (paid.home_id, part.payer_id.expect("kept for nobody"));
        *sums.entry(whose).or_default() += part.amount;
    }
    for row in all.iter().filter(|row| row.way == PayWay::Advance) {
        let whose = (row.home_id, row.payer_id.unwrap_or_default());
        *sums.entry(whose).or_default() -= row.amount;
        for part in parts.iter().filter(|part| part.payment_id == row.id) {
            let bill = bills.iter().find(|bill| Some(bill.id) == part.bill_id);
            assert!(bill.is_none_or(|bill| (bill.home_id, bill.payer_id) == whose));
        }
    }
    for one in back {
        let waits = matches!(one.state, RefundState::Asked | RefundState::Refused);
        if let (Some(home), Some(payer), false) = (one.home_id, one.payer_id, waits) {
            *sums.entry((home, payer)).or_default() -= one.amount;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    let there = rows.iter().filter(|row| row.balance != 0);
    let there: BTreeMap<(i64, i64), i64> = there
        .map(|row| ((row.home_id, row.payer_id), row.balance))
        .collect();
    assert_eq!(there, sums, "what is kept for whom");
}

/// What was paid is in parts, or went back.
fn each_payment(all: &[payment::Model], parts: &[payment_part::Model], back: &[refund::Model]) {
    for row in all {
        let own: i64 = parts
            .iter()
            .filter(|part| part.payment_id == row.id)
            .map(|part| part.amount)
            .sum();
        if row.state != PaymentState::Paid {
            assert_eq!(own, 0, "parts of what is not paid: {row:?}");
            continue;
        }
        let gone: i64 = back
            .iter()
            .filter(|one| one.payment_id == Some(row.id))
            .filter(|one| one.transaction_id.is_none() || one.transaction_id == row.transaction_id)
            .filter(|one| !matches!(one.state, RefundState::Asked | RefundState::Refused))
            .map(|one| one.amount)
            .sum();
        assert_eq!(own + gone, row.amount, "where {row:?} went");
    }
}

/// What the platform took less what it gave back is what we say that it holds.
async fn with_platform(app: &TestApp, all: &[payment::Model], back: &[refund::Model], holds: i64) {
    let taken: BTreeMap<String, i64> = app
        .platform
        .pay_orders()
        .into_iter()
        .filter(|order| order.standing == Standing::Paid)
        .map(|order| (order.out_trade_no, order.total))
        .collect();
    for (number, total) in &taken {
        let known = all
            .iter()
            .find(|row| row.out_trade_no.as_ref() == Some(number));
        let known = known.unwrap_or_else(|| panic!("{number} was paid and is unknown"));
        assert_eq!(known.amount, *total);
        let sent = back.iter().any(|one| one.payment_id == Some(known.id));
        assert!(
            known.state == PaymentState::Paid || sent,
            "paid at the platform, not here: {known:?}"
        );
    }
    let given: i64 = app
        .platform
        .pay_refunds()
        .iter()
        .filter(|one| one.status == "SUCCESS")
        .map(|one| one.refund)
        .sum();
    // What tests say was paid though the platform never took it, and what people gave back on its page.
    let amounts = |which: fn(&refund::Model) -> bool| {
        let some = back.iter().filter(|one| which(one));
        some.map(|one| one.amount).sum::<i64>()
    };
    let beside = amounts(|one| {
        let id = one.transaction_id.as_deref();
        id.is_some_and(|id| id.starts_with("test"))
    });
    let on_its_page = amounts(|one| one.paid_from.as_deref() == Some("assets:wechat"));
    let sum: i64 = taken.values().sum();
    let there = sum - given + beside - on_its_page;
    assert_eq!(holds, there, "what the platform holds");
    let ours: i64 = all
        .iter()
        .filter(|row| row.way == PayWay::Wechat && row.state == PaymentState::Paid)
        .map(|row| row.amount)
        .sum();
    assert!(ours <= sum, "{ours} credited, {sum} paid");
}
