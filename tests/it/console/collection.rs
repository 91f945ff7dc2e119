//! The collection rate: every amount against a second reckoning from the lines, the payments and the books;
//! the list behind each; who sees what; what is taken away; the edges of months and of nothing.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::RoleKind;
use entity::money::{PayWay, WaiverState};
use entity::{bill, bill_line, organisation, payment_part, waiver};
use linli::access::{Actor, load_staff};
use linli::base::clock::china;
use linli::base::dice::Dice;
use linli::base::fen::Fen;
use linli::base::month::Month;
use linli::base::page::Slice;
use linli::fee::actions::credit::credit;
use linli::fee::stats::count::{self, Behind};
use linli::fee::stats::{Figure, Period, Sums, days_over};
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use linli::payment::actions::take::{NewTaken, take};
use linli::payment::actions::waive;
use linli::place::queries as places;
use linli::place::scope::Scope;
use linli::report::{money, sheet};
use regex::Regex;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use super::{Desk, person, place};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::payment::{bill_for, bill_now};
use crate::powers::desk_with;

const PAGE: &str = "/console/collection";
/// Days since the due day, around every edge.
const OVER: [i64; 14] = [
    -9, 0, 1, 30, 31, 90, 91, 365, 366, 1_094, 1_095, 1_096, 1_097, 2_000,
];
const MONTHS: [i32; 6] = [202_402, 202_412, 202_501, 202_502, 202_610, 202_611];

fn today(app: &TestApp) -> NaiveDate {
    china(app.now()).date_naive()
}

fn month(number: i32) -> Month {
    Month::from_number(number).unwrap()
}

fn always() -> Period {
    Period::new(month(202_401), month(202_612))
}

async fn scope(app: &TestApp, code: &str) -> Scope {
    let place = places::by_code(app.store.read(), code).await.unwrap();
    Scope::of(app.store.read(), place.unwrap()).await.unwrap()
}

async fn staff(app: &TestApp, name: &str) -> Actor {
    let id = person(app, name).await.id;
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
async fn town(app: &TestApp, seed: u64) {
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
                happen(app, &bill, &dice, [&one, &two], pick).await;
            }
        }
    }
}

