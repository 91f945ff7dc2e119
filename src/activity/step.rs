//! The one table of what may happen to an activity. Pure; asked by every action. Sign-ups have their own
//! rules (`seats`).

use entity::life::ActivityState;
use strum::EnumIter;

use ActivityState::{Cancelled, Closed, Draft, Held, Open};

/// Something that happens to an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 发布活动
    Open,
    /// Words, time, place or places change.
    Change,
    /// 截止报名, by hand or by its clock.
    Close,
    /// 继续报名
    Reopen,
    /// 取消活动
    Cancel,
    /// Its time is over.
    Hold,
}

impl Act {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "opened",
            Self::Change => "changed",
            Self::Close => "closed",
            Self::Reopen => "reopened",
            Self::Cancel => "cancelled",
            Self::Hold => "held",
        }
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Whoever may lead activities there.
    Leader,
    /// Its own clock.
    Clock,
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(state: ActivityState, act: Act, by: By) -> Option<ActivityState> {
    match (by, act, state) {
        (By::Leader, Act::Open, Draft) | (By::Leader, Act::Reopen, Closed) => Some(Open),
        (By::Leader, Act::Change, Draft | Open | Closed) => Some(state),
        (By::Leader | By::Clock, Act::Close, Open) => Some(Closed),
        (By::Leader, Act::Cancel, Draft | Open | Closed) => Some(Cancelled),
        (By::Clock, Act::Hold, Open | Closed) => Some(Held),
        _ => None,
    }
}

/// Whether it is still to come, or under way, and people know of it.
#[must_use]
pub const fn is_ahead(state: ActivityState) -> bool {
    matches!(state, Open | Closed)
}

/// Whether nothing more happens to it.
#[must_use]
pub const fn is_over(state: ActivityState) -> bool {
    matches!(state, Cancelled | Held)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let mut rows = Vec::new();
        for state in <ActivityState as Iterable>::iter() {
            for act in <Act as IntoEnumIterator>::iter() {
                for by in <By as IntoEnumIterator>::iter() {
                    if let Some(to) = after(state, act, by) {
                        rows.push((by, act, state, to));
                    }
                }
            }
        }
        assert_eq!(rows.len(), 12, "{rows:?}");
        for (by, act, from, to) in rows {
            assert!(!is_over(from), "{act:?}: what is over stays over");
            assert_eq!(from == to, act == Act::Change, "{act:?}");
            assert!(to != Held || by == By::Clock && from != Draft, "{act:?}");
            assert!(by == By::Leader || is_ahead(from), "{act:?}");
        }
    }
}
