//! Whether the question for a rating has reached the resident, and everybody who has joined: each is asked once
//! for each end of the work, with the words that tell of it, and it is put on record with the way it went, or
//! why it was not asked. A visit at the door cannot bring the answer back. Called by the worker through the
//! table of kinds.

use chrono::TimeDelta;
use entity::kinds::{DeliveryState, ReminderState};
use entity::{delivery, reminder};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::clocks::{Obeyed, close, open};
use crate::app::App;
use crate::base::fault::Fault;
use crate::case::{actions, queries};
use crate::delivery::IN_PERSON;
use crate::reminder::Verdict;
use crate::reminder::payload;

/// Minutes between two looks at what is still on its way.
const AGAIN_MINUTES: i64 = 30;
/// Days after which what is still on its way has not arrived: progress is told no longer than that.
const DAYS: i64 = 3;

/// What became of the question.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Asked, by this way.
    Asked(&'static str),
    /// Not asked, for this reason.
    NotAsked(&'static str),
    /// On its way.
    Waits,
}

pub(super) fn look<'a>(app: &'a App, clock: &'a reminder::Model) -> Obeyed<'a> {
    Box::pin(async move {
        let Some((tx, found, set)) = open(app, clock).await? else {
            return Ok(Verdict::Drop);
        };
        // Clocks that were set before others than the reporter were asked name nobody.
        let person = payload::number(clock, "person");
        let person = person.unwrap_or(found.case.reporter_id);
        let Ok(round) = i32::try_from(set.round) else {
            return Ok(Verdict::Drop);
        };
        if is_noted(tx.db(), &found, (person, round)).await? {
            return Ok(Verdict::Drop);
        }
        let key = payload::word(clock, "asked");
        let now = tx.now();
        let too_long = now - clock.due_at > TimeDelta::days(DAYS);
        let (asked, note) = match fate(tx.db(), key.unwrap_or_default()).await? {
            Fate::Asked(way) => (true, way),
            Fate::NotAsked(why) => (false, why),
            Fate::Waits if too_long => (false, "一直没有送达"),
            Fate::Waits => return Ok(Verdict::Later(now + TimeDelta::minutes(AGAIN_MINUTES))),
        };
        let done = actions::note_asked(&tx, &found.case, (person, round), asked, note).await;
        close(app, tx, done.map(|()| Verdict::Done)).await
    })
}

/// The clock may be obeyed twice.
async fn is_noted<C: ConnectionTrait>(
    db: &C,
    found: &queries::Found,
    (person, round): (i64, i32),
) -> Result<bool, Fault> {
    let events = queries::events(db, found.case.id).await?;
    Ok(events.iter().any(|event| {
        event.round == round
            && event.actor_id.unwrap_or(found.case.reporter_id) == person
            && actions::FEEDBACK.contains(&event.action.as_str())
    }))
}

async fn fate<C: ConnectionTrait>(db: &C, key: &str) -> Result<Fate, Fault> {
    let reminder = reminder::Entity::find()
        .filter(reminder::COLUMN.dedupe_key.eq(key))
        .one(db)
        .await?;
    let Some(reminder) = reminder else {
        return Ok(Fate::NotAsked("没有发出"));
    };
    let tries = delivery::Entity::find()
        .filter(delivery::COLUMN.reminder_id.eq(reminder.id))
        .order_by_asc(delivery::COLUMN.id)
        .all(db)
        .await?;
    Ok(judge(reminder.state, &tries))
}

/// What the record of the tries says.
fn judge(state: ReminderState, tries: &[delivery::Model]) -> Fate {
    let arrived = |row: &&delivery::Model| {
        matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered)
    };
    if let Some(row) = tries.iter().rfind(arrived) {
        return match row.channel.as_str() {
            IN_PERSON => Fate::NotAsked("只能上门告知，不便打分"),
            "work" => Fate::Asked("企业微信"),
            "subscription" => Fate::Asked("小程序订阅消息"),
            _ => Fate::Asked("公众号"),
        };
    }
    let dropped = tries
        .iter()
        .rfind(|row| row.state == DeliveryState::Dropped);
    match (state, dropped) {
        (ReminderState::Pending | ReminderState::Sending, _) => Fate::Waits,
        (_, Some(row)) if row.error.as_deref() == Some("unwanted") => {
            Fate::NotAsked("居民关闭了进度通知")
        }
        (_, Some(_)) => Fate::NotAsked("送达时已过期"),
        (ReminderState::Cancelled, None) => Fate::NotAsked("送达前已有新进展"),
        _ => Fate::NotAsked("没有可以送达的渠道"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    fn tried(channel: &str, state: DeliveryState, error: Option<&str>) -> delivery::Model {
        let at = from_ms(1_790_000_000_000).unwrap();
        delivery::Model {
            id: 1,
            reminder_id: Some(1),
            person_id: Some(1),
            account_id: None,
            channel: channel.to_owned(),
            kind: "case.progress".to_owned(),
            subject: "case:1".to_owned(),
            client_msg_id: "r1".to_owned(),
            platform_id: None,
            state,
            error_code: None,
            error: error.map(str::to_owned),
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn only_what_can_carry_the_answer_counts_as_asked() {
        use DeliveryState::{Dropped, Failed, Sent, Unreachable};
        use ReminderState::{Cancelled, Pending, Sent as Done};
        let asked =
            |state, tries: &[delivery::Model]| matches!(judge(state, tries), Fate::Asked(_));
        for way in ["template", "customer", "notice", "subscription", "work"] {
            assert!(asked(Done, &[tried(way, Sent, None)]), "{way}");
            assert!(!asked(Done, &[tried(way, Failed, None)]), "{way}");
        }
        let door = [
            tried("none", Unreachable, None),
            tried(IN_PERSON, Sent, None),
        ];
        assert!(!asked(Done, &door));
        assert_eq!(judge(Pending, &[]), Fate::Waits);
        let off = [tried("none", Dropped, Some("unwanted"))];
        assert_eq!(judge(Cancelled, &off), Fate::NotAsked("居民关闭了进度通知"));
        assert!(!asked(Cancelled, &[]));
    }
}
