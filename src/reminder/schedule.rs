//! Clock work: what is done once for each slot of time, by whichever instance wakes first. Started
//! by `command/serve.rs`; each noun may add works.

use std::time::Duration;

use chrono::{DurationRound, TimeDelta};
use entity::kinds::ReminderState;
use entity::{
    console_session, group_dialog, guess, idempotency, inbound, reminder, schedule, session,
    sign_in_try, subscription, visit, work_card,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use tokio_util::sync::CancellationToken;

use super::BoxFuture;
use crate::base::clock::{Clock, Moment, china};
use crate::base::fault::Fault;
use crate::store::Store;

/// What one clock work does; says how many things it did. It may run twice for one slot, after a
/// crash, so it must be safe to repeat.
pub type Run = for<'a> fn(&'a Store, Moment) -> BoxFuture<'a, Result<u64, Fault>>;

/// A row of the table of clock works.
#[derive(Clone, Copy)]
pub struct ClockWork {
    /// As stored in `schedule.name`.
    pub name: &'static str,
    /// Hours between two slots; 24 for once a China day.
    pub every_hours: i64,
    /// Does it.
    pub run: Run,
}

/// The works of this house itself.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "tidy",
    every_hours: 24,
    run: tidy,
}];

/// A slot that was begun and not ended so many minutes ago was left by a crash, and is taken again.
const LEASE_MINUTES: i64 = 30;
/// How often we look whether a slot has come.
const LOOK: Duration = Duration::from_secs(60);
/// Rows removed by one statement.
const CHUNK: u64 = 5_000;
/// Days that a message's key is kept: the platform repeats within seconds.
const INBOUND_DAYS: i64 = 7;
/// Days that what was asked for in a group and went to the person alone is kept: it is worth half an
/// hour (`delivery/topic.rs`).
const ASIDE_DAYS: i64 = 1;
/// Days that what a member last said in a group is kept: every part of a dialog lapses sooner (`bot/dialog.rs`).
const DIALOG_DAYS: i64 = 8;
/// Days that a card in WeCom is kept after its last change: its code is good for three, and one that
/// is not known is answered in words when it is pressed.
const CARD_DAYS: i64 = 90;
/// Days that a visit is kept once it was made; what it told stays in `delivery` without its words.
const VISIT_DAYS: i64 = 400;
/// Days that an account's used-up accepts of a template are kept: none at all means the same.
const SUBSCRIPTION_DAYS: i64 = 400;
/// Days that an answer is kept for repeats of its request.
const IDEMPOTENCY_DAYS: i64 = 2;
/// Days that a try to bind is kept: it counts for an hour.
const GUESS_DAYS: i64 = 30;
/// Days that a session is kept after its end.
/// Failed tries to sign in to the console, days.
const TRY_DAYS: i64 = 2;
const SESSION_DAYS: i64 = 30;
/// Days that a reminder is kept once it was sent or cancelled; what was given up stays for people to
/// see, and how each was delivered stays in `delivery`.
const REMINDER_DAYS: i64 = 400;
/// Days that a slot is kept.
const SLOT_DAYS: i64 = 90;

/// The slot in which `now` lies, in China's time: `2026-11-20T22:00`.
#[must_use]
pub fn due_slot(every_hours: i64, now: Moment) -> String {
    let local = china(now).naive_local();
    let start = local
        .duration_trunc(TimeDelta::hours(every_hours.clamp(1, 24)))
        .unwrap_or(local);
    start.format("%Y-%m-%dT%H:%M").to_string()
}

