//! The making of a month's bills by two at once, by a command that is killed and begun again, and by the clock: each
//! home is billed once.

use std::process::Stdio;
use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::FeeKind;
use entity::money::{BillState, RunState};
use entity::{bill_run, place};
use linli::access::Actor;
use linli::base::clock::{begin_of, china};
use linli::base::fault::Code;
use linli::fee::actions::run;
use linli::fee::remind::WORKS;
use linli::reminder::schedule::run_slot;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{add, bills, day, fee, four_fees, grow, lines, this_month};
use crate::harness::app::TestApp;
use crate::harness::program;

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
