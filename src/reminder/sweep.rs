//! Repairs the index: what is due soon and not in it is put back, so that an emptied Redis makes
//! reminders late by one sweep at most. Run by each instance through `Queue::keep`.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, Statement};
use tokio_util::sync::CancellationToken;

use super::index::RedisQueue;
use super::lease::OPEN;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::store::Due;

/// What becomes due within so many minutes is put back.
const AHEAD_MINUTES: i64 = 10;
/// Rows of one look.
const CHUNK: i64 = 5_000;
/// While Redis is away we look so often whether it is back.
const KNOCK: Duration = Duration::from_secs(1);

/// Sweeps at the start, then every `sweep_seconds`, and often while Redis is away.
pub(super) async fn keep_sweeping(queue: &RedisQueue, stop: &CancellationToken) {
    let mut shown: Option<tokio::time::Instant> = None;
    loop {
        let began = tokio::time::Instant::now();
        let swept = async {
            // The database is not asked what would be put where nobody answers.
            if !queue.is_up() {
                queue.answers().await?;
            }
            sweep(queue, queue.database.now()).await
        };
        match swept.await {
            Ok(added) => {
                if added > 0 && queue.is_up() {
                    metrics::counter!("linli_reminder_swept_total").increment(added);
                    tracing::info!(
                        added,
                        "reminders were missing from the index and were put back"
                    );
                }
                queue.swept();
            }
            Err(error) => queue.lost(&error),
        }
        let whole = queue.database.sweep_pause();
        if shown.is_none_or(|at| began - at >= whole) {
            queue.database.show_depth().await;
            shown = Some(began);
        }
        let end = began + whole;
        // A lost connection shows between two sweeps, too.
        while tokio::time::Instant::now() < end {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(left.min(KNOCK)) => {}
            }
            if !queue.is_up() {
                break;
            }
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

/// Puts back what is missing; says how many that were.
async fn sweep(queue: &RedisQueue, now: Moment) -> Result<u64, Fault> {
    let until = now + TimeDelta::minutes(AHEAD_MINUTES);
    let store = queue.database.store();
    let sql = format!(
        r#"SELECT "id", "next_at", "leased_until" FROM "reminder" WHERE {OPEN} AND "next_at" <= $1 AND ("next_at", "id") > ($2, $3) ORDER BY "next_at", "id" LIMIT $4"#
    );
    let mut added = 0;
    let mut last = Due {
        id: 0,
        at: from_ms(0).unwrap_or(now),
    };
    loop {
        let values = [until.into(), last.at.into(), last.id.into(), CHUNK.into()];
        let statement = Statement::from_sql_and_values(store.backend(), &sql, values);
        let rows = store.read().query_all_raw(statement).await?;
        let (mut free, mut leased) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut end = None;
        for row in rows {
            let (id, at) = (row.try_get("", "id")?, row.try_get("", "next_at")?);
            let lease: Option<Moment> = row.try_get("", "leased_until")?;
            end = Some(Due { id, at });
            match lease.filter(|lease| *lease > now) {
                Some(lease) => leased.push(Due { id, at: lease }),
                None => free.push(Due { id, at }),
            }
        }
        let Some(end) = end else {
            if added == 0 && last.id == 0 {
                // Nothing to add: then at least see that Redis answers.
                queue.answers().await?;
            }
            return Ok(added);
        };
        last = end;
        // What somebody works on is not missing; it is put there in case he never ends.
        queue.add(&leased).await?;
        added += queue.add(&free).await?;
    }
}
