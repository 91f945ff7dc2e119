//! Properties of the table: whatever is tried in whatever order, the seven steps stay in order.

use entity::kinds::{CaseKind, Channel, Grade, Level};
use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::*;
use crate::base::clock::from_ms;
use crate::case::clock::Clock;

pub(crate) fn filed() -> case::Model {
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
        asked_id: None,
        asked_organisation_id: None,
        asked_level: None,
        asked_due_at: None,
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
        outcome: None,
        public_text: None,
        rating: None,
        rating_text: None,
        reopen_asked_at: None,
        reopened: false,
        latitude: None,
        longitude: None,
        merged_into: None,
        joiners: 0,
        households: 1,
        anonymous: false,
        filed_by_id: None,
        asker: None,
        asker_phone_sealed: None,
        closed_at: None,
        closed_off_at: None,
        created_at: now,
        updated_at: now,
        grade: Grade::Ordinary,
        calendar_id: None,
        clock_from: None,
        arrive_due_at: None,
        plan_due_at: None,
        arrive_late: false,
        plan_late: false,
        silent_later: false,
        clocks_left: None,
        clock_level: None,
        pause_until: None,
        near_id: None,
        essence: None,
    }
}

/// What an action does that asks somebody: the table first, then the name.
fn asks(case: &mut case::Model, action: Action, by: By) {
    let before = case.state;
    if apply(case, action, by, true).is_ok() {
        assert_eq!(case.state, before, "whoever has it keeps it");
        case.asked_id = Some(9);
        case.asked_level = Some(Level::Community);
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
            // As the actions do that ask somebody.
            if matches!(action, Action::Escalate | Action::Raise) && before.asked_id.is_none() {
                asks(&mut case, action, by);
                continue;
            }
            match apply(&mut case, action, by, found) {
                Err(_) => prop_assert_eq!(&case, &before),
                Ok(steps) => {
                    prop_assert_eq!(row(action).by, by);
                    prop_assert!(row(action).from.contains(&before.state));
                    if matches!(action, Action::Reopen | Action::ReopenSilent) {
                        prop_assert!(!before.reopened);
                        rounds.push(Vec::new());
                    }
                    if action == Action::AskReopen {
                        prop_assert!(before.reopen_asked_at.is_none(), "asked once");
                    }
                    if action == Action::CloseOff {
                        prop_assert_eq!(before.step, CaseStep::Reviewed);
                        prop_assert_eq!(before.outcome, Some(Outcome::Solved));
                    }
                    // As the actions do.
                    match action {
                        Action::Accept => case.accepted_at = case.accepted_at.or(Some(case.updated_at)),
                        Action::Rate => case.rating = Some(1),
                        _ => {}
                    }
                    rounds.last_mut().unwrap().extend(steps.iter().map(|taken| taken.step));
                    for taken in steps.iter().filter(|taken| taken.skipped) {
                        prop_assert_eq!(taken.step, CaseStep::Deliberated);
                    }
                }
            }
            // Late flags are never cleared; a closed case opens only by the one reopening.
            prop_assert!(case.accept_late >= before.accept_late);
            prop_assert!(case.arrive_late >= before.arrive_late);
            prop_assert!(case.finish_late >= before.finish_late);
            prop_assert!(case.plan_late >= before.plan_late);
            prop_assert!(case.silent_later >= before.silent_later);
            // The first answer is fixed once it is there.
            if before.accepted_at.is_some() {
                prop_assert_eq!(case.accept_late, before.accept_late);
            }
            // A rating is of the round that has ended.
            if case.rating.is_some() {
                prop_assert!(matches!(case.state, Reviewed | ReopenRequested));
            }
            prop_assert_eq!(
                case.resume_state.is_some(),
                matches!(case.state, Paused | ReopenRequested)
            );
            if !OPEN.contains(&before.state) && OPEN.contains(&case.state) {
                // What was merged by mistake is parted again.
                let again = matches!(action, Action::Reopen | Action::ReopenSilent | Action::Unmerge);
                prop_assert!(again);
            }
            // An end belongs to what has ended, and only what was solved is struck from the list.
            prop_assert_eq!(case.outcome.is_none(), OPEN.contains(&case.state) || matches!(case.state, Withdrawn | Merged));
            prop_assert!(case.closed_off_at.is_none() || case.outcome == Some(Outcome::Solved));
            // Somebody is asked only beside whoever has accepted it.
            if case.asked_id.is_some() {
                prop_assert!(KEPT.contains(&case.state) || case.state == ReopenRequested);
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

#[test]
fn every_action_from_every_state_by_everybody_is_in_the_table_or_refused() {
    use CaseState::{Raised, ReopenRequested};
    let states = [
        Raised,
        Assigned,
        Accepted,
        Arrived,
        Paused,
        Finished,
        Reviewed,
        ReopenRequested,
        Withdrawn,
        Merged,
    ];
    let mut allowed = 0;
    for (action, by, state, asked) in Action::iter().flat_map(|action| {
        By::iter().flat_map(move |by| {
            states
                .into_iter()
                .flat_map(move |state| [false, true].map(|asked| (action, by, state, asked)))
        })
    }) {
        let mut case = case::Model {
            state,
            asked_id: asked.then_some(9),
            outcome: matches!(state, Finished | Reviewed | ReopenRequested)
                .then_some(Outcome::Solved),
            step: match state {
                Finished => CaseStep::Published,
                Reviewed | ReopenRequested => CaseStep::Reviewed,
                _ => CaseStep::Gathered,
            },
            ..filed()
        };
        let before = case.clone();
        let listed = row(action).by == by && row(action).from.contains(&state);
        match apply(&mut case, action, by, true) {
            Ok(_) => {
                assert!(listed, "{action:?} {by:?} {state:?}");
                allowed += 1;
            }
            Err(refused) => {
                assert_eq!(case, before);
                let reason = match (row(action).by == by, listed) {
                    (false, _) => refused == Refused::NotTheirs,
                    (true, false) => refused == Refused::WrongState,
                    (true, true) => matches!(refused, Refused::Asked | Refused::NotAsked),
                };
                assert!(reason, "{action:?} {by:?} {state:?} {asked}: {refused:?}");
            }
        }
    }
    assert!(allowed > 100, "{allowed}");
}

#[test]
fn what_could_not_be_solved_is_never_struck_from_the_list() {
    let mut case = filed();
    apply(&mut case, Action::GiveUp, By::Staff, true).unwrap();
    assert_eq!(case.outcome, Some(Outcome::Unsolved));
    apply(&mut case, Action::Rate, By::Resident, true).unwrap();
    let struck = apply(&mut case, Action::CloseOff, By::System, true);
    assert_eq!(struck, Err(Refused::NotToStrike));
}

#[test]
fn nothing_is_struck_before_it_was_reviewed_and_nothing_twice() {
    let mut case = filed();
    apply(&mut case, Action::Finish, By::Staff, true).unwrap();
    let early = apply(&mut case, Action::CloseOff, By::System, true);
    assert_eq!(early, Err(Refused::WrongState));
    apply(&mut case, Action::Lapse, By::System, true).unwrap();
    apply(&mut case, Action::CloseOff, By::System, true).unwrap();
    assert!(case.closed_off_at.is_some());
    let twice = apply(&mut case, Action::CloseOff, By::System, true);
    assert_eq!(twice, Err(Refused::NotToStrike));
}

#[test]
fn a_declined_request_leaves_all_as_it_was_and_is_the_only_one() {
    for rated in [false, true] {
        let mut case = filed();
        apply(&mut case, Action::Finish, By::Staff, true).unwrap();
        if rated {
            apply(&mut case, Action::Rate, By::Resident, true).unwrap();
        }
        let before = case.clone();
        apply(&mut case, Action::AskReopen, By::Resident, true).unwrap();
        case.asked_id = Some(9);
        apply(&mut case, Action::DeclineReopen, By::Staff, true).unwrap();
        assert_eq!((case.state, case.round), (before.state, 1));
        assert_eq!((case.asked_id, case.outcome), (None, before.outcome));
        let again = apply(&mut case, Action::AskReopen, By::Resident, true);
        assert_eq!(again, Err(Refused::ReopenedBefore));
    }
}

#[test]
fn what_is_said_during_a_pause_does_not_change_where_it_goes_back_to() {
    let mut case = filed();
    apply(&mut case, Action::Arrive, By::Staff, true).unwrap();
    apply(&mut case, Action::Pause, By::Staff, true).unwrap();
    for (action, by) in [
        (Action::Nudge, By::Resident),
        (Action::Supplement, By::Resident),
        (Action::Assist, By::Staff),
    ] {
        apply(&mut case, action, by, true).unwrap();
    }
    apply(&mut case, Action::Resume, By::Staff, true).unwrap();
    assert_eq!(case.state, Arrived);
}

#[test]
fn the_first_answer_is_fixed_and_later_silence_has_a_flag_of_its_own() {
    let mut case = filed();
    apply(&mut case, Action::Accept, By::Staff, true).unwrap();
    case.accepted_at = Some(case.updated_at);
    apply(&mut case, Action::Escalate, By::Staff, true).unwrap();
    case.asked_id = Some(9);
    apply(&mut case, Action::AskLate, By::System, true).unwrap();
    assert_eq!((case.accept_late, case.silent_later), (false, true));
    case.silent_later = false;
    apply(&mut case, Action::HandOver, By::Staff, true).unwrap();
    assert!(!Clock::Accept.was_late(&case));
    apply(&mut case, Action::AcceptLate, By::System, true).unwrap();
    assert_eq!((case.accept_late, case.silent_later), (false, true));
    assert!(Clock::Accept.was_late(&case));
    // Whoever answers late at first was late, whoever is silent behind them.
    let mut case = filed();
    apply(&mut case, Action::AcceptLate, By::System, true).unwrap();
    assert!(Clock::Accept.was_late(&case));
    apply(&mut case, Action::Accept, By::Staff, true).unwrap();
    case.accepted_at = Some(case.updated_at);
    assert_eq!((case.accept_late, case.silent_later), (true, false));
}

#[test]
fn a_round_begins_without_a_rating() {
    for silent in [false, true] {
        let mut case = filed();
        apply(&mut case, Action::Finish, By::Staff, true).unwrap();
        apply(&mut case, Action::Rate, By::Resident, true).unwrap();
        case.rating = Some(5);
        case.rating_text = Some("很快".to_owned());
        apply(&mut case, Action::AskReopen, By::Resident, true).unwrap();
        assert_eq!(case.rating, Some(5), "as long as nobody has decided");
        let (action, by) = match silent {
            true => (Action::ReopenSilent, By::System),
            false => (Action::Reopen, By::Staff),
        };
        apply(&mut case, action, by, true).unwrap();
        assert_eq!((case.rating, case.rating_text), (None, None));
    }
}

#[test]
fn nobody_is_asked_to_take_over_what_nobody_has_accepted() {
    let mut case = filed();
    apply(&mut case, Action::Mediate, By::System, true).unwrap();
    assert_eq!(case.state, Paused);
    let raised = apply(&mut case, Action::Raise, By::System, true);
    assert_eq!(raised, Err(Refused::WrongState));
}
