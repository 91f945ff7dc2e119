//! What never goes below 0: money that is there, and what the owners have set aside. Called by whoever takes some
//! of it (`voucher`, `expense`), and once more by `disclosure` before a month is published. An amount that is
//! booked for an earlier day has to be there on that day and on each one after it.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::ledger::Account;
use crate::ledger::post::Transfer;
use crate::ledger::queries::{by_day, lock};
use crate::store::Tx;

/// Where money lies.
pub const MONEY: [Account; 3] = [Account::Bank, Account::Wechat, Account::Cash];

/// Accounts that nothing may be taken from that is not on them.
const FLOORED: [Account; 6] = [
    Account::Bank,
    Account::Wechat,
    Account::Cash,
    Account::Opening,
    Account::Maintenance,
    Account::IncomePublic,
];

/// An account that has not what is to be taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Which.
    pub account: Account,
    /// What it holds, in fen: the least of the day and of each day after it.
    pub holds: i64,
    /// What is to be taken, in fen.
    pub takes: i64,
}

impl Short {
    /// `账上现金现在是0.00元，不够这笔500.00元`
    #[must_use]
    pub fn says(&self) -> String {
        format!(
            "账上{}现在是{}元，不够这笔{}元",
            self.account.says(),
            Fen(self.holds).in_groups(),
            Fen(self.takes).in_groups()
        )
    }
}

/// By how much transfers make an account more; below 0 when they take from it.
#[must_use]
pub fn change(account: Account, transfers: &[Transfer]) -> i64 {
    let grows = account.family().grows_by_debit();
    let each = transfers.iter().map(|one| {
        let (more, less) = if grows {
            (one.debit, one.credit)
        } else {
            (one.credit, one.debit)
        };
        let of = |side: Account| if side == account { one.amount } else { 0 };
        of(more) - of(less)
    });
    each.sum()
}

/// The first account that would go below 0 if this were booked on that day; none when all is there. The
/// accounts are locked until the end of the transaction.
///
/// # Errors
/// The database's.
pub async fn short(
    tx: &Tx,
    compound_id: i64,
    day: NaiveDate,
    transfers: &[Transfer],
) -> Result<Option<Short>, Fault> {
    let taken: Vec<(Account, i64)> = FLOORED
        .into_iter()
        .map(|account| (account, -change(account, transfers)))
        .filter(|(_, takes)| *takes > 0)
        .collect();
    let accounts: Vec<Account> = taken.iter().map(|(account, _)| *account).collect();
    lock(tx, compound_id, &accounts).await?;
    for (account, takes) in taken {
        let holds = least(tx.db(), compound_id, account, day).await?;
        if holds < takes {
            return Ok(Some(Short {
                account,
                holds,
                takes,
            }));
        }
    }
    Ok(None)
}

/// What an account holds at the end of a day or of the day after it on which it holds least, in fen.
///
/// # Errors
/// The database's.
pub async fn least<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    account: Account,
    day: NaiveDate,
) -> Result<i64, Fault> {
    let moved = by_day(db, compound_id, account).await?;
    let mut holds: i64 = moved.range(..=day).map(|(_, change)| *change).sum();
    let mut least = holds;
    for (_, change) in moved.iter().filter(|(on, _)| **on > day) {
        holds += change;
        least = least.min(holds);
    }
    Ok(least)
}

/// Where there is less money than none, each with what is there: of accounts by their codes, as a statement has
/// them.
pub fn below<'a>(holds: impl IntoIterator<Item = (&'a str, i64)>) -> Vec<(Account, i64)> {
    let of = |(code, fen): (&str, i64)| {
        let account = Account::parse(code).filter(|account| MONEY.contains(account))?;
        (fen < 0).then_some((account, fen))
    };
    holds.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_told_from_what_comes() {
        let moves = |debit, credit, amount| Transfer {
            debit,
            credit,
            amount,
        };
        let both = [
            moves(Account::Bank, Account::Cash, 500),
            moves(Account::Cash, Account::IncomePublic, 200),
            moves(Account::IncomePublic, Account::Maintenance, 50),
        ];
        for (account, by) in [
            (Account::Bank, 500),
            (Account::Cash, -300),
            (Account::IncomePublic, 150),
            (Account::Maintenance, 50),
            (Account::Wechat, 0),
        ] {
            assert_eq!(change(account, &both), by, "{account:?}");
        }
    }

    #[test]
    fn only_money_is_looked_at_before_a_month_is_published() {
        let lines = [
            ("assets:bank", -1),
            ("assets:cash", 0),
            ("equity:surplus", -5),
            ("equity:maintenance", -5),
        ];
        assert_eq!(below(lines), [(Account::Bank, -1)]);
    }
}
