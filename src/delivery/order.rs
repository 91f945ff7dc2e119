//! The order of what goes to one person, over all instances: who has something newer waits while
//! another instance still has something older in hand. Called by the postman.

use std::time::Duration;

use entity::reminder;

use super::recipient::Recipient;
use super::together::{Turn, is_older_under_way};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// How often and how long it is waited in place; then the reminder goes back for a second.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// What [`my_turn`] compares: when it became due, then its number.
pub(super) fn age(row: &reminder::Model) -> (Moment, i64) {
    (row.due_at, row.id)
}

/// Waits until nothing older for the same person is under way elsewhere; false when that takes too
/// long. The older one never waits for a newer one, so that nobody waits in a circle.
pub(super) async fn my_turn(
    app: &App,
    to: Recipient,
    oldest: &reminder::Model,
) -> Result<bool, Fault> {
    let Recipient::Person(person_id) = to else {
        return Ok(true);
    };
    // Without Redis there is one instance, which keeps its own lanes.
    if app.redis.is_none() {
        return Ok(true);
    }
    let (due_at, id) = age(oldest);
    let turn = Turn {
        person_id,
        due_at,
        id,
        lease: oldest.lease.clone(),
    };
    for _ in 0..LOOKS {
        if !is_older_under_way(app, turn.clone()).await? {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}
