//! What being late costs: nothing unless it was agreed, only after a reminder, once for each day, as a line
//! of its own in the books, and it can be waived.

use chrono::{Days, NaiveDate};
use entity::money::{DueEvent, DueResult};
use entity::{bill, bill_line, due_notice, fee_policy, ledger_entry, waiver};
use linli::base::clock::begin_of;
use linli::base::month::Month;
use linli::dues::remind::WORKS;
use linli::ledger::Account;
use linli::ledger::queries::{Days as Span, moved};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{begin, bill_due, move_to, policy, today};
use crate::console::Desk;
use crate::fee::expect_sound;
use crate::harness::app::TestApp;
use crate::payment::{ask_waiver, bill_now};

const LATE: [(&str, &str); 2] = [("late", "0.03"), ("late_basis", "物业服务合同第12条")];

/// 桂园 has agreed on a late fee long ago; it is the second of a month, at eleven.
async fn agreed(app: &TestApp) -> Month {
    policy(app, &LATE).await;
    fee_policy::Entity::update_many()
        .col_expr(
            fee_policy::Column::LateFrom,
            Expr::value(NaiveDate::from_ymd_opt(2020, 1, 1)),
        )
        .exec(app.store.write())
        .await
        .unwrap();
    next_second(app).await
}

/// To the second of the next month.
async fn next_second(app: &TestApp) -> Month {
    let month = Month::of(today(app)).next();
    let days = month.day(2).signed_duration_since(today(app)).num_days();
    move_to(app, u64::try_from(days).unwrap(), "11:00").await;
    month
}

/// Somebody was reminded of a bill after its due day.
async fn told(app: &TestApp, bill: &bill::Model, on: NaiveDate, result: DueResult) {
    let row = due_notice::ActiveModel {
        compound_id: Set(bill.compound_id),
        bill_id: Set(bill.id),
        home_id: Set(bill.home_id),
        person_id: Set(bill.payer_id),
        day: Set(on),
        slot: Set("after-1".to_owned()),
        event: Set(DueEvent::Ended),
        result: Set(Some(result)),
        amount: Set(bill.amount),
        created_at: Set(begin_of(on)),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
}

async fn late_lines(app: &TestApp, bill_id: i64) -> Vec<bill_line::Model> {
    let rows = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(bill_id))
        .filter(bill_line::COLUMN.late_to.is_not_null())
        .order_by_asc(bill_line::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_month_of_being_late_is_one_line_once_and_can_be_waived() {
    let app = TestApp::with_instances(2).await;
    let month = agreed(&app).await;
    let last = month.before();
    // Due long ago, reminded on the tenth of the last month; the others were never reached, or not yet late.
    let old = last.before().day(5);
    let owed = bill_due(&app, "张秀英", 202_601, old).await;
    told(&app, &owed, last.day(10), DueResult::Delivered).await;
    let unreached = bill_due(&app, "李建国", 202_601, old).await;
    told(&app, &unreached, last.day(10), DueResult::Failed).await;
    let never = bill_due(&app, "王芳", 202_601, old).await;
    let fresh = bill_due(&app, "陈伟", 202_601, today(&app)).await;
    let (one, two) = tokio::join!(
        (WORKS[0].run)(&app.store, app.now()),
        (WORKS[0].run)(&app.instances[1].app.store, app.now()),
    );
    assert!(one.is_ok() && two.is_ok());
    app.drain().await;
    begin(&app).await;
    let lines = late_lines(&app, owed.id).await;
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let days = last.days() - 10;
    let fen = 10_000 * 30 * days / 100_000;
    assert_eq!((line.amount, line.late_to), (fen, Some(last.last())));
    assert_eq!(
        (line.account.as_str(), line.basis.as_str()),
        ("income:other", "物业服务合同第12条")
    );
    assert!(
        line.formula.contains(&format!("× 0.03%/天 × {days}天")),
        "{}",
        line.formula
    );
    for other in [&unreached, &never, &fresh] {
        assert!(late_lines(&app, other.id).await.is_empty(), "{other:?}");
    }
    assert_eq!(bill_now(&app, owed.id).await.amount, 10_000 + fen);
    expect_sound(&app, owed.compound_id).await;
    let books = moved(app.store.read(), owed.compound_id, Span::default())
        .await
        .unwrap();
    assert_eq!(books[&Account::IncomeOther].credit, fen);
    let cause = format!("late:{}:{}", owed.id, last.last());
    let entries = ledger_entry::Entity::find()
        .filter(ledger_entry::COLUMN.cause.eq(cause.as_str()))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(entries.len(), 1);
    // The next month costs the days of that month, on the same principal.
    let next = next_second(&app).await;
    begin(&app).await;
    let lines = late_lines(&app, owed.id).await;
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[1].amount,
        10_000 * 30 * next.before().days() / 100_000
    );
    expect_sound(&app, owed.compound_id).await;
    // Waived by two people.
    let all: i64 = lines.iter().map(|line| line.amount).sum();
    let amount = linli::base::fen::Fen(all).to_string();
    let mut manager = Desk::of(&app, "沈立").await;
    ask_waiver(&mut manager, owed.id, &amount, "家里有病人")
        .await
        .is(303);
    let asked = waiver::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut chair = Desk::of(&app, "卫东").await;
    let to = format!("/console/payments/waivers/{}/grant", asked.id);
    chair
        .send("/console/payments/waiting", &to, &[])
        .await
        .is(303);
    let row = bill_now(&app, owed.id).await;
    assert_eq!((row.waived, row.amount - row.waived), (all, 10_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_charged_that_was_not_agreed_or_for_days_before_it_was() {
    let app = TestApp::start().await;
    policy(&app, &[]).await;
    let month = next_second(&app).await;
    let last = month.before();
    let owed = bill_due(&app, "张秀英", 202_601, last.before().day(5)).await;
    told(&app, &owed, last.day(1), DueResult::Sent).await;
    begin(&app).await;
    assert!(late_lines(&app, owed.id).await.is_empty());
    // Agreed today: the last month stays free, and tomorrow is the first day.
    policy(&app, &LATE).await;
    begin(&app).await;
    assert!(late_lines(&app, owed.id).await.is_empty());
    let begun = today(&app);
    let next = next_second(&app).await;
    begin(&app).await;
    let lines = late_lines(&app, owed.id).await;
    let first = begun.checked_add_days(Days::new(1)).unwrap();
    let days = next.before().last().signed_duration_since(first).num_days() + 1;
    assert_eq!(lines[0].amount, 10_000 * 30 * days / 100_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disputed_bill_costs_nothing_more_while_it_is_open() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let month = agreed(&app).await;
    let last = month.before();
    let owed = bill_due(&app, "张秀英", 202_601, last.before().day(5)).await;
    told(&app, &owed, last.day(10), DueResult::Sent).await;
    zhang
        .says(&format!("账单有误 {} 已经交过现金", owed.id))
        .await;
    begin(&app).await;
    assert!(late_lines(&app, owed.id).await.is_empty());
    let owner = app.person("张秀英").await;
    assert_eq!(bill_now(&app, owed.id).await.payer_id, owner.id);
}