/// Takes a slot: true for one instance only, and once more when whoever took it has not ended it
/// within half an hour.
///
/// # Errors
/// The database's.
pub async fn claim_slot(store: &Store, name: &str, slot: &str, now: Moment) -> Result<bool, Fault> {
    let inserted = schedule::Entity::insert(schedule::ActiveModel {
        name: Set(name.to_owned()),
        slot: Set(slot.to_owned()),
        started_at: Set(now),
        finished_at: Set(None),
    })
    .on_conflict(
        OnConflict::columns([schedule::Column::Name, schedule::Column::Slot])
            .do_nothing()
            .to_owned(),
    )
    .try_insert()
    .exec_without_returning(store.write())
    .await?;
    if let TryInsertResult::Inserted(count) = inserted
        && count > 0
    {
        return Ok(true);
    }
    let left = now - TimeDelta::minutes(LEASE_MINUTES);
    let again = schedule::Entity::update_many()
        .set(schedule::ActiveModel {
            started_at: Set(now),
            ..Default::default()
        })
        .filter(schedule::COLUMN.name.eq(name))
        .filter(schedule::COLUMN.slot.eq(slot))
        .filter(schedule::COLUMN.finished_at.is_null())
        .filter(schedule::COLUMN.started_at.lte(left))
        .exec(store.write())
        .await?;
    Ok(again.rows_affected == 1)
}

