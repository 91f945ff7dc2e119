//! Who waits for the end of a halt, as this process knows: what else goes to them in the same way is
//! put off without being composed, so that ten thousand messages that wait for a platform cost
//! little each time one of them tries it. Called by the postman.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use entity::reminder;

use super::halt::release;
use super::recipient::Recipient;
use crate::base::clock::Moment;

/// So many ways are remembered before the ended ones are looked for.
const MANY: usize = 1_000;
/// So many reminders are remembered at most.
const MOST: usize = 200_000;

/// What stands still.
#[derive(Default)]
pub(super) struct Standstill(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Until when, by recipient, kind and urgency: what is urgent asks more ways.
    ways: HashMap<(Recipient, String, bool), Moment>,
    /// What was composed and put off, and whether it is urgent.
    rows: HashMap<i64, bool>,
}

impl Standstill {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message found all that it asks halted until then; `rows` are what it was composed of.
    pub(super) fn note(
        &self,
        to: Recipient,
        rows: &[reminder::Model],
        until: Moment,
        urgent: bool,
        now: Moment,
    ) {
        let mut held = self.held();
        if held.ways.len() >= MANY {
            held.ways.retain(|_, known| now < *known);
        }
        if held.rows.len() >= MOST {
            held.rows.clear();
        }
        held.rows.extend(rows.iter().map(|row| (row.id, urgent)));
        if let Some(first) = rows.first() {
            held.ways.insert((to, first.kind.clone(), urgent), until);
        }
    }

    /// Everything is tried again.
    pub(super) fn forget(&self) {
        *self.held() = Held::default();
    }

    /// When a reminder goes out that can only meet the same halts; none when it has to be tried. Only
    /// what was composed before is put off: before that nobody knows whether it is urgent.
    pub(super) fn of(&self, to: Recipient, row: &reminder::Model, now: Moment) -> Option<Moment> {
        let held = self.held();
        let urgent = *held.rows.get(&row.id)?;
        let until = *held.ways.get(&(to, row.kind.clone(), urgent))?;
        (now < until).then(|| release(until, urgent, row.due_at))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::kinds::ReminderState;
    use serde_json::json;

    use super::*;
    use crate::base::clock::from_ms;

    fn at(seconds: i64) -> Moment {
        from_ms(1_790_000_000_000).unwrap() + TimeDelta::seconds(seconds)
    }

    fn row(id: i64, kind: &str, due_at: Moment) -> reminder::Model {
        reminder::Model {
            id,
            dedupe_key: "x".to_owned(),
            kind: kind.to_owned(),
            recipient_id: Some(7),
            recipient_account_id: None,
            compound_id: None,
            subject: "case:1".to_owned(),
            payload: json!({}),
            due_at,
            state: ReminderState::Pending,
            attempts: 1,
            next_at: due_at,
            lease: None,
            leased_until: None,
            last_error: None,
            created_at: due_at,
            done_at: None,
        }
    }

    #[test]
    fn what_meets_the_same_halt_is_put_off_until_its_end() {
        let known = Standstill::default();
        let to = Recipient::Person(7);
        let (one, two) = (row(1, "case.task", at(1)), row(2, "case.task", at(2)));
        known.note(to, std::slice::from_ref(&one), at(60), true, at(0));
        assert_eq!(
            known.of(to, &one, at(2)),
            Some(release(at(60), true, at(1)))
        );
        assert_eq!(known.of(to, &one, at(60)), None, "the halt is over");
        assert_eq!(known.of(Recipient::Person(8), &one, at(2)), None);
        assert_eq!(known.of(to, &two, at(2)), None, "not composed yet");
        // One that comes later tells until when for all of its kind.
        known.note(to, std::slice::from_ref(&two), at(120), true, at(61));
        assert_eq!(
            known.of(to, &one, at(61)),
            Some(release(at(120), true, at(1)))
        );
        known.forget();
        assert_eq!(known.of(to, &one, at(61)), None);
    }

    #[test]
    fn each_waits_by_its_own_urgency() {
        let known = Standstill::default();
        let to = Recipient::Person(7);
        let (calm, urgent) = (
            row(1, "case.progress", at(1)),
            row(2, "case.progress", at(1)),
        );
        known.note(to, std::slice::from_ref(&calm), at(60), false, at(2));
        known.note(to, std::slice::from_ref(&urgent), at(90), true, at(2));
        assert_eq!(
            known.of(to, &calm, at(3)),
            Some(release(at(60), false, at(1)))
        );
        assert_eq!(
            known.of(to, &urgent, at(3)),
            Some(release(at(90), true, at(1)))
        );
    }

    #[test]
    fn ended_ones_are_forgotten() {
        let known = Standstill::default();
        for person in 0..2 * i64::try_from(MANY).unwrap() {
            let row = row(person, "k", at(person));
            known.note(
                Recipient::Person(person),
                &[row],
                at(person),
                true,
                at(person),
            );
        }
        assert!(known.held().ways.len() <= MANY + 1);
    }
}
