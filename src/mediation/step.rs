//! The one table of what may happen to a mediation. Pure; asked by every action. The mediator's rows
//! and the parties' are apart.

use entity::kinds::MediationState;
use strum::EnumIter;

use MediationState::{Agreed, Broken, Failed, Kept, Open, Proposed};

/// Something that happens to a mediation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 当事人: somebody is named as a party.
    Name,
    /// 约调解: the parties are called to meet.
    Call,
    /// 协议: a text is put to the parties.
    Propose,
    /// 同意
    Agree,
    /// 不同意
    Disagree,
    /// 履行 是
    Keep,
    /// 履行 否
    Break,
    /// 调解不成
    Fail,
    /// It goes no further: the case is over, or nobody is left to lead it.
    End,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Who leads it.
    Mediator,
    /// One of those who quarrel.
    Party,
    /// A clock.
    System,
}

/// The state after an act; none when it is not possible. `all` says that with this answer every party
/// has said yes: to the text, or that it is kept. The mediator's word counts for all.
#[must_use]
pub const fn after(state: MediationState, act: Act, by: By, all: bool) -> Option<MediationState> {
    match (by, act, state) {
        (By::Mediator, Act::Name, Open | Broken)
        | (By::Mediator, Act::Call, Open | Proposed | Broken) => Some(state),
        (By::Mediator, Act::Propose, Open | Proposed | Broken) => Some(Proposed),
        (By::Mediator, Act::Fail, Open | Proposed | Broken) => Some(Failed),
        (By::Mediator, Act::Keep, Agreed | Broken) => Some(Kept),
        (By::Mediator | By::Party, Act::Break, Agreed) => Some(Broken),
        (By::Party, Act::Agree, Proposed) => Some(if all { Agreed } else { Proposed }),
        (By::Party, Act::Disagree, Proposed) => Some(Open),
        (By::Party, Act::Keep, Agreed) => Some(if all { Kept } else { Agreed }),
        (By::System, Act::End, Open | Proposed | Agreed | Broken) => Some(Failed),
        _ => None,
    }
}

/// Whether nothing can happen any more.
#[must_use]
pub const fn is_over(state: MediationState) -> bool {
    matches!(state, Kept | Failed)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let mut rows = Vec::new();
        for state in <MediationState as Iterable>::iter() {
            for act in <Act as IntoEnumIterator>::iter() {
                for by in <By as IntoEnumIterator>::iter() {
                    if let Some(to) = after(state, act, by, true) {
                        rows.push((by, act, state, to));
                    }
                }
            }
        }
        assert_eq!(rows.len(), 22, "{rows:?}");
        assert!(rows.iter().all(|(.., from, _)| !is_over(*from)));
        let by_party = |wanted: Act| {
            rows.iter()
                .any(|(by, act, ..)| *by == By::Party && *act == wanted)
        };
        for act in [Act::Name, Act::Call, Act::Propose, Act::Fail] {
            assert!(!by_party(act), "{act:?}");
        }
        let by_mediator = |wanted: Act| {
            rows.iter()
                .any(|(by, act, ..)| *by == By::Mediator && *act == wanted)
        };
        for act in [Act::Agree, Act::Disagree] {
            assert!(!by_mediator(act), "nobody agrees for a party: {act:?}");
        }
        let by_system = rows.iter().filter(|(by, ..)| *by == By::System);
        assert!(
            by_system.clone().count() == 4
                && by_system.clone().all(|(_, act, ..)| *act == Act::End)
        );
    }

    #[test]
    fn an_agreement_needs_everybody() {
        assert_eq!(
            after(Proposed, Act::Agree, By::Party, false),
            Some(Proposed)
        );
        assert_eq!(after(Proposed, Act::Agree, By::Party, true), Some(Agreed));
        assert_eq!(after(Agreed, Act::Keep, By::Party, false), Some(Agreed));
        assert_eq!(after(Agreed, Act::Keep, By::Party, true), Some(Kept));
        assert_eq!(after(Open, Act::Agree, By::Party, true), None);
    }
}
