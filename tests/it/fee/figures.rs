//! The figures of money against a second reckoning from the lines, the payments and the books; every
//! dimension is the whole again, and every figure has its list.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use entity::money::{PayWay, WaiverState};
use entity::{bill, bill_line, payment_part, place, waiver};
use linli::access::{Actor, load_staff};
use linli::base::clock::china;
use linli::base::dice::Dice;
use linli::base::month::Month;
use linli::base::page::Slice;
use linli::fee::actions::credit::credit;
use linli::fee::stats::count::{self, Behind};
use linli::fee::stats::{Amounts, Figure, Period, Sums, days_over};
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use linli::payment::actions::take::{NewTaken, take};
use linli::payment::actions::waive;
use linli::place::queries as places;
use linli::place::scope::Scope;
use linli::report::money;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use crate::harness::app::TestApp;
use crate::payment::{bill_for, bill_now};

/// Days since the due day, around every edge.
const OVER: [i64; 14] = [
    -9, 0, 1, 30, 31, 90, 91, 365, 366, 1_094, 1_095, 1_096, 1_097, 2_000,
];
const MONTHS: [i32; 6] = [202_402, 202_412, 202_501, 202_502, 202_610, 202_611];

pub fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

fn month(number: i32) -> Month {
    Month::from_number(number).unwrap()
}

pub fn always() -> Period {
    Period::new(month(202_401), month(202_612))
}

pub async fn scope(app: &TestApp, code: &str) -> Scope {
    let place = places::by_code(app.store.read(), code).await.unwrap();
    Scope::of(app.store.read(), place.unwrap()).await.unwrap()
}

pub async fn staff(app: &TestApp, name: &str) -> Actor {
    let id = app.person(name).await.id;
    let found = load_staff(app.store.read(), id, app.now()).await;
    found.unwrap().unwrap()
}

async fn due(app: &TestApp, bill: &bill::Model, day: NaiveDate) {
    let change = bill::ActiveModel {
        id: Set(bill.id),
        due_on: Set(day),
        ..Default::default()
    };
    change.update(app.store.write()).await.unwrap();
}

/// Bills of both compounds, some of them paid, credited and waived by those who may.
pub async fn town(app: &TestApp, seed: u64) {
    let dice = Dice::from_seed(seed);
    let pick = |most: i64| i64::from(u16::from_le_bytes(dice.bytes::<2>())) % most;
    let (one, two) = (staff(app, "沈立").await, staff(app, "卫东").await);
    for name in ["张秀英", "李建国", "王芳", "陈伟", "刘洋", "赵敏", "韩梅"] {
        for number in MONTHS {
            if pick(4) == 0 {
                continue;
            }
            let bill = bill_for(app, name, number, 1_000 + pick(30_000)).await;
            let over = OVER[usize::try_from(pick(14)).unwrap()];
            due(app, &bill, today(app) - TimeDelta::days(over)).await;
            if name != "韩梅" {
                happen(app, &bill, [&one, &two], pick).await;
            }
        }
    }
}

