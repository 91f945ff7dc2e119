//! 台账: the books of a compound, in double entry and integer fen. Invariant: a row moves an amount above
//! zero from one account to another, so that books balance by construction; nothing is ever changed or
//! removed, which the database itself enforces; a cause is booked once (decision 0018). Floor 3.
//! Whoever moves money calls [`post`] in the transaction of its cause; whoever takes some asks [`floor`] before.

pub mod floor;
pub mod journal;
pub mod post;
pub mod queries;

use entity::money::EntryKind;
use strum::{EnumIter, IntoEnumIterator};

/// An account of the chart: the same in each compound, made there when first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter)]
pub enum Account {
    /// 银行存款
    Bank,
    /// 微信支付: what the platform holds or has paid out to the receiving account.
    Wechat,
    /// 现金
    Cash,
    /// 应收费用: what homes owe by their bills.
    Receivable,
    /// 预存费用: what homes have paid ahead.
    Advance,
    /// 待退款: what has to go back.
    Refund,
    /// 代管捐款: what was given and is not used yet; by its use it becomes income.
    Donated,
    /// 期初: what was there before the books began.
    Opening,
    /// 维修资金
    Maintenance,
    /// 物业费
    IncomeProperty,
    /// 公摊
    IncomeShared,
    /// 停车
    IncomeParking,
    /// 公共收益
    IncomePublic,
    /// 捐款
    IncomeDonation,
    /// 其他收入
    IncomeOther,
    /// 人员
    ExpenseStaff,
    /// 服务中心
    ExpenseCentre,
    /// 公摊支出
    ExpenseShared,
    /// 维修
    ExpenseRepair,
    /// 手续费
    ExpenseFee,
    /// 减免
    ExpenseWaiver,
    /// 公益: what donations are used for.
    ExpenseGiving,
    /// 其他支出
    ExpenseOther,
}

/// The five families of accounts; the first word of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter)]
pub enum Family {
    /// What there is.
    Assets,
    /// What is owed.
    Liabilities,
    /// What belongs to the owners.
    Equity,
    /// What came in.
    Income,
    /// What went out.
    Expenses,
}

impl Account {
    /// As stored and exported, `income:property`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bank => "assets:bank",
            Self::Wechat => "assets:wechat",
            Self::Cash => "assets:cash",
            Self::Receivable => "assets:receivable",
            Self::Advance => "liabilities:advance",
            Self::Refund => "liabilities:refund",
            Self::Donated => "liabilities:donated",
            Self::Opening => "equity:opening",
            Self::Maintenance => "equity:maintenance",
            Self::IncomeProperty => "income:property",
            Self::IncomeShared => "income:shared",
            Self::IncomeParking => "income:parking",
            Self::IncomePublic => "income:public",
            Self::IncomeDonation => "income:donation",
            Self::IncomeOther => "income:other",
            Self::ExpenseStaff => "expenses:staff",
            Self::ExpenseCentre => "expenses:centre",
            Self::ExpenseShared => "expenses:shared",
            Self::ExpenseRepair => "expenses:repair",
            Self::ExpenseFee => "expenses:fee",
            Self::ExpenseWaiver => "expenses:waiver",
            Self::ExpenseGiving => "expenses:giving",
            Self::ExpenseOther => "expenses:other",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Bank => "银行存款",
            Self::Wechat => "微信支付",
            Self::Cash => "现金",
            Self::Receivable => "应收费用",
            Self::Advance => "预存费用",
            Self::Refund => "待退款",
            Self::Donated => "代管捐款",
            Self::Opening => "期初",
            Self::Maintenance => "维修资金",
            Self::IncomeProperty => "物业费",
            Self::IncomeShared => "公摊",
            Self::IncomeParking => "停车",
            Self::IncomePublic => "公共收益",
            Self::IncomeDonation => "捐款",
            Self::IncomeOther => "其他收入",
            Self::ExpenseStaff => "人员",
            Self::ExpenseCentre => "服务中心",
            Self::ExpenseShared => "公摊支出",
            Self::ExpenseRepair => "维修",
            Self::ExpenseFee => "手续费",
            Self::ExpenseWaiver => "减免",
            Self::ExpenseGiving => "公益（用捐款）",
            Self::ExpenseOther => "其他支出",
        }
    }

    /// The account of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::iter().find(|account| account.code() == code)
    }

    /// Its family.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::Bank | Self::Wechat | Self::Cash | Self::Receivable => Family::Assets,
            Self::Advance | Self::Refund | Self::Donated => Family::Liabilities,
            Self::Opening | Self::Maintenance => Family::Equity,
            Self::IncomeProperty
            | Self::IncomeShared
            | Self::IncomeParking
            | Self::IncomePublic
            | Self::IncomeDonation
            | Self::IncomeOther => Family::Income,
            Self::ExpenseStaff
            | Self::ExpenseCentre
            | Self::ExpenseShared
            | Self::ExpenseRepair
            | Self::ExpenseFee
            | Self::ExpenseWaiver
            | Self::ExpenseGiving
            | Self::ExpenseOther => Family::Expenses,
        }
    }
}

impl Family {
    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Assets => "资产",
            Self::Liabilities => "负债",
            Self::Equity => "权益",
            Self::Income => "收入",
            Self::Expenses => "支出",
        }
    }

    /// Whether a debit makes it more.
    #[must_use]
    pub const fn grows_by_debit(self) -> bool {
        matches!(self, Self::Assets | Self::Expenses)
    }
}

/// What people call a kind of entry.
#[must_use]
pub const fn kind_says(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Bill => "账单",
        EntryKind::Credit => "账单更正",
        EntryKind::Payment => "收款",
        EntryKind::Refund => "退款",
        EntryKind::Waiver => "减免",
        EntryKind::Advance => "预存抵扣",
        EntryKind::Expense => "支出",
        EntryKind::Income => "收入",
        EntryKind::Fee => "平台手续费",
        EntryKind::Transfer => "账户之间",
        EntryKind::Opening => "期初",
        EntryKind::Reversal => "冲销",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_account_has_a_code_of_its_own_under_its_family() {
        let mut codes = HashSet::new();
        for account in Account::iter() {
            assert!(codes.insert(account.code()), "{account:?}");
            assert_eq!(Account::parse(account.code()), Some(account));
            let family = match account.family() {
                Family::Assets => "assets:",
                Family::Liabilities => "liabilities:",
                Family::Equity => "equity:",
                Family::Income => "income:",
                Family::Expenses => "expenses:",
            };
            assert!(account.code().starts_with(family), "{account:?}");
            assert!(!account.says().is_empty());
        }
        assert_eq!(Account::parse("income:"), None);
    }
}
