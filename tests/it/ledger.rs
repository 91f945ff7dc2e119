//! The books: what can be booked and what cannot, that nobody changes them, and what hledger says of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::money::EntryKind;
use linli::base::fault::Code;
use linli::base::fault::Fault;
use linli::ledger::Account;
use linli::ledger::post::{Draft, MOST, Transfer, post, reverse};
use linli::ledger::queries::{Days, Moved, moved, of_subject, walk};
use sea_orm::{ConnectionTrait, Database};
use strum::IntoEnumIterator;

use crate::harness::app::TestApp;
use crate::harness::db::Backend;
use crate::harness::program;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

fn moves(debit: Account, credit: Account, amount: i64) -> Transfer {
    Transfer {
        debit,
        credit,
        amount,
    }
}

fn draft(compound_id: i64, cause: &str, on: u32, transfers: Vec<Transfer>) -> Draft {
    Draft {
        compound_id,
        day: day(on),
        cause: cause.to_owned(),
        kind: EntryKind::Payment,
        memo: "缴费; (测试) | 一笔".to_owned(),
        reverses: None,
        transfers,
    }
}

/// Books in a transaction of its own.
async fn book(app: &TestApp, drafts: &[Draft]) -> Result<Vec<Option<i64>>, Fault> {
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let keys = post(&mut tx, None, drafts).await?;
    tx.commit().await?;
    Ok(keys)
}

async fn all(app: &TestApp, compound_id: i64) -> BTreeMap<Account, Moved> {
    let all = moved(app.store.read(), compound_id, Days::default()).await;
    all.unwrap()
}

#[tokio::test]
async fn a_cause_is_booked_once_however_many_try() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let pay = || {
        let paid = moves(Account::Wechat, Account::Receivable, 16_110);
        draft(gy, "payment:1:paid", 29, vec![paid])
    };
    let tries = futures_util::future::join_all((0..6).map(|_| {
        let one = [pay()];
        let app = &app;
        async move { book(app, &one).await }
    }));
    let tries = tries.await;
    assert_eq!(
        tries.iter().filter(|one| one.is_ok()).count(),
        1,
        "{tries:?}"
    );
    let refused = tries.into_iter().filter_map(Result::err);
    for fault in refused {
        assert!(
            matches!(fault.code, Code::Conflict | Code::Busy),
            "{fault:?}"
        );
    }
    assert_eq!(all(&app, gy).await[&Account::Wechat].debit, 16_110);
    // The same cause in the books of somebody else is another one.
    let other = Draft {
        compound_id: gy + 1_000,
        ..pay()
    };
    assert!(book(&app, &[other]).await.is_ok());
    assert_eq!(all(&app, gy).await[&Account::Wechat].debit, 16_110);
}

#[tokio::test]
async fn what_cannot_be_is_not_booked_and_leaves_nothing_behind() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let good = moves(Account::Cash, Account::IncomePublic, 100);
    for wrong in [
        moves(Account::Cash, Account::IncomePublic, -1),
        moves(Account::Cash, Account::IncomePublic, MOST + 1),
        moves(Account::Cash, Account::IncomePublic, i64::MIN),
        moves(Account::Cash, Account::Cash, 5),
    ] {
        let fault = book(&app, &[draft(gy, "x:1", 1, vec![good, wrong])]).await;
        assert_eq!(fault.unwrap_err().code, Code::Internal, "{wrong:?}");
    }
    let long = "长".repeat(101);
    for cause in ["", long.as_str()] {
        assert!(
            book(&app, &[draft(gy, cause, 1, vec![good])])
                .await
                .is_err()
        );
    }
    assert!(all(&app, gy).await.is_empty());
    // Nothing moves: no entry, and the others get theirs in order.
    let nothing = draft(gy, "x:2", 1, vec![moves(Account::Cash, Account::Bank, 0)]);
    let keys = book(&app, &[nothing, draft(gy, "x:3", 1, vec![good])]).await;
    let keys = keys.unwrap();
    assert!(keys[0].is_none() && keys[1].is_some(), "{keys:?}");
}

