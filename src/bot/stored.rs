//! What is stored of a message: that it came, what was answered, and what waits next. Called by
//! `bot/answer.rs`, in the transaction of its effect.

use chrono::TimeDelta;
use entity::{account, inbound};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryTrait, TryInsertResult};

use crate::app::App;
use crate::base::fault::Fault;
use crate::bot::group::Aside;
use crate::bot::sender::{known, window};
use crate::bot::{Spoken, dialog, group};
use crate::chat::Dialog;
use crate::store::Tx;

/// What is said in the end.
pub(super) struct Said {
    /// Where the message came from.
    pub(super) reply: Option<String>,
    /// To the person alone, in place of what the group does not read.
    pub(super) aside: Option<Aside>,
    /// What waits: where the words are that it answers to.
    pub(super) next: Dialog,
}

/// As the rows were before.
pub(super) struct Stored {
    pub(super) account: account::Model,
    /// The dialog of where the message came from.
    pub(super) waiting: Option<serde_json::Value>,
}

/// Notes the message; false when it is known already. While another instance works on the same
/// message PostgreSQL lets this one wait for its end.
pub(super) async fn take(tx: &Tx, spoken: &Spoken) -> Result<bool, Fault> {
    let row = inbound::ActiveModel {
        key: Set(spoken.key.clone()),
        received_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = inbound::Entity::insert(row)
        .on_conflict_do_nothing()
        .exec_without_returning(tx.db())
        .await?;
    Ok(matches!(stored, TryInsertResult::Inserted(rows) if rows > 0))
}

pub(super) async fn earlier_reply(app: &App, spoken: &Spoken) -> Result<Option<String>, Fault> {
    let earlier = inbound::Entity::find_by_id(spoken.key.clone())
        .one(app.store.read())
        .await?;
    Ok(earlier.and_then(|row| row.reply))
}

/// Stores what waits next, if that changed, and the reply.
pub(super) async fn conclude(
    tx: &mut Tx,
    spoken: &Spoken,
    stored: &Stored,
    said: &Said,
) -> Result<(), Fault> {
    let account = &stored.account;
    let (minutes, left) = window(&spoken.kind);
    let until = tx.now() + TimeDelta::minutes(minutes);
    let widens = minutes > 0 && account.window_until.is_none_or(|old| old < until);
    let next = dialog::store(&said.next);
    let in_group = group::keeps(spoken, said.aside.is_some());
    if let Some(chat_id) = in_group
        && next != stored.waiting
    {
        group::keep(tx, account.id, chat_id, next.clone()).await?;
    }
    let alone = in_group.is_none() && next != account.dialog;
    if alone || widens {
        let mut change = account::ActiveModel {
            id: Set(account.id),
            ..Default::default()
        };
        if alone || in_group.is_none() {
            change.dialog = Set(next);
        }
        if widens {
            change.window_until = Set(Some(until));
            change.window_left = Set(left);
        }
        account::Entity::update(change)
            .exec_without_returning(tx.db())
            .await?;
    }
    let mut noted = inbound::ActiveModel {
        account_id: Set(Some(account.id)),
        reply: Set(said.reply.clone()),
        ..Default::default()
    };
    if let Some(aside) = &said.aside {
        noted.private_reply = Set(Some(aside.text.clone()));
        group::send_aside(tx, &spoken.key, aside).await?;
    }
    let note = inbound::Entity::update_many()
        .set(noted)
        .filter(inbound::COLUMN.key.eq(&spoken.key));
    tx.at_end(note.into_query());
    Ok(())
}

/// The one line in the log by which a message is found again: never who sent it, or what it says. Keys hold the
/// platform's id of it, or a hash.
pub(super) fn log(spoken: &Spoken) {
    let (channel, kind) = (spoken.channel, spoken.kind.name());
    tracing::info!(?channel, kind, key = %spoken.key, "a message was stored");
}

/// What is stored of a message that changed nothing.
pub(super) enum Settled {
    /// This reply and question, and what was kept before.
    Apology(Option<Box<Dialog>>, String),
    /// Exactly this.
    Whole(Box<Said>),
}

/// Stores a message whose command changed nothing, with its reply.
pub(super) async fn settle(
    app: &App,
    spoken: &Spoken,
    settled: Settled,
) -> Result<Option<String>, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if !take(&tx, spoken).await? {
        tx.rollback().await?;
        return earlier_reply(app, spoken).await;
    }
    let account = known(&tx, spoken).await?;
    let stored = Stored {
        waiting: group::waiting(&tx, spoken, &account).await?,
        account,
    };
    let said = match settled {
        Settled::Whole(said) => {
            let said = *said;
            // Another message may have had its effect since: what it keeps for later is not overwritten.
            let now = match &said.aside {
                Some(_) => &stored.account.dialog,
                None => &stored.waiting,
            };
            let before = dialog::load(now.as_ref(), tx.now());
            Said {
                next: dialog::keeping(said.next, &before),
                ..said
            }
        }
        Settled::Apology(question, reply) => {
            let before = dialog::load(stored.waiting.as_ref(), tx.now());
            Said {
                reply: Some(reply),
                aside: None,
                next: dialog::next(question.map(|question| *question), &before, tx.now()),
            }
        }
    };
    conclude(&mut tx, spoken, &stored, &said).await?;
    tx.commit().await?;
    log(spoken);
    Ok(said.reply)
}
