//! Homes that are sold within a month that was billed: noted by the clock or by whoever writes it down, corrected by
//! one button, once; and no owner's money pays another's bill.

use entity::kinds::FeeKind;
use entity::money::{BillState, SaleState};
use entity::{advance, bill, bill_sale, ledger_entry, residency};
use linli::base::clock::{begin_of, china};
use linli::base::month::Month;
use linli::fee::actions::sale;
use linli::fee::bill::left;
use linli::fee::remind::WORKS;
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::{add, bills_of, charge, day, expect_sound, fee, lines, make, own, this_month};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;

const PAGE: &str = "/console/bills/sales";

async fn sales(app: &TestApp) -> Vec<bill_sale::Model> {
    let all = bill_sale::Entity::find().order_by_asc(bill_sale::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

async fn kept(app: &TestApp) -> Vec<(i64, i64)> {
    let rows = advance::Entity::find()
        .order_by_asc(advance::COLUMN.payer_id)
        .all(app.store.read())
        .await
        .unwrap();
    let rows = rows.iter().filter(|row| row.balance != 0);
    rows.map(|row| (row.payer_id, row.balance)).collect()
}

/// The owner's row of the roster.
async fn ownership(app: &TestApp, home_id: i64, person_id: i64) -> residency::Model {
    let found = residency::Entity::find()
        .filter(residency::COLUMN.place_id.eq(home_id))
        .filter(residency::COLUMN.person_id.eq(person_id))
        .one(app.store.read())
        .await;
    found.unwrap().unwrap()
}

/// Cash for a home, at the counter.
async fn pays(desk: &mut Desk<'_>, home: &str, yuan: &str) {
    let to = "/console/payments/take";
    let mark = desk.open(to).await.hidden("mark");
    let fields = [
        ("mark", mark.as_str()),
        ("home", home),
        ("way", "cash"),
        ("amount", yuan),
        ("bills", ""),
    ];
    desk.send(to, to, &fields).await.is(303);
}

/// The form that writes a sale of the first home down.
fn end<'a>(owner: &'a str, last: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("compound", "GY"),
        ("home", "1-1-101"),
        ("owner", owner),
        ("last", last),
    ]
}

/// What each owes of a home's month, credits taken off.
fn asked(bills: &[bill::Model], month: Month) -> Vec<(i64, i64)> {
    let own = bills.iter().filter(|bill| bill.month == month.number());
    own.map(|bill| (bill.payer_id, bill.amount - bill.credited))
        .collect()
}