/// Ends a slot.
///
/// # Errors
/// The database's; then the slot is taken again later.
pub async fn finish_slot(store: &Store, name: &str, slot: &str, now: Moment) -> Result<(), Fault> {
    schedule::Entity::update_many()
        .set(schedule::ActiveModel {
            finished_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(schedule::COLUMN.name.eq(name))
        .filter(schedule::COLUMN.slot.eq(slot))
        .exec(store.write())
        .await?;
    Ok(())
}

/// Does the work of the slot in which `now` lies, unless it is done or being done; says whether it
/// was done here.
///
/// # Errors
/// The database's, and the work's own: then the slot is taken again after half an hour.
pub async fn run_slot(store: &Store, work: &ClockWork, now: Moment) -> Result<bool, Fault> {
    let slot = due_slot(work.every_hours, now);
    if !claim_slot(store, work.name, &slot, now).await? {
        return Ok(false);
    }
    let count = (work.run)(store, now).await?;
    finish_slot(store, work.name, &slot, now).await?;
    tracing::info!(work = work.name, slot, count, "clock work done");
    Ok(true)
}

/// Looks every minute until `stop` is cancelled.
pub async fn keep_time(
    store: &Store,
    clock: &dyn Clock,
    works: &[ClockWork],
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        for work in works {
            if let Err(error) = run_slot(store, work, clock.now()).await {
                tracing::error!(work = work.name, ?error, "clock work failed");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Removes what has served its time.
fn tidy(store: &Store, now: Moment) -> BoxFuture<'_, Result<u64, Fault>> {
    Box::pin(async move {
        let before = |days: i64| now - TimeDelta::days(days);
        let mut count = 0;
        let key = inbound::Column::Key;
        count += remove(store, inbound::Entity, key, || {
            inbound::COLUMN.received_at.lt(before(INBOUND_DAYS))
        })
        .await?;
        let id = guess::Column::Id;
        count += remove(store, guess::Entity, id, || {
            guess::COLUMN.at.lt(before(GUESS_DAYS))
        })
        .await?;
        let id = session::Column::Id;
        count += remove(store, session::Entity, id, || {
            session::COLUMN.expires_at.lt(before(SESSION_DAYS))
        })
        .await?;
        let id = console_session::Column::Id;
        count += remove(store, console_session::Entity, id, || {
            console_session::COLUMN.expires_at.lt(before(SESSION_DAYS))
        })
        .await?;
        let key = sign_in_try::Column::Key;
        count += remove(store, sign_in_try::Entity, key, || {
            sign_in_try::COLUMN.at.lt(before(TRY_DAYS))
        })
        .await?;
        count += remove_reminders(store, before(REMINDER_DAYS)).await?;
        count += tidy_channels(store, before).await?;
        // Two small tables with keys of two columns: in one statement.
        count += idempotency::Entity::delete_many()
            .filter(idempotency::COLUMN.created_at.lt(before(IDEMPOTENCY_DAYS)))
            .exec(store.write())
            .await?
            .rows_affected;
        count += schedule::Entity::delete_many()
            .filter(schedule::COLUMN.started_at.lt(before(SLOT_DAYS)))
            .exec(store.write())
            .await?
            .rows_affected;
        Ok(count)
    })
}

/// The same for what belongs to channels. Not here, since they do not grow: `lease` (a row for each
/// name), `halt` (one for each carrier), `preference` (one for each person and topic), `moderation`
/// (a decision is as long of use as what it is about).
async fn tidy_channels(store: &Store, before: impl Fn(i64) -> Moment) -> Result<u64, Fault> {
    let mut count = group_dialog::Entity::delete_many()
        .filter(group_dialog::COLUMN.updated_at.lt(before(DIALOG_DAYS)))
        .exec(store.write())
        .await?
        .rows_affected;
    count += inbound::Entity::update_many()
        .col_expr(inbound::Column::PrivateReply, Expr::value(None::<String>))
        .filter(inbound::COLUMN.received_at.lt(before(ASIDE_DAYS)))
        .filter(inbound::COLUMN.private_reply.is_not_null())
        .exec(store.write())
        .await?
        .rows_affected;
    let id = work_card::Column::Id;
    count += remove(store, work_card::Entity, id, || {
        work_card::COLUMN.updated_at.lt(before(CARD_DAYS))
    })
    .await?;
    let id = visit::Column::Id;
    count += remove(store, visit::Entity, id, || {
        visit::COLUMN.done_at.lt(before(VISIT_DAYS))
    })
    .await?;
    let id = subscription::Column::Id;
    count += remove(store, subscription::Entity, id, || {
        let none_left = subscription::COLUMN.remaining.lte(0);
        let old = subscription::COLUMN.updated_at;
        none_left.and(old.lt(before(SUBSCRIPTION_DAYS)))
    })
    .await?;
    Ok(count)
}

/// Removes reminders that were done before then. They are looked for beside whoever writes, in the
/// order in which they came about, up to the first that is too young; no index would be of any other
/// use.
async fn remove_reminders(store: &Store, before: Moment) -> Result<u64, Fault> {
    let (mut count, mut last) = (0, 0);
    loop {
        let rows = reminder::Entity::find()
            .select_only()
            .columns([
                reminder::Column::Id,
                reminder::Column::State,
                reminder::Column::CreatedAt,
                reminder::Column::DoneAt,
            ])
            .filter(reminder::COLUMN.id.gt(last))
            .order_by_asc(reminder::COLUMN.id)
            .limit(CHUNK)
            .into_tuple::<(i64, ReminderState, Moment, Option<Moment>)>()
            .all(store.read())
            .await?;
        let old = rows.iter().take_while(|(_, _, made, _)| *made < before);
        let over: Vec<i64> = old
            .filter(|(_, state, ..)| {
                matches!(state, ReminderState::Sent | ReminderState::Cancelled)
            })
            .filter(|(.., done)| done.is_some_and(|done| done < before))
            .map(|(id, ..)| *id)
            .collect();
        if !over.is_empty() {
            count += reminder::Entity::delete_many()
                .filter(reminder::COLUMN.id.is_in(over))
                .exec(store.write())
                .await?
                .rows_affected;
        }
        match rows.last() {
            Some((id, _, made, _)) if *made < before => last = *id,
            _ => return Ok(count),
        }
    }
}

/// Removes rows in parts, so that nobody waits long.
async fn remove<E: EntityTrait>(
    store: &Store,
    entity: E,
    key: E::Column,
    old: impl Fn() -> Expr,
) -> Result<u64, Fault> {
    let mut count = 0;
    loop {
        let some = Query::select()
            .column(key)
            .from(entity)
            .and_where(old())
            .limit(CHUNK)
            .to_owned();
        let mut delete = Query::delete();
        delete
            .from_table(entity)
            .and_where(Expr::col(key).in_subquery(some));
        let removed = store.write().execute(&delete).await?.rows_affected();
        count += removed;
        if removed < CHUNK {
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn a_slot_is_a_stretch_of_chinas_day() {
        // 2023-11-15 06:13 in China.
        let now = from_ms(1_700_000_000_000).unwrap();
        assert_eq!(due_slot(24, now), "2023-11-15T00:00");
        assert_eq!(due_slot(1, now), "2023-11-15T06:00");
        assert_eq!(due_slot(4, now), "2023-11-15T04:00");
        let evening = now - TimeDelta::hours(7);
        assert_eq!(due_slot(24, evening), "2023-11-14T00:00");
    }
}
