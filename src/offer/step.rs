//! The one table of what may happen to an item of the four lists. Pure; asked by every action. Who acts is
//! part of it: nobody but its owner closes an item, nobody but whoever supervises opens it again.

use entity::kinds::{OfferList, OfferState};
use strum::EnumIter;

use OfferState::{Done, Lapsed, Matched, Open, Raised, Refused, Removed, Withdrawn};

use crate::offer::is_promise;

/// Something that happens to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Act {
    /// 通过清单
    Pass,
    /// 驳回清单
    Refuse,
    /// 下架清单
    Remove,
    /// 撤回清单
    Withdraw,
    /// 清单分类
    Sort,
    /// 对接, of a need; of a resource while something is left of it.
    Tie,
    /// 对接, of the last of a resource.
    TieLast,
    /// 取消对接
    Untie,
    /// 办好
    Finish,
    /// Its last day is over.
    Lapse,
    /// 认领项目
    Claim,
    /// 销号
    Close,
    /// 重开清单
    Reopen,
}

impl Act {
    /// As the history keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "opened",
            Self::Refuse => "refused",
            Self::Remove => "removed",
            Self::Withdraw => "withdrawn",
            Self::Sort => "sorted",
            Self::Tie | Self::TieLast => "tied",
            Self::Untie => "untied",
            Self::Finish => "finished",
            Self::Lapse => "lapsed",
            Self::Claim => "claimed",
            Self::Close => "closed",
            Self::Reopen => "reopened",
        }
    }
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum By {
    /// Whose it is.
    Owner,
    /// Whose the other item of the tie is.
    Other,
    /// Staff who may check it.
    Checker,
    /// Whoever supervises what organisations promise.
    Supervisor,
    /// An organisation that takes a project on.
    Claimer,
    /// Its own clock.
    Clock,
}

/// The state after an act; none when it is not possible.
#[must_use]
pub const fn after(list: OfferList, state: OfferState, act: Act, by: By) -> Option<OfferState> {
    if is_promise(list) {
        promised(list, state, act, by)
    } else {
        exchanged(list, state, act, by)
    }
}

/// Of needs and resources.
const fn exchanged(list: OfferList, state: OfferState, act: Act, by: By) -> Option<OfferState> {
    let is_need = matches!(list, OfferList::Need);
    match (by, act, state) {
        (By::Checker, Act::Pass, Raised) => Some(Open),
        (By::Checker, Act::Refuse, Raised) => Some(Refused),
        (By::Checker, Act::Remove, Open | Matched) => Some(Removed),
        (By::Owner, Act::Withdraw, Raised | Open | Matched) => Some(Withdrawn),
        (By::Owner, Act::Sort, Raised | Open) => Some(state),
        (By::Owner | By::Other, Act::Tie, Open) if is_need => Some(Matched),
        (By::Owner | By::Other, Act::Tie, Open) => Some(Open),
        (By::Owner | By::Other, Act::TieLast, Open) if !is_need => Some(Matched),
        (By::Owner | By::Other, Act::Untie, Matched) => Some(Open),
        // One of several needs gives a resource back of which something is left.
        (By::Owner | By::Other, Act::Untie, Open) if !is_need => Some(Open),
        (By::Owner, Act::Finish, Matched) if is_need => Some(Done),
        (By::Clock, Act::Lapse, Open) => Some(Lapsed),
        _ => None,
    }
}

/// Of services and responsibilities: who has promised does not take it back.
const fn promised(list: OfferList, state: OfferState, act: Act, by: By) -> Option<OfferState> {
    match (by, act, state) {
        (By::Supervisor, Act::Remove, Open) => Some(Removed),
        (By::Claimer, Act::Claim, Open) if matches!(list, OfferList::Service) => Some(Open),
        (By::Owner, Act::Close, Open) => Some(Done),
        (By::Supervisor, Act::Reopen, Done) => Some(Open),
        // It is late from then on; it does not end.
        (By::Clock, Act::Lapse, Open) => Some(Open),
        _ => None,
    }
}

/// Whether nobody waits for it any more.
#[must_use]
pub const fn is_over(state: OfferState) -> bool {
    matches!(state, Done | Refused | Withdrawn | Removed | Lapsed)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;
    use strum::IntoEnumIterator;

    use super::*;

    type Row = (OfferList, By, Act, OfferState, OfferState);

    fn rows() -> Vec<Row> {
        let mut rows = Vec::new();
        for list in <OfferList as Iterable>::iter() {
            for state in <OfferState as Iterable>::iter() {
                for act in <Act as IntoEnumIterator>::iter() {
                    for by in <By as IntoEnumIterator>::iter() {
                        if let Some(to) = after(list, state, act, by) {
                            rows.push((list, by, act, state, to));
                        }
                    }
                }
            }
        }
        rows
    }

    #[test]
    fn what_is_over_stays_over_but_for_a_promise_that_is_opened_again() {
        for (list, by, act, from, _) in rows() {
            let again = act == Act::Reopen && by == By::Supervisor && is_promise(list);
            assert!(!is_over(from) || again, "{list:?} {act:?} {from:?}");
        }
    }

    #[test]
    fn each_act_has_its_own_actors() {
        for (list, by, act, ..) in rows() {
            let own: &[By] = match act {
                Act::Pass | Act::Refuse => &[By::Checker],
                Act::Remove if is_promise(list) => &[By::Supervisor],
                Act::Remove => &[By::Checker],
                Act::Withdraw | Act::Sort | Act::Finish | Act::Close => &[By::Owner],
                Act::Tie | Act::TieLast | Act::Untie => &[By::Owner, By::Other],
                Act::Lapse => &[By::Clock],
                Act::Claim => &[By::Claimer],
                Act::Reopen => &[By::Supervisor],
            };
            assert!(own.contains(&by), "{list:?} {act:?} {by:?}");
        }
    }

    #[test]
    fn nothing_is_tied_that_nobody_has_read_and_a_need_is_tied_once() {
        for (list, _, act, from, to) in rows() {
            if matches!(act, Act::Tie | Act::TieLast) {
                assert_eq!(from, Open);
                assert!(!is_promise(list));
                assert!(list != OfferList::Need || to == Matched);
            }
        }
    }
}