#[tokio::test]
async fn a_sale_within_a_billed_month_is_corrected_by_one_button_once() {
    let app = TestApp::start().await;
    let month = this_month(&app).before();
    let manager = app.staff("沈立").await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let once = charge(&app, "1-1-101", month, 2_000).await;
    assert_eq!(once, month.next(), "what is over is not billed any more");
    make(&app, month).await;
    let home = app.place("GY/1-1-101").await;
    let zhang = app.person("张秀英").await.id;
    let buyer = app.person("李建国").await.id;
    let mut desk = Desk::of(&app, "沈立").await;
    pays(&mut desk, "1-1-101", "161.10").await;
    let before = lines(&app).await;

    // The seller's last day is written down; nobody knows yet who bought it, and nothing happens.
    let at = format!("{PAGE}?compound=GY&home=1-1-101");
    desk.open(&at).await.is(200).says("张秀英");
    let owner = ownership(&app, home.id, zhang).await.id.to_string();
    let last = day(month, 10).to_string();
    let to = format!("{PAGE}/end");
    let tomorrow = china(app.now()).date_naive().succ_opt().unwrap();
    let tomorrow = tomorrow.to_string();
    for (typed, status) in [
        ("2001-01-01", 422),
        (tomorrow.as_str(), 422),
        ("x", 422),
        (last.as_str(), 303),
    ] {
        desk.send(&at, &to, &end(&owner, typed)).await.is(status);
    }
    assert!(sales(&app).await.is_empty());
    // The roster gets the buyer; the clock sees what follows, and says it once.
    own(&app, buyer, &home, day(month, 11), None).await;
    let [work] = WORKS else { panic!("one clock") };
    for _ in 0..3 {
        (work.run)(&app.store, app.now()).await.unwrap();
    }
    let row = sales(&app).await;
    let [row] = row.as_slice() else {
        panic!("{row:?}")
    };
    assert_eq!((row.state, row.home_id), (SaleState::Waiting, home.id));
    let told = manager.expects_push("按过户更正").await;
    assert!(told.contains("1-1-101"), "{told}");
    assert_eq!(
        bills_of(&app, "1-1-101").await[0].credited,
        0,
        "before anybody said so"
    );

    // Whoever keeps the fees sees what would happen, and presses.
    let days = month.days();
    let page = desk.open(PAGE).await;
    page.is(200).says("1-1-101").says("张秀英").says("李建国");
    let seen = page.hidden("seen");
    let press = format!("{PAGE}/{}/correct", row.id);
    let wrong = [("compound", "GY"), ("seen", "1")];
    desk.send(PAGE, &press, &wrong).await.is(409);
    let right = [("compound", "GY"), ("seen", seen.as_str())];
    desk.send(PAGE, &press, &right).await.is(303);
    desk.send(PAGE, &press, &right)
        .await
        .is(409)
        .says("已经处理过");
    assert_eq!(
        on_record(&app, "bill.sale", &format!("sale:{}", row.id)).await,
        1
    );

    let both = bills_of(&app, "1-1-101").await;
    let theirs = asked(&both, month);
    let exact = 16_110 * 10 / days;
    let of_seller = theirs.iter().find(|(payer, _)| *payer == zhang).unwrap().1;
    assert!((of_seller - exact).abs() <= 1, "{theirs:?}");
    assert_eq!(theirs.iter().map(|(_, sum)| sum).sum::<i64>(), 16_110);
    let new = both
        .iter()
        .find(|bill| (bill.payer_id, bill.month) == (buyer, month.number()))
        .unwrap();
    assert_eq!((new.from_day, new.to_day), (day(month, 11), month.last()));
    assert_eq!((new.paid, new.state), (0, BillState::Open));
    let today = china(app.now()).date_naive();
    assert!(new.due_on > today, "time to pay it");
    // Nothing was edited, and what the seller paid too much is theirs.
    assert_eq!(lines(&app).await[..before.len()], before[..]);
    assert_eq!(kept(&app).await, [(zhang, 16_110 - of_seller)]);
    let all = lines(&app).await;
    let moved = all.iter().find(|line| line.bill_id == new.id).unwrap();
    assert!(moved.formula.contains("按天分"), "{}", moved.formula);
    expect_sound(&app, home.compound_id.unwrap()).await;

    // The next month is the buyer's alone, and the seller's money pays none of it.
    make(&app, month.next()).await;
    assert_eq!(kept(&app).await, [(zhang, 16_110 - of_seller)]);
    let next = asked(&bills_of(&app, "1-1-101").await, month.next());
    assert_eq!(next, [(buyer, 16_110 + 2_000)]);
    desk.open(PAGE)
        .await
        .is(200)
        .says("原业主的预存")
        .says("张秀英");
    // What the buyer pays is the buyer's.
    pays(&mut desk, "1-1-101", "1000").await;
    let open = bills_of(&app, "1-1-101").await;
    assert!(open.iter().all(|bill| left(bill) == 0), "{open:?}");
    let ahead = 100_000 - (16_110 - of_seller) - 18_110;
    let mut both = [(zhang, 16_110 - of_seller), (buyer, ahead)];
    both.sort_unstable();
    assert_eq!(kept(&app).await, both);
    expect_sound(&app, home.compound_id.unwrap()).await;
}

