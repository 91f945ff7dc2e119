//! A question asked in a group: what the group may read of the answer, what goes to the person
//! alone, and the dialog that each member has in each group. Called by `bot/answer.rs`.

use entity::{account, group_dialog, inbound, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::access::named::residents_named;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::bot::{Audience, Spoken};
use crate::chat::Turn;
use crate::delivery::{ASIDE_TEMPLATE, Kind, Message, Topic, Work};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder};
use crate::store::Tx;

/// Kind of the reminder that brings an answer to the person alone.
const ASIDE: &str = "chat.aside";
/// What the group reads in its place.
pub const SENT_ASIDE: &str = "已发到您的企业微信。";
/// What it reads where the person can only be told when they ask alone.
pub const ASK_ALONE: &str = "这项内容不便在群里显示，请单独发给我再问一次。";

/// What the bot's own reminders mean; joined to the others' by `command/serve.rs`.
pub const KINDS: &[Kind] = &[Kind {
    name: ASIDE,
    work: Work::Push(Topic::Answer, compose),
}];

/// An answer for one person.
pub(super) struct Aside {
    /// Whom.
    pub person_id: i64,
    /// What.
    pub text: String,
}

/// To whom alone the answer goes, if it was asked for in a group that may not read it. Somebody we
/// do not know gets no other answer than the group: there is nothing personal in it.
pub(super) fn turns_aside(turn: &Turn<'_>) -> Option<i64> {
    let aside = turn.aside && turn.audience.is_group();
    turn.actor.person_id().filter(|_| aside)
}

/// The last guard before a group: personal data out.
pub(super) async fn guard<C: ConnectionTrait>(
    db: &C,
    reply: &str,
    now: Moment,
) -> Result<String, Fault> {
    Ok(redact(reply, &residents_named(db, reply, now).await?))
}

/// In which group the answer's dialog is kept; none: with the account.
pub(super) fn keeps(spoken: &Spoken, aside: bool) -> Option<&str> {
    match &spoken.audience {
        Audience::Group(chat_id) if !aside => Some(chat_id),
        _ => None,
    }
}

/// What the message may answer to: in a group only what was said there, to the same person.
pub(super) async fn waiting(
    tx: &Tx,
    spoken: &Spoken,
    account: &account::Model,
) -> Result<Option<Value>, Fault> {
    let Audience::Group(chat_id) = &spoken.audience else {
        return Ok(account.dialog.clone());
    };
    let row = group_dialog::Entity::find_by_id((account.id, chat_id.clone()))
        .one(tx.db())
        .await?;
    Ok(row.map(|row| row.dialog))
}

/// Stores it.
pub(super) async fn keep(
    tx: &Tx,
    account_id: i64,
    chat_id: &str,
    dialog: Option<Value>,
) -> Result<(), Fault> {
    let Some(dialog) = dialog else {
        group_dialog::Entity::delete_many()
            .filter(group_dialog::COLUMN.account_id.eq(account_id))
            .filter(group_dialog::COLUMN.chat_id.eq(chat_id))
            .exec(tx.db())
            .await?;
        return Ok(());
    };
    let row = group_dialog::ActiveModel {
        account_id: Set(account_id),
        chat_id: Set(chat_id.to_owned()),
        dialog: Set(dialog),
        updated_at: Set(tx.now()),
    };
    let key = [
        group_dialog::Column::AccountId,
        group_dialog::Column::ChatId,
    ];
    group_dialog::Entity::insert(row)
        .on_conflict(
            OnConflict::columns(key)
                .update_columns([
                    group_dialog::Column::Dialog,
                    group_dialog::Column::UpdatedAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Lets the answer go to the person; the words lie with the message that they answer.
pub(super) async fn send_aside(tx: &mut Tx, key: &str, aside: &Aside) -> Result<(), Fault> {
    let item = NewReminder {
        kind: ASIDE,
        dedupe_key: format!("{ASIDE}:{key}"),
        recipient_id: Some(aside.person_id),
        compound_id: None,
        subject: format!("message:{key}"),
        payload: json!({ "key": key }),
        due_at: tx.now(),
    };
    crate::reminder::enqueue(tx, vec![item]).await
}

/// The words that were put down for the person.
fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(reminder) = reminders.first() else {
            return Ok(None);
        };
        let key = payload::word(reminder, "key");
        let row = inbound::Entity::find_by_id(key.unwrap_or_default())
            .one(app.store.read())
            .await?;
        let Some(text) = row.and_then(|row| row.private_reply) else {
            return Ok(None);
        };
        Ok(Some(Message {
            template: ASIDE_TEMPLATE,
            title: "您在群里问的".to_owned(),
            place: String::new(),
            state: String::new(),
            at: reminder.due_at,
            hint: "请在企业微信中查看".to_owned(),
            text,
            url: None,
            // They have just asked.
            urgent: true,
            buttons: Vec::new(),
        }))
    })
}
