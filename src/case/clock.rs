//! When the clocks of a case run out: pure sums over minutes. Asked by dispatch and by the actions.
//! The clocks run day and night.

use chrono::TimeDelta;
use entity::response_policy;

use crate::base::clock::Moment;

/// Days after finishing in which the resident may rate; then the chance lapses.
pub const RATING_DAYS: i64 = 7;
/// Days after finishing or reviewing in which the one reopening is possible.
pub const REOPEN_DAYS: i64 = 7;
/// Minutes between two presses (催办).
pub const NUDGE_MINUTES: i64 = 10;

/// The clocks of a place, minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Until the holder must have accepted.
    pub accept_minutes: i64,
    /// Until the case must be finished.
    pub finish_minutes: i64,
}

impl Policy {
    /// From what is stored, minutes; at least one.
    #[must_use]
    pub fn of(accept: i32, finish: i32) -> Self {
        Self {
            accept_minutes: i64::from(accept.max(1)),
            finish_minutes: i64::from(finish.max(1)),
        }
    }
}

/// What holds where no place has its own: 5 to answer, 30 to solve (5341).
pub const BUILT_IN: Policy = Policy {
    accept_minutes: 5,
    finish_minutes: 30,
};

/// The policy of the nearest place; `ids` are the places from the top down.
#[must_use]
pub fn nearest(policies: &[response_policy::Model], ids: &[i64]) -> Policy {
    ids.iter()
        .rev()
        .find_map(|id| policies.iter().find(|policy| policy.place_id == *id))
        .map_or(BUILT_IN, |policy| {
            Policy::of(policy.accept_minutes, policy.finish_minutes)
        })
}

/// So many minutes later; the end of time if there is no such moment.
#[must_use]
pub fn after(from: Moment, minutes: i64) -> Moment {
    TimeDelta::try_minutes(minutes)
        .and_then(|delta| from.checked_add_signed(delta))
        .unwrap_or(Moment::MAX_UTC)
}

/// So many days later.
#[must_use]
pub fn after_days(from: Moment, days: i64) -> Moment {
    after(from, days.saturating_mul(24 * 60))
}

/// The finish clock after a pause: what was left when it began is left when it ends. A clock that
/// had run out stays run out.
#[must_use]
pub fn resumed(due: Moment, paused_at: Moment, now: Moment) -> Moment {
    if due <= paused_at || now <= paused_at {
        return due;
    }
    due.checked_add_signed(now - paused_at)
        .unwrap_or(Moment::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::clock::from_ms;

    fn at(minutes: i64) -> Moment {
        from_ms(1_790_000_000_000 + minutes * 60_000).unwrap()
    }

    fn policy(place_id: i64, accept: i32, finish: i32) -> response_policy::Model {
        response_policy::Model {
            id: place_id,
            place_id,
            accept_minutes: accept,
            finish_minutes: finish,
            created_at: at(0),
        }
    }

    #[test]
    fn the_nearest_policy_holds_and_the_built_in_one_otherwise() {
        let policies = [policy(1, 60, 600), policy(5, 10, 120)];
        assert_eq!(nearest(&policies, &[1, 5, 9]).accept_minutes, 10);
        assert_eq!(nearest(&policies, &[1, 4, 9]).accept_minutes, 60);
        assert_eq!(nearest(&policies, &[2]), BUILT_IN);
    }

    #[test]
    fn a_pause_keeps_what_was_left() {
        assert_eq!(resumed(at(30), at(10), at(100)), at(120));
        assert_eq!(resumed(at(5), at(10), at(100)), at(5));
        assert_eq!(resumed(at(30), at(10), at(9)), at(30));
    }

    proptest! {
        #[test]
        fn later_stays_later(a in 0_i64..1_000_000, b in 0_i64..1_000_000, minutes in any::<i64>()) {
            let (first, second) = (at(a.min(b)), at(a.max(b)));
            prop_assert!(after(first, minutes) <= after(second, minutes));
        }

        #[test]
        fn more_minutes_are_never_earlier(a in any::<i64>(), b in 0_i64..1_000_000) {
            prop_assert!(after(at(0), a.max(0)) <= after(at(0), a.max(0).saturating_add(b)));
        }

        #[test]
        fn a_pause_never_brings_the_end_nearer(due in 0_i64..10_000, paused in 0_i64..10_000, now in 0_i64..10_000) {
            let end = resumed(at(due), at(paused), at(now));
            prop_assert!(end >= at(due));
            if due > paused && now > paused {
                prop_assert_eq!(end - at(now), at(due) - at(paused));
            }
        }
    }
}
