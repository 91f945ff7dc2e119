//! What a mediation and the case it comes from have to say to each other: neither may call the other's actions,
//! so each leaves a reminder, in its own transaction. Those for the case are obeyed here by the worker through
//! the table of kinds.

use chrono::TimeDelta;
use entity::{case, reminder};
use serde_json::json;

use super::kinds;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Code;
use crate::case::queries::by_id;
use crate::case::{actions, subject};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder, Verdict};

/// Tells the case what has become of its mediation: `opened`, `stalled`, `agreed`, `broken`, `failed`, `kept`.
/// `note` goes into the case's history: it names no party.
#[must_use]
pub fn news(
    (case_id, compound_id): (i64, i64),
    mediation_id: i64,
    what: &'static str,
    note: &str,
    now: Moment,
) -> NewReminder {
    NewReminder {
        kind: kinds::MEDIATION,
        dedupe_key: format!(
            "case:{case_id}:mediation:{mediation_id}:{what}:{}",
            now.timestamp_millis()
        ),
        recipient_id: None,
        compound_id: Some(compound_id),
        subject: subject(case_id),
        payload: json!({ "case": case_id, "what": what, "note": note }),
        due_at: now,
    }
}

/// Tells the mediation of a case that the case is over.
#[must_use]
pub fn over(case: &case::Model, now: Moment) -> NewReminder {
    let kind = kinds::MEDIATION_CASE_OVER;
    NewReminder {
        kind,
        dedupe_key: format!("case:{}:{kind}:{}", case.id, now.timestamp_millis()),
        recipient_id: None,
        compound_id: Some(case.compound_id),
        subject: subject(case.id),
        payload: json!({ "case": case.id }),
        due_at: now,
    }
}

/// Tells mediations that a post of somebody who leads some has ended; `clock` is the one that rang.
#[must_use]
pub fn mediator_gone(person: i64, clock: &reminder::Model, now: Moment) -> NewReminder {
    let kind = kinds::MEDIATOR_GONE;
    NewReminder {
        kind,
        dedupe_key: format!("person:{person}:{kind}:{}", clock.id),
        recipient_id: None,
        compound_id: clock.compound_id,
        subject: format!("person:{person}"),
        payload: json!({ "person": person }),
        due_at: now,
    }
}

pub(super) fn obey<'a>(
    app: &'a App,
    row: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, crate::base::fault::Fault>> {
    Box::pin(async move {
        let text = |name: &str| payload::word(row, name);
        let id = payload::number(row, "case");
        let (Some(id), Some(what)) = (id, text("what")) else {
            return Ok(Verdict::Drop);
        };
        let note = text("note").filter(|note| !note.is_empty());
        let mut tx = app.store.begin(app.clock.now()).await?;
        let Some(found) = by_id(tx.db(), id).await? else {
            return Ok(Verdict::Drop);
        };
        match actions::mediated(&mut tx, found, what, note.map(str::to_owned)).await {
            Ok(done) => {
                tx.commit().await?;
                Ok(done.map_or(Verdict::Drop, |_| Verdict::Done))
            }
            // Somebody did something at the same moment: look again.
            Err(fault) if matches!(fault.code, Code::Conflict | Code::WrongStep) => {
                tx.rollback().await?;
                Ok(Verdict::Later(app.clock.now() + TimeDelta::seconds(1)))
            }
            Err(fault) => {
                tx.rollback().await?;
                Err(fault)
            }
        }
    })
}
