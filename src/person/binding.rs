//! Rules of the tie between a chat account and a home: its states, and when two names are the
//! same. Pure; asked by the actions.

use entity::kinds::BindingState;

use crate::base::text::fold;

pub use crate::access::{LIVE, TIED};

/// What may happen to a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Act {
    /// The person typed what the roster says.
    Match,
    /// The steward vouches, or the phone is proved.
    Verify,
    /// The steward says no.
    Refuse,
    /// Somebody else of the home objects.
    Object,
    /// The person ends it.
    Release,
}

/// The one table: the state after an act, or none when the act is not possible.
#[must_use]
pub const fn after(state: BindingState, act: Act) -> Option<BindingState> {
    use BindingState::{Declared, Refused, Released, Requested, Verified};
    match (state, act) {
        (Requested, Act::Match) => Some(Declared),
        (Requested | Declared, Act::Verify) => Some(Verified),
        (Requested | Declared, Act::Refuse) => Some(Refused),
        (Declared, Act::Object) => Some(Requested),
        (Requested | Declared | Verified, Act::Release) => Some(Released),
        _ => None,
    }
}

/// A name for comparison: simplified, half width, without spaces and dots.
#[must_use]
pub fn plain_name(name: &str) -> String {
    fold(name)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '.' | '・' | '‧'))
        .collect()
}

/// Whether two names are one person's as far as writing goes.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    let one = plain_name(one);
    !one.is_empty() && one == plain_name(other)
}

/// `张*英`: enough for those who know the person.
#[must_use]
pub fn masked_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    match chars.as_slice() {
        [] => String::new(),
        [only] => only.to_string(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", "*".repeat(middle.len().min(3))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        for act in Act::iter() {
            assert_eq!(after(BindingState::Refused, act), None, "{act:?}");
            assert_eq!(after(BindingState::Released, act), None, "{act:?}");
        }
    }

    #[test]
    fn only_the_steward_or_a_proof_verifies() {
        for state in BindingState::iter() {
            for act in Act::iter().filter(|act| *act != Act::Verify) {
                assert_ne!(after(state, act), Some(BindingState::Verified));
            }
        }
        assert_eq!(after(BindingState::Verified, Act::Object), None);
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        assert!(same_name("張秀英", "张秀英"));
        assert!(same_name("张 秀英", "张秀英"));
        assert!(same_name("阿依古丽·买买提", "阿依古丽买买提"));
        assert!(!same_name("张秀英", "张秀"));
        assert!(!same_name("", ""));
        assert_eq!(masked_name("张秀英"), "张*英");
        assert_eq!(masked_name("张三"), "张*");
    }

    proptest! {
        #[test]
        fn a_masked_name_shows_two_characters_at_most(name in "[一-龥]{2,6}") {
            let shown = masked_name(&name).chars().filter(|c| *c != '*').count();
            prop_assert!(shown <= 2);
        }
    }
}
