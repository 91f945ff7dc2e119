//! 支出: money to be spent passes three reviews, is published before and after, and is filed with the street
//! (三审两公开一备案, decision 0019). Invariant: nothing is paid without its whole chain, which the database
//! itself refuses; an expense keeps the rules that it began with; what was done to it is never changed.
//! Floor 3.

pub mod actions;
pub mod api;
pub mod chain;
pub mod chat;
pub mod queries;
pub mod quotes;
pub mod remind;
pub mod step;

use entity::money::{ExpenseAct, ExpenseState};

use crate::base::fault::Fault;
use crate::ledger::Account;

/// Most characters of a title, of a payee, of a supplier.
pub const MOST_TITLE: usize = 40;
/// Most characters of the purpose.
pub const MOST_PURPOSE: usize = 1_000;
/// Most characters of a reason or a note.
pub const MOST_WORDS: usize = 200;
/// Most quotes of an expense.
pub const MOST_QUOTES: usize = 20;
/// Most fen of one expense: a hundred million yuan. What is more is a slip of the hand.
pub const MOST: i64 = 10_000_000_000;

/// How an expense is named as a subject.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("expense:{id}")
}

/// Where an expense stands on the page of its compound's board.
#[must_use]
pub fn anchor(id: i64) -> String {
    format!("expense-{id}")
}

/// The same answer for an expense that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到支出 #{id}。回复“支出”看列表。"))
}

/// What people call a state.
#[must_use]
pub const fn state_says(state: ExpenseState) -> &'static str {
    match state {
        ExpenseState::Draft => "草稿",
        ExpenseState::Reviewing => "审核中",
        ExpenseState::Publishing => "事前公示",
        ExpenseState::Filing => "待街道备案",
        ExpenseState::Payable => "待支付",
        ExpenseState::Paid => "已支付，公示中",
        ExpenseState::Closed => "已办结",
        ExpenseState::Refused => "已驳回",
        ExpenseState::Withdrawn => "已撤回",
        ExpenseState::Expired => "已过期",
    }
}

/// What people call what was done.
#[must_use]
pub const fn act_says(act: ExpenseAct) -> &'static str {
    match act {
        ExpenseAct::Propose => "提出",
        ExpenseAct::Change => "修改",
        ExpenseAct::Submit => "提交审核",
        ExpenseAct::Approve => "审核通过",
        ExpenseAct::Refuse => "驳回",
        ExpenseAct::Publish => "事前公示开始",
        ExpenseAct::Object => "有人提出异议",
        ExpenseAct::Published => "事前公示结束",
        ExpenseAct::Tender => "街道登记招标结果",
        ExpenseAct::File => "街道备案",
        ExpenseAct::Pay => "支付，事后公示开始",
        ExpenseAct::Close => "事后公示结束",
        ExpenseAct::Withdraw => "撤回",
        ExpenseAct::Revise => "重新修改",
        ExpenseAct::Expire => "过期",
    }
}

/// States in which everybody may see an expense: from the first publication on, unless it came to nothing.
pub const PUBLIC: &[ExpenseState] = &[
    ExpenseState::Publishing,
    ExpenseState::Filing,
    ExpenseState::Payable,
    ExpenseState::Paid,
    ExpenseState::Closed,
];

/// The accounts that an expense may be booked on: what the owners spend, and what comes out of the
/// maintenance fund. Waivers and the platform's fee are booked by their own nouns.
pub const ACCOUNTS: &[Account] = &[
    Account::ExpenseRepair,
    Account::ExpenseShared,
    Account::ExpenseStaff,
    Account::ExpenseCentre,
    Account::ExpenseGiving,
    Account::ExpenseOther,
    Account::Maintenance,
];

/// Where the money may come from.
pub const SOURCES: &[Account] = &[Account::Bank, Account::Cash];

/// What people call the account of an expense.
#[must_use]
pub fn account_says(code: &str) -> &'static str {
    Account::parse(code).map_or("其他支出", Account::says)
}
