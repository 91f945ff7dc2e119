//! Words that do not fit the card they belong to: they follow as a text, as soon as WeCom's rates
//! let them. They lie beside the message that they answer, so that the reminder names nobody.
//! Put down by `web/work.rs`.

use chrono::TimeDelta;
use entity::{account, inbound, reminder};
use sea_orm::EntityTrait;
use serde_json::json;

use super::choose::Carrier;
use super::direct::Direct;
use super::kind::{Kind, Work};
use super::send::plain;
use super::work;
use crate::app::App;
use crate::base::fault::Fault;
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::wechat::work::client::{Body, Message};

pub(super) const KIND: Kind = Kind {
    name: NAME,
    work: Work::Clock(follow),
};
const NAME: &str = "delivery.words";
/// An answer that is older than so many minutes helps nobody.
const FRESH: i64 = 10;
/// What is tried again within so many seconds may have come the first time.
const AGAIN_WITHIN: u32 = 60;

/// Sends the answer to this message once more, as a text.
///
/// # Errors
/// The database's.
pub async fn follow_up(app: &App, key: &str) -> Result<(), Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let words = NewReminder {
        kind: NAME,
        dedupe_key: format!("{NAME}:{key}"),
        recipient_id: None,
        compound_id: None,
        subject: format!("inbound:{key}"),
        payload: json!({ "inbound": key }),
        due_at: tx.now(),
    };
    enqueue(&mut tx, vec![words]).await?;
    tx.commit().await
}

fn follow<'a>(app: &'a App, row: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let now = app.clock.now();
        let key = payload::word(row, "inbound");
        let (Some(key), Some(work)) = (key, &app.work) else {
            return Ok(Verdict::Drop);
        };
        if now - row.created_at > TimeDelta::minutes(FRESH) {
            return Ok(Verdict::Drop);
        }
        let db = app.store.read();
        let Some(answered) = inbound::Entity::find_by_id(key.to_owned()).one(db).await? else {
            return Ok(Verdict::Drop);
        };
        let (Some(account_id), Some(words)) = (answered.account_id, answered.reply) else {
            return Ok(Verdict::Drop);
        };
        let Some(account) = account::Entity::find_by_id(account_id).one(db).await? else {
            return Ok(Verdict::Drop);
        };
        let direct = match Direct::begin(app, row, &account, Carrier::Work).await? {
            Ok(direct) => direct,
            Err(verdict) => return Ok(verdict),
        };
        if let Some(wait) = work::room(app, &account.external_id, now).await {
            return Ok(Verdict::Later(now + wait));
        }
        let message = Message {
            to: vec![account.external_id.clone()],
            body: Body::Text(plain(&words)),
            once_within: (row.attempts > 1).then_some(AGAIN_WITHIN),
        };
        let sent = work.client.send(&message, now.timestamp());
        direct
            .say(async { sent.await.map(|sent| sent.msg_id) })
            .await
    })
}
