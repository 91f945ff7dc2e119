//! Ways of sending that are left alone for a while: the day's quota is used up, our calls are blocked,
//! or the platform does not answer. All instances share what one of them has learnt, by the table
//! `halt`; each looks there at most once a second. Called by `send`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use entity::halt;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter};
use tokio::time::Instant;

use super::choose::Carrier;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;

const QUOTA: &str = "quota";
const OUTAGE: &str = "outage";
const BLOCK: &str = "block";
/// What is over as soon as the platform does what it is asked.
const PASSING: [&str; 2] = [OUTAGE, BLOCK];
/// So many calls in a row without an answer are an outage.
const MISSES: u32 = 5;
/// Seconds until the platform is tried again: after the first, second … time it was found down.
const PAUSES: [i64; 3] = [5, 15, 60];
/// The same after it has blocked our calls: its blocks last a minute, an hour or the day.
const BLOCKS: [i64; 4] = [60, 120, 300, 900];
/// How old what we know may be.
const FRESH: Duration = Duration::from_secs(1);
/// What is urgent goes out within so long after a halt, the newest first; the rest follows.
const URGENT_FIRST: TimeDelta = TimeDelta::seconds(30);
/// A message that is older by this much waits one part longer.
const PARTS: i32 = 200;

/// Until when, and whether the platform is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Halt {
    pub until: Moment,
    pub outage: bool,
}

/// What this instance knows.
#[derive(Default)]
pub(super) struct Halts {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    looked_at: Option<Instant>,
    rows: HashMap<String, halt::Model>,
    misses: HashMap<Carrier, u32>,
}

impl Halts {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a way is to be left alone now.
    pub(super) async fn of(&self, app: &App, carrier: Carrier) -> Result<Option<Halt>, Fault> {
        let now = app.clock.now();
        let stale = |known: &Known| known.looked_at.is_none_or(|at| at.elapsed() > FRESH);
        if stale(&self.known()) {
            self.look(app).await?;
        }
        let known = self.known();
        let row = known.rows.get(carrier.name());
        Ok(row.filter(|row| now < row.until_at).map(|row| Halt {
            until: row.until_at,
            outage: row.reason == OUTAGE,
        }))
    }

    async fn look(&self, app: &App) -> Result<(), Fault> {
        let rows = halt::Entity::find().all(app.store.read()).await?;
        let mut known = self.known();
        known.looked_at = Some(Instant::now());
        known.rows = rows
            .into_iter()
            .map(|row| (row.carrier.clone(), row))
            .collect();
        Ok(())
    }

