//! 缴费: money that comes in for a home and money that goes back: orders at WeChat Pay, cash and
//! transfers, waivers, refunds, receipts (decision 0018). Invariant: a payment is written before the
//! platform hears of it; one action (`actions::settle`) makes it paid, in one transaction with what it
//! pays, the books and the receipt; what cannot be credited is kept as owed back, and sent back. Floor 3.
//!
//! | file | what it does |
//! |---|---|
//! | [`step`] | states, and what is frozen in each |
//! | [`allocate`] | where the money goes |
//! | [`actions`] | ordering, settling, taking in, giving back, waiving |
//! | [`reconcile`] | a day against the platform's bill |
//! | [`link`] | the address by which somebody pays |
//! | [`queries`] | bills, payments and receipts, for whoever may see them |
//! | [`remind`] | what is told, and the clocks that ask the platform |
//! | [`chat`] | 账单 缴费 发票 |
//! | [`api`] | the JSON |

pub mod actions;
pub mod allocate;
pub mod api;
pub mod chat;
pub mod link;
pub mod queries;
pub mod reconcile;
pub mod remind;
pub mod step;

pub use crate::fee::bill::left;

use entity::money::{DifferenceKind, PayWay, PaymentState, RefundCause, RefundState, WaiverState};

use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::ledger::Account;

/// The most that is paid at once, in fen: a million yuan.
pub const MOST: i64 = 100_000_000;
/// Bills that are paid at once.
pub const MOST_BILLS: usize = 60;

/// An amount that somebody pays.
///
/// # Errors
/// `invalid` beside `amount`.
pub fn check_amount(amount: i64) -> Result<(), Fault> {
    if amount <= 0 {
        return Err(Fault::invalid("amount", "金额要大于0，例如 161.10。"));
    }
    if amount > MOST {
        return Err(Fault::invalid(
            "amount",
            "金额太大了，一次最多一百万元，请核对后再填。",
        ));
    }
    Ok(())
}

/// How a payment is named as a subject of reminders, audit rows and attachments.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("payment:{id}")
}

/// How a waiver is named in the same way.
#[must_use]
pub fn waiver_subject(id: i64) -> String {
    format!("waiver:{id}")
}

/// `2026年11月` of 202611.
#[must_use]
pub fn month_says(month: i32) -> String {
    Month::from_number(month).map_or_else(String::new, Month::says)
}

/// A home's number without its end: `3-2-5**`. Whoever has it knows which home is meant, and nobody else
/// learns it.
#[must_use]
pub fn mask_home(code: &str) -> String {
    let (head, room) = match code.rsplit_once('-') {
        Some((head, room)) => (format!("{head}-"), room),
        None => (String::new(), code),
    };
    let first: String = room.chars().take(1).collect();
    let hidden = "*".repeat(room.chars().count().saturating_sub(1).max(2));
    format!("{head}{first}{hidden}")
}

/// What people call the way of a payment.
#[must_use]
pub const fn way_says(way: PayWay) -> &'static str {
    match way {
        PayWay::Wechat => "微信支付",
        PayWay::Cash => "现金",
        PayWay::Transfer => "银行转账",
        PayWay::Advance => "预存抵扣",
    }
}

/// What people call its state.
#[must_use]
pub const fn state_says(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Created => "正在下单",
        PaymentState::Open => "待支付",
        PaymentState::Paid => "已到账",
        PaymentState::Closed => "已关闭",
    }
}

/// What people call the state of a refund.
#[must_use]
pub const fn refund_says(state: RefundState) -> &'static str {
    match state {
        RefundState::Asked => "待第二人确认",
        RefundState::Approved => "待退款",
        RefundState::Granted => "待付款",
        RefundState::Sent => "退款中",
        RefundState::Done => "已退款",
        RefundState::Abnormal => "退款异常",
        RefundState::Closed => "退款关闭",
        RefundState::Refused => "未同意",
    }
}

/// From where people may pay a refund out, by the way on which the money came: what WeChat did not do also on the
/// platform's own page.
#[must_use]
pub const fn sources(way: Option<PayWay>) -> &'static [Account] {
    match way {
        Some(PayWay::Wechat) => &[Account::Cash, Account::Bank, Account::Wechat],
        _ => &[Account::Cash, Account::Bank],
    }
}

/// Why money goes back, as people say it.
#[must_use]
pub const fn cause_says(cause: RefundCause) -> &'static str {
    match cause {
        RefundCause::Duplicate => "重复缴费",
        RefundCause::Late => "订单关闭后付款",
        RefundCause::Asked => "申请退款",
    }
}

/// What people call the state of a waiver.
#[must_use]
pub const fn waiver_says(state: WaiverState) -> &'static str {
    match state {
        WaiverState::Asked => "待第二人确认",
        WaiverState::Granted => "已减免",
        WaiverState::Refused => "未同意",
    }
}

/// What a difference is called.
#[must_use]
pub const fn difference_says(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::OursOnly => "我们有、平台没有的缴费",
        DifferenceKind::TheirsOnly => "平台有、我们没有的缴费",
        DifferenceKind::Amount => "缴费金额不一样",
        DifferenceKind::RefundOursOnly => "我们有、平台没有的退款",
        DifferenceKind::RefundTheirsOnly => "平台有、我们没有的退款",
        DifferenceKind::RefundAmount => "退款金额不一样",
        DifferenceKind::Fee => "两份账单的手续费不一样",
        DifferenceKind::Balance => "微信支付的余额和账上不一样",
        DifferenceKind::Withdrawal => "提现没有自动记账（可能手工记过，或账上没有这么多）",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_home_is_known_to_whoever_lives_there() {
        assert_eq!(mask_home("3-2-501"), "3-2-5**");
        assert_eq!(mask_home("1-1-9"), "1-1-9**");
        assert_eq!(mask_home("别墅12"), "别***");
        assert_eq!(month_says(202_611), "2026年11月");
    }
}
