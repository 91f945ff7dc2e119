//! From what moved on the accounts to the lines of a month. Pure.
//!
//! Accounts that hold something (assets, liabilities, equity) show what was there, what came, what went and
//! what is there; income and expenses show the month. What income brought over expenses since the books
//! began is a line of equity (历年结余), so that the statement balances by itself.

use std::collections::BTreeMap;

use strum::IntoEnumIterator;

use crate::ledger::queries::Moved;
use crate::ledger::{Account, Family};

/// What income brought over expenses, as a line; no account of the books.
pub const SURPLUS: &str = "equity:surplus";

/// A line of a statement. All amounts in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Code of the account, or [`SURPLUS`].
    pub account: String,
    /// Before the month; 0 for income and expenses.
    pub opening: i64,
    /// What it grew by.
    pub plus: i64,
    /// What it shrank by.
    pub minus: i64,
    /// After the month; for income and expenses what the month brought.
    pub closing: i64,
}

impl Line {
    /// What people call it.
    #[must_use]
    pub fn says(&self) -> &'static str {
        Account::parse(&self.account).map_or("历年结余", Account::says)
    }

    /// Its family.
    #[must_use]
    pub fn family(&self) -> Family {
        Account::parse(&self.account).map_or(Family::Equity, Account::family)
    }
}

/// What moved, by account.
pub type Movements = BTreeMap<Account, Moved>;

/// The lines of a month out of what moved before it and in it, in the order of the chart. Accounts on which
/// nothing ever moved are left out.
#[must_use]
pub fn lines(before: &Movements, month: &Movements) -> Vec<Line> {
    let mut all = Vec::new();
    for account in Account::iter() {
        let opening = before.get(&account).copied().unwrap_or_default();
        let moved = month.get(&account).copied().unwrap_or_default();
        let (plus, minus) = if account.family().grows_by_debit() {
            (moved.debit, moved.credit)
        } else {
            (moved.credit, moved.debit)
        };
        let opening = if is_flow(account.family()) {
            0
        } else {
            opening.balance(account)
        };
        if opening != 0 || plus != 0 || minus != 0 {
            all.push(Line {
                account: account.code().to_owned(),
                opening,
                plus,
                minus,
                closing: opening + plus - minus,
            });
        }
    }
    let (opening, grown) = (surplus(before), surplus(month));
    if opening != 0 || grown != 0 {
        // Behind equity, before income.
        let at = all.iter().position(|line| is_flow(line.family()));
        all.insert(
            at.unwrap_or(all.len()),
            Line {
                account: SURPLUS.to_owned(),
                opening,
                plus: grown.max(0),
                minus: (-grown).max(0),
                closing: opening + grown,
            },
        );
    }
    all
}

const fn is_flow(family: Family) -> bool {
    matches!(family, Family::Income | Family::Expenses)
}

/// Income less expenses.
fn surplus(moved: &Movements) -> i64 {
    moved
        .iter()
        .map(|(account, sums)| match account.family() {
            Family::Income => sums.balance(*account),
            Family::Expenses => -sums.balance(*account),
            _ => 0,
        })
        .sum()
}

/// The sum of a family's lines after the month.
#[must_use]
pub fn total(lines: &[Line], family: Family) -> i64 {
    let own = lines.iter().filter(|line| line.family() == family);
    own.map(|line| line.closing).sum()
}

/// What a correction changed, line by line: name, before, now.
#[must_use]
pub fn changes(before: &[Line], now: &[Line]) -> Vec<(&'static str, i64, i64)> {
    let gone = before
        .iter()
        .filter(|old| !now.iter().any(|line| line.account == old.account));
    now.iter()
        .chain(gone)
        .map(|line| {
            let of = |all: &[Line]| {
                let found = all.iter().find(|one| one.account == line.account);
                found.map_or(0, |one| one.closing)
            };
            (line.says(), of(before), of(now))
        })
        .filter(|(_, old, new)| old != new)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn book(moves: &[(usize, usize, i64)]) -> Movements {
        let chart: Vec<Account> = Account::iter().collect();
        let mut all = Movements::new();
        for (debit, credit, amount) in moves {
            all.entry(chart[debit % chart.len()]).or_default().debit += amount;
            all.entry(chart[credit % chart.len()]).or_default().credit += amount;
        }
        all
    }

    proptest! {
        /// Assets are what is owed and what is owned, before the month and after it, whatever was booked.
        #[test]
        fn a_statement_balances(
            before in prop::collection::vec((0_usize..40, 0_usize..40, 1_i64..1_000_000_000), 0..60),
            month in prop::collection::vec((0_usize..40, 0_usize..40, 1_i64..1_000_000_000), 0..60),
        ) {
            let lines = lines(&book(&before), &book(&month));
            let sum = |of: fn(&Line) -> i64, family| -> i64 {
                lines.iter().filter(|line| line.family() == family).map(of).sum()
            };
            for of in [|line: &Line| line.opening, |line: &Line| line.closing] {
                let own = sum(of, Family::Liabilities) + sum(of, Family::Equity);
                prop_assert_eq!(sum(of, Family::Assets), own);
            }
            for line in &lines {
                prop_assert_eq!(line.closing, line.opening + line.plus - line.minus);
            }
            prop_assert!(lines.is_sorted_by_key(Line::family));
        }

        /// What closes one month opens the next.
        #[test]
        fn months_follow_each_other(
            one in prop::collection::vec((0_usize..40, 0_usize..40, 1_i64..1_000_000_000), 0..40),
            two in prop::collection::vec((0_usize..40, 0_usize..40, 1_i64..1_000_000_000), 0..40),
        ) {
            let first = lines(&Movements::new(), &book(&one));
            let second = lines(&book(&one), &book(&two));
            for line in first.iter().filter(|line| !is_flow(line.family()) && line.closing != 0) {
                let next = second.iter().find(|next| next.account == line.account);
                prop_assert_eq!(next.map(|next| next.opening), Some(line.closing));
            }
        }
    }

    #[test]
    fn a_month_reads_as_people_would_add_it_up() {
        let chart: Vec<Account> = Account::iter().collect();
        let at = |account| chart.iter().position(|one| *one == account).unwrap();
        let of = |debit, credit, amount| (at(debit), at(credit), amount);
        let before = book(&[of(Account::Bank, Account::Opening, 10_000)]);
        let month = book(&[
            of(Account::Receivable, Account::IncomeProperty, 5_000),
            of(Account::Wechat, Account::Receivable, 3_000),
            of(Account::ExpenseRepair, Account::Bank, 1_200),
        ]);
        let read: Vec<_> = lines(&before, &month)
            .into_iter()
            .map(|line| {
                (
                    line.says(),
                    line.opening,
                    line.plus,
                    line.minus,
                    line.closing,
                )
            })
            .collect();
        let wanted = [
            ("银行存款", 10_000, 0, 1_200, 8_800),
            ("微信支付", 0, 3_000, 0, 3_000),
            ("应收费用", 0, 5_000, 3_000, 2_000),
            ("期初", 10_000, 0, 0, 10_000),
            ("历年结余", 0, 3_800, 0, 3_800),
            ("物业费", 0, 5_000, 0, 5_000),
            ("维修", 0, 1_200, 0, 1_200),
        ];
        assert_eq!(read, wanted);
    }
}
