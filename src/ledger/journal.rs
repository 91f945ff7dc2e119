//! The books as a plain-text journal that hledger reads (`hledger -f FILE check --strict`): an oracle that
//! others wrote for whether they balance. Pure; called by `command/export`.

use std::collections::BTreeMap;
use std::fmt::Write;

use strum::IntoEnumIterator;

use crate::base::fen::Fen;
use crate::ledger::Account;
use crate::ledger::queries::Booked;

/// What stands before the entries: the commodity and all accounts, so that a strict check knows them.
#[must_use]
pub fn head(compound_code: &str, compound_name: &str) -> String {
    let mut text = format!(
        "; {} {}\ncommodity 1000.00 CNY\n\n",
        plain(compound_code),
        plain(compound_name)
    );
    for account in Account::iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "account {}  ; {}", account.code(), account.says());
    }
    text.push('\n');
    text
}

/// One entry: a line of its day, cause and memo, then what each account received (or gave, below 0).
#[must_use]
pub fn entry(booked: &Booked) -> String {
    let mut sums: BTreeMap<Account, i64> = BTreeMap::new();
    for one in &booked.transfers {
        *sums.entry(one.debit).or_default() += one.amount;
        *sums.entry(one.credit).or_default() -= one.amount;
    }
    let entry = &booked.entry;
    let mut text = format!(
        "{} ({}) {}\n",
        entry.day,
        plain(&entry.cause),
        plain(&entry.memo)
    );
    for (account, amount) in sums {
        let _ = writeln!(
            text,
            "    {:<24}{:>20} CNY",
            account.code(),
            Fen(amount).to_string()
        );
    }
    text.push('\n');
    text
}

/// What a line of the journal may hold: its own marks become spaces.
fn plain(words: &str) -> String {
    words
        .chars()
        .map(|one| match one {
            ';' | '|' | '(' | ')' => ' ',
            one if one.is_control() => ' ',
            one => one,
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeZone, Utc};
    use entity::ledger_entry;
    use entity::money::EntryKind;

    use super::*;
    use crate::ledger::post::Transfer;

    fn booked(memo: &str, transfers: Vec<Transfer>) -> Booked {
        let entry = ledger_entry::Model {
            id: 1,
            compound_id: 5,
            day: NaiveDate::from_ymd_opt(2026, 11, 29).unwrap(),
            cause: "payment:12:paid".to_owned(),
            kind: EntryKind::Payment,
            memo: memo.to_owned(),
            reverses: None,
            actor_id: None,
            created_at: Utc.with_ymd_and_hms(2026, 11, 29, 1, 2, 3).unwrap(),
        };
        Booked { entry, transfers }
    }

    #[test]
    fn transfers_of_one_account_are_one_line() {
        let pay = |credit, amount| Transfer {
            debit: Account::Wechat,
            credit,
            amount,
        };
        let text = entry(&booked(
            "缴费; 2026\n-11",
            vec![pay(Account::Receivable, 16_105), pay(Account::Advance, 5)],
        ));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "2026-11-29 (payment:12:paid) 缴费  2026 -11");
        assert_eq!(lines.len(), 5);
        let words = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(lines[1]), ["assets:wechat", "161.10", "CNY"]);
        assert_eq!(words(lines[2]), ["assets:receivable", "-161.05", "CNY"]);
        assert_eq!(words(lines[3]), ["liabilities:advance", "-0.05", "CNY"]);
    }

    #[test]
    fn the_head_declares_every_account() {
        let text = head("GY", "桂园小区");
        for account in Account::iter() {
            assert!(text.contains(&format!("account {}  ;", account.code())));
        }
    }
}
