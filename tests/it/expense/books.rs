//! Money leaves the books no other way: the books' own door refuses every other posting, and the database every
//! statement, whoever sends it.

use entity::kinds::FeeKind;
use entity::money::{EntryKind, ExpenseState};
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post, reverse};
use linli::ledger::queries::{Days, Moved, moved, of_subject};
use sea_orm::{ConnectionTrait, Iterable};

use super::{cast, in_state, now, spent, steps};
use crate::fee;
use crate::harness::app::TestApp;
use crate::harness::program;

fn draft(compound_id: i64, cause: &str, kind: EntryKind, transfer: Transfer) -> Draft {
    Draft {
        compound_id,
        day: "2026-11-30".parse().unwrap(),
        cause: cause.to_owned(),
        kind,
        memo: "试".to_owned(),
        reverses: None,
        transfers: vec![transfer],
    }
}

async fn books(app: &TestApp, draft: Draft) -> bool {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    match post(&mut tx, None, &[draft]).await {
        Ok(_) => tx.commit().await.is_ok(),
        Err(_) => false,
    }
}

/// Every kind of entry against every pair of accounts: what is left are the platform's fee, waivers, and
/// refunds of what is owed back.
#[tokio::test]
async fn no_posting_spends_but_that_of_an_expense_that_is_paid() {
    let app = TestApp::plan().instances(0).start().await;
    cast(&app).await;
    let gy = app.place("GY").await.id;
    let waits = in_state(&app, ExpenseState::Payable).await;
    let money = [Account::Bank, Account::Cash, Account::Wechat];
    let mut number = 0;
    let mut passed = Vec::new();
    for kind in EntryKind::iter() {
        for debit in Account::iter() {
            let spends = debit.code().starts_with("expenses:") || debit == Account::Maintenance;
            let mut credits = money.to_vec();
            credits.push(Account::Receivable);
            for credit in credits.into_iter().filter(|credit| *credit != debit) {
                let leaves = money.contains(&credit) && !debit.code().starts_with("assets:");
                if !spends && !leaves {
                    continue;
                }
                number += 1;
                let transfer = Transfer {
                    debit,
                    credit,
                    amount: 100_000,
                };
                let cause = match kind {
                    EntryKind::Expense => format!("expense:{waits}:paid"),
                    _ => format!("test:{number}"),
                };
                if books(&app, draft(gy, &cause, kind, transfer)).await {
                    passed.push((kind, debit, credit));
                }
            }
        }
    }
    for (kind, debit, credit) in &passed {
        let fine = match kind {
            EntryKind::Fee => *debit == Account::ExpenseFee,
            EntryKind::Waiver => (*debit, *credit) == (Account::ExpenseWaiver, Account::Receivable),
            EntryKind::Refund => matches!(debit, Account::Refund | Account::Advance),
            _ => false,
        };
        assert!(fine, "{kind:?} {debit:?} {credit:?} was booked");
    }
    let fee = (EntryKind::Fee, Account::ExpenseFee, Account::Wechat);
    assert!(passed.contains(&fee), "{passed:?}");
    assert_eq!(now(&app, waits).await.state, ExpenseState::Payable);
}

#[tokio::test]
async fn an_expense_is_booked_with_its_own_amount_and_account_once_and_may_be_taken_back() {
    let app = TestApp::plan().instances(0).start().await;
    cast(&app).await;
    let gy = app.place("GY").await.id;
    let id = in_state(&app, ExpenseState::Paid).await;
    let booked = of_subject(app.store.read(), gy, &format!("expense:{id}"))
        .await
        .unwrap();
    let [one] = booked.as_slice() else {
        panic!("{booked:?}");
    };
    let right = one.transfers[0];
    assert_eq!(right.amount, 100_000);
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let memo = "付错了".to_owned();
    reverse(&mut tx, None, gy, one.entry.id, one.entry.day, memo)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // A reversal that mirrors nothing.
    let mut odd = draft(gy, "entry:9:reversed", EntryKind::Reversal, right);
    assert!(!books(&app, odd.clone()).await);
    odd.reverses = Some(one.entry.id + 1_000);
    assert!(!books(&app, odd).await);
    let sums = moved(app.store.read(), gy, Days::default()).await.unwrap();
    // What was in the bank before is there again.
    let left = |account: Account| sums[&account].balance(account);
    assert_eq!(left(Account::Bank), 100_000);
    assert_eq!(left(Account::Opening), 100_000);
    assert_eq!(left(Account::ExpenseRepair), 0);
    // Another compound has no such expense.
    let again = draft(
        gy + 1,
        &format!("expense:{id}:paid"),
        EntryKind::Expense,
        right,
    );
    assert!(!books(&app, again).await);
}

