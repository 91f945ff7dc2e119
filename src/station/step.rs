//! The one table of what may happen to a loan, a booking, a deposit. Pure; asked by every action. Who acts is
//! part of it: nobody but the keeper has a thing in hand.

use entity::kinds::{BookingState, DepositState, LoanState};
use strum::EnumIter;

/// Something that happens to a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum LoanAct {
    /// 归还: the borrower says so.
    Hand,
    /// 借物验收: the keeper has it.
    Return,
    /// The keeper has looked, and it is not there.
    Deny,
    /// 借物丢失
    Lose,
    /// 借物损坏
    Damage,
}

impl LoanAct {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hand => "handed",
            Self::Return => "returned",
            Self::Deny => "denied",
            Self::Lose => "lost",
            Self::Damage => "damaged",
        }
    }
}

/// The state after it; none when it is not possible. `keeper` says who acts: otherwise it is the borrower.
#[must_use]
pub const fn loan_after(state: LoanState, act: LoanAct, keeper: bool) -> Option<LoanState> {
    use LoanState::{Damaged, Handed, Lent, Lost, Returned};
    match (act, keeper, state) {
        (LoanAct::Hand, false, Lent) => Some(Handed),
        (LoanAct::Deny, true, Handed) => Some(Lent),
        (LoanAct::Return, true, Lent | Handed) => Some(Returned),
        (LoanAct::Lose, true, Lent | Handed) => Some(Lost),
        (LoanAct::Damage, true, Lent | Handed) => Some(Damaged),
        _ => None,
    }
}

/// Whether the thing is out.
#[must_use]
pub const fn is_out(state: LoanState) -> bool {
    matches!(state, LoanState::Lent | LoanState::Handed)
}

/// Something that happens to a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum BookingAct {
    /// 取消预订, by the booker or a keeper.
    Cancel,
    /// Gives way to an official one.
    Displace,
    /// 未到
    Miss,
}

impl BookingAct {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::Displace => "displaced",
            Self::Miss => "absent",
        }
    }
}

/// The state after it. `begun` says whether its time has come: then nothing can be cancelled any more, and
/// only then has somebody not come.
#[must_use]
pub const fn booking_after(
    state: BookingState,
    act: BookingAct,
    keeper: bool,
    begun: bool,
) -> Option<BookingState> {
    use BookingState::{Absent, Booked, Cancelled, Displaced};
    match (act, state, keeper, begun) {
        (BookingAct::Cancel, Booked, _, false) => Some(Cancelled),
        (BookingAct::Displace, Booked, true, _) => Some(Displaced),
        (BookingAct::Miss, Booked, true, true) => Some(Absent),
        _ => None,
    }
}

/// Something that happens to a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum DepositAct {
    /// 领取
    Collect,
    /// Its month is over.
    Expire,
    /// Given elsewhere.
    Clear,
}

impl DepositAct {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collect => "collected",
            Self::Expire => "unclaimed",
            Self::Clear => "cleared",
        }
    }
}

/// The state after it.
#[must_use]
pub const fn deposit_after(state: DepositState, act: DepositAct) -> Option<DepositState> {
    use DepositState::{Cleared, Collected, Kept, Unclaimed};
    match (act, state) {
        (DepositAct::Collect, Kept | Unclaimed) => Some(Collected),
        (DepositAct::Expire, Kept) => Some(Unclaimed),
        // What is not a month old is its owner's, and nobody clears it away.
        (DepositAct::Clear, Unclaimed) => Some(Cleared),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn a_loan_ends_in_the_keepers_hand_only_and_stays_ended() {
        let mut rows = 0;
        for state in <LoanState as Iterable>::iter() {
            for act in <LoanAct as IntoEnumIterator>::iter() {
                for keeper in [false, true] {
                    let Some(to) = loan_after(state, act, keeper) else {
                        continue;
                    };
                    rows += 1;
                    assert!(is_out(state), "{state:?} {act:?}");
                    assert!(is_out(to) || keeper, "{state:?} {act:?}");
                    assert_ne!(state, to);
                }
            }
        }
        assert_eq!(rows, 8);
    }

    #[test]
    fn a_booking_is_cancelled_before_and_missed_after_it_begins() {
        let mut rows = Vec::new();
        for state in <BookingState as Iterable>::iter() {
            for act in <BookingAct as IntoEnumIterator>::iter() {
                for (keeper, begun) in [(false, false), (false, true), (true, false), (true, true)]
                {
                    if booking_after(state, act, keeper, begun).is_some() {
                        assert_eq!(state, BookingState::Booked);
                        rows.push((act, keeper, begun));
                    }
                }
            }
        }
        assert_eq!(rows.len(), 5, "{rows:?}");
        assert!(!rows.contains(&(BookingAct::Cancel, false, true)));
        assert!(!rows.contains(&(BookingAct::Miss, true, false)));
    }

    #[test]
    fn what_is_left_is_cleared_away_after_its_month_only() {
        let clears: Vec<DepositState> = <DepositState as Iterable>::iter()
            .filter(|state| deposit_after(*state, DepositAct::Clear).is_some())
            .collect();
        assert_eq!(clears, [DepositState::Unclaimed]);
        let over = [DepositState::Collected, DepositState::Cleared];
        for act in <DepositAct as IntoEnumIterator>::iter() {
            assert!(
                over.iter()
                    .all(|state| deposit_after(*state, act).is_none())
            );
        }
    }
}
