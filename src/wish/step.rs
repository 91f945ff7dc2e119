//! The one table of what may happen to a wish. Pure; asked by every action. Who acts is part of it:
//! nobody but the asker thanks, nobody but the claimer fulfils.

use entity::kinds::WishState;
use strum::EnumIter;

use WishState::{Claimed, Fulfilled, Open, Raised, Refused, Removed, Thanked, Withdrawn};

/// Something that happens to a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 通过心愿
    Pass,
    /// 驳回心愿
    Refuse,
    /// 认领
    Claim,
    /// 放弃
    Abandon,
    /// The claim's term is over.
    Lapse,
    /// 完成
    Fulfil,
    /// 感谢
    Thank,
    /// 撤回心愿
    Withdraw,
    /// 下架心愿
    Remove,
}

impl Act {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "opened",
            Self::Refuse => "refused",
            Self::Claim => "claimed",
            Self::Abandon => "abandoned",
            Self::Lapse => "lapsed",
            Self::Fulfil => "fulfilled",
            Self::Thank => "thanked",
            Self::Withdraw => "withdrawn",
            Self::Remove => "removed",
        }
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Who wishes.
    Asker,
    /// Who has it, or takes it.
    Claimer,
    /// Staff who may check it.
    Checker,
    /// Its own clock.
    Clock,
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(state: WishState, act: Act, by: By) -> Option<WishState> {
    match (by, act, state) {
        (By::Checker, Act::Pass, Raised)
        | (By::Claimer, Act::Abandon, Claimed)
        | (By::Clock, Act::Lapse, Claimed) => Some(Open),
        (By::Checker, Act::Refuse, Raised) => Some(Refused),
        (By::Checker, Act::Remove, Open | Claimed) => Some(Removed),
        (By::Claimer, Act::Claim, Open) => Some(Claimed),
        (By::Claimer, Act::Fulfil, Claimed) => Some(Fulfilled),
        (By::Asker, Act::Thank, Fulfilled) => Some(Thanked),
        (By::Asker, Act::Withdraw, Raised | Open | Claimed) => Some(Withdrawn),
        _ => None,
    }
}

/// Whether nobody waits for it any more.
#[must_use]
pub const fn is_over(state: WishState) -> bool {
    matches!(state, Fulfilled | Thanked | Refused | Withdrawn | Removed)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    fn rows() -> Vec<(By, Act, WishState, WishState)> {
        let mut rows = Vec::new();
        for state in <WishState as Iterable>::iter() {
            for act in <Act as IntoEnumIterator>::iter() {
                for by in <By as IntoEnumIterator>::iter() {
                    if let Some(to) = after(state, act, by) {
                        rows.push((by, act, state, to));
                    }
                }
            }
        }
        rows
    }

    #[test]
    fn every_row_of_the_table() {
        let rows = rows();
        assert_eq!(rows.len(), 12, "{rows:?}");
        for (by, act, from, to) in &rows {
            assert_ne!(from, to, "{act:?}");
            // What is over stays over; thanks are all that follows.
            assert!(!is_over(*from) || *act == Act::Thank, "{act:?}");
            let own = match act {
                Act::Pass | Act::Refuse | Act::Remove => By::Checker,
                Act::Claim | Act::Abandon | Act::Fulfil => By::Claimer,
                Act::Lapse => By::Clock,
                Act::Thank | Act::Withdraw => By::Asker,
            };
            assert_eq!(*by, own, "{act:?}");
        }
    }

    #[test]
    fn nothing_is_claimed_that_nobody_has_read() {
        let ways: Vec<WishState> = rows()
            .into_iter()
            .filter(|(.., to)| *to == Claimed)
            .map(|(_, _, from, _)| from)
            .collect();
        assert_eq!(ways, [Open]);
    }
}
