//! The one table of what may happen to a request for help. Pure; asked by every action.

use chrono::TimeDelta;
use entity::kinds::{HelpState, TalentState};
use strum::EnumIter;

use crate::base::clock::Moment;
use crate::talent::LAPSE_DAYS;

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

/// Whether the two may be told how to reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// They may.
    Open,
    /// Nobody has said yes.
    NotYet,
    /// The yes was so long ago that they have spoken, or will not.
    Over,
    /// The talent has taken its consent back.
    TakenBack,
}

/// Whether how to reach the other is told at this moment: after a yes, for so long as a request takes, and only while
/// the talent that has said yes is offered. `since`: when that was.
#[must_use]
pub fn contact(
    state: HelpState,
    since: Option<Moment>,
    talent: Option<TalentState>,
    now: Moment,
) -> Contact {
    let since = since.filter(|_| state == HelpState::Accepted);
    match (since, talent) {
        (None, _) => Contact::NotYet,
        (Some(_), Some(TalentState::Withdrawn) | None) => Contact::TakenBack,
        (Some(since), _) if now > since + TimeDelta::days(LAPSE_DAYS) => Contact::Over,
        _ => Contact::Open,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;
    use crate::base::clock::from_ms;

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

    #[test]
    fn how_to_reach_the_other_is_told_after_a_yes_while_it_is_agreed_to() {
        let since = from_ms(1_700_000_000_000).unwrap();
        let days = |days| since + TimeDelta::days(days);
        let (offered, gone) = (Some(TalentState::Offered), Some(TalentState::Withdrawn));
        let yes = HelpState::Accepted;
        for (state, talent, now, expected) in [
            (yes, offered, since, Contact::Open),
            (yes, offered, days(LAPSE_DAYS), Contact::Open),
            (yes, offered, days(LAPSE_DAYS + 1), Contact::Over),
            (yes, gone, since, Contact::TakenBack),
            (yes, None, since, Contact::TakenBack),
            (HelpState::Asking, offered, since, Contact::NotYet),
            (HelpState::Withdrawn, offered, since, Contact::NotYet),
        ] {
            assert_eq!(contact(state, Some(since), talent, now), expected);
        }
        assert_eq!(contact(yes, None, offered, since), Contact::NotYet);
    }
}
