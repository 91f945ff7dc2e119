//! Whatever people enter, agree to, refuse and take back, in whatever order: the books are those of a second
//! reckoning, no account that holds money is ever below zero at the end of a day, and hledger finds no fault.

use std::collections::BTreeMap;

use chrono::{Days as Later, NaiveDate};
use entity::money::VoucherState;
use linli::access::Actor;
use linli::base::fault::{Code, Fault};
use linli::ledger::Account;
use linli::ledger::floor::{MONEY, least};
use linli::voucher::actions::{NewVoucher, What, ask, decide};
use linli::voucher::{MOVES, Move};

use super::{FIRST, SECOND, entries, held, holds, today, vouchers};
use crate::expense::{actor, fund, picture};
use crate::harness::app::TestApp;
use crate::harness::program;

/// Enters one in a transaction of its own.
async fn entered(app: &TestApp, who: &Actor, new: NewVoucher) -> Result<i64, Fault> {
    let mut tx = app.store.begin(app.now()).await?;
    let row = ask(&mut tx, who, new).await?;
    tx.commit().await?;
    Ok(row.id)
}

async fn agreed(app: &TestApp, who: &Actor, id: i64, granted: bool) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.now()).await?;
    decide(&mut tx, who, id, granted).await?;
    tx.commit().await
}

/// Nobody is below zero on any day.
async fn sound(app: &TestApp, gy: i64, first: NaiveDate) {
    for account in MONEY {
        let least = least(app.store.read(), gy, account, first).await.unwrap();
        assert!(least >= 0, "{account:?}: {least}");
    }
}

#[tokio::test]
async fn books_balance_and_hold_no_less_than_nothing_whatever_is_entered() {
    let app = TestApp::plan().instances(0).start().await;
    let gy = app.place("GY").await.id;
    let first = Actor {
        account_id: Some(77),
        ..actor(&app, FIRST).await
    };
    let second = actor(&app, SECOND).await;
    fund(&app, "bank", 50_000).await;
    let mut dice = 7_u64;
    let mut roll = |of: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(dice >> 33).unwrap() % of
    };
    let begin = today(&app) - Later::new(10);
    let mut known: BTreeMap<Account, i64> = holds(&app).await;
    let mut booked: Vec<(i64, Move, i64)> = Vec::new();
    for n in 0..150 {
        let day = begin + Later::new(u64::try_from(roll(11)).unwrap());
        let taken = (!booked.is_empty() && roll(5) == 0).then(|| roll(booked.len()));
        let (what, one, amount, sign) = match taken {
            Some(at) => {
                let (entry, one, amount) = booked[at];
                (What::Reverse(entry), one, amount, -1)
            }
            None => {
                let one = MOVES[roll(MOVES.len())];
                let amount = i64::try_from(1 + roll(20_000)).unwrap();
                (What::Move(one, amount), one, amount, 1)
            }
        };
        let new = NewVoucher {
            compound_id: gy,
            what,
            day,
            words: "一笔".to_owned(),
            proof_id: match taken {
                Some(_) => None,
                None => Some(picture(&app, 77).await),
            },
            mark: format!("mark{n:06}"),
        };
        let granted = roll(6) > 0;
        let done = match entered(&app, &first, new).await {
            Ok(id) => agreed(&app, &second, id, granted).await.map(|()| granted),
            Err(fault) => Err(fault),
        };
        match done {
            Ok(true) => {
                for (account, change) in [(one.debit, amount), (one.credit, -amount)] {
                    let grows = account.family().grows_by_debit();
                    let change = if grows { change } else { -change };
                    *known.entry(account).or_default() += sign * change;
                }
                let entry = entries(&app).await.pop().unwrap().id;
                match taken {
                    Some(at) => {
                        booked.remove(at);
                    }
                    None => booked.push((entry, one, amount)),
                }
            }
            Ok(false) => {}
            // Not there on that day, or before the entry.
            Err(fault) => assert_eq!(fault.code, Code::Invalid, "{fault:?}"),
        }
        sound(&app, gy, begin).await;
    }
    assert!(booked.len() > 20, "{}", booked.len());
    let found = holds(&app).await;
    known.retain(|account, fen| *fen != 0 || found.contains_key(account));
    assert_eq!(found, known);
    assert!(held(&app, Account::Maintenance).await >= 0);
    let all = vouchers(&app).await;
    let waits = all.iter().filter(|row| row.state == VoucherState::Asked);
    assert_eq!(waits.count(), 0);
    hledger_finds_no_fault(&app).await;
}

/// Exports the journal and asks hledger whether it is sound.
pub async fn hledger_finds_no_fault(app: &TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("books.journal");
    let file = journal.to_str().unwrap();
    let export = ["export", "ledger", "--compound", "GY", "--to", file];
    program::succeed(&app.variables, &export).await;
    let done = std::process::Command::new("hledger")
        .args(["-f", file, "check", "--strict", "ordereddates"])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("hledger is not installed: run tests/run, or apt-get install hledger");
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{wrong}");
}
