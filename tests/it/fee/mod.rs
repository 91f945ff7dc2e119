//! Fees and bills: what a month comes to, whoever makes its bills and however often they are stopped;
//! corrections, what was paid ahead, homes that are sold, imports.

mod again;
mod command;
mod correct;
mod entered;
pub mod figures;
mod files;
mod runs;
mod sales;
mod threats;

use chrono::{Datelike, NaiveDate};
use entity::kinds::{FeeKind, FeeSplit, HomeRelation, PlaceKind};
use entity::{bill, bill_line, bill_run, fee_item, ledger_entry, place, residency};
use linli::access::Actor;
use linli::base::clock::china;
use linli::base::fault::Fault;
use linli::base::month::Month;
use linli::fee::actions::entries::{self, Charge};
use linli::fee::actions::items::{self, NewItem};
use linli::fee::actions::run;
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;

/// The month that is billed: the present one.
pub fn this_month(app: &TestApp) -> Month {
    Month::of(china(app.now()).date_naive())
}

/// A fee that is right, of a kind, at a price in 1/100 fen.
pub fn fee(name: &str, kind: FeeKind, unit_price: i64) -> NewItem {
    NewItem {
        name: name.to_owned(),
        kind,
        unit_price,
        split: (kind == FeeKind::Shared).then_some(FeeSplit::Area),
        due_day: 10,
        place: String::new(),
        from: None,
        basis: "物业服务合同第8条".to_owned(),
    }
}

/// Adds a fee to 桂园.
pub async fn add(app: &TestApp, new: NewItem) -> fee_item::Model {
    let compound = app.place("GY").await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let row = items::add(&mut tx, &Actor::operator(), compound.id, new).await;
    tx.commit().await.unwrap();
    row.unwrap()
}

/// Sets the cost of a month.
pub async fn set_cost(
    app: &TestApp,
    item: &fee_item::Model,
    month: Month,
    fen: i64,
) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let key = (item.compound_id, item.id);
    entries::set_cost(&mut tx, &Actor::operator(), key, month, fen, "10月电梯用电").await?;
    tx.commit().await
}

/// Charges a home of 桂园 once; on which bill.
pub async fn charge(app: &TestApp, home: &str, month: Month, fen: i64) -> Month {
    let compound = app.place("GY").await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let new = Charge {
        home: home.to_owned(),
        month,
        name: "门禁卡工本费".to_owned(),
        amount: fen,
        basis: "价目表第3项".to_owned(),
    };
    let on = entries::charge(&mut tx, &Actor::operator(), compound.id, new).await;
    tx.commit().await.unwrap();
    on.unwrap()
}

/// Makes the bills of 桂园.
pub async fn make(app: &TestApp, month: Month) -> bill_run::Model {
    let compound = app.place("GY").await;
    let (actor, mut quiet) = (Actor::operator(), |_: &bill_run::Model| {});
    run::run(
        &app.store,
        &actor,
        app.now(),
        compound.id,
        month,
        &mut quiet,
    )
    .await
    .unwrap()
}