/// What may happen to a bill.
async fn happen(app: &TestApp, bill: &bill::Model, who: [&Actor; 2], pick: impl Fn(i64) -> i64) {
    if pick(2) == 0 {
        let fen = match pick(3) {
            0 => bill.amount,
            1 => bill.amount + 77,
            _ => 1 + pick(bill.amount),
        };
        pay(app, bill, who[0], fen).await;
    }
    if pick(3) == 0 {
        let line = bill_line::Entity::find()
            .filter(bill_line::COLUMN.bill_id.eq(bill.id))
            .one(app.store.read())
            .await
            .unwrap()
            .unwrap();
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let amount = 1 + pick(bill.amount);
        if credit(&mut tx, who[0], line.id, amount, "面积有误")
            .await
            .is_ok()
        {
            tx.commit().await.unwrap();
        }
    }
    let left = linli::fee::bill::left(&bill_now(app, bill.id).await);
    if left > 0 && pick(3) == 0 {
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let asked = waive::ask(&mut tx, who[0], bill.id, 1 + pick(left), "低保户", None).await;
        tx.commit().await.unwrap();
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let asked = asked.unwrap().id;
        waive::decide(&mut tx, who[1], asked, true).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Somebody pays a bill in cash.
pub async fn pay(app: &TestApp, bill: &bill::Model, by: &Actor, fen: i64) {
    let new = NewTaken {
        home_id: bill.home_id,
        way: PayWay::Cash,
        amount: fen,
        bills: vec![bill.id],
        donation: None,
        payer_id: None,
        proof_id: None,
        note: String::new(),
        mark: format!("mark{:04}", bill.id),
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    // Each receipt has a code of its own.
    let dice = Dice::from_seed(u64::try_from(bill.id).unwrap());
    take(&mut tx, &dice, by, new).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a bill comes to by its lines, its parts of payments and its waivers.
struct Own {
    row: bill::Model,
    code: String,
    billed: i64,
    paid: i64,
    waived: i64,
    credited: i64,
}

impl Own {
    fn value(&self, figure: Figure, today: NaiveDate) -> i64 {
        let left = self.billed - self.paid - self.waived;
        let over = days_over(self.row.due_on, today);
        let when = |is: bool| if is { left } else { 0 };
        match figure {
            Figure::Billed => self.billed,
            Figure::Paid => self.paid,
            Figure::Waived => self.waived,
            Figure::Credited => self.credited,
            Figure::Left => left,
            Figure::NotDue => when(over == 0),
            Figure::Late30 => when((1..=30).contains(&over)),
            Figure::Late90 => when((31..=90).contains(&over)),
            Figure::Late365 => when((91..=365).contains(&over)),
            Figure::LateMore => when(over > 365),
            Figure::Lapsed => {
                let end = self.row.due_on + chrono::Months::new(36);
                when(end < today)
            }
        }
    }
}

async fn by_hand(app: &TestApp) -> Vec<Own> {
    let db = app.store.read();
    let lines = bill_line::Entity::find().all(db).await.unwrap();
    let parts = payment_part::Entity::find().all(db).await.unwrap();
    let waivers = waiver::Entity::find()
        .filter(waiver::COLUMN.state.eq(WaiverState::Granted))
        .all(db)
        .await
        .unwrap();
    let homes: HashMap<i64, String> = place::Entity::find()
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .map(|home| (home.id, home.code))
        .collect();
    let own = |row: bill::Model| {
        let lines = lines.iter().filter(|line| line.bill_id == row.id);
        let parts = parts.iter().filter(|part| part.bill_id == Some(row.id));
        let waivers = waivers.iter().filter(|one| one.bill_id == row.id);
        Own {
            code: homes[&row.home_id].clone(),
            billed: lines.clone().map(|line| line.amount).sum(),
            credited: -lines.map(|line| line.amount.min(0)).sum::<i64>(),
            paid: parts.map(|part| part.amount).sum(),
            waived: waivers.map(|one| one.amount).sum(),
            row,
        }
    };
    let bills = bill::Entity::find().all(db).await.unwrap();
    bills.into_iter().map(own).collect()
}

fn summed<'a>(bills: impl Iterator<Item = &'a Own>, figure: Figure, today: NaiveDate) -> i64 {
    bills.map(|own| own.value(figure, today)).sum()
}

/// All pages of the list behind a figure: how many bills, and what they come to.
async fn listed(app: &TestApp, scope: &Scope, what: &Behind) -> (i64, i64) {
    let (mut bills, mut fen, mut cursor) = (0, 0, None);
    loop {
        let slice = Slice::parse(cursor.as_deref(), Some(7)).unwrap();
        let page = count::behind(app.store.read(), scope, what, slice)
            .await
            .unwrap();
        for row in &page.items {
            let of = Amounts {
                amount: row.amount,
                credited: row.credited,
                paid: row.paid,
                waived: row.waived,
            };
            bills += 1;
            fen += what.figure.value(&of);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return (bills, fen),
        }
    }
}

#[tokio::test]
async fn figures_are_what_the_lines_the_payments_and_the_books_say() {
    let app = TestApp::start().await;
    town(&app, 11).await;
    let (all, today) = (by_hand(&app).await, today(&app));
    assert!(all.iter().any(|own| own.paid > 0 && own.credited > 0));
    for (code, below) in [
        ("HC-XL-CD", ""),
        ("GY", "GY/"),
        ("GY/1", "GY/1-"),
        ("LY", "LY/"),
    ] {
        let scope = scope(&app, code).await;
        for period in [
            always(),
            Period::new(month(202_402), month(202_402)),
            Period::new(month(202_412), month(202_501)),
            Period::new(month(202_503), month(202_609)),
        ] {
            let inside = |own: &&Own| {
                let months = period.from.number()..=period.until.number();
                own.code.starts_with(below) && months.contains(&own.row.month)
            };
            let report = money::read(app.store.read(), scope.clone(), period, today)
                .await
                .unwrap();
            let theirs: Vec<&Own> = all.iter().filter(inside).collect();
            assert_eq!(usize::try_from(report.whole.bills).unwrap(), theirs.len());
            for figure in Figure::ALL {
                let hand = summed(theirs.iter().copied(), figure, today);
                assert_eq!(
                    report.whole.get(figure),
                    hand,
                    "{code} {period:?} {figure:?}"
                );
                let what = Behind {
                    figure,
                    period,
                    directly_below: None,
                    today,
                };
                let (bills, fen) = listed(&app, &scope, &what).await;
                let total = count::total(app.store.read(), &scope, &what).await.unwrap();
                assert_eq!((total, fen), ((bills, hand), hand), "{code} {figure:?}");
            }
            // Every dimension is the whole again.
            for table in &report.tables {
                let mut sum = Sums::default();
                for line in &table.lines {
                    sum.add(&line.sums);
                }
                assert_eq!(sum, report.whole, "{code} {period:?} {:?}", table.by);
            }
            for line in report
                .tables
                .iter()
                .filter(|table| table.by == money::By::Month)
                .flat_map(|table| &table.lines)
            {
                let of_month = theirs
                    .iter()
                    .copied()
                    .filter(|own| own.row.month.to_string() == line.key);
                assert_eq!(
                    line.sums.get(Figure::Paid),
                    summed(of_month, Figure::Paid, today)
                );
            }
        }
    }
    // And the books say the same.
    let gy = scope(&app, "GY").await;
    let books = moved(app.store.read(), gy.place.id, Days::default())
        .await
        .unwrap();
    let of = |account: Account| books.get(&account).map_or(0, |one| one.balance(account));
    let whole = money::whole(app.store.read(), &gy, always(), today)
        .await
        .unwrap();
    assert_eq!(whole.get(Figure::Left), of(Account::Receivable));
    assert_eq!(whole.get(Figure::Waived), of(Account::ExpenseWaiver));
    assert_eq!(whole.get(Figure::Billed), of(Account::IncomeProperty));
}