/// What may happen to a bill.
async fn happen(
    app: &TestApp,
    bill: &bill::Model,
    dice: &Dice,
    who: [&Actor; 2],
    pick: impl Fn(i64) -> i64,
) {
    if pick(2) == 0 {
        let new = NewTaken {
            home_id: bill.home_id,
            way: PayWay::Cash,
            amount: match pick(3) {
                0 => bill.amount,
                1 => bill.amount + 77,
                _ => 1 + pick(bill.amount),
            },
            bills: vec![bill.id],
            payer_id: None,
            proof_id: None,
            note: String::new(),
            mark: format!("mark{:04}", bill.id),
        };
        let mut tx = app.store.begin(app.now()).await.unwrap();
        take(&mut tx, dice, who[0], new).await.unwrap();
        tx.commit().await.unwrap();
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
        let asked = waive::ask(&mut tx, who[0], bill.id, 1 + pick(left), "低保户").await;
        tx.commit().await.unwrap();
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let asked = asked.unwrap().id;
        waive::decide(&mut tx, who[1], asked, true).await.unwrap();
        tx.commit().await.unwrap();
    }
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
            let of = linli::fee::stats::Amounts {
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

/// Amounts of the page with the lists behind them.
fn numbers(page: &Page) -> BTreeSet<(String, String)> {
    let pattern = r#"href="(/console/collection/bills\?[^"]*)">([\d,.]+)</a>"#;
    Regex::new(pattern)
        .unwrap()
        .captures_iter(&page.body)
        .map(|found| {
            let link = found[1].replace("&#38;", "&").replace("&amp;", "&");
            (link, found[2].to_owned())
        })
        .collect()
}

fn query(code: &str) -> String {
    format!(
        "place={}&from=2024-01&until=2026-12",
        code.replace('/', "%2F")
    )
}

#[tokio::test]
async fn every_amount_leads_to_the_bills_that_it_is_the_sum_of() {
    let app = TestApp::start().await;
    town(&app, 5).await;
    for (name, code) in [("冯涛", "HC-XL-CD"), ("沈立", "GY"), ("沈立", "GY/2")] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk.open(&format!("{PAGE}?{}", query(code))).await;
        page.is(200)
            .says("收缴率 = 已缴 ÷ 应收")
            .says("减免和更正都不算已缴")
            .says("<svg")
            .says("逾期31–90天");
        let all = numbers(&page);
        assert!(all.len() > 30, "{code}: {}", all.len());
        for (link, amount) in all {
            let list = desk.open(&link).await;
            list.is(200).says(&format!("合计 <b>{amount}</b> 元"));
        }
    }
    // Of the street the company is a line, and so is who has none.
    let mut officer = Desk::of(&app, "冯涛").await;
    let page = officer.open(&format!("{PAGE}?{}", query("HC-XL-CD"))).await;
    page.says("桂园物业服务公司")
        .says("没有登记物业企业")
        .says("兰园小区");
}

#[tokio::test]
async fn a_list_goes_on_by_key() {
    let app = TestApp::start().await;
    for at in 0..55 {
        let number = (2020 + at / 12) * 100 + at % 12 + 1;
        bill_for(&app, "张秀英", number, 100).await;
    }
    let mut desk = Desk::of(&app, "沈立").await;
    let list = format!("{PAGE}/bills?place=GY&from=2020-01&until=2024-12&figure=left");
    let rows = |page: &Page| page.body.matches("href=\"/console/bills/").count();
    let first = desk.open(&list).await;
    assert_eq!(rows(first.is(200).says("共 55 张")), 50);
    let next = Regex::new("rel=\"next\" href=\"([^\"]*)\"").unwrap();
    let next = next.captures(&first.body).unwrap()[1]
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let second = desk.open(&next).await;
    assert_eq!(rows(second.is(200)), 5);
    assert!(!second.body.contains("rel=\"next\""));
}

#[tokio::test]
async fn what_is_taken_away_is_what_the_page_says_and_no_formula() {
    let app = TestApp::start().await;
    town(&app, 3).await;
    let evil = organisation::ActiveModel {
        name: Set("=HYPERLINK(\"x\")".to_owned()),
        ..Default::default()
    };
    organisation::Entity::update_many()
        .set(evil)
        .filter(organisation::COLUMN.code.eq("WY"))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::of(&app, "冯涛").await;
    let taken = desk
        .open(&format!("{PAGE}.csv?{}", query("HC-XL-CD")))
        .await;
    taken
        .is(200)
        .says("'=HYPERLINK")
        .says("按物业企业")
        .says("逾期一年以上（元）");
    let report = money::read(
        app.store.read(),
        scope(&app, "HC-XL-CD").await,
        always(),
        today(&app),
    )
    .await
    .unwrap();
    let bytes = sheet::csv(&report.flat()).unwrap();
    assert!(bytes.starts_with("\u{feff}".as_bytes()));
    let plain = String::from_utf8(bytes).unwrap();
    assert_eq!(
        taken.body.trim_start_matches('\u{feff}'),
        plain.trim_start_matches('\u{feff}')
    );
    assert!(plain.contains(&Fen(report.whole.get(Figure::Left)).to_string()));
    let name = taken.headers["content-disposition"].to_str().unwrap();
    assert!(
        name.contains("collection-HC-XL-CD-2024-01-2026-12.csv"),
        "{name}"
    );
    let book = desk
        .open(&format!("{PAGE}.xlsx?{}", query("HC-XL-CD")))
        .await;
    book.is(200);
    assert!(book.body.starts_with("PK"));
}

#[tokio::test]
async fn whoever_may_see_the_accounts_sees_them_within_their_reach() {
    use RoleKind::{
        Administrator, CommitteeChair, CommitteeMember, CommunitySecretary, PropertyManager,
        StreetOfficer, Supervisor,
    };
    let app = TestApp::start().await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    bill_for(&app, "韩梅", 202_611, 777_700).await;
    let sees = [
        PropertyManager,
        CommitteeChair,
        CommitteeMember,
        CommunitySecretary,
        StreetOfficer,
        Supervisor,
        Administrator,
    ];
    let here = format!("{PAGE}?{}", query("GY"));
    let list = format!("{PAGE}/bills?{}&figure=left", query("GY"));
    let there = list.replace("GY", "LY");
    for role in <RoleKind as sea_orm::Iterable>::iter() {
        let mut desk = desk_with(&app, role, "GY").await;
        let may = sees.contains(&role);
        for path in [
            &here,
            &list,
            &format!("{PAGE}.csv?{}", query("GY")),
            &format!("{PAGE}.xlsx?{}", query("GY")),
        ] {
            let page = desk.open(path).await;
            page.is(if may { 200 } else { 403 });
            assert!(!page.body.contains("7,777.00"), "{role:?} {path}");
        }
        let figures = desk.open("/console/figures").await;
        if figures.status == 200 {
            assert_eq!(figures.body.contains(PAGE), may, "the menu of {role:?}");
        }
        if may {
            for path in [
                &there,
                &format!("{PAGE}?place=LY"),
                &format!("{PAGE}?place=HC-XL-CD"),
                &format!("{PAGE}.csv?place=LY"),
            ] {
                desk.open(path).await.is(404);
            }
            let sideways = format!("{list}&by=place&key=LY");
            desk.open(&sideways).await.is(404);
        }
    }
    // A community sees all its compounds.
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary
        .open(&format!("{PAGE}?{}", query("HC-XL-CD-GY")))
        .await
        .is(200)
        .says("7,777.00")
        .says("161.10");
    // Theirs, where nothing is said of a place.
    secretary.open(PAGE).await.is(200).says("桂园社区");
    Desk::stranger(&app).open(PAGE).await.is(303);
}

#[tokio::test]
async fn nothing_is_a_dash_and_what_is_typed_wrong_is_told_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open(PAGE).await;
    page.is(200)
        .says("共 0 张")
        .says("<p class=\"large\">—</p>")
        .says("没有欠费");
    assert!(numbers(&page).is_empty());
    desk.open(&format!("{PAGE}.csv")).await.is(200).says("—");
    for (typed, field) in [
        ("from=2026-13", "from"),
        ("until=明天", "until"),
        ("from=1999-01", "from"),
    ] {
        let page = desk.open(&format!("{PAGE}?{typed}")).await;
        page.is(200)
            .says(&format!("id=\"{field}-wrong\""))
            .says("例如 2026-11");
    }
    for path in [
        "figure=all",
        "figure=left&by=month&key=209901",
        "figure=left&by=company&key=1",
        "figure=left&by=x&key=1",
        "figure=left&by=place&key=NOWHERE",
    ] {
        desk.open(&format!("{PAGE}/bills?place=GY&{path}"))
            .await
            .is(404);
    }
    // The other way round is turned; a bill of February stands in February.
    bill_for(&app, "张秀英", 202_402, 2_900).await;
    let page = desk
        .open(&format!("{PAGE}?place=GY&from=2024-03&until=2024-02"))
        .await;
    page.is(200)
        .says("2024年2月至2024年3月")
        .says("29.00")
        .says("0.0%");
    // And the board says this year's rate once there are bills of it.
    let board = desk.open("/board/GY").await;
    assert!(!board.body.contains("收缴率"));
    let now = Month::of(today(&app)).number();
    let bill = bill_for(&app, "张秀英", now, 10_000).await;
    let actor = staff(&app, "沈立").await;
    happen_paid(&app, &bill, &actor, 7_500).await;
    let page = desk.open(&format!("{PAGE}?place=GY")).await;
    page.says("75.0%");
    desk.open("/board/GY")
        .await
        .says("收缴率 <b>75.0%</b>")
        .says("已缴 ÷ 应收");
    assert_eq!(place(&app, "GY").await.id, bill.compound_id);
}

async fn happen_paid(app: &TestApp, bill: &bill::Model, actor: &Actor, fen: i64) {
    let new = NewTaken {
        home_id: bill.home_id,
        way: PayWay::Cash,
        amount: fen,
        bills: vec![bill.id],
        payer_id: None,
        proof_id: None,
        note: String::new(),
        mark: format!("mark{:04}", bill.id),
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    take(&mut tx, &Dice::from_seed(1), actor, new)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