/// All bills, by home and payer.
pub async fn bills(app: &TestApp) -> Vec<bill::Model> {
    let rows = bill::Entity::find()
        .order_by_asc(bill::COLUMN.home_id)
        .order_by_asc(bill::COLUMN.month)
        .order_by_asc(bill::COLUMN.payer_id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

/// The bills of a home of 桂园.
pub async fn bills_of(app: &TestApp, home: &str) -> Vec<bill::Model> {
    let home = app.place(&format!("GY/{home}")).await;
    let mut rows = bills(app).await;
    rows.retain(|row| row.home_id == home.id);
    rows
}

/// All lines, oldest first.
pub async fn lines(app: &TestApp) -> Vec<bill_line::Model> {
    let rows = bill_line::Entity::find()
        .order_by_asc(bill_line::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

/// Every bill is the sum of its lines, has one entry in the books, and the books say the same.
pub async fn expect_sound(app: &TestApp, compound_id: i64) {
    let (bills, lines) = (bills(app).await, lines(app).await);
    let mut asked = 0;
    for bill in bills.iter().filter(|bill| bill.compound_id == compound_id) {
        let own = lines.iter().filter(|line| line.bill_id == bill.id);
        let charges: i64 = own.clone().map(|line| line.amount.max(0)).sum();
        let credits: i64 = own.map(|line| line.amount.min(0)).sum();
        assert_eq!(bill.amount, charges, "{bill:?}");
        assert_eq!(bill.credited, -credits, "{bill:?}");
        asked += bill.amount;
        let cause = format!("bill:{}:{}:{}", bill.home_id, bill.month, bill.payer_id);
        let entries = ledger_entry::Entity::find()
            .filter(ledger_entry::COLUMN.cause.eq(cause.as_str()))
            .all(app.store.read())
            .await
            .unwrap();
        assert_eq!(entries.len(), 1, "{cause}");
    }
    let books = moved(app.store.read(), compound_id, Days::default())
        .await
        .unwrap();
    let receivable = books
        .get(&Account::Receivable)
        .map_or(0, |moved| moved.debit);
    assert_eq!(receivable, asked, "the books ask for something else");
}

/// Somebody owns a home since a day, until a day.
pub async fn own(
    app: &TestApp,
    person_id: i64,
    home: &place::Model,
    from: NaiveDate,
    to: Option<NaiveDate>,
) {
    let at = |day: NaiveDate| linli::base::clock::begin_of(day);
    let row = residency::ActiveModel {
        person_id: Set(person_id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        relation: Set(HomeRelation::Owner),
        share: Set(None),
        ended_at: Set(to.map(at)),
        created_at: Set(at(from)),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
}

/// A compound with so many homes of 50 m² and more, under a code of its own; its key.
pub async fn grow(app: &TestApp, code: &str, homes: usize) -> i64 {
    let mut row = place::ActiveModel {
        code: Set(code.to_owned()),
        kind: Set(PlaceKind::Compound),
        name: Set("大院".to_owned()),
        path: Set(String::new()),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let compound = row.clone().insert(app.store.write()).await.unwrap();
    row.id = Set(compound.id);
    row.path = Set(format!("/{}/", compound.id));
    row.compound_id = Set(Some(compound.id));
    row.update(app.store.write()).await.unwrap();
    let home = |number: usize| place::ActiveModel {
        code: Set(format!("{code}/1-1-{number}")),
        kind: Set(PlaceKind::Home),
        name: Set(format!("1-1-{number}")),
        parent_id: Set(Some(compound.id)),
        compound_id: Set(Some(compound.id)),
        // Nothing here lives below a home.
        path: Set(format!("/{}/{}/", compound.id, 1_000_000 + number)),
        area_cm2: Set(Some(500_000 + i64::try_from(number % 977).unwrap() * 1_300)),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    let rows: Vec<_> = (0..homes).map(home).collect();
    let tx = app.store.begin(app.now()).await.unwrap();
    linli::store::insert::insert_chunked(tx.db(), rows)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    compound.id
}

/// Four fees of a compound, with a cost for the one that is shared; the key of that one.
pub async fn four_fees(app: &TestApp, compound_id: i64, month: Month, cost: i64) -> i64 {
    let mut shared = 0;
    for new in [
        fee("物业费", FeeKind::Area, 18_000),
        fee("垃圾清运费", FeeKind::Fixed, 50_000),
        fee("秩序维护费", FeeKind::Fixed, 120_000),
        fee("水电公摊", FeeKind::Shared, 0),
    ] {
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let row = items::add(&mut tx, &Actor::operator(), compound_id, new)
            .await
            .unwrap();
        if row.kind == FeeKind::Shared {
            shared = row.id;
            let key = (compound_id, row.id);
            entries::set_cost(&mut tx, &Actor::operator(), key, month, cost, "电梯用电")
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
    shared
}

/// The n-th of a month.
pub fn day(month: Month, number: u32) -> NaiveDate {
    let day = month.day(number);
    assert_eq!(day.day(), number);
    day
}
