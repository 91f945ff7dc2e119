//! The one table of what may happen to somebody's part in a task. Pure; asked by every action.

use entity::life::ServiceState;
use strum::EnumIter;

use ServiceState::{Begun, Confirmed, Ended, Left, Refused, Taken};

/// Something that happens to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 领任务
    Take,
    /// 退任务
    Drop,
    /// 开始服务
    Begin,
    /// 结束服务
    End,
    /// 确认工时, as they were counted.
    Confirm,
    /// The hours are entered, or corrected, by whoever leads.
    Record,
    /// They do not count.
    Refuse,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Whose part it is.
    Volunteer,
    /// Whoever leads.
    Leader,
}

/// The state after an act, from none where somebody had no part in it; none when it is not possible.
#[must_use]
pub const fn after(state: Option<ServiceState>, act: Act, by: By) -> Option<ServiceState> {
    match (by, act, state) {
        (By::Volunteer, Act::Take, None | Some(Left)) => Some(Taken),
        (By::Volunteer, Act::Drop, Some(Taken)) => Some(Left),
        (By::Volunteer, Act::Begin, Some(Taken)) => Some(Begun),
        (By::Volunteer, Act::End, Some(Begun)) => Some(Ended),
        (By::Leader, Act::Confirm, Some(Ended)) | (By::Leader, Act::Record, _) => Some(Confirmed),
        (By::Leader, Act::Refuse, Some(Begun | Ended | Confirmed)) => Some(Refused),
        _ => None,
    }
}

/// Whether it takes one of the places of its task.
#[must_use]
pub const fn holds(state: Option<ServiceState>) -> bool {
    matches!(state, Some(Taken | Begun | Ended | Confirmed))
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let states = <ServiceState as Iterable>::iter().map(Some);
        let mut count = 0;
        for state in states.chain([None]) {
            for act in <Act as IntoEnumIterator>::iter() {
                for by in <By as IntoEnumIterator>::iter() {
                    let Some(to) = after(state, act, by) else {
                        continue;
                    };
                    count += 1;
                    // Only whoever leads says what counts and what does not.
                    let decided = matches!(to, Confirmed | Refused);
                    assert_eq!(by == By::Leader, decided, "{act:?} {state:?}");
                }
            }
        }
        assert_eq!(count, 16);
    }
}
