//! Conversations as a stream of events (SSE): from a point on, resumable, with a heartbeat.

use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use poem::handler;
use poem::web::sse::{Event, SSE};
use poem::web::{Data, Query};
use serde::Deserialize;

use super::platform::Platform;

/// A comment goes out so often, so that nobody in between closes a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Entries taken at once.
const BATCH: usize = 64;

/// Where to begin.
#[derive(Debug, Deserialize)]
pub struct From {
    /// Number of the last entry already known; none: only what comes from now on.
    after: Option<u64>,
}

/// `GET /sandbox/live`: every new entry; `Last-Event-ID` goes over `after`.
#[handler]
pub fn live(
    request: &poem::Request,
    Data(platform): Data<&Platform>,
    Query(from): Query<From>,
) -> SSE {
    let latest = *platform.news().borrow();
    let resumed = request
        .header("Last-Event-ID")
        .and_then(|text| text.trim().parse().ok());
    // After a restart of the platform its numbers begin anew: then a number of before is no place.
    let after = resumed.or(from.after).unwrap_or(latest);
    let after = if after > latest { 0 } else { after };
    SSE::new(events(platform.clone(), after)).keep_alive(HEARTBEAT)
}

fn events(platform: Platform, after: u64) -> impl Stream<Item = Event> + Send + 'static {
    let news = platform.news();
    let batches = stream::unfold(
        (platform, news, after),
        |(platform, mut news, after)| async move {
            loop {
                // Marked as seen before looking: what comes in between is not missed.
                news.borrow_and_update();
                let batch = platform.after(after, BATCH);
                if let Some(last) = batch.last() {
                    let next = last.id;
                    return Some((batch, (platform, news, next)));
                }
                tokio::select! {
                    () = platform.0.stop.cancelled() => return None,
                    changed = news.changed() => changed.ok()?,
                }
            }
        },
    );
    batches.flat_map(|batch| {
        stream::iter(batch.into_iter().filter_map(|entry| {
            let data = serde_json::to_string(&entry).ok()?;
            Some(Event::message(data).id(entry.id.to_string()))
        }))
    })
}