#[tokio::test]
async fn a_sale_may_be_left_as_it_is_and_a_day_may_be_mended() {
    let app = TestApp::start().await;
    app.staff("沈立").await;
    let month = this_month(&app).before();
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, month).await;
    let home = app.place("GY/1-1-101").await;
    let (zhang, buyer) = (app.person("张秀英").await.id, app.person("李建国").await.id);
    own(&app, buyer, &home, day(month, 21), None).await;
    let owner = ownership(&app, home.id, zhang).await.id.to_string();
    let mut desk = Desk::of(&app, "沈立").await;
    let to = format!("{PAGE}/end");
    let at = format!("{PAGE}?compound=GY&home=1-1-101");
    let first = day(month, 20).to_string();
    // Written down with the buyer known, it stands there at once.
    desk.send(&at, &to, &end(&owner, &first)).await.is(303);
    let row = sales(&app).await.remove(0);
    let leave = format!("{PAGE}/{}/leave", row.id);
    let none = [("compound", "GY"), ("note", " ")];
    desk.send(PAGE, &leave, &none).await.is(422);
    let why = [("compound", "GY"), ("note", "双方已经自己结清")];
    desk.send(PAGE, &leave, &why).await.is(303);
    assert_eq!(sales(&app).await[0].state, SaleState::Dropped);
    assert_eq!(
        asked(&bills_of(&app, "1-1-101").await, month),
        [(zhang, 16_110)]
    );
    // The same day once more is left as it was; another day is another thing to look at.
    desk.send(&at, &to, &end(&owner, &first)).await.is(303);
    assert_eq!(sales(&app).await[0].state, SaleState::Dropped);
    for (count, number) in [(2, 15), (3, 5), (3, 15)] {
        let last = day(month, number).to_string();
        desk.send(&at, &to, &end(&owner, &last)).await.is(303);
        let all = sales(&app).await;
        assert_eq!(all.len(), count, "{all:?}");
        let page = desk.open(PAGE).await;
        let open = all
            .iter()
            .find(|row| row.owners.contains(&format!(":1-{number},")));
        let seen = page.hidden("seen");
        let press = format!("{PAGE}/{}/correct", open.unwrap().id);
        desk.send(PAGE, &press, &[("compound", "GY"), ("seen", &seen)])
            .await
            .is(303);
        let bills = bills_of(&app, "1-1-101").await;
        let theirs = asked(&bills, month);
        assert_eq!(theirs.iter().map(|(_, sum)| sum).sum::<i64>(), 16_110);
        let exact = 16_110 * i64::from(number) / month.days();
        let seller = theirs.iter().find(|(payer, _)| *payer == zhang).unwrap().1;
        assert!((seller - exact).abs() <= 1, "{number}: {theirs:?}");
    }
    // Moved on and moved back: lines on both bills, one bill each, and the books ask for what they ask.
    let bills = bills_of(&app, "1-1-101").await;
    assert_eq!(bills.len(), 2);
    let owed: i64 = super::bills(&app).await.iter().map(left).sum();
    let gy = home.compound_id.unwrap();
    let books = moved(app.store.read(), gy, Days::default()).await.unwrap();
    let receivable = books[&Account::Receivable];
    assert_eq!(receivable.debit - receivable.credit, owed);
    // Who keeps no fees writes nothing down, and sees nobody's buttons.
    let mut other = Desk::of(&app, "孙梅").await;
    other.open(PAGE).await.is(403);
    other
        .send("/console/account", &to, &end(&owner, &first))
        .await
        .is(404);
}

/// Two who press at once, and a clock that looks meanwhile: it is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_correct_at_once_correct_once() {
    let mut app = TestApp::plan().instances(0).start().await;
    app.allow_errors();
    let month = this_month(&app).before();
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    make(&app, month).await;
    let home = app.place("GY/1-1-101").await;
    let (zhang, buyer) = (app.person("张秀英").await.id, app.person("李建国").await.id);
    own(&app, buyer, &home, day(month, 16), None).await;
    let ended = residency::ActiveModel {
        ended_at: Set(Some(begin_of(day(month, 16)))),
        ..Default::default()
    };
    residency::Entity::update_many()
        .set(ended)
        .filter(residency::COLUMN.place_id.eq(home.id))
        .filter(residency::COLUMN.person_id.eq(zhang))
        .exec(app.store.write())
        .await
        .unwrap();
    let notes = (0..3).map(|_| async {
        let mut tx = app.store.begin(app.now()).await?;
        sale::note_home(&mut tx, home.id).await?;
        tx.commit().await
    });
    futures_util::future::join_all(notes).await;
    let all = sales(&app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let row = &all[0];
    let presses = (0..4).map(|_| async {
        let mut tx = app.store.begin(app.now()).await?;
        let actor = linli::access::Actor::operator();
        sale::correct(&mut tx, &actor, row.id, row.amount).await?;
        tx.commit().await
    });
    let done = futures_util::future::join_all(presses).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    let both = bills_of(&app, "1-1-101").await;
    assert_eq!(both.len(), 2);
    assert_eq!(both.iter().map(left).sum::<i64>(), 16_110);
    expect_sound(&app, home.compound_id.unwrap()).await;
    let entries = ledger_entry::Entity::find()
        .filter(ledger_entry::Column::Cause.starts_with("credit:"))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(entries, 1);
}
