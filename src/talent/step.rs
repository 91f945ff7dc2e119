//! The one table of what may happen to a request for help. Pure; asked by every action.

use entity::kinds::HelpState;
use strum::EnumIter;

/// Something that happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 接受帮忙
    Accept,
    /// 婉拒帮忙, or no word in time: the next talent is asked.
    PassOn,
    /// The same where nobody is left to be asked.
    GiveOut,
    /// 撤回帮手
    Withdraw,
    /// Its time is over.
    Lapse,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Who asks for help.
    Asker,
    /// Who is asked now.
    Talent,
    /// Its clocks.
    Clock,
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(state: HelpState, act: Act, by: By) -> Option<HelpState> {
    match (by, act, state) {
        (By::Talent, Act::Accept, HelpState::Asking) => Some(HelpState::Accepted),
        (By::Talent | By::Clock, Act::PassOn, HelpState::Asking) => Some(HelpState::Asking),
        (By::Talent | By::Clock, Act::GiveOut, HelpState::Asking) => Some(HelpState::Unmet),
        (By::Asker, Act::Withdraw, HelpState::Asking) => Some(HelpState::Withdrawn),
        (By::Clock, Act::Lapse, HelpState::Asking) => Some(HelpState::Lapsed),
        _ => None,
    }
}

/// Whether nobody waits for it any more.
#[must_use]
pub const fn is_over(state: HelpState) -> bool {
    !matches!(state, HelpState::Asking)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let mut rows = 0;
        for state in <HelpState as Iterable>::iter() {
            for act in <Act as IntoEnumIterator>::iter() {
                for by in <By as IntoEnumIterator>::iter() {
                    let Some(to) = after(state, act, by) else {
                        continue;
                    };
                    rows += 1;
                    // What is over stays over; only who is asked says yes.
                    assert!(!is_over(state));
                    assert_eq!(act == Act::PassOn, !is_over(to), "{act:?}");
                    assert_eq!(
                        to == HelpState::Accepted,
                        (act, by) == (Act::Accept, By::Talent)
                    );
                }
            }
        }
        assert_eq!(rows, 7);
    }
}