/// What somebody with a database client may try.
#[tokio::test]
async fn the_database_refuses_every_way_around_the_chain() {
    let app = TestApp::plan().instances(0).start().await;
    cast(&app).await;
    for state in ExpenseState::iter() {
        let id = in_state(&app, state).await;
        let before = (now(&app, id).await, steps(&app, id).await);
        let mut tries = vec![
            format!("UPDATE expense SET compound_id = compound_id + 1 WHERE id = {id}"),
            format!("UPDATE expense SET proposed_by = proposed_by + 1 WHERE id = {id}"),
            format!("UPDATE expense SET chain_id = chain_id + 1 WHERE id = {id}"),
            format!("DELETE FROM expense WHERE id = {id}"),
            format!("UPDATE expense_step SET actor_id = 5 WHERE expense_id = {id}"),
            format!("DELETE FROM expense_step WHERE expense_id = {id}"),
            "UPDATE review_chain SET levels = 3".to_owned(),
            "DELETE FROM review_chain".to_owned(),
        ];
        if state != ExpenseState::Draft {
            tries.push(format!(
                "UPDATE expense SET amount = amount + 1 WHERE id = {id}"
            ));
            tries.push(format!("UPDATE expense SET payee = 'x' WHERE id = {id}"));
        }
        let far = ["payable", "paid", "closed"];
        let own = match state {
            ExpenseState::Payable => "payable",
            ExpenseState::Paid => "paid",
            ExpenseState::Closed => "closed",
            _ => "",
        };
        for to in far.iter().filter(|to| **to != own) {
            // Closed follows paid by a clock, which asks for nothing more.
            if (state, *to) != (ExpenseState::Paid, "closed") {
                tries.push(format!("UPDATE expense SET state = '{to}' WHERE id = {id}"));
            }
        }
        for sql in tries {
            let refused = app.store.write().execute_unprepared(&sql).await;
            assert!(refused.is_err(), "{state:?}: {sql}");
        }
        assert_eq!((now(&app, id).await, steps(&app, id).await), before);
    }
    let id = in_state(&app, ExpenseState::Reviewing).await;
    let proposer = now(&app, id).await.proposed_by;
    let step = |actor: &str, level: i32| {
        format!(
            "INSERT INTO expense_step (expense_id, compound_id, round, act, level, actor_id, created_at) \
             SELECT id, compound_id, 1, 'approve', {level}, {actor}, created_at FROM expense WHERE id = {id}"
        )
    };
    let run = async |sql: String| app.store.write().execute_unprepared(&sql).await.is_ok();
    assert!(
        !run(step(&proposer.to_string(), 1)).await,
        "by the proposer"
    );
    assert!(!run(step("NULL", 1)).await, "by nobody");
    assert!(run(step("900001", 1)).await);
    assert!(!run(step("900001", 2)).await, "the same person twice");
    assert!(!run(step("900002", 1)).await, "the same level twice");
    for state in ExpenseState::iter().filter(|state| *state != ExpenseState::Draft) {
        let state = sea_orm::ActiveEnum::to_value(&state);
        let sql = format!(
            "INSERT INTO expense (compound_id, chain_id, title, purpose, account, payee, amount, state, round, reviews_done, \
             proposed_by, moved_at, version, created_at, updated_at) SELECT compound_id, chain_id, title, purpose, account, payee, \
             amount, '{state}', 1, 0, proposed_by, moved_at, 1, created_at, updated_at FROM expense WHERE id = {id}"
        );
        assert!(!run(sql).await, "an expense began as {state}");
    }
    let quote = format!(
        "INSERT INTO expense_quote (expense_id, compound_id, supplier, amount, created_by, created_at) \
         SELECT id, compound_id, 'x', 1, 1, created_at FROM expense WHERE id = {id}"
    );
    assert!(!run(quote).await, "a quote after the draft");
}

#[tokio::test]
async fn the_books_are_exported_with_their_expenses() {
    let app = TestApp::plan().instances(0).start().await;
    let day = "2026-11-30".parse().unwrap();
    spent(&app, "GY", Account::ExpenseRepair, 12_345, day).await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("gy.journal").to_str().unwrap().to_owned();
    let export = ["export", "ledger", "--compound", "GY", "--to", &file];
    program::succeed(&app.variables, &export).await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("expenses:repair") && text.contains("123.45"),
        "{text}"
    );
}

/// What homes share of a cost is asked for and pays nothing out.
#[tokio::test]
async fn a_shared_cost_pays_nothing_out() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let month = fee::this_month(&app);
    let item = fee::add(&app, fee::fee("公摊电费", FeeKind::Shared, 0)).await;
    fee::set_cost(&app, &item, month, 60_000).await.unwrap();
    fee::make(&app, month).await;
    let sums = moved(app.store.read(), gy, Days::default()).await.unwrap();
    assert!(sums[&Account::Receivable].debit > 0, "{sums:?}");
    for (account, one) in sums {
        let money = [Account::Bank, Account::Cash, Account::Wechat].contains(&account);
        let spent = account.code().starts_with("expenses:");
        assert!(
            !(money || spent) || one == Moved::default(),
            "{account:?}: {one:?}"
        );
    }
}
