//! What the holder of a visit is told, and the clock by which visits find their next holder.
//! `command/serve.rs` joins the tables to the others'.

use entity::{reminder, visit};
use serde_json::json;

use crate::access::load_staff;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder};
use crate::visit::{actions, queries};

/// To the holder: somebody is to be told at the door.
const VISIT: &str = "visit.new";
/// Doors that a message names.
const SHOWN: u64 = 3;

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: VISIT,
    work: Work::Push(Topic::Task, compose),
}];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "visit-holders",
    every_hours: 1,
    run: |store, now| Box::pin(actions::hand_on(store, now)),
}];

/// The push to the holder, if there is one. All that waits for one holder becomes one message.
pub(super) fn new(row: &visit::Model, now: Moment) -> Option<NewReminder> {
    let holder_id = row.holder_id?;
    Some(NewReminder {
        kind: VISIT,
        dedupe_key: format!("visit:{}:{holder_id}:{}", row.id, now.timestamp_millis()),
        recipient_id: Some(holder_id),
        compound_id: Some(row.compound_id),
        subject: "visits".to_owned(),
        payload: json!({ "visit": row.id }),
        due_at: now,
    })
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some((holder_id, last)) = reminders
            .last()
            .and_then(|last| Some((last.recipient_id?, last)))
        else {
            return Ok(None);
        };
        let db = app.store.read();
        // With the role the list ends, too: then the clock finds the next holder.
        let Some(holder) = load_staff(db, holder_id, app.clock.now()).await? else {
            return Ok(None);
        };
        let count = queries::count(db, &holder).await?;
        let some = queries::waiting(db, &holder, SHOWN).await?;
        let Some(first) = some.first() else {
            return Ok(None);
        };
        let doors: Vec<String> = some
            .iter()
            .map(|one| format!("{} {}", one.place, one.name))
            .collect();
        let more = if count > SHOWN { "等" } else { "" };
        let hint = "回复“上门”看名单".to_owned();
        Ok(Some(Message {
            template: "task",
            title: format!("{count}户要上门告诉"),
            place: shorten(&first.place, 20),
            state: "待上门".to_owned(),
            at: last.due_at,
            text: format!(
                "有{count}户请上门告诉一声：{}{more}。{hint}。",
                doors.join("、")
            ),
            hint,
            url: None,
            // The door is not knocked on at night.
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}