#[tokio::test]
async fn an_entry_is_taken_back_once_and_by_its_own_compound_alone() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let paid = vec![
        moves(Account::Cash, Account::Receivable, 300),
        moves(Account::Cash, Account::Advance, 20),
    ];
    let keys = book(&app, &[draft(gy, "payment:9:paid", 3, paid)]).await;
    let entry = keys.unwrap()[0].unwrap();
    let back = async |compound_id: i64| {
        let mut tx = app.store.begin(app.now()).await.unwrap();
        let memo = "录错了".to_owned();
        let key = reverse(&mut tx, None, compound_id, entry, day(4), memo).await?;
        tx.commit().await?;
        Ok::<_, Fault>(key)
    };
    assert_eq!(back(gy + 1).await.unwrap_err().code, Code::NotFound);
    back(gy).await.unwrap();
    assert_eq!(back(gy).await.unwrap_err().code, Code::Conflict);
    for (account, sums) in all(&app, gy).await {
        assert_eq!(sums.balance(account), 0, "{account:?}");
    }
    let booked = of_subject(app.store.read(), gy, "payment:9").await.unwrap();
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].transfers.len(), 2);
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_the_books() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let paid = vec![moves(Account::Cash, Account::Receivable, 300)];
    book(&app, &[draft(gy, "payment:9:paid", 3, paid)])
        .await
        .unwrap();
    let before = all(&app, gy).await;
    for table in ["ledger_account", "ledger_entry", "ledger_transfer"] {
        for statement in [
            format!(r#"UPDATE "{table}" SET "compound_id" = 1"#),
            format!(r#"DELETE FROM "{table}""#),
        ] {
            let refused = app.store.write().execute_unprepared(&statement).await;
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("never changed or removed"), "{said}");
        }
    }
    if app.store.backend() == sea_orm::DbBackend::Sqlite {
        // A row that takes another one's place removes it.
        let instead = r#"INSERT OR REPLACE INTO "ledger_transfer" SELECT "id", "entry_id", "compound_id", "day",
            "debit_id", "credit_id", "amount" + 1 FROM "ledger_transfer""#;
        let refused = app.store.write().execute_unprepared(instead).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("never changed or removed"), "{said}");
    }
    if app.store.backend() == sea_orm::DbBackend::Postgres {
        let all = r#"TRUNCATE "ledger_entry", "ledger_transfer""#;
        assert!(app.store.write().execute_unprepared(all).await.is_err());
    }
    // Nor is there a transfer that moves nothing, or from an account to itself.
    for values in ["1, 1, '2026-11-03', 1, 2, 0", "1, 1, '2026-11-03', 1, 1, 5"] {
        let statement = format!(
            r#"INSERT INTO "ledger_transfer" ("entry_id", "compound_id", "day", "debit_id", "credit_id", "amount") VALUES ({values})"#
        );
        assert!(
            app.store
                .write()
                .execute_unprepared(&statement)
                .await
                .is_err()
        );
    }
    assert_eq!(all(&app, gy).await, before);
}

/// A second bookkeeper, who adds up what he was told.
#[derive(Default)]
struct Second(BTreeMap<Account, Moved>);

impl Second {
    fn hears(&mut self, transfers: &[Transfer]) {
        for one in transfers.iter().filter(|one| one.amount > 0) {
            self.0.entry(one.debit).or_default().debit += one.amount;
            self.0.entry(one.credit).or_default().credit += one.amount;
        }
    }
}

/// Whether only a paid expense may move money so (`expense::books` shows those).
fn spends(debit: Account, credit: Account) -> bool {
    let held = [Account::Bank, Account::Cash, Account::Wechat];
    debit.code().starts_with("expenses:")
        || debit == Account::Maintenance
        || (held.contains(&credit) && !debit.code().starts_with("assets:"))
}

#[tokio::test]
async fn sums_are_those_of_a_second_reckoning_and_hledger_finds_no_fault() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let accounts: Vec<Account> = Account::iter().collect();
    let mut dice = 11_u64;
    let mut roll = |of: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(dice >> 33).unwrap() % of
    };
    let (mut whole, mut half) = (Second::default(), Second::default());
    let mut drafts = Vec::new();
    for n in 0..2_300 {
        let on = 1 + u32::try_from(roll(30)).unwrap();
        let transfers: Vec<Transfer> = (0..=roll(4))
            .map(|_| {
                let (debit, credit) = loop {
                    let debit = roll(accounts.len());
                    let credit = (debit + 1 + roll(accounts.len() - 1)) % accounts.len();
                    if !spends(accounts[debit], accounts[credit]) {
                        break (debit, credit);
                    }
                };
                let amount = i64::try_from(roll(100_000_000)).unwrap();
                moves(accounts[debit], accounts[credit], amount)
            })
            .collect();
        whole.hears(&transfers);
        if (10..=20).contains(&on) {
            half.hears(&transfers);
        }
        drafts.push(draft(gy, &format!("test:{n}"), on, transfers));
    }
    book(&app, &drafts).await.unwrap();
    assert_eq!(all(&app, gy).await, whole.0);
    let days = Days {
        from: Some(day(10)),
        to: Some(day(20)),
    };
    assert_eq!(moved(app.store.read(), gy, days).await.unwrap(), half.0);
    let mut walked = Vec::new();
    walk(app.store.read(), gy, Days::default(), |booked| {
        walked.push((booked.entry.day, booked.entry.id));
        Ok::<_, Fault>(())
    })
    .await
    .unwrap();
    assert_eq!(walked.len(), 2_300);
    assert!(walked.is_sorted(), "not in the order of days");
    hledger_agrees(&app, &whole.0).await;
}