    /// The day's quota is used up.
    pub(super) async fn used_up(
        &self,
        app: &App,
        carrier: Carrier,
        until: Moment,
    ) -> Result<(), Fault> {
        let row = halt::ActiveModel {
            carrier: Set(carrier.name().to_owned()),
            until_at: Set(until),
            reason: Set(QUOTA.to_owned()),
            times: Set(0),
        };
        halt::Entity::insert(row)
            .on_conflict(
                OnConflict::column(halt::Column::Carrier)
                    .update_columns([
                        halt::Column::UntilAt,
                        halt::Column::Reason,
                        halt::Column::Times,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(app.store.write())
            .await?;
        self.look(app).await
    }

    /// The platform did not answer. Several times in a row, or once after an outage, it is down:
    /// then says until when to wait.
    pub(super) async fn missed(
        &self,
        app: &App,
        carrier: Carrier,
    ) -> Result<Option<Moment>, Fault> {
        let (misses, before) = {
            let mut known = self.known();
            let misses = known.misses.entry(carrier).or_default();
            *misses += 1;
            (*misses, known.rows.get(carrier.name()).cloned())
        };
        let now = app.clock.now();
        match before {
            Some(row) if now < row.until_at => return Ok(Some(row.until_at)),
            Some(row) if row.reason == OUTAGE => {
                self.note(app, carrier, OUTAGE, row.times).await?;
            }
            _ if misses >= MISSES => self.note(app, carrier, OUTAGE, 0).await?,
            _ => return Ok(None),
        }
        self.look(app).await?;
        Ok(self.of(app, carrier).await?.map(|halt| halt.until))
    }

    /// The platform has blocked our calls. Each time it is found so, it is left alone for longer.
    pub(super) async fn blocked(&self, app: &App, carrier: Carrier) -> Result<(), Fault> {
        let before = self.known().rows.get(carrier.name()).cloned();
        let before = before.filter(|row| row.reason == BLOCK);
        self.note(app, carrier, BLOCK, before.map_or(0, |row| row.times))
            .await?;
        self.look(app).await
    }

    /// Notes what was found `again` times before; one instance's word is enough.
    async fn note(
        &self,
        app: &App,
        carrier: Carrier,
        reason: &'static str,
        again: i32,
    ) -> Result<(), Fault> {
        let now = app.clock.now();
        let pauses: &[i64] = if reason == BLOCK { &BLOCKS } else { &PAUSES };
        let step = usize::try_from(again).unwrap_or(usize::MAX);
        let pause = pauses.get(step).or(pauses.last()).copied().unwrap_or(30);
        let until = now + TimeDelta::seconds(pause);
        let changed = halt::Entity::update_many()
            .set(halt::ActiveModel {
                until_at: Set(until),
                reason: Set(reason.to_owned()),
                times: Set(again.saturating_add(1)),
                ..Default::default()
            })
            .filter(halt::COLUMN.carrier.eq(carrier.name()))
            .filter(halt::COLUMN.until_at.lte(now))
            .exec(app.store.write())
            .await?;
        if changed.rows_affected == 0 {
            let row = halt::ActiveModel {
                carrier: Set(carrier.name().to_owned()),
                until_at: Set(until),
                reason: Set(reason.to_owned()),
                times: Set(1),
            };
            // Another instance may have noted it meanwhile.
            halt::Entity::insert(row)
                .on_conflict_do_nothing()
                .exec_without_returning(app.store.write())
                .await?;
        }
        tracing::warn!(
            channel = carrier.name(),
            reason,
            pause,
            "a channel is left alone"
        );
        Ok(())
    }

    /// The platform answers: nothing waits for it any longer.
    pub(super) async fn answered(&self, app: &App, carrier: Carrier) -> Result<(), Fault> {
        let down = {
            let mut known = self.known();
            known.misses.remove(&carrier);
            let row = known.rows.get(carrier.name());
            row.is_some_and(|row| PASSING.contains(&row.reason.as_str()))
        };
        if !down {
            return Ok(());
        }
        halt::Entity::delete_many()
            .filter(halt::COLUMN.carrier.eq(carrier.name()))
            .filter(halt::COLUMN.reason.is_in(PASSING))
            .exec(app.store.write())
            .await?;
        self.known().rows.remove(carrier.name());
        tracing::info!(channel = carrier.name(), "the platform answers again");
        Ok(())
    }
}

/// When a message that waited for the end of a halt goes out: the urgent ones first and of them the
/// newest, the others behind them, the oldest first. What waits is taken by its time, so the time
/// says the order, on every instance.
pub(super) fn release(until: Moment, urgent: bool, due_at: Moment) -> Moment {
    if !urgent {
        return until + URGENT_FIRST;
    }
    let age = (until - due_at).max(TimeDelta::zero());
    until + (age / PARTS).min(URGENT_FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn after_a_halt_the_urgent_come_first_and_of_them_the_newest() {
        let until = from_ms(1_700_000_000_000).unwrap();
        let at = |urgent, minutes| release(until, urgent, until - TimeDelta::minutes(minutes));
        assert_eq!(at(true, 0), until);
        assert!(at(true, 1) < at(true, 2));
        assert!(at(true, 59) < at(true, 60));
        assert!(at(true, 10_000) <= at(false, 0));
        assert_eq!(at(false, 60), at(false, 1));
        // What became due after the halt was noted does not go out before its end.
        assert_eq!(at(true, -1), until);
    }
}
