//! What the platform reports afterwards (`TEMPLATESENDJOBFINISH`). Called by the callback's route.

use chrono::TimeDelta;
use entity::kinds::{DeliveryState, ReminderState};
use entity::{account, delivery, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::choose::Carrier;
use super::kind::{Kind, Work};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::store::{Due, Tx};
use crate::wechat::official::JobStatus;

/// A report that came before the answer to the call itself, or while its reminder was still being
/// closed, is looked at again as a clock of this kind.
pub(super) const KIND: Kind = Kind {
    name: NAME,
    work: Work::Clock(look_again),
};
const NAME: &str = "delivery.receipt";
/// Seconds until then.
const AGAIN: i64 = 5;
/// A report about a message that is not ours is given up after so many looks.
const LOOKS: i32 = 3;

/// How a template message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It arrived.
    Delivered,
    /// The person blocks our messages.
    Blocked,
    /// Anything else, in the platform's words.
    Failed(String),
}

impl From<&JobStatus> for DeliveryOutcome {
    fn from(status: &JobStatus) -> Self {
        match status {
            JobStatus::Delivered => Self::Delivered,
            JobStatus::Blocked => Self::Blocked,
            JobStatus::Failed(words) => Self::Failed(words.clone()),
        }
    }
}

impl DeliveryOutcome {
    fn to_json(&self) -> Value {
        match self {
            Self::Delivered => json!({ "outcome": "delivered" }),
            Self::Blocked => json!({ "outcome": "blocked" }),
            Self::Failed(words) => json!({ "outcome": "failed", "words": shorten(words, 100) }),
        }
    }

    fn from_json(value: &Value) -> Self {
        match value.get("outcome").and_then(Value::as_str) {
            Some("delivered") => Self::Delivered,
            Some("blocked") => Self::Blocked,
            _ => {
                let words = value.get("words").and_then(Value::as_str);
                Self::Failed(words.unwrap_or_default().to_owned())
            }
        }
    }
}

/// Takes a report; may come several times, and before the answer to the call that it is about.
///
/// # Errors
/// The database's: then nothing was stored.
pub async fn receipt(app: &App, platform_id: &str, outcome: DeliveryOutcome) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if !apply(&mut tx, platform_id, &outcome).await? {
        let mut payload = outcome.to_json();
        if let Some(map) = payload.as_object_mut() {
            map.insert("platform_id".to_owned(), json!(platform_id));
        }
        let again = NewReminder {
            kind: NAME,
            dedupe_key: format!("receipt:{platform_id}"),
            recipient_id: None,
            compound_id: None,
            subject: format!("receipt:{platform_id}"),
            payload,
            due_at: tx.now() + TimeDelta::seconds(AGAIN),
        };
        enqueue(&mut tx, vec![again]).await?;
    }
    tx.commit().await
}

fn look_again<'a>(app: &'a App, row: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let platform_id = payload::word(row, "platform_id");
        let Some(platform_id) = platform_id else {
            return Ok(Verdict::Drop);
        };
        let outcome = DeliveryOutcome::from_json(&row.payload);
        let mut tx = app.store.begin(app.clock.now()).await?;
        let applied = apply(&mut tx, platform_id, &outcome).await?;
        tx.commit().await?;
        Ok(match applied {
            true => Verdict::Done,
            false if row.attempts >= LOOKS => Verdict::Drop,
            false => Verdict::Retry("还没有对应的发送记录".to_owned()),
        })
    })
}

/// Stores a report; false when it has to be looked at again.
async fn apply(tx: &mut Tx, platform_id: &str, outcome: &DeliveryOutcome) -> Result<bool, Fault> {
    let rows =
        delivery::Entity::find()
            .filter(delivery::COLUMN.platform_id.eq(platform_id))
            .filter(delivery::COLUMN.channel.is_in(
                [Carrier::Template, Carrier::Notice, Carrier::Subscription].map(Carrier::name),
            ))
            .all(tx.db())
            .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    // A report that is repeated finds nothing open any more.
    let open: Vec<&delivery::Model> = rows
        .iter()
        .filter(|row| matches!(row.state, DeliveryState::Sending | DeliveryState::Sent))
        .collect();
    if open.is_empty() {
        return Ok(true);
    }
    let error = match outcome {
        DeliveryOutcome::Delivered => {
            close(tx, &open, DeliveryState::Delivered, None).await?;
            metrics::counter!("linli_receipts_total", "outcome" => "delivered").increment(1);
            return Ok(true);
        }
        DeliveryOutcome::Blocked => "user block",
        DeliveryOutcome::Failed(words) => words.as_str(),
    };
    let reminders: Vec<i64> = open.iter().filter_map(|row| row.reminder_id).collect();
    let closing = reminder::Entity::find()
        .filter(reminder::COLUMN.id.is_in(reminders.iter().copied()))
        .filter(reminder::COLUMN.state.eq(ReminderState::Sending))
        .one(tx.db())
        .await?;
    if closing.is_some() {
        return Ok(false);
    }
    close(tx, &open, DeliveryState::Failed, Some(error)).await?;
    metrics::counter!("linli_receipts_total", "outcome" => "failed").increment(1);
    if *outcome == DeliveryOutcome::Blocked {
        let accounts: Vec<i64> = open.iter().filter_map(|row| row.account_id).collect();
        block(tx, &accounts).await?;
    }
    for id in reminders {
        once_more(tx, id, error).await?;
    }
    Ok(true)
}

async fn close(
    tx: &Tx,
    rows: &[&delivery::Model],
    state: DeliveryState,
    error: Option<&str>,
) -> Result<(), Fault> {
    delivery::Entity::update_many()
        .set(delivery::ActiveModel {
            state: Set(state),
            error: Set(error.map(|words| shorten(words, 300))),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(delivery::COLUMN.id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Template messages reach these accounts no more, until they write again.
async fn block(tx: &Tx, accounts: &[i64]) -> Result<(), Fault> {
    account::Entity::update_many()
        .set(account::ActiveModel {
            followed: Set(false),
            ..Default::default()
        })
        .filter(account::COLUMN.id.is_in(accounts.iter().copied()))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Whether the platform took a message and could not deliver it.
pub(super) fn is_lost(row: &delivery::Model) -> bool {
    row.state == DeliveryState::Failed && row.platform_id.is_some()
}

/// Gives a reminder back to the postman, who sends it again after its first lost message, and after
/// the second one lets somebody go there.
async fn once_more(tx: &mut Tx, id: i64, error: &str) -> Result<(), Fault> {
    let now = tx.now();
    let change = reminder::ActiveModel {
        state: Set(ReminderState::Pending),
        attempts: Set(0),
        next_at: Set(now),
        done_at: Set(None),
        last_error: Set(Some(error.to_owned())),
        ..Default::default()
    };
    let changed = reminder::Entity::update_many()
        .set(change)
        .filter(reminder::COLUMN.id.eq(id))
        .filter(reminder::COLUMN.state.eq(ReminderState::Sent))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 1 {
        tx.note_due([Due { id, at: now }]);
    }
    Ok(())
}
