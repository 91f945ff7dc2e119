//! 记账: what people enter into the books themselves because no other noun does: money that came in without a bill
//! (公共收益), money that goes from one account of the compound to another (cash to the bank), what of the opening is
//! the maintenance fund's, and taking back what was entered so. Invariant: one person enters it, another one agrees,
//! and it is booked in the transaction of that word; nothing is taken from an account that is not on it
//! (decision 0018). Floor 3.
//!
//! | file | what it does |
//! |---|---|
//! | [`actions`] | entering, deciding; taking an entry back |
//! | [`queries`] | reads, within what somebody may see |
//! | [`remind`] | the message to whoever may be the second person |

pub mod actions;
pub mod queries;
pub mod remind;

use entity::money::{EntryKind, VoucherKind, VoucherState};
use entity::{ledger_entry, voucher};

use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::Transfer;

/// Most characters of what is written to it.
pub const MOST_WORDS: usize = 100;

/// Something that may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// What people call it.
    pub says: &'static str,
    /// What it is.
    pub kind: VoucherKind,
    /// The account that receives.
    pub debit: Account,
    /// The account that gives.
    pub credit: Account,
}

/// All that may be entered. Money leaves the compound by an expense alone, and the maintenance fund by nothing
/// else (decision 0019); what was given comes in by its own noun.
pub const MOVES: &[Move] = &[
    income("公共收益，进了银行", Account::Bank, Account::IncomePublic),
    income("公共收益，收的现金", Account::Cash, Account::IncomePublic),
    income(
        "不在账单上的停车费，进了银行",
        Account::Bank,
        Account::IncomeParking,
    ),
    income(
        "不在账单上的停车费，收的现金",
        Account::Cash,
        Account::IncomeParking,
    ),
    income("其他收入，进了银行", Account::Bank, Account::IncomeOther),
    income("其他收入，收的现金", Account::Cash, Account::IncomeOther),
    income(
        "维修资金到账，进了银行",
        Account::Bank,
        Account::Maintenance,
    ),
    between("现金存入银行", Account::Bank, Account::Cash),
    between("微信支付的钱转到银行", Account::Bank, Account::Wechat),
    between("从银行取现金", Account::Cash, Account::Bank),
    between("从银行充值到微信支付", Account::Wechat, Account::Bank),
    between(
        "公共收益转入维修资金",
        Account::IncomePublic,
        Account::Maintenance,
    ),
    Move {
        says: "期初的钱里属于维修资金的",
        kind: VoucherKind::Opening,
        debit: Account::Opening,
        credit: Account::Maintenance,
    },
];

const fn income(says: &'static str, debit: Account, credit: Account) -> Move {
    Move {
        says,
        kind: VoucherKind::Income,
        debit,
        credit,
    }
}

const fn between(says: &'static str, debit: Account, credit: Account) -> Move {
    Move {
        says,
        kind: VoucherKind::Transfer,
        debit,
        credit,
    }
}

impl Move {
    /// As a form names it: `assets:bank-assets:cash`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}", self.debit.code(), self.credit.code())
    }

    /// The one of a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        MOVES.iter().copied().find(|one| one.key() == key)
    }

    /// The one that a voucher is; none of a reversal.
    #[must_use]
    pub fn of(row: &voucher::Model) -> Option<Self> {
        let (debit, credit) = (row.debit.as_deref()?, row.credit.as_deref()?);
        let same = |one: &Self| one.debit.code() == debit && one.credit.code() == credit;
        MOVES.iter().copied().find(same)
    }

    /// What is booked.
    #[must_use]
    pub const fn transfer(self, amount: i64) -> Transfer {
        Transfer {
            debit: self.debit,
            credit: self.credit,
            amount,
        }
    }

    /// The kind of its entry.
    #[must_use]
    pub const fn entry_kind(self) -> EntryKind {
        match self.kind {
            VoucherKind::Income => EntryKind::Income,
            VoucherKind::Opening => EntryKind::Opening,
            VoucherKind::Transfer => EntryKind::Transfer,
            VoucherKind::Reversal => EntryKind::Reversal,
        }
    }
}

