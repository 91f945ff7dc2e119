//! What is there for an expense before it begins and before it is paid: somebody in office for each step, and
//! the money in the books, also of two that are paid at the same moment.

use entity::kinds::RoleKind;
use entity::money::ExpenseState;
use entity::role;
use linli::base::fault::{Code, Fault};
use linli::expense::actions::pay;
use linli::expense::queries;
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    PAYER, PROPOSER, act, act_with, actor, all, cast, fields, fund, give, in_state, led_to, now,
    picture,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;
use crate::harness::program;

const NEW: &str = "/console/expenses/new";

/// Ends all posts of a kind.
async fn vacate(app: &TestApp, kind: RoleKind) {
    let ended = role::ActiveModel {
        to_at: Set(Some(app.now())),
        ..Default::default()
    };
    role::Entity::update_many()
        .set(ended)
        .filter(role::COLUMN.role.eq(kind))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn without_somebody_for_each_review_nothing_is_proposed_or_handed_in() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    // The standard compound has no supervisor; what was typed is still there.
    desk.send(NEW, NEW, &fields("5.00"))
        .await
        .is(409)
        .says("“业主监督审核”现在没有人能审")
        .says("任命监督员")
        .says("磨损超标");
    assert!(all(&app).await.is_empty());
    // The proposer is nobody for their own; nor does one person give two reviews.
    give(&app, PROPOSER, RoleKind::Supervisor, "GY").await;
    desk.send(NEW, NEW, &fields("5.00")).await.is(409);
    give(&app, "卫东", RoleKind::Supervisor, "GY").await;
    desk.send(NEW, NEW, &fields("5.00"))
        .await
        .is(409)
        .says("业主监督审核");
    cast(&app).await;
    let id = led_to(&desk.send(NEW, NEW, &fields("5.00")).await);
    // Somebody leaves between the draft and handing it in.
    vacate(&app, RoleKind::CommunitySecretary).await;
    act(&mut desk, id, "submit", &[])
        .await
        .is(409)
        .says("任命社区书记");
    assert_eq!(now(&app, id).await.state, ExpenseState::Draft);
    give(&app, "王芳", RoleKind::CommunitySecretary, "GY").await;
    vacate(&app, RoleKind::StreetOfficer).await;
    act(&mut desk, id, "submit", &[])
        .await
        .is(409)
        .says("街道备案");
    give(&app, "陈伟", RoleKind::StreetOfficer, "HC-XL-CD").await;
    act(&mut desk, id, "submit", &[]).await.is(303);
}

#[tokio::test]
async fn more_than_the_books_hold_is_not_paid() {
    let app = TestApp::start().await;
    cast(&app).await;
    app.staff(PAYER).await;
    let id = in_state(&app, ExpenseState::Payable).await;
    let mut desk = Desk::of(&app, PAYER).await;
    let bank = [("source", "assets:bank")];
    let slip = || ("proof", jpeg(1));
    act_with(&mut desk, id, "pay", &bank, slip())
        .await
        .is(422)
        .says("现在是0.00元")
        .says("1,000.00元");
    fund(&app, "one", 99_999).await;
    act_with(&mut desk, id, "pay", &bank, slip())
        .await
        .is(422)
        .says("现在是999.99元");
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
    // What is in the bank is not in the cash box.
    fund(&app, "two", 1).await;
    let cash = [("source", "assets:cash")];
    act_with(&mut desk, id, "pay", &cash, slip())
        .await
        .is(422)
        .says("账上现金现在是0.00元");
    act_with(&mut desk, id, "pay", &bank, slip()).await.is(303);
    assert_eq!(now(&app, id).await.state, ExpenseState::Paid);
}

#[tokio::test]
async fn what_was_there_before_the_books_is_booked_once_for_each_account() {
    let app = TestApp::plan().instances(0).start().await;
    let opening = |code, account, amount| {
        let words = ["opening", "--compound", code, "--account", account];
        [&words[..], &["--amount", amount]].concat()
    };
    let done = program::succeed(&app.variables, &opening("GY", "bank", "1200.50")).await;
    assert!(done.contains("1,200.50元"), "{done}");
    program::succeed(&app.variables, &opening("GY", "cash", "7")).await;
    for (code, account, amount) in [
        ("GY", "bank", "1.00"),
        ("GY", "alipay", "1.00"),
        ("GY", "cash", "0"),
        ("GY", "cash", "-1"),
        ("GY", "cash", "1.234"),
        ("XX", "bank", "1.00"),
    ] {
        let refused = program::run(&app.variables, &opening(code, account, amount)).await;
        assert_eq!(refused.status.code(), Some(2), "{code} {account} {amount}");
    }
    let gy = app.place("GY").await.id;
    let books = moved(app.store.read(), gy, Days::default()).await.unwrap();
    assert_eq!(books[&Account::Bank].balance(Account::Bank), 120_050);
    assert_eq!(books[&Account::Opening].balance(Account::Opening), 120_750);
}

/// Pays from the bank in a transaction of its own, on one of the instances' stores.
async fn pays(app: &TestApp, instance: usize, id: i64, proof: i64) -> Result<(), Fault> {
    let payer = linli::access::Actor {
        account_id: Some(77),
        ..actor(app, PAYER).await
    };
    let store = &app.instances[instance].app.store;
    let mut tx = store.begin(app.now()).await?;
    let from = ("assets:bank", Some(proof));
    pay::pay(&mut tx, &payer, id, None, from).await?;
    tx.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_expenses_at_once_do_not_spend_the_same_money() {
    let app = TestApp::with_instances(2).await;
    cast(&app).await;
    fund(&app, "bank", 150_000).await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let id = in_state(&app, ExpenseState::Payable).await;
        waiting.push((id, picture(&app, 77).await));
    }
    let [(one, first), (other, second)] = waiting[..] else {
        panic!("{waiting:?}");
    };
    let (a, b) = tokio::join!(pays(&app, 0, one, first), pays(&app, 1, other, second));
    let refused: Vec<Fault> = [a, b].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    // Where the database asks to try again, the next try is told so.
    if refused[0].code == Code::Invalid {
        assert!(refused[0].detail.contains("500.00元"), "{refused:?}");
    }
    let gy = app.place("GY").await.id;
    let books = moved(app.store.read(), gy, Days::default()).await.unwrap();
    assert_eq!(books[&Account::Bank].balance(Account::Bank), 50_000);
}

#[tokio::test]
async fn what_waits_for_somebody_is_found_however_much_waits() {
    let app = TestApp::plan().instances(0).start().await;
    cast(&app).await;
    let mut ids = Vec::new();
    for state in [
        ExpenseState::Reviewing,
        ExpenseState::Reviewing,
        ExpenseState::Filing,
        ExpenseState::Payable,
        ExpenseState::Publishing,
    ] {
        ids.push(in_state(&app, state).await);
    }
    for (name, wanted) in [
        ("卫东", vec![ids[0], ids[1], ids[3]]),
        ("李建国", vec![]),
        ("冯涛", vec![ids[2]]),
        (PROPOSER, vec![]),
    ] {
        let who = actor(&app, name).await;
        let found = queries::waiting_for(app.store.read(), &who).await.unwrap();
        let found: Vec<i64> = found.iter().map(|one| one.expense.id).collect();
        assert_eq!(found, wanted, "{name}");
        for id in &ids {
            let one = queries::by_id(app.store.read(), *id)
                .await
                .unwrap()
                .unwrap();
            let alone = queries::is_for(app.store.read(), &who, &one).await.unwrap();
            assert_eq!(alone, wanted.contains(id), "{name} {id}");
        }
    }
}
