//! Saying something in a group through its robot (protocols.md §4.5): personal data out, never more
//! than the platform takes, never dropped. Called by the nouns' `remind.rs`.

use chrono::TimeDelta;
use entity::{delivery, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::Value;

use super::health::GROUP;
use super::record::{failed_row, sent_row};
use super::send::plain;
use crate::access::named::residents_named;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::config;
use crate::redis::Span;
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::wechat::Error;
use crate::wechat::crypto::signature;
use crate::wechat::errors::{Action, action};
use crate::wechat::robot::client::GroupMessage;

/// Messages of one group robot in any minute.
const MOST: u32 = 20;
/// The platform's minute, and what the way there may differ by.
const MINUTE: TimeDelta = TimeDelta::seconds(62);

/// The groups of a compound, by names that can be stored: of the key they hold nothing but a trace.
#[must_use]
pub fn groups_of(app: &App, compound: &str) -> Vec<String> {
    let groups = app.settings.wechat.groups.iter();
    groups
        .filter(|group| group.compound == compound)
        .map(name_of)
        .collect()
}

fn name_of(group: &config::Group) -> String {
    use secrecy::ExposeSecret;
    let trace = signature(&["group", group.key.expose_secret()]);
    let trace = trace.get(..8).unwrap_or_default();
    format!("{}:{}:{trace}", group.compound, group.role)
}

/// One reminder of this kind for each group, beside its compound, so that one that is full or broken holds up no
/// other: what `row` carries, and `group`.
///
/// # Errors
/// The database's.
pub async fn spread(
    app: &App,
    row: &reminder::Model,
    kind: &'static str,
    groups: Vec<(Option<i64>, String)>,
) -> Result<Verdict, Fault> {
    if groups.is_empty() {
        return Ok(Verdict::Drop);
    }
    let now = app.clock.now();
    let items = groups.into_iter().map(|(compound_id, group)| {
        let mut payload = row.payload.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("group".to_owned(), Value::String(group.clone()));
        }
        NewReminder {
            kind,
            dedupe_key: format!("{}:{group}", row.dedupe_key),
            recipient_id: None,
            compound_id,
            subject: row.subject.clone(),
            payload,
            due_at: now,
        }
    });
    let mut tx = app.store.begin(now).await?;
    enqueue(&mut tx, items.collect()).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// Says it in the group with this name, without markup, or says when to try again. A group that is no
/// longer in the settings is not told.
///
/// # Errors
/// The database's.
pub async fn tell_group(app: &App, name: &str, text: &str) -> Result<Verdict, Fault> {
    let groups = &app.settings.wechat.groups;
    let Some(group) = groups.iter().find(|group| name_of(group) == name) else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let names = residents_named(app.store.read(), text, now).await?;
    let message = GroupMessage::Text(plain(&redact(text, &names)));
    let span = Span {
        key: format!("group:{name}"),
        most: MOST,
        span: MINUTE,
    };
    if let Some(wait) = app.window.take(&[span], now).await {
        return Ok(Verdict::Later(now + wait));
    }
    let sent = app.robot_client.tell_group(&group.key, &message).await;
    let outcome = if sent.is_ok() { "sent" } else { "refused" };
    metrics::counter!("linli_deliveries_total", "channel" => "group", "outcome" => outcome)
        .increment(1);
    record(app, group, &sent, now).await?;
    Ok(match sent {
        Ok(()) => Verdict::Done,
        Err(error) => {
            tracing::warn!(%error, group = name, "a group could not be told");
            judge(&error, app)
        }
    })
}

/// Beside what was sent to people, so that it can be seen whether the robot works.
async fn record(
    app: &App,
    group: &config::Group,
    sent: &Result<(), Error>,
    now: Moment,
) -> Result<(), Fault> {
    let ended = match sent {
        Ok(()) => sent_row(None),
        Err(error) => failed_row(error, None, false),
    };
    let row = delivery::ActiveModel {
        channel: Set(GROUP.to_owned()),
        kind: Set(GROUP.to_owned()),
        subject: Set(format!("group:{}:{}", group.compound, group.role)),
        client_msg_id: Set(String::new()),
        created_at: Set(now),
        updated_at: Set(now),
        ..ended.row()
    };
    delivery::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await?;
    Ok(())
}

fn judge(error: &Error, app: &App) -> Verdict {
    let text = format!("group: {error}");
    let Error::Platform { code, .. } = error else {
        return Verdict::Retry(text);
    };
    match (*code, action(*code)) {
        // Of a group robot it is the minute's limit, not the day's.
        (45009, _) | (_, Action::BackoffMinute) => {
            Verdict::Later(app.clock.now() + TimeDelta::minutes(1))
        }
        (_, Action::Fix | Action::Drop | Action::Cut) => Verdict::Fail(text),
        // Mended by an operator, perhaps within the hours that trying goes on.
        _ => Verdict::Retry(text),
    }
}
