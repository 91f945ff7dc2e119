//! 费用: what homes are asked for each month, and why. Invariant: a bill is the sum of its lines; lines are
//! never changed or removed, what was wrong is taken back by a credit line; a month's bill of a home is made
//! once, by whichever run comes to it; the shares of a cost add up to it. Floor 3; books through
//! `ledger::post` (decision 0018).
//!
//! | file | what it does |
//! |---|---|
//! | [`price`], [`split`], [`owner`], [`compose`] | the rules, without I/O |
//! | [`sale`] | what goes from one owner's bill to another's, without I/O |
//! | [`tariff`], [`load`] | what a month rests on, and what is known of some homes |
//! | [`sales`] | homes that were sold within a month that was billed |
//! | [`bill`], [`advance`] | bills that are paid, credited, waived; what is paid ahead. For the noun `payment` too |
//! | [`stats`] | the collection rate and what is not paid, by age |
//! | [`actions`] | fees, costs, readings, spaces, charges; the month's run; credits; homes that were sold |
//! | [`remind`] | the clock of the month, and runs that were begun by hand |

pub mod actions;
pub mod advance;
pub mod bill;
pub mod compose;
pub mod load;
pub mod owner;
pub mod price;
pub mod queries;
pub mod remind;
pub mod sale;
pub mod sales;
pub mod split;
pub mod stats;
pub mod tariff;

use entity::kinds::{FeeKind, FeeSplit};
use entity::money::{BillState, RunState};

/// What people call a kind of fee.
#[must_use]
pub const fn kind_says(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Area => "按面积",
        FeeKind::Shared => "公摊",
        FeeKind::Fixed => "每户固定",
        FeeKind::Parking => "停车",
        FeeKind::Meter => "按表计量",
    }
}

/// What a unit price is the price of.
#[must_use]
pub const fn unit_says(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Area => "元/㎡·月",
        FeeKind::Shared => "",
        FeeKind::Fixed => "元/户·月",
        FeeKind::Parking => "元/车位·月",
        FeeKind::Meter => "元/单位",
    }
}

/// How a cost is shared, as people say it.
#[must_use]
pub const fn split_says(split: FeeSplit) -> &'static str {
    match split {
        FeeSplit::Area => "按面积分摊",
        FeeSplit::Even => "按户平摊",
    }
}

/// Where a bill stands, as people say it.
#[must_use]
pub const fn state_says(state: BillState) -> &'static str {
    match state {
        BillState::Open => "待缴",
        BillState::Settled => "已缴清",
    }
}

/// Where a run stands, as people say it.
#[must_use]
pub const fn run_says(state: RunState) -> &'static str {
    match state {
        RunState::Running => "正在出账",
        RunState::Done => "已出账",
    }
}
