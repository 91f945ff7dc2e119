//! THE table of an expense's states: what may be done in which, and where it leads. Pure.

use entity::money::ExpenseAct as Act;
use entity::money::ExpenseState::{
    self, Closed, Draft, Expired, Filing, Paid, Payable, Publishing, Refused, Reviewing, Withdrawn,
};

/// Where an act leads; none where it is not possible. `last`: of a review, that none comes after it.
#[must_use]
pub const fn after(state: ExpenseState, act: Act, last: bool) -> Option<ExpenseState> {
    match (state, act) {
        (Draft, Act::Change) => Some(Draft),
        (Draft, Act::Submit) => Some(Reviewing),
        (Reviewing, Act::Approve) if last => Some(Publishing),
        (Reviewing, Act::Approve) => Some(Reviewing),
        (Reviewing | Publishing | Filing, Act::Refuse) => Some(Refused),
        (Publishing, Act::Object) => Some(Publishing),
        (Publishing, Act::Published) => Some(Filing),
        (Reviewing | Publishing | Filing, Act::Tender) => Some(state),
        (Filing, Act::File) => Some(Payable),
        (Payable, Act::Pay) => Some(Paid),
        (Paid, Act::Close) => Some(Closed),
        (Draft | Reviewing | Publishing | Filing | Payable | Refused, Act::Withdraw) => {
            Some(Withdrawn)
        }
        (Refused, Act::Revise) => Some(Draft),
        (Reviewing | Filing | Payable, Act::Expire) => Some(Expired),
        _ => None,
    }
}

/// Whether somebody has to do something, and is reminded.
#[must_use]
pub const fn waits(state: ExpenseState) -> bool {
    matches!(state, Reviewing | Filing | Payable)
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    /// Every way from a draft to the money leads over the reviews, the publication and the filing.
    #[test]
    fn no_way_to_paid_leaves_a_step_out() {
        let mut ways = vec![(Draft, Vec::new())];
        let mut paid = 0;
        while let Some((state, path)) = ways.pop() {
            if state == Paid {
                paid += 1;
                for needed in [Act::Submit, Act::Approve, Act::Published, Act::File] {
                    assert!(path.contains(&needed), "{path:?} has no {needed:?}");
                }
                continue;
            }
            if path.len() > 7 {
                continue;
            }
            for act in Act::iter() {
                for last in [false, true] {
                    if let Some(next) = after(state, act, last)
                        && (next != state || act == Act::Approve)
                    {
                        let path = path.iter().copied().chain([act]).collect();
                        ways.push((next, path));
                    }
                }
            }
        }
        assert!(paid > 0);
    }

    #[test]
    fn what_is_over_stays_over() {
        for state in [Closed, Withdrawn, Expired] {
            for act in Act::iter() {
                assert_eq!(after(state, act, true), None, "{state:?} {act:?}");
            }
        }
    }
}
