//! Properties of the table: whatever is tried in whatever order, the seven steps stay in order.

use entity::kinds::{CaseKind, Channel, Level};
use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::*;
use crate::base::clock::from_ms;

fn filed() -> case::Model {
    let now = from_ms(1_790_000_000_000).unwrap();
    case::Model {
        id: 12,
        compound_id: 1,
        place_id: 2,
        kind: CaseKind::Repair,
        category: None,
        text: "电梯停了".to_owned(),
        reporter_id: 3,
        account_id: None,
        channel: Channel::Official,
        state: Assigned,
        step: CaseStep::Gathered,
        round: 1,
        level: Level::Compound,
        holder_id: Some(4),
        organisation_id: None,
        accept_due_at: None,
        finish_due_at: None,
        accepted_at: None,
        arrived_at: None,
        finished_at: None,
        paused_at: None,
        resume_state: None,
        accept_late: false,
        finish_late: false,
        nudges: 0,
        nudged_at: None,
        plan: None,
        result: None,
        public_text: None,
        rating: None,
        rating_text: None,
        reopened: false,
        latitude: None,
        longitude: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn any_try() -> impl Strategy<Value = (Action, By, bool)> {
    let actions: Vec<Action> = Action::iter().collect();
    let bys: Vec<By> = By::iter().collect();
    (
        proptest::sample::select(actions),
        proptest::sample::select(bys),
        any::<bool>(),
    )
}

proptest! {
    #[test]
    fn steps_keep_their_only_order(tries in proptest::collection::vec(any_try(), 0..200)) {
        let mut case = filed();
        let all: Vec<CaseStep> = {
            use CaseStep::{Deliberated, Gathered, Handled, Published, Raised, Reviewed, Supervised};
            vec![Raised, Gathered, Deliberated, Handled, Supervised, Published, Reviewed]
        };
        let mut rounds = vec![vec![CaseStep::Raised, CaseStep::Gathered]];
        for (action, by, found) in tries {
            let before = case.clone();
            match apply(&mut case, action, by, found) {
                Err(_) => prop_assert_eq!(&case, &before),
                Ok(steps) => {
                    prop_assert_eq!(row(action).by, by);
                    prop_assert!(row(action).from.contains(&before.state));
                    if action == Action::Reopen {
                        prop_assert!(!before.reopened);
                        rounds.push(Vec::new());
                    }
                    rounds.last_mut().unwrap().extend(steps.iter().map(|taken| taken.step));
                    for taken in steps.iter().filter(|taken| taken.skipped) {
                        prop_assert_eq!(taken.step, CaseStep::Deliberated);
                    }
                }
            }
            // Late flags are never cleared; a closed case opens only by the one reopening.
            prop_assert!(case.accept_late >= before.accept_late);
            prop_assert!(case.finish_late >= before.finish_late);
            let was_closed = matches!(before.state, Finished | Reviewed | Withdrawn);
            if was_closed && OPEN.contains(&case.state) {
                prop_assert_eq!(action, Action::Reopen);
            }
            if before.state == Withdrawn {
                prop_assert_eq!(&case, &before);
            }
            for steps in &rounds {
                prop_assert_eq!(steps.as_slice(), &all[..steps.len()]);
            }
            prop_assert_eq!(rounds.last().unwrap().last().copied(), Some(case.step));
            prop_assert_eq!(usize::try_from(case.round).unwrap(), rounds.len());
            prop_assert!(case.round <= 2);
        }
    }

    #[test]
    fn a_pause_goes_back_to_where_it_was(arrived in any::<bool>()) {
        let mut case = filed();
        apply(&mut case, Action::Accept, By::Staff, true).unwrap();
        if arrived {
            apply(&mut case, Action::Arrive, By::Staff, true).unwrap();
        }
        let before = case.state;
        apply(&mut case, Action::Pause, By::Staff, true).unwrap();
        prop_assert_eq!(case.state, Paused);
        apply(&mut case, Action::Resume, By::Staff, true).unwrap();
        prop_assert_eq!(case.state, before);
        prop_assert_eq!(case.resume_state, None);
    }
}

#[test]
fn every_action_has_a_row_and_only_its_own_hand() {
    for action in Action::iter() {
        assert!(!row(action).from.is_empty(), "{action:?}");
        assert!(!row(action).from.contains(&Withdrawn), "{action:?}");
        for by in By::iter().filter(|by| *by != row(action).by) {
            assert_eq!(
                apply(&mut filed(), action, by, true),
                Err(Refused::NotTheirs)
            );
        }
    }
}

#[test]
fn a_plan_made_late_counts_once_and_replaces_the_skip() {
    let mut case = filed();
    apply(&mut case, Action::Arrive, By::Staff, true).unwrap();
    assert_eq!(
        apply(&mut case, Action::Plan, By::Staff, true)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(apply(&mut case, Action::Plan, By::Staff, true).unwrap(), []);
    let steps = apply(&mut case, Action::Finish, By::Staff, true).unwrap();
    assert!(steps.iter().all(|taken| !taken.skipped));
    assert_eq!(case.step, CaseStep::Published);
}
