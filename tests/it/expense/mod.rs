//! Expenses (三审两公开一备案) as people meet them: in the chat, at the console, on the board, over the API; and
//! that money leaves the books no other way.

mod books;
mod chain;
mod clocks;
mod money;
mod quotes;
mod race;
mod refused;
mod rules;

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::{AttachmentState, RoleKind};
use entity::money::{EntryKind, ExpenseAct, ExpenseState};
use entity::{attachment, expense, expense_step, review_chain, role};
use linli::access::{Actor, load_staff};
use linli::base::clock::china;
use linli::expense::actions::draft::{self, Said};
use linli::expense::actions::{pay, publish, review};
use linli::expense::chain::Rules;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::harness::pictures::pdf;

/// Who proposes, reviews in this order, files and pays.
pub const PROPOSER: &str = "沈立";
pub const REVIEWERS: [&str; 3] = ["卫东", "李建国", "郑洪"];
pub const OFFICER: &str = "冯涛";
pub const PAYER: &str = "卫东";

/// Makes somebody of the compound a supervisor: the standard compound has none.
pub async fn cast(app: &TestApp) {
    give(app, "李建国", RoleKind::Supervisor, "GY").await;
}

/// Puts money into the books, as what was in the bank before they began.
pub async fn fund(app: &TestApp, why: &str, fen: i64) {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let entry = Draft {
        compound_id: app.place("GY").await.id,
        day: china(app.now()).date_naive(),
        cause: format!("opening:{why}"),
        kind: EntryKind::Opening,
        memo: "期初".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Bank,
            credit: Account::Opening,
            amount: fen,
        }],
    };
    post(&mut tx, None, &[entry]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Gives somebody a role from a while ago on.
pub async fn give(app: &TestApp, name: &str, kind: RoleKind, code: &str) {
    let place = app.place(code).await;
    let row = role::ActiveModel {
        person_id: Set(app.person(name).await.id),
        role: Set(kind),
        place_id: Set(Some(place.id)),
        compound_id: Set(place.compound_id),
        from_at: Set(app.now() - TimeDelta::days(1)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
}

/// Somebody in office.
pub async fn actor(app: &TestApp, name: &str) -> Actor {
    let id = app.person(name).await.id;
    let loaded = load_staff(app.store.read(), id, app.now()).await;
    loaded.unwrap().expect("in office")
}

/// The form of an expense.
pub fn fields(amount: &str) -> Vec<(&str, &str)> {
    vec![
        ("compound", "GY"),
        ("title", "3栋电梯更换钢丝绳"),
        ("purpose", "磨损超标，年检要求更换"),
        ("account", "expenses:repair"),
        ("payee", "顺安电梯公司"),
        ("amount", amount),
        ("choice", ""),
    ]
}

/// What the same expense says, in fen.
pub fn said(amount: i64) -> Said {
    Said {
        title: "3栋电梯更换钢丝绳".to_owned(),
        purpose: "磨损超标，年检要求更换".to_owned(),
        account: "expenses:repair".to_owned(),
        payee: "顺安电梯公司".to_owned(),
        amount,
        choice: String::new(),
    }
}

pub async fn now(app: &TestApp, id: i64) -> expense::Model {
    let found = expense::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such expense")
}

pub async fn all(app: &TestApp) -> Vec<expense::Model> {
    let rows = expense::Entity::find()
        .order_by_asc(expense::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

pub async fn steps(app: &TestApp, id: i64) -> Vec<expense_step::Model> {
    let rows = expense_step::Entity::find()
        .filter(expense_step::COLUMN.expense_id.eq(id))
        .order_by_asc(expense_step::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

/// Sends a form of an expense as the page that shows its present version would.
pub async fn act(desk: &mut Desk<'_>, id: i64, key: &str, fields: &[(&str, &str)]) -> Page {
    let seen = now(desk.app, id).await.version.to_string();
    act_on(desk, id, key, &seen, fields).await
}

/// The same for a page that shows another version.
pub async fn act_on(
    desk: &mut Desk<'_>,
    id: i64,
    key: &str,
    seen: &str,
    fields: &[(&str, &str)],
) -> Page {
    let mut all = vec![("seen", seen)];
    all.extend_from_slice(fields);
    let to = format!("/console/expenses/{id}/{key}");
    desk.send("/console/account", &to, &all).await
}

/// Sends a form with a picture.
pub async fn act_with(
    desk: &mut Desk<'_>,
    id: i64,
    key: &str,
    fields: &[(&str, &str)],
    (field, bytes): (&str, Vec<u8>),
) -> Page {
    let seen = now(desk.app, id).await.version.to_string();
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let mut all = vec![("csrf", csrf.as_str()), ("seen", &seen)];
    all.extend_from_slice(fields);
    let to = format!("/console/expenses/{id}/{key}");
    desk.send_files(&to, &all, &[(field, "x.jpg", bytes)]).await
}

/// Adds a quote with what the supplier wrote.
pub async fn quote(desk: &mut Desk<'_>, id: i64, supplier: &str, amount: &str) -> Page {
    let form = [("supplier", supplier), ("quote", amount), ("note", "含税")];
    act_with(desk, id, "quote", &form, ("file", pdf())).await
}

/// The number of an expense that a form has led to.
pub fn led_to(page: &Page) -> i64 {
    let to = page.is(303).to.as_deref().unwrap();
    let id = to.strip_prefix("/console/expenses/").unwrap();
    id.split('?').next().unwrap().parse().unwrap()
}

/// A picture that waits for something, of somebody's account.
pub async fn picture(app: &TestApp, account_id: i64) -> i64 {
    let row = attachment::ActiveModel {
        account_id: Set(Some(account_id)),
        kind: Set("image".to_owned()),
        media_id: Set(String::new()),
        state: Set(AttachmentState::Stored),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

/// An expense of GY in this state, brought there by its actions.
pub async fn in_state(app: &TestApp, state: ExpenseState) -> i64 {
    on_account(app, state, "expenses:repair").await
}

/// The same of one that is booked on this account.
pub async fn on_account(app: &TestApp, state: ExpenseState, account: &str) -> i64 {
    use ExpenseState::{
        Closed, Draft as New, Expired, Filing, Paid, Payable, Publishing, Refused, Reviewing,
        Withdrawn,
    };
    let proposer = actor(app, PROPOSER).await;
    let gy = app.place("GY").await.id;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let words = Said {
        account: account.to_owned(),
        ..said(100_000)
    };
    let id = draft::propose(&mut tx, &proposer, gy, &words)
        .await
        .unwrap()
        .id;
    let after = |wanted: &[ExpenseState]| wanted.contains(&state);
    if !after(&[New]) {
        draft::submit(&mut tx, &proposer, id, None).await.unwrap();
    }
    if after(&[Withdrawn]) {
        draft::withdraw(&mut tx, &proposer, id, None, "不做了")
            .await
            .unwrap();
    }
    if after(&[Refused]) {
        let first = actor(app, REVIEWERS[0]).await;
        review::refuse(&mut tx, &first, id, None, "太贵")
            .await
            .unwrap();
    }
    if after(&[Publishing, Filing, Payable, Paid, Closed]) {
        for name in REVIEWERS {
            let reviewer = actor(app, name).await;
            review::approve(&mut tx, &reviewer, id, None, "")
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    let later = app.now() + TimeDelta::days(8);
    let mut tx = app.store.begin(later).await.unwrap();
    if after(&[Filing, Payable, Paid, Closed]) {
        publish::end_before(&mut tx, id, 1).await.unwrap();
    }
    if after(&[Payable, Paid, Closed]) {
        let officer = actor(app, OFFICER).await;
        review::file(&mut tx, &officer, id, None, "").await.unwrap();
    }
    tx.commit().await.unwrap();
    if after(&[Paid, Closed]) {
        fund(app, &id.to_string(), 100_000).await;
        let proof = picture(app, 77).await;
        let payer = Actor {
            account_id: Some(77),
            ..actor(app, PAYER).await
        };
        let mut tx = app.store.begin(later).await.unwrap();
        let from = ("assets:bank", Some(proof));
        pay::pay(&mut tx, &payer, id, None, from).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = app
        .store
        .begin(app.now() + TimeDelta::days(100))
        .await
        .unwrap();
    if after(&[Closed]) {
        publish::end_after(&mut tx, id, 1).await.unwrap();
    }
    if after(&[Expired]) {
        publish::expire(&mut tx, id).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(now(app, id).await.state, state);
    assert!(after(&[New, Reviewing]) || steps(app, id).await.len() > 2);
    id
}

/// Money that a compound has spent on a day, with a chain that nobody walked: for tests that only want the
/// books to have an expense.
pub async fn spent(app: &TestApp, code: &str, account: Account, fen: i64, day: NaiveDate) -> i64 {
    let compound_id = app.place(code).await.id;
    let now = app.now();
    let mut tx = app.store.begin(now).await.unwrap();
    let rules = Rules::shipped().unwrap();
    let last = review_chain::Entity::find()
        .filter(review_chain::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(review_chain::COLUMN.version)
        .one(tx.db())
        .await
        .unwrap();
    let chain = review_chain::ActiveModel {
        id: NotSet,
        compound_id: Set(compound_id),
        version: Set(last.map_or(1, |row| row.version + 1)),
        reviews: Set(serde_json::to_value(&rules.reviews).unwrap()),
        levels: Set(3),
        publish_days: Set(1),
        after_days: Set(1),
        remind_days: Set(1),
        expire_days: Set(9),
        quotes_from: Set(rules.quotes_from),
        quotes_least: Set(3),
        tender_from: Set(i64::MAX),
        created_by: Set(None),
        created_at: Set(now),
    };
    let chain = chain.insert(tx.db()).await.unwrap();
    let row = expense::ActiveModel {
        compound_id: Set(compound_id),
        chain_id: Set(chain.id),
        title: Set("一笔支出".to_owned()),
        purpose: Set("试".to_owned()),
        account: Set(account.code().to_owned()),
        payee: Set("某某公司".to_owned()),
        amount: Set(fen),
        state: Set(ExpenseState::Draft),
        round: Set(1),
        reviews_done: Set(0),
        proposed_by: Set(900_000),
        moved_at: Set(now),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let id = row.insert(tx.db()).await.unwrap().id;
    let walked = [
        (ExpenseAct::Approve, Some(1)),
        (ExpenseAct::Approve, Some(2)),
        (ExpenseAct::Approve, Some(3)),
        (ExpenseAct::Published, None),
        (ExpenseAct::File, None),
    ];
    for ((act, level), at) in walked.into_iter().zip(1..) {
        let step = expense_step::ActiveModel {
            id: NotSet,
            expense_id: Set(id),
            compound_id: Set(compound_id),
            round: Set(1),
            act: Set(act),
            level: Set(level),
            actor_id: Set(Some(900_000 + at)),
            words: Set(None),
            created_at: Set(now),
        };
        step.insert(tx.db()).await.unwrap();
    }
    for state in [
        ExpenseState::Filing,
        ExpenseState::Payable,
        ExpenseState::Paid,
    ] {
        let change = expense::ActiveModel {
            state: Set(state),
            publish_until: Set(Some(now)),
            paid_from: Set(Some("assets:bank".to_owned())),
            proof_id: Set(Some(1)),
            paid_by: Set(Some(900_009)),
            ..Default::default()
        };
        expense::Entity::update_many()
            .set(change)
            .filter(expense::COLUMN.id.eq(id))
            .exec(tx.db())
            .await
            .unwrap();
    }
    let entry = Draft {
        compound_id,
        day,
        cause: format!("expense:{id}:paid"),
        kind: EntryKind::Expense,
        memo: "一笔支出".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: account,
            credit: Account::Bank,
            amount: fen,
        }],
    };
    post(&mut tx, None, &[entry]).await.unwrap();
    tx.commit().await.unwrap();
    id
}