/// What people call what a voucher is.
#[must_use]
pub fn what_says(row: &voucher::Model) -> String {
    match (Move::of(row), row.entry_id) {
        (Some(one), _) => one.says.to_owned(),
        (None, Some(entry)) => format!("冲销分录 #{entry}"),
        (None, None) => "记账".to_owned(),
    }
}

/// What people call its state.
#[must_use]
pub const fn state_says(state: VoucherState) -> &'static str {
    match state {
        VoucherState::Asked => "待第二人确认",
        VoucherState::Granted => "已记账",
        VoucherState::Refused => "未同意",
    }
}

/// How a voucher is named as a subject of reminders, audit rows, attachments and causes.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("voucher:{id}")
}

/// Whether an entry may be taken back here: what was entered here, and what `linli opening` booked. Everything
/// else is put right where it came from, with all that hangs on it.
///
/// # Errors
/// `wrong_step`, saying where.
pub fn reversible(entry: &ledger_entry::Model) -> Result<(), Fault> {
    let (noun, _) = entry
        .cause
        .split_once(':')
        .unwrap_or((entry.cause.as_str(), ""));
    let says = match noun {
        "voucher" | "opening" => return Ok(()),
        "entry" => "这一笔本身就是冲销，不能再冲销。要恢复原来的，请重新记一笔。",
        "payment" | "refund" => "缴费和退款不在这里冲销。收错了，请在那笔缴费的页面上申请退款。",
        "expense" => {
            "支出走完审批才付的，不在这里冲销。收款方退回来的钱，请记为其他收入并写明是哪笔支出。"
        }
        "bill" | "credit" | "late" | "sale" => "账单不在这里冲销。请在那张账单的页面上更正。",
        "waiver" => "减免不在这里冲销。",
        "donation-use" => "捐款的用途不在这里冲销。",
        "platform-fee" | "withdrawal" => {
            "手续费和提现是对账时按微信支付的账单记的，不能在这里冲销。"
        }
        _ => "这一笔不是在“记账”里记的，不能在这里冲销。",
    };
    Err(Fault::wrong_step(says))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::{NaiveDate, TimeZone, Utc};

    use super::*;
    use crate::base::fault::Code;
    use crate::ledger::floor::MONEY;

    #[test]
    fn each_move_has_a_key_and_words_of_its_own_and_none_takes_money_out() {
        let (mut keys, mut words) = (HashSet::new(), HashSet::new());
        for one in MOVES {
            assert!(keys.insert(one.key()) && words.insert(one.says), "{one:?}");
            assert_eq!(Move::parse(&one.key()), Some(*one));
            let leaves = MONEY.contains(&one.credit) && !MONEY.contains(&one.debit);
            assert!(!leaves && one.debit != Account::Maintenance, "{one:?}");
            assert!(!one.debit.code().starts_with("expenses:"), "{one:?}");
        }
        assert_eq!(Move::parse("assets:cash-assets:wechat"), None);
    }

    #[test]
    fn only_what_was_entered_by_people_is_taken_back_here() {
        let entry = |cause: &str| ledger_entry::Model {
            id: 1,
            compound_id: 5,
            day: NaiveDate::from_ymd_opt(2026, 11, 29).unwrap(),
            cause: cause.to_owned(),
            kind: EntryKind::Income,
            memo: String::new(),
            reverses: None,
            actor_id: None,
            created_at: Utc.with_ymd_and_hms(2026, 11, 29, 1, 2, 3).unwrap(),
        };
        for cause in ["voucher:3:booked", "opening:assets:bank"] {
            assert!(reversible(&entry(cause)).is_ok(), "{cause}");
        }
        for cause in [
            "payment:1:paid",
            "refund:1:done",
            "expense:1:paid",
            "bill:1:202611:2",
            "credit:1",
            "late:1:2026-11-30",
            "waiver:1:granted",
            "donation-use:1:used",
            "platform-fee:x:2026-11-30:kept",
            "withdrawal:x:1:moved",
            "entry:1:reversed",
            "vouchers",
        ] {
            let refused = reversible(&entry(cause)).unwrap_err();
            assert_eq!(refused.code, Code::WrongStep, "{cause}");
        }
    }
}
