//! What is not sent on purpose: what the person has switched off, and what is too old to be worth
//! saying. Each is recorded as dropped, not as failed. Called by the postman before it composes.

use std::collections::HashSet;

use entity::kinds::DeliveryState;
use entity::{delivery, reminder, role};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use super::recipient::Recipient;
use super::together::switched_off;
use super::topic::Topic;
use crate::access::in_force;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// Why it was dropped, as stored in `delivery.error`.
const UNWANTED: &str = "unwanted";
const STALE: &str = "stale";

/// What is dropped of these, and why. Reads the person's wishes once.
pub(super) async fn sift(
    app: &App,
    to: Recipient,
    rows: &[(Topic, &reminder::Model)],
) -> Result<HashSet<i64>, Fault> {
    let now = app.clock.now();
    let off = unwanted(app, to, now).await?;
    let mut dropped = Vec::new();
    for (topic, row) in rows {
        if off.contains(topic) {
            dropped.push((*row, UNWANTED));
        } else if is_stale(*topic, row.due_at, now) {
            dropped.push((*row, STALE));
        }
    }
    record(app, to, &dropped, now).await?;
    Ok(dropped.into_iter().map(|(row, _)| row.id).collect())
}

/// Whether it should have been said too long ago.
pub(super) fn is_stale(topic: Topic, due_at: Moment, now: Moment) -> bool {
    now - due_at > topic.keeps()
}

/// What the person has switched off and may.
async fn unwanted(app: &App, to: Recipient, now: Moment) -> Result<Vec<Topic>, Fault> {
    let Recipient::Person(person_id) = to else {
        return Ok(Vec::new());
    };
    let off = switched_off(app, person_id).await?;
    if off.is_empty() {
        return Ok(Vec::new());
    }
    let post = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .filter(in_force(now))
        .one(app.store.read())
        .await?;
    let topics = super::topic::CHOICES.into_iter();
    Ok(topics
        .filter(|topic| off.iter().any(|row| row.topic == topic.name()))
        .filter(|topic| topic.may_be_off(post.is_some()))
        .collect())
}

async fn record(
    app: &App,
    to: Recipient,
    dropped: &[(&reminder::Model, &'static str)],
    now: Moment,
) -> Result<(), Fault> {
    if dropped.is_empty() {
        return Ok(());
    }
    for (_, why) in dropped {
        metrics::counter!("linli_deliveries_total", "channel" => "none", "outcome" => *why)
            .increment(1);
    }
    let rows = dropped.iter().map(|(row, why)| delivery::ActiveModel {
        reminder_id: Set(Some(row.id)),
        person_id: Set(to.person_id()),
        account_id: Set(row.recipient_account_id),
        channel: Set("none".to_owned()),
        kind: Set(row.kind.clone()),
        subject: Set(row.subject.clone()),
        client_msg_id: Set(format!("r{}", row.id)),
        state: Set(DeliveryState::Dropped),
        error: Set(Some((*why).to_owned())),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    });
    delivery::Entity::insert_many(rows)
        .exec_without_returning(app.store.write())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn an_answer_is_soon_old_and_a_task_keeps() {
        let due = from_ms(1_700_000_000_000).unwrap();
        for (topic, minutes, stale) in [
            (Topic::Answer, 30, false),
            (Topic::Answer, 31, true),
            // A whole night.
            (Topic::Contact, 9 * 60, false),
            (Topic::News, 24 * 60 + 1, true),
            (Topic::Progress, 24 * 60 + 1, false),
            (Topic::Task, 24 * 60 + 1, false),
        ] {
            let now = due + TimeDelta::minutes(minutes);
            assert_eq!(is_stale(topic, due, now), stale, "{topic:?} {minutes}");
        }
    }
}