/// Exports the journal and asks hledger whether it is sound, and what it makes of each account.
async fn hledger_agrees(app: &TestApp, sums: &BTreeMap<Account, Moved>) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("books.journal");
    let journal = journal.to_str().unwrap();
    let export = [
        "export",
        "ledger",
        "--format",
        "hledger",
        "--compound",
        "GY",
        "--to",
        journal,
    ];
    let said = program::succeed(&app.variables, &export).await;
    assert!(said.contains("2300 笔"), "{said}");
    let hledger = |words: &[&str]| {
        let done = std::process::Command::new("hledger")
            .arg("-f")
            .arg(journal)
            .args(words)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("hledger is not installed: run tests/run, or apt-get install hledger");
        let wrong = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words:?}: {wrong}");
        String::from_utf8(done.stdout).unwrap()
    };
    hledger(&["check", "--strict", "ordereddates"]);
    let table = hledger(&["balance", "--flat", "--no-total", "-E", "-O", "csv"]);
    let mut theirs = BTreeMap::new();
    for line in table.lines().skip(1) {
        let mut cells = line.split("\",\"").map(|cell| cell.trim_matches('"'));
        let account = Account::parse(cells.next().unwrap()).unwrap();
        let amount = cells.next().unwrap().replace([',', ' '], "");
        let fen = amount.replace("CNY", "").replace('.', "");
        theirs.insert(account, fen.parse::<i64>().unwrap());
    }
    for (account, sums) in sums {
        let net = sums.debit - sums.credit;
        assert_eq!(
            theirs.get(account).copied().unwrap_or(0),
            net,
            "{account:?}"
        );
    }
    let csv = folder.path().join("books.csv");
    let csv = csv.to_str().unwrap();
    let table = [
        "export",
        "ledger",
        "--format",
        "csv",
        "--compound",
        "GY",
        "--to",
        csv,
    ];
    program::succeed(&app.variables, &table).await;
    let text = std::fs::read_to_string(csv).unwrap();
    assert!(text.starts_with("\u{feff}日期,"), "{text:.80}");
    for (words, status) in [
        (vec!["export", "ledger", "--to", csv], 2),
        (
            vec!["export", "ledger", "--compound", "NONE", "--to", csv],
            2,
        ),
        (
            vec![
                "export",
                "ledger",
                "--compound",
                "GY",
                "--to",
                "/no/such/folder/x",
            ],
            1,
        ),
    ] {
        let done = program::run(&app.variables, &words).await;
        assert_eq!(done.status.code(), Some(status), "{words:?}");
    }
}

/// A database that sorts as a language does, where a colon counts for less than a letter.
#[tokio::test]
async fn entries_of_a_subject_are_found_whatever_the_database_sorts_by() {
    let Ok(server) = std::env::var("LINLI_TEST_POSTGRES") else {
        return; // without PostgreSQL there is but one order
    };
    if !Backend::chosen().postgres {
        return;
    }
    let name = format!("icu{}", uuid::Uuid::now_v7().simple());
    let admin = Database::connect(&server).await.unwrap();
    let make = format!(
        "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN'"
    );
    admin.execute_unprepared(&make).await.unwrap();
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    {
        let app = TestApp::plan().instances(0).database(&url).start().await;
        let gy = app.place("GY").await.id;
        let paid = vec![moves(Account::Cash, Account::Receivable, 300)];
        let causes = [
            "payment:1:paid",
            "payment:12:paid",
            "payment:12:credit",
            "payment:13:paid",
            "payments",
        ];
        let drafts = causes.map(|cause| draft(gy, cause, 3, paid.clone()));
        book(&app, &drafts).await.unwrap();
        let found = of_subject(app.store.read(), gy, "payment:12")
            .await
            .unwrap();
        let found: Vec<&str> = found.iter().map(|one| one.entry.cause.as_str()).collect();
        assert_eq!(found, ["payment:12:paid", "payment:12:credit"]);
        app.store.close().await;
    }
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    admin.execute_unprepared(&drop).await.unwrap();
}
