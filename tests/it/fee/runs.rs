//! The making of a month's bills: what it comes to, twice, by two at once, stopped, by the clock.

use std::process::Stdio;
use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::FeeKind;
use entity::money::{BillState, RunState};
use entity::{bill_run, place, residency};
use linli::access::Actor;
use linli::base::clock::{begin_of, china};
use linli::base::fault::Code;
use linli::base::month::Month;
use linli::fee::actions::entries::{self, Reading, Space};
use linli::fee::actions::run::{self, go_on};
use linli::fee::remind::WORKS;
use linli::reminder::schedule::run_slot;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{
    add, bills, bills_of, charge, day, expect_sound, fee, four_fees, grow, lines, make, own,
    set_cost, this_month,
};
use crate::harness::app::TestApp;
use crate::harness::program;

#[tokio::test]
async fn a_home_is_billed_by_every_rule_once() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    let gy = app.place("GY").await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let lift = add(&app, fee("电梯公摊", FeeKind::Shared, 0)).await;
    set_cost(&app, &lift, month, 10_000).await.unwrap();
    let parking = add(&app, fee("停车费", FeeKind::Parking, 1_200_000)).await;
    let water = add(&app, fee("热水", FeeKind::Meter, 32_500)).await;
    let mut only = fee("二次供水", FeeKind::Fixed, 30_000);
    only.place = "2".to_owned();
    add(&app, only).await;
    let mut later = fee("新收费", FeeKind::Fixed, 30_000);
    later.from = Some(month.next());
    add(&app, later).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let space = Space {
        home: "1-1-101".to_owned(),
        code: "A-07".to_owned(),
        from: day(month, 11),
        to: Some(day(month, 20)),
    };
    let actor = Actor::operator();
    entries::add_space(&mut tx, &actor, (gy.id, parking.id), space)
        .await
        .unwrap();
    let reading = Reading {
        home: "1-1-101".to_owned(),
        before_milli: Some(1_000_500),
        after_milli: 1_012_750,
    };
    entries::set_reading(&mut tx, &actor, (gy.id, water.id), month, reading)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(charge(&app, "1-1-101", month, 2_000).await, month);

    let run = make(&app, month).await;
    assert_eq!((run.state, run.homes, run.bills), (RunState::Done, 6, 6));
    expect_sound(&app, gy.id).await;
    let zhang = bills_of(&app, "1-1-101").await;
    let [bill] = zhang.as_slice() else {
        panic!("{zhang:?}")
    };
    assert_eq!(bill.payer_id, app.person("张秀英").await.id);
    assert_eq!((bill.from_day, bill.to_day), (month.first(), month.last()));
    assert_eq!(bill.due_on, day(month, 10));
    let mine = lines(&app).await;
    let mine: Vec<_> = mine.iter().filter(|line| line.bill_id == bill.id).collect();
    let seen: Vec<(&str, &str, i64)> = mine
        .iter()
        .map(|line| (line.name.as_str(), line.account.as_str(), line.amount))
        .collect();
    let days = month.days();
    let part = (12_000 * 10 * 2 + days) / (2 * days);
    // 89.50 of 584.15 m² of a hundred yuan: 15.3214…
    let expected = [
        ("物业费", "income:property", 16_110),
        ("电梯公摊", "income:shared", 1_532),
        ("停车费", "income:parking", part),
        ("热水", "income:shared", 3_981),
        ("门禁卡工本费", "income:other", 2_000),
    ];
    assert_eq!(seen, expected);
    assert_eq!(mine[0].formula, "89.50㎡ × 1.80元/㎡·月 × 1个月 = 161.10元");
    assert_eq!(mine[0].basis, "物业服务合同第8条");
    assert!(
        mine[1]
            .formula
            .starts_with("100.00元 × 89.50㎡ ÷ 584.15㎡ = 15.32元")
    );
    assert!(mine[1].basis.ends_with("；10月电梯用电"));
    // The shares add up to the cost, and only the second building pays for its pump.
    let all = lines(&app).await;
    let sum = |name: &str| -> i64 {
        let named = all.iter().filter(|line| line.name == name);
        named.map(|line| line.amount).sum()
    };
    assert_eq!(sum("电梯公摊"), 10_000);
    assert_eq!(sum("二次供水"), 300 * 3);
    assert_eq!(sum("新收费"), 0);
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_what_comes_late_is_on_the_next_bill() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let lift = add(&app, fee("电梯公摊", FeeKind::Shared, 0)).await;
    set_cost(&app, &lift, month, 9_999).await.unwrap();
    let first = make(&app, month).await;
    let (old_bills, old_lines) = (bills(&app).await, lines(&app).await);
    add(&app, fee("加的", FeeKind::Fixed, 10_000)).await;
    let second = make(&app, month).await;
    assert_eq!((first.bills, first.amount), (second.bills, second.amount));
    assert_eq!(old_bills, bills(&app).await);
    assert_eq!(old_lines, lines(&app).await);
    // The month is closed for costs, and a charge waits for the next.
    let late = set_cost(&app, &lift, month, 5_000).await.unwrap_err();
    assert_eq!(late.code, Code::WrongStep);
    assert_eq!(charge(&app, "1-1-101", month, 2_000).await, month.next());
    make(&app, month.next()).await;
    let zhang = bills_of(&app, "1-1-101").await;
    assert_eq!(zhang.len(), 2);
    assert_eq!(zhang[1].amount, 16_110 + 100 + 2_000);
    // Two months ahead is a slip of the hand.
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let far = month.next().next();
    let gy = app.place("GY").await;
    let fault = run::begin(&mut tx, &Actor::operator(), gy.id, far).await;
    assert_eq!(fault.unwrap_err().field, Some("month"));
}

