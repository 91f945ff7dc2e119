//! From verdicts to changes of rows, in as few statements as possible. Pure; called by the queues.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::kinds::ReminderState;

use super::Verdict;
use super::backoff::pause;
use super::queue::Answered;
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::text::shorten;

/// Throws of jitter for one batch: what failed together comes back in so many parts.
const PARTS: usize = 8;
/// Characters of an error that are kept.
const ERROR: usize = 500;

/// One change, and the rows that it is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub state: ReminderState,
    /// When it is tried next; none when it never is.
    pub next_at: Option<Moment>,
    pub error: Option<String>,
    /// This claim was no try.
    pub uncounted: bool,
    pub ids: Vec<i64>,
}

/// Sorts the answers of one batch into changes.
pub(super) fn settle(
    answered: Vec<Answered>,
    max_attempts: i32,
    dice: &Dice,
    now: Moment,
) -> Vec<Change> {
    let mut throws: HashMap<(i32, usize), Moment> = HashMap::new();
    let mut places: HashMap<(ReminderState, Option<Moment>, Option<String>, bool), usize> =
        HashMap::new();
    let mut changes: Vec<Change> = Vec::new();
    for (at, answer) in answered.into_iter().enumerate() {
        let attempts = answer.attempts;
        let key = match answer.verdict {
            Verdict::Done => (ReminderState::Sent, None, None, false),
            Verdict::Drop => (ReminderState::Cancelled, None, None, false),
            Verdict::Fail(error) => (ReminderState::Failed, None, Some(error), false),
            Verdict::Retry(error) if attempts >= max_attempts => {
                (ReminderState::Failed, None, Some(error), false)
            }
            Verdict::Retry(error) => {
                let next = throws
                    .entry((attempts, at % PARTS))
                    .or_insert_with(|| now + pause(attempts, dice));
                (ReminderState::Pending, Some(*next), Some(error), false)
            }
            // Never at once again: that would turn in circles.
            Verdict::Later(next) => {
                let next = next.max(now + TimeDelta::seconds(1));
                (ReminderState::Pending, Some(next), None, true)
            }
        };
        let key = (
            key.0,
            key.1,
            key.2.map(|error| shorten(&error, ERROR)),
            key.3,
        );
        let place = *places.entry(key.clone()).or_insert_with(|| {
            changes.push(Change {
                state: key.0,
                next_at: key.1,
                error: key.2,
                uncounted: key.3,
                ids: Vec::new(),
            });
            changes.len() - 1
        });
        if let Some(change) = changes.get_mut(place) {
            change.ids.push(answer.id);
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    fn answer(id: i64, attempts: i32, verdict: Verdict) -> Answered {
        Answered {
            id,
            attempts,
            verdict,
        }
    }

    #[test]
    fn all_that_is_done_is_one_change() {
        let now = from_ms(1_700_000_000_000).unwrap();
        let answers = (0..200).map(|id| answer(id, 1, Verdict::Done)).collect();
        let changes = settle(answers, 6, &Dice::from_seed(1), now);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].ids.len(), 200);
        assert_eq!(changes[0].state, ReminderState::Sent);
    }

    #[test]
    fn retries_come_back_spread_and_end_as_dead_letters() {
        let now = from_ms(1_700_000_000_000).unwrap();
        let broken = || Verdict::Retry("broken".to_owned());
        let answers = (0..200).map(|id| answer(id, 1, broken())).collect();
        let changes = settle(answers, 6, &Dice::from_seed(1), now);
        assert_eq!(changes.len(), PARTS);
        assert!(changes.iter().all(|change| change.next_at.unwrap() > now));
        let changes = settle(vec![answer(1, 6, broken())], 6, &Dice::from_seed(1), now);
        assert_eq!(changes[0].state, ReminderState::Failed);
        assert_eq!(changes[0].error.as_deref(), Some("broken"));
    }

    #[test]
    fn later_is_no_try_and_never_at_once() {
        let now = from_ms(1_700_000_000_000).unwrap();
        let changes = settle(
            vec![answer(1, 99, Verdict::Later(now))],
            6,
            &Dice::from_seed(1),
            now,
        );
        assert_eq!(changes[0].state, ReminderState::Pending);
        assert!(changes[0].uncounted);
        assert_eq!(changes[0].next_at, Some(now + TimeDelta::seconds(1)));
    }
}
