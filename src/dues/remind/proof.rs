//! What came of a reminder, written down for good: the records of the channels are kept for a while only.
//! Part of [`super`].

use chrono::TimeDelta;
use entity::kinds::{DeliveryState, ReminderState};
use entity::money::{BillState, DueEvent, DueResult};
use entity::{bill, delivery, reminder};

use super::{Noted, day_in, note, slots_in};
use crate::app::App;
use crate::base::fault::Fault;
use crate::dues::queries::{bills, deliveries, noted, reminder_of};
use crate::dues::rule::Slot;
use crate::reminder::Verdict;
use crate::reminder::payload;

/// A reminder that still waits (a night, a quota, a platform that is down) is looked at again.
const AGAIN: TimeDelta = TimeDelta::hours(3);

pub(super) async fn prove(app: &App, clock: &reminder::Model) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    let Some(key) = payload::word(clock, "of") else {
        return Ok(Verdict::Drop);
    };
    let db = app.store.read();
    let Some(row) = reminder_of(db, key).await? else {
        return Ok(Verdict::Drop);
    };
    if matches!(row.state, ReminderState::Pending | ReminderState::Sending) {
        return Ok(Verdict::Later(now + AGAIN));
    }
    let Some(day) = day_in(&row) else {
        return Ok(Verdict::Drop);
    };
    let slots = slots_in(&row);
    let ids: Vec<i64> = slots.iter().map(|(id, _)| *id).collect();
    let all = bills(db, &ids).await?;
    let said = noted(db, &all, DueEvent::Said).await?;
    let was_said = |bill: &bill::Model, slot: Slot| {
        let rows = said.get(&bill.id).map(Vec::as_slice).unwrap_or_default();
        rows.iter().any(|row| row.slot == slot.name())
    };
    let (result, channel) = outcome(&row, &deliveries(db, row.id).await?);
    let mut notes = Vec::new();
    for (id, slot) in slots {
        let Some(bill) = all.iter().find(|bill| bill.id == id) else {
            continue;
        };
        // What the person does not want is not even composed, and not everything that fails.
        let held = match result {
            DueResult::Unwanted => true,
            DueResult::Failed => was_said(bill, slot) || bill.state == BillState::Open,
            _ => was_said(bill, slot),
        };
        notes.push(match held {
            true => Noted {
                channel: channel.clone(),
                ..Noted::ended(bill, slot, day, result)
            },
            false => Noted::ended(bill, slot, day, DueResult::NotNeeded),
        });
    }
    let tx = app.store.begin(now).await?;
    note(&tx, notes).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// What became of a message, and by which channel.
fn outcome(row: &reminder::Model, tries: &[delivery::Model]) -> (DueResult, Option<String>) {
    let by = |state: DeliveryState| tries.iter().rfind(|one| one.state == state);
    let table = [
        (DeliveryState::Delivered, DueResult::Delivered),
        (DeliveryState::Sent, DueResult::Sent),
        (DeliveryState::Failed, DueResult::Failed),
        (DeliveryState::Unreachable, DueResult::Unreachable),
    ];
    let unwanted = |one: &&delivery::Model| one.error.as_deref() == Some("unwanted");
    if let Some(one) = by(DeliveryState::Dropped) {
        return match unwanted(&one) {
            true => (DueResult::Unwanted, None),
            false => (DueResult::Failed, None),
        };
    }
    let found = table
        .into_iter()
        .find_map(|(state, result)| Some((by(state)?, result)));
    match found {
        Some((one, result)) => (
            result,
            Some(one.channel.clone()).filter(|way| way != "none"),
        ),
        None if row.state == ReminderState::Failed => (DueResult::Failed, None),
        None => (DueResult::NotNeeded, None),
    }
}