#[tokio::test]
async fn homes_without_owner_or_area_and_homes_that_come_later() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let bare = app.place("GY/2-1-102").await;
    let mut change = place::ActiveModel::from(bare.clone());
    change.area_cm2 = Set(None);
    change.update(app.store.write()).await.unwrap();
    let run = make(&app, month).await;
    assert_eq!((run.homes, run.bills), (6, 5));
    let gy = bare.compound_id.unwrap();
    let said = linli::fee::queries::findings(app.store.read(), gy, month)
        .await
        .unwrap();
    assert_eq!(said, ["有1户没有登记面积，“物业费”不会收：2-1-102。"]);
    // A home that is nobody's is billed to nobody, until somebody is known.
    residency::Entity::delete_many()
        .filter(residency::COLUMN.place_id.eq(bare.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut fresh = place::ActiveModel::from(bare);
    fresh.id = sea_orm::ActiveValue::NotSet;
    fresh.code = Set("GY/2-1-999".to_owned());
    fresh.area_cm2 = Set(Some(500_000));
    let fresh = fresh.reset_all().insert(app.store.write()).await.unwrap();
    let run = make(&app, month).await;
    assert_eq!((run.state, run.homes, run.bills), (RunState::Done, 7, 6));
    let all = bills(&app).await;
    let new = all.iter().find(|bill| bill.home_id == fresh.id).unwrap();
    assert_eq!((new.payer_id, new.amount), (0, 9_000));
    expect_sound(&app, gy).await;
}

#[tokio::test]
async fn a_home_that_was_sold_is_billed_to_both_for_their_days() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app).before();
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let home = app.place("GY/1-1-101").await;
    residency::Entity::delete_many()
        .filter(residency::COLUMN.place_id.eq(home.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let (zhang, wu) = (app.person("张秀英").await, app.person("李建国").await);
    let (from, sold) = (day(month.before(), 1), day(month, 11));
    own(&app, zhang.id, &home, from, Some(sold)).await;
    own(&app, wu.id, &home, sold, None).await;
    make(&app, month).await;
    let mut both = bills_of(&app, "1-1-101").await;
    both.sort_by_key(|bill| bill.from_day);
    let [before, after] = both.as_slice() else {
        panic!("{both:?}")
    };
    assert_eq!((before.payer_id, after.payer_id), (zhang.id, wu.id));
    assert_eq!(before.to_day, day(month, 10));
    assert_eq!(after.from_day, day(month, 11));
    assert_eq!(before.amount + after.amount, 16_110);
    let exact = 16_110 * 10 / month.days();
    assert!((before.amount - exact).abs() <= 1, "{before:?}");
    let gy = home.compound_id.unwrap();
    expect_sound(&app, gy).await;
    let all = lines(&app).await;
    let line = all.iter().find(|line| line.bill_id == before.id).unwrap();
    assert!(line.formula.contains("1日至"), "{}", line.formula);
}

#[tokio::test]
async fn two_instances_at_once_bill_every_home_once() {
    const HOMES: usize = 2_500;
    let mut app = TestApp::plan().instances(0).start().await;
    app.allow_errors();
    let month = this_month(&app);
    let compound_id = grow(&app, "DY", HOMES).await;
    let shared = four_fees(&app, compound_id, month, 1_234_567).await;
    let other = linli::store::Store::connect(&app.settings.database)
        .await
        .unwrap();
    let runs = [&app.store, &other, &app.store].map(|store| {
        let now = app.now();
        async move {
            loop {
                let (actor, mut quiet) = (Actor::operator(), |_: &bill_run::Model| {});
                let done = run::run(store, &actor, now, compound_id, month, &mut quiet).await;
                match done {
                    Ok(run) => return run,
                    Err(fault) if fault.is_busy() || fault.code == Code::Conflict => {}
                    Err(fault) => panic!("{fault:?}"),
                }
            }
        }
    });
    for run in futures_util::future::join_all(runs).await {
        assert_eq!((run.state, run.homes), (RunState::Done, 2_500));
    }
    let all = bills(&app).await;
    assert_eq!(all.len(), HOMES);
    let all = lines(&app).await;
    assert_eq!(all.len(), HOMES * 4);
    let cost: i64 = all
        .iter()
        .filter(|line| line.fee_item_id == Some(shared))
        .map(|line| line.amount)
        .sum();
    assert_eq!(cost, 1_234_567);
    expect_sound_in_sum(&app, compound_id).await;
}

/// The run, the bills, their lines and the books say the same, by sums: for many homes.
async fn expect_sound_in_sum(app: &TestApp, compound_id: i64) {
    let run = bill_run::Entity::find()
        .filter(bill_run::COLUMN.compound_id.eq(compound_id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let (bills, lines) = (bills(app).await, lines(app).await);
    let asked: i64 = bills.iter().map(|bill| bill.amount).sum();
    let of_lines: i64 = lines.iter().map(|line| line.amount).sum();
    assert_eq!((run.amount, of_lines), (asked, asked));
    assert_eq!(usize::try_from(run.bills).unwrap(), bills.len());
    let books = linli::ledger::queries::moved(
        app.store.read(),
        compound_id,
        linli::ledger::queries::Days::default(),
    );
    let books = books.await.unwrap();
    assert_eq!(books[&linli::ledger::Account::Receivable].debit, asked);
    let entries = entity::ledger_entry::Entity::find()
        .filter(entity::ledger_entry::COLUMN.compound_id.eq(compound_id))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(usize::try_from(entries).unwrap(), bills.len());
    for bill in &bills {
        let own: i64 = lines
            .iter()
            .filter(|line| line.bill_id == bill.id)
            .map(|line| line.amount)
            .sum();
        assert_eq!(bill.amount, own);
    }
}

/// The command is killed at another moment each time, on a few thousand homes, and started again, until it
/// comes to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_again_and_again_bills_every_home_once() {
    const HOMES: usize = 3_000;
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    let compound_id = grow(&app, "DY", HOMES).await;
    let shared = four_fees(&app, compound_id, month, 7_654_321).await;
    let text = month.to_string();
    let arguments = ["bills", "run", "--compound", "DY", "--month", &text];
    let mut kills = 0;
    for round in 0..40_u64 {
        let mut command = program::command(&app.variables, &arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(40 + round * 25)).await;
        if child
            .try_wait()
            .unwrap()
            .is_some_and(|ended| ended.success())
        {
            break;
        }
        drop(child.kill());
        drop(child.wait());
        kills += 1;
        let half = bills(&app).await.len();
        let all = lines(&app).await.len();
        assert_eq!(all, half * 4, "a bill without its lines");
        // Somebody mends an area of a home that is done, and of one that is not.
        if round == 6 {
            place::Entity::update_many()
                .col_expr(place::Column::AreaCm2, Expr::value(987_600_i64))
                .filter(place::COLUMN.code.is_in(["DY/1-1-3", "DY/1-1-2990"]))
                .exec(app.store.write())
                .await
                .unwrap();
        }
    }
    let said = program::succeed(&app.variables, &arguments).await;
    assert!(said.contains("3000户, 账单3000张"), "{said}");
    assert!(kills > 0, "it was never killed");
    assert_eq!(bills(&app).await.len(), HOMES);
    let all = lines(&app).await;
    assert_eq!(all.len(), HOMES * 4);
    let cost: i64 = all
        .iter()
        .filter(|line| line.fee_item_id == Some(shared))
        .map(|line| line.amount)
        .sum();
    assert_eq!(cost, 7_654_321, "the shares do not add up");
    expect_sound_in_sum(&app, compound_id).await;
    // And once more: nothing.
    program::succeed(&app.variables, &arguments).await;
    assert_eq!(bills(&app).await.len(), HOMES);
}

#[tokio::test]
async fn a_compound_names_the_account_that_takes_its_money() {
    let app = TestApp::plan().instances(0).start().await;
    let named = async || {
        let row = entity::fee_policy::Entity::find()
            .one(app.store.read())
            .await;
        row.unwrap().map(|row| (row.merchant, row.version))
    };
    for wrong in [
        [
            "bills",
            "account",
            "--compound",
            "GY",
            "--merchant",
            "nobody",
        ],
        [
            "bills",
            "account",
            "--compound",
            "NO",
            "--merchant",
            "sandbox",
        ],
        [
            "bills",
            "account",
            "--compound",
            "GY/1",
            "--merchant",
            "sandbox",
        ],
    ] {
        let output = program::run(&app.variables, &wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(named().await, None);
    let right = [
        "bills",
        "account",
        "--compound",
        "GY",
        "--merchant",
        "sandbox",
    ];
    let said = program::succeed(&app.variables, &right).await;
    assert!(said.contains("收款账户是 sandbox"), "{said}");
    assert_eq!(named().await, Some((Some("sandbox".to_owned()), 1)));
    program::succeed(&app.variables, &["bills", "account", "--compound", "GY"]).await;
    assert_eq!(named().await, Some((None, 2)));
}

#[tokio::test]
async fn the_command_says_what_is_wrong() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app).to_string();
    for (arguments, status, words) in [
        (
            ["bills", "run", "--compound", "GY", "--month", "2026-13"],
            2,
            "2026-11",
        ),
        (
            ["bills", "run", "--compound", "NO", "--month", &month],
            2,
            "NO",
        ),
        (
            ["bills", "run", "--compound", "GY/1", "--month", &month],
            2,
            "小区",
        ),
        (
            ["bills", "run", "--compound", "GY", "--month", "2199-01"],
            2,
            "月",
        ),
    ] {
        let output = program::run(&app.variables, &arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let arguments = ["bills", "run", "--compound", "GY", "--month", &month];
    let output = program::run(&app.variables, &arguments).await;
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("6户, 账单0张, 合计0.00元"), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("没有收费项目"));
}

/// On the first at six, once; not on the second of a compound that has its bills; and a run that was left
/// is taken up again on any day.
#[tokio::test]
async fn the_clock_makes_the_months_bills_on_the_first() {
    let app = TestApp::plan().instances(0).start().await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let month = this_month(&app).next();
    let hour = |on: u32, hour: i64| begin_of(day(month, on)) + TimeDelta::hours(hour);
    let [work] = WORKS else { panic!("one clock") };
    run_slot(&app.store, work, hour(1, 5)).await.unwrap();
    assert_eq!(bills(&app).await.len(), 0);
    assert!(run_slot(&app.store, work, hour(1, 6)).await.unwrap());
    let all = bills(&app).await;
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|bill| bill.month == month.number()));
    assert!(all.iter().all(|bill| bill.state == BillState::Open));
    for (day, at) in [(1, 12), (2, 0), (15, 6)] {
        run_slot(&app.store, work, hour(day, at)).await.unwrap();
    }
    assert_eq!(bills(&app).await.len(), 6);
    // Left behind: begun by somebody whose machine died.
    let gy = app.place("GY").await;
    let next = month.next();
    let mut tx = app.store.begin(hour(20, 0)).await.unwrap();
    run::begin(&mut tx, &Actor::operator(), gy.id, next)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run_slot(&app.store, work, hour(20, 1)).await.unwrap();
    assert_eq!(bills(&app).await.len(), 12);
    // A month in which nobody was there on the first is made up for on any day, once.
    let late = begin_of(day(next.next(), 15)) + TimeDelta::hours(7);
    assert_eq!(china(late).date_naive(), day(next.next(), 15));
    for _ in 0..2 {
        run_slot(&app.store, work, late).await.unwrap();
        assert_eq!(bills(&app).await.len(), 18);
    }
}

#[tokio::test]
async fn a_figure_that_cannot_be_stops_the_run_and_says_where() {
    let app = TestApp::plan().instances(0).start().await;
    let month = Month::parse("2028-02").unwrap();
    add(
        &app,
        fee(
            "物业费",
            FeeKind::Area,
            linli::fee::actions::items::MOST_PRICE,
        ),
    )
    .await;
    let home = app.place("GY/2-1-201").await;
    let mut change = place::ActiveModel::from(home.clone());
    change.area_cm2 = Set(Some(1_000_000_000_000));
    change.update(app.store.write()).await.unwrap();
    let gy = home.compound_id.unwrap();
    let now = begin_of(day(month, 1));
    let mut tx = app.store.begin(now).await.unwrap();
    run::begin(&mut tx, &Actor::operator(), gy, month)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let fault = go_on(&app.store, now, gy, month, &mut |_| {})
        .await
        .unwrap_err();
    assert_eq!(fault.code, Code::Invalid);
    assert!(fault.detail.contains("GY/2-1-201"), "{fault}");
    assert!(bills(&app).await.is_empty(), "its chunk is not half made");
    let mut mended = place::ActiveModel::from(home);
    mended.area_cm2 = Set(Some(895_000));
    mended.update(app.store.write()).await.unwrap();
    let run = go_on(&app.store, now, gy, month, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(run.state, RunState::Done);
    let all = bills(&app).await;
    assert_eq!(all.len(), 6);
    // A leap year's February.
    assert!(all.iter().all(|bill| bill.to_day == day(month, 29)));
}
