//! Giving from the drive to the use, over the wire: the chat, WeChat's side, the counter, the console, the board.
//! After everything [`sound`] holds: every fen that was given is there, used or back, and the books say so.

mod counter;
mod goods;
mod guards;
mod race;
mod refused;
mod refused_amounts;
mod secret;
mod way;

use std::collections::BTreeMap;

use entity::kinds::{DonationKind, DonationState, ReminderState};
use entity::{donation, donation_step, donation_use, donation_use_share, drive, visit};
use linli::fund::left;
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::people::Person;
use crate::payment::{expect_state, link_in, order_by};

/// Who runs drives and keeps the money of 桂园, who takes money, and who publishes next door.
pub const MANAGER: &str = "沈立";
pub const CLERK: &str = "蒋平";

pub async fn gift(app: &TestApp, id: i64) -> donation::Model {
    let found = donation::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such donation")
}

/// All of them, oldest first.
pub async fn gifts(app: &TestApp) -> Vec<donation::Model> {
    let all = donation::Entity::find().order_by_asc(donation::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

pub async fn drives(app: &TestApp) -> Vec<drive::Model> {
    let all = drive::Entity::find().order_by_asc(drive::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

pub async fn uses(app: &TestApp) -> Vec<donation_use::Model> {
    let all = donation_use::Entity::find().order_by_asc(donation_use::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

/// What has happened to one: word by word.
pub async fn history(app: &TestApp, id: i64) -> Vec<String> {
    let steps = donation_step::Entity::find()
        .filter(donation_step::COLUMN.donation_id.eq(id))
        .order_by_asc(donation_step::COLUMN.id)
        .all(app.store.read())
        .await;
    steps.unwrap().into_iter().map(|step| step.action).collect()
}

/// The number of a donation in an answer.
pub fn number_in(reply: &str) -> i64 {
    let found = regex::Regex::new(r"捐[款物] #(\d+) 已登记").unwrap();
    let found = found.captures(reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// A drive that takes donations, written and published at the console; its number.
pub async fn open_drive(desk: &mut Desk<'_>, title: &str, to: &str) -> i64 {
    let new = "/console/giving/new";
    let fields = [
        ("compound", "GY"),
        ("title", title),
        ("text", "给独居老人买棉被和热水袋"),
        ("goal", "5000"),
        ("from", "2020-01-01"),
        ("to", to),
    ];
    let page = desk.send(new, new, &fields).await;
    page.is(303);
    let id = drives(desk.app).await.pop().unwrap().id;
    let path = format!("/console/giving/{id}");
    desk.send(&path, &format!("{path}/open"), &[]).await.is(303);
    id
}

/// Promises money in the chat: the number and the way to pay it.
pub async fn promise(donor: &Person<'_>, drive: &str, yuan: &str, name: &str) -> (i64, String) {
    let reply = donor.says(&format!("捐款 {drive} {yuan} {name}")).await;
    (number_in(&reply), link_in(&reply))
}

/// Promises and pays; the number.
pub async fn pay(
    donor: &Person<'_>,
    browser: &mut Browser,
    drive: &str,
    yuan: &str,
    name: &str,
) -> i64 {
    let app = donor.app;
    let (id, link) = promise(donor, drive, yuan, name).await;
    let (prepay, payment) = order_by(app, browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(app, payment, entity::money::PaymentState::Paid).await;
    assert_eq!(gift(app, id).await.state, DonationState::Received);
    id
}

/// What is given at the counter, in cash; the donation's number.
pub async fn cash(desk: &mut Desk<'_>, drive: &str, yuan: &str) -> i64 {
    let take = "/console/giving/take";
    let mark = desk.open(take).await.hidden("mark");
    let fields = [
        ("compound", "GY"),
        ("mark", mark.as_str()),
        ("drive", drive),
        ("way", "cash"),
        ("amount", yuan),
    ];
    desk.send(take, take, &fields).await.is(303);
    gifts(desk.app).await.pop().unwrap().id
}

/// Writes down at the console what money was used for.
pub async fn spend(
    desk: &mut Desk<'_>,
    key: &str,
    yuan: &str,
    expense: i64,
) -> crate::harness::browser::Page {
    let page = desk.open(&format!("/console/giving/{key}")).await;
    spend_from(desk, &page, key, yuan, expense).await
}

/// The same from a page that was opened before: its form may be out of date by now.
pub async fn spend_from(
    desk: &mut Desk<'_>,
    page: &crate::harness::browser::Page,
    key: &str,
    yuan: &str,
    expense: i64,
) -> crate::harness::browser::Page {
    let (csrf, mark) = (page.hidden("csrf"), page.hidden("mark"));
    let expense = expense.to_string();
    let fields = [
        ("compound", "GY"),
        ("kind", "money"),
        ("mark", mark.as_str()),
        ("expense", &expense),
        ("amount", yuan),
        ("what", "给12位老人买棉被"),
        ("day", "2020-01-02"),
    ];
    let path = format!("/console/giving/{key}/use");
    desk.send_with(&csrf, &path, &fields).await
}

/// Whether messages of these kinds that did not reach somebody were dropped, and no list of staff names them: not
/// who is told at the door, not what could not be sent. The steward and the secretary are told of bindings alone.
pub async fn is_on_no_list(app: &TestApp, name: &str, kinds: &[&str]) {
    let who = app.person(name).await.id;
    let all = app.reminders().await;
    for kind in kinds {
        let states: Vec<ReminderState> = all
            .iter()
            .filter(|row| row.kind == *kind && row.recipient_id == Some(who))
            .map(|row| row.state)
            .collect();
        assert!(
            states.contains(&ReminderState::Cancelled) && !states.contains(&ReminderState::Failed),
            "{kind} to {name}: {states:?}"
        );
    }
    let visits = visit::Entity::find().filter(visit::COLUMN.person_id.eq(who));
    let visits = visits.all(app.store.read()).await.unwrap();
    assert!(visits.is_empty(), "{visits:?}");
    for (staff, path) in [
        ("孙梅", "/console/visits"),
        ("郑洪", "/console/visits"),
        ("郑洪", "/console/letters"),
    ] {
        let mut desk = Desk::of(app, staff).await;
        let page = desk.open(path).await;
        page.is(200);
        assert!(!page.body.contains(name), "{staff} {path}: {}", page.body);
    }
}

/// Whether every fen and every piece has one place, and the books agree.
pub async fn sound(app: &TestApp) {
    let db = app.store.read();
    let shares = donation_use_share::Entity::find().all(db).await.unwrap();
    let mut by_gift: BTreeMap<i64, i64> = BTreeMap::new();
    let mut by_use: BTreeMap<i64, i64> = BTreeMap::new();
    for share in &shares {
        assert!(share.amount > 0, "{share:?}");
        *by_gift.entry(share.donation_id).or_default() += share.amount;
        *by_use.entry(share.use_id).or_default() += share.amount;
    }
    for row in uses(app).await {
        assert_eq!(by_use.get(&row.id), Some(&row.amount), "shares of {row:?}");
        assert_eq!(row.expense_id.is_some(), row.kind == DonationKind::Money);
    }
    let (mut kept, mut used) = (0, 0);
    for row in gifts(app).await {
        let own = by_gift.get(&row.id).copied().unwrap_or_default();
        assert_eq!(own, row.used, "uses of {row:?}");
        assert!(left(&row) >= 0, "{row:?}");
        let there = row.state == DonationState::Received;
        assert!(there || row.used + row.returned == 0, "{row:?}");
        if there && row.kind == DonationKind::Money {
            kept += left(&row);
            used += row.used;
        }
    }
    let gy = app.place("GY").await.id;
    let moved = moved(db, gy, Days::default()).await.unwrap();
    let of = |account: Account| moved.get(&account).map_or(0, |one| one.balance(account));
    assert_eq!(of(Account::Donated), kept, "what is kept for its use");
    assert_eq!(of(Account::IncomeDonation), used, "what was used");
    let (debit, credit) = moved.values().fold((0, 0), |(debit, credit), one| {
        (debit + one.debit, credit + one.credit)
    });
    assert_eq!(debit, credit, "the books do not balance");
}
