//! The last way: whoever no channel reaches is told at the door. Who goes there is not known on
//! this floor, so the postman is handed a function. Called by the postman.

use entity::delivery;
use entity::kinds::DeliveryState;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::recipient::Recipient;
use super::send::Letter;
use super::topic::Topic;
use crate::app::App;
use crate::base::fault::Fault;
use crate::reminder::{BoxFuture, Verdict};
use crate::store::Tx;

/// As stored in `delivery.channel` for what is told in person: sent once it is on somebody's list,
/// delivered once it has been said.
pub const IN_PERSON: &str = "visit";

/// A message that reaches its person by no channel.
#[derive(Clone, Copy, Debug)]
pub struct Unreached<'a> {
    /// Whom.
    pub person_id: i64,
    /// Tenant of the reminder.
    pub compound_id: Option<i64>,
    /// What it is about.
    pub subject: &'a str,
    /// Kind of the reminder.
    pub kind: &'a str,
    /// What is to be said.
    pub text: &'a str,
}

/// Puts somebody on the list of whoever tells them in person; false when nobody could find them.
pub type LastResort = for<'a> fn(&'a mut Tx, Unreached<'a>) -> BoxFuture<'a, Result<bool, Fault>>;

/// What becomes of a message once all channels have been asked: when none of them will ever carry
/// it, somebody goes there.
pub(super) async fn fall_back(
    app: &App,
    last_resort: Option<LastResort>,
    topic: Topic,
    letter: &Letter<'_>,
    verdict: Verdict,
) -> Result<Verdict, Fault> {
    let (Some(last_resort), Recipient::Person(person_id)) = (last_resort, letter.to) else {
        return Ok(verdict);
    };
    let most = app.settings.reminder.max_attempts;
    let given_up = match &verdict {
        Verdict::Fail(_) => true,
        Verdict::Retry(_) => letter.reminders.iter().all(|row| row.attempts >= most),
        Verdict::Done | Verdict::Drop | Verdict::Later(_) => false,
    };
    let Some(first) = letter.reminders.first() else {
        return Ok(verdict);
    };
    if !given_up || !topic.is_told_in_person() {
        return Ok(verdict);
    }
    let text = match topic.is_private() {
        true => &letter.message.title,
        false => &letter.message.text,
    };
    let missed = Unreached {
        person_id,
        compound_id: first.compound_id,
        subject: &first.subject,
        kind: &first.kind,
        text,
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    if !last_resort(&mut tx, missed).await? {
        tx.rollback().await?;
        return Ok(verdict);
    }
    record(&tx, letter, person_id).await?;
    tx.commit().await?;
    metrics::counter!("linli_deliveries_total", "channel" => IN_PERSON, "outcome" => "sent")
        .increment(1);
    Ok(Verdict::Done)
}

async fn record(tx: &Tx, letter: &Letter<'_>, person_id: i64) -> Result<(), Fault> {
    let rows = letter.reminders.iter().map(|row| delivery::ActiveModel {
        reminder_id: Set(Some(row.id)),
        person_id: Set(Some(person_id)),
        channel: Set(IN_PERSON.to_owned()),
        kind: Set(row.kind.clone()),
        subject: Set(row.subject.clone()),
        client_msg_id: Set(letter.client_msg_id.to_owned()),
        state: Set(DeliveryState::Sent),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    });
    delivery::Entity::insert_many(rows)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
