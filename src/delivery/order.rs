//! The order of what goes to one person, over all instances: who has something newer waits while
//! another instance still has something older in hand. Called by the postman.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{kinds::ReminderState, reminder};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::recipient::Recipient;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder::OPEN;

/// How often and how long it is waited in place; then the reminder goes back for a second.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// What is due within so many milliseconds is about to be taken: a little longer than what went back.
const SOON: i64 = 1_500;

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
    for _ in 0..LOOKS {
        if !is_older_under_way(app, person_id, oldest).await? {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}

async fn is_older_under_way(
    app: &App,
    person_id: i64,
    mine: &reminder::Model,
) -> Result<bool, Fault> {
    let (due_at, id) = age(mine);
    let older = Condition::any()
        .add(reminder::COLUMN.due_at.lt(due_at))
        .add(
            Condition::all()
                .add(reminder::COLUMN.due_at.eq(due_at))
                .add(reminder::COLUMN.id.lt(id)),
        );
    let now = app.clock.now();
    // In hand, by this instance or another; or about to be taken, for the first time or after it
    // has waited for its own turn. What failed, or waits for longer, stands back.
    let in_hand = Condition::all()
        .add(reminder::COLUMN.state.eq(ReminderState::Sending))
        .add(reminder::COLUMN.leased_until.gt(now))
        .add(reminder::COLUMN.lease.ne(mine.lease.clone()));
    let untouched = Condition::all()
        .add(reminder::COLUMN.state.eq(ReminderState::Pending))
        .add(reminder::COLUMN.attempts.eq(0))
        .add(
            reminder::COLUMN
                .next_at
                .lte(now + TimeDelta::milliseconds(SOON)),
        );
    let found = reminder::Entity::find()
        .select_only()
        .column(reminder::Column::Id)
        .filter(reminder::COLUMN.recipient_id.eq(person_id))
        .filter(Expr::cust(OPEN))
        .filter(older)
        .filter(Condition::any().add(in_hand).add(untouched))
        .limit(1)
        .into_tuple::<i64>()
        .one(app.store.write())
        .await?;
    Ok(found.is_some())
}
