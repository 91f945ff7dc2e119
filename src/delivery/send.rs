//! One message over the chosen channels, every attempt recorded before it is made. Called by the
//! postman.

use std::sync::atomic::{AtomicI64, Ordering};

use entity::kinds::DeliveryState;
use entity::{account, delivery, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, ExprTrait, QueryFilter};

use super::choose::{Carrier, Way, choose};
use super::fit::{fit, time_value};
use super::judge::{Mark, Step, hopeful, judge};
use super::kind::Message;
use super::quiet::tomorrow_morning;
use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::base::text::{cut_bytes, shorten};
use crate::config::Template;
use crate::reminder::Verdict;
use crate::wechat::Error;
use crate::wechat::errors::{Action, action};
use crate::wechat::official::client::TemplateMessage;

/// Bytes of a customer-service message: the platform takes 2 048.
const TEXT_BYTES: usize = 2_000;
/// When it is too long all the same (45002), so many.
const SHORT_BYTES: usize = 600;

/// Until when the day's quota of an API is known to be used up: each instance learns it by one
/// refused call instead of by a hundred thousand. Milliseconds.
#[derive(Default)]
pub(super) struct Halts {
    template: AtomicI64,
    customer: AtomicI64,
}

impl Halts {
    fn of(&self, carrier: Carrier) -> &AtomicI64 {
        match carrier {
            Carrier::Template => &self.template,
            Carrier::Customer => &self.customer,
        }
    }

    fn until(&self, carrier: Carrier, now: Moment) -> Option<Moment> {
        from_ms(self.of(carrier).load(Ordering::Relaxed)).filter(|until| now < *until)
    }
}

/// What goes to one person about one thing.
pub(super) struct Letter<'a> {
    pub person_id: i64,
    /// All that it answers for; never empty.
    pub reminders: &'a [reminder::Model],
    pub message: &'a Message,
    /// The same for each try, so that the platform drops repeats.
    pub client_msg_id: &'a str,
}

/// Sends it by the first way that carries it.
///
/// # Errors
/// The database's, before anything is sent by the way at hand.
pub(super) async fn send(app: &App, halts: &Halts, letter: &Letter<'_>) -> Result<Verdict, Fault> {
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(letter.person_id))
        .all(app.store.read())
        .await?;
    let templates = &app.settings.wechat.official.templates;
    let template = templates.get(letter.message.template);
    let ways = choose(&accounts, template.is_some(), app.clock.now());
    if ways.is_empty() {
        return unreachable(app, letter).await;
    }
    let mut left_accounts = Vec::new();
    let mut verdict = None;
    for way in ways {
        let Some(account) = accounts.iter().find(|account| account.id == way.account_id) else {
            continue;
        };
        if left_accounts.contains(&account.id) {
            continue;
        }
        if halts.until(way.carrier, app.clock.now()).is_some() {
            let later = Verdict::Later(tomorrow_morning(app.clock.now()));
            verdict = Some(hopeful(verdict, later));
            continue;
        }
        match attempt(app, letter, way, account, template).await? {
            Step::Sent => return Ok(Verdict::Done),
            Step::Stop(stop) => return Ok(stop),
            Step::Next(failed, mark) => {
                verdict = Some(hopeful(verdict, failed));
                if mark == Mark::Unfollowed {
                    left_accounts.push(account.id);
                }
                remember(app, halts, account.id, way.carrier, mark).await?;
            }
        }
    }
    Ok(match verdict {
        Some(Verdict::Fail(reasons)) => Verdict::Fail(format!("无法送达: {reasons}")),
        Some(verdict) => verdict,
        None => Verdict::Fail("无法送达".to_owned()),
    })
}

/// One attempt by one way.
async fn attempt(
    app: &App,
    letter: &Letter<'_>,
    way: Way,
    account: &account::Model,
    template: Option<&Template>,
) -> Result<Step, Fault> {
    let now = app.clock.now();
    if way.carrier == Carrier::Customer && !take_of_window(app, account.id, now).await? {
        // Another instance, or an earlier message of this one, has used the last.
        let used = Verdict::Fail("customer: 客服消息次数已用完".to_owned());
        return Ok(Step::Next(used, Mark::Nothing));
    }
    let rows = open_rows(app, letter, Some((account.id, way.carrier))).await?;
    let to = &account.external_id;
    let answer = match (way.carrier, template) {
        (Carrier::Template, Some(template)) => {
            let message = fill_in(letter, template, to);
            let sent = app.official_client.template_send(&message, now.timestamp());
            sent.await.map(Some)
        }
        _ => send_text(app, letter.message, to, now).await.map(|()| None),
    };
    let (step, row) = match answer {
        Ok(platform_id) => (Step::Sent, sent_row(platform_id)),
        Err(error) => {
            let step = judge(&error, way.carrier, now);
            let row = failed_row(&error, step == Step::Sent);
            (step, row)
        }
    };
    let outcome = match &step {
        Step::Sent => "sent",
        Step::Stop(_) => "retry",
        Step::Next(..) => "refused",
    };
    metrics::counter!("linli_deliveries_total", "channel" => way.carrier.name(), "outcome" => outcome)
        .increment(1);
    // Once sent it is sent: a database that fails now leaves the row as it is, and the reminder
    // comes back under the same id.
    if let Err(error) = close_rows(app, &rows, row).await {
        tracing::warn!(?error, "an attempt's outcome could not be stored");
        if step != Step::Sent {
            return Err(error);
        }
    }
    Ok(step)
}

/// The message by its template.
fn fill_in(letter: &Letter<'_>, template: &Template, to: &str) -> TemplateMessage {
    let message = letter.message;
    let data = template.fields.iter().map(|(field, what)| {
        let value = match what.as_str() {
            "title" => message.title.clone(),
            "place" => message.place.clone(),
            "state" => message.state.clone(),
            "time" => time_value(message.at),
            "hint" => message.hint.clone(),
            "text" => message.text.clone(),
            // Anything else is a fixed text of the operator's.
            fixed => fixed.to_owned(),
        };
        (field.clone(), fit(field, &value))
    });
    TemplateMessage {
        to: to.to_owned(),
        template_id: template.id.clone(),
        url: message.url.clone(),
        data: data.collect(),
        client_msg_id: Some(letter.client_msg_id.to_owned()),
    }
}

async fn send_text(app: &App, message: &Message, to: &str, now: Moment) -> Result<(), Error> {
    let mut text = plain(&message.text);
    if let Some(url) = &message.url {
        text = format!("{text}\n{url}");
    }
    let client = &app.official_client;
    let sent = client
        .custom_text(to, cut_bytes(&text, TEXT_BYTES), now.timestamp())
        .await;
    match sent {
        Err(Error::Platform { code, .. }) if action(code) == Action::Cut => {
            let short = cut_bytes(&text, SHORT_BYTES);
            client.custom_text(to, short, now.timestamp()).await
        }
        sent => sent,
    }
}

/// People's own words come back in messages, and the chat would make links of `<a href>`
/// (protocols.md §6.6).
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let tag = letter == '<'
            && letters
                .peek()
                .is_some_and(|next| next.is_ascii_alphabetic() || *next == '/');
        out.push(if tag { '＜' } else { letter });
    }
    out
}

/// Takes one of the customer messages that the person's last word allows; all instances share them.
async fn take_of_window(app: &App, account_id: i64, now: Moment) -> Result<bool, Fault> {
    let taken = account::Entity::update_many()
        .col_expr(
            account::Column::WindowLeft,
            Expr::col(account::Column::WindowLeft).sub(1),
        )
        .filter(account::COLUMN.id.eq(account_id))
        .filter(account::COLUMN.window_left.gt(0))
        .filter(account::COLUMN.window_until.gt(now))
        .exec(app.store.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Stores what a refusal has taught.
async fn remember(
    app: &App,
    halts: &Halts,
    account_id: i64,
    carrier: Carrier,
    mark: Mark,
) -> Result<(), Fault> {
    let mut change = account::ActiveModel {
        id: Set(account_id),
        ..Default::default()
    };
    match mark {
        Mark::Nothing => return Ok(()),
        Mark::Alarm => {
            metrics::counter!("linli_delivery_alarms_total", "channel" => carrier.name())
                .increment(1);
            tracing::error!(
                account = account_id,
                channel = carrier.name(),
                "the platform refuses our messages: run `linli doctor`"
            );
            return Ok(());
        }
        Mark::Halted => {
            let until = tomorrow_morning(app.clock.now());
            let halt = halts.of(carrier);
            halt.store(until.timestamp_millis(), Ordering::Relaxed);
            tracing::error!(channel = carrier.name(), "the day's quota is used up");
            return Ok(());
        }
        Mark::Unfollowed => {
            change.followed = Set(false);
            change.window_left = Set(0);
            change.window_until = Set(None);
        }
        Mark::WindowUsed => change.window_left = Set(0),
    }
    account::Entity::update(change)
        .exec_without_returning(app.store.write())
        .await?;
    Ok(())
}

/// A row for each reminder that this attempt answers for.
async fn open_rows(
    app: &App,
    letter: &Letter<'_>,
    by: Option<(i64, Carrier)>,
) -> Result<Vec<i64>, Fault> {
    let now = app.clock.now();
    let state = match by {
        Some(_) => DeliveryState::Sending,
        None => DeliveryState::Unreachable,
    };
    let rows = letter
        .reminders
        .iter()
        .map(|reminder| delivery::ActiveModel {
            reminder_id: Set(Some(reminder.id)),
            person_id: Set(Some(letter.person_id)),
            account_id: Set(by.map(|(account_id, _)| account_id)),
            channel: Set(by.map_or("none", |(_, carrier)| carrier.name()).to_owned()),
            kind: Set(reminder.kind.clone()),
            subject: Set(reminder.subject.clone()),
            client_msg_id: Set(letter.client_msg_id.to_owned()),
            state: Set(state),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    let stored = delivery::Entity::insert_many(rows)
        .exec_with_returning(app.store.write())
        .await?;
    Ok(stored.into_iter().map(|row| row.id).collect())
}

fn sent_row(platform_id: Option<String>) -> delivery::ActiveModel {
    delivery::ActiveModel {
        state: Set(DeliveryState::Sent),
        platform_id: Set(platform_id),
        ..Default::default()
    }
}

fn failed_row(error: &Error, sent: bool) -> delivery::ActiveModel {
    let code = match error {
        Error::Platform { code, .. } => Some(*code),
        _ => None,
    };
    delivery::ActiveModel {
        state: Set(if sent {
            DeliveryState::Sent
        } else {
            DeliveryState::Failed
        }),
        error_code: Set(code),
        error: Set(Some(shorten(&error.to_string(), 300))),
        ..Default::default()
    }
}

async fn close_rows(
    app: &App,
    ids: &[i64],
    mut change: delivery::ActiveModel,
) -> Result<(), Fault> {
    change.updated_at = Set(app.clock.now());
    delivery::Entity::update_many()
        .set(change)
        .filter(delivery::COLUMN.id.is_in(ids.iter().copied()))
        .exec(app.store.write())
        .await?;
    Ok(())
}

/// Nobody can be reached: recorded, and a dead letter for the operators.
async fn unreachable(app: &App, letter: &Letter<'_>) -> Result<Verdict, Fault> {
    open_rows(app, letter, None).await?;
    metrics::counter!("linli_deliveries_total", "channel" => "none", "outcome" => "unreachable")
        .increment(1);
    Ok(Verdict::Fail(
        "无法送达:没有关注公众号,也没有可用的客服消息".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_made_of_peoples_words() {
        assert_eq!(
            plain("<a href=\"x\">点我</a> 1 < 2 <3"),
            "＜a href=\"x\">点我＜/a> 1 < 2 <3"
        );
    }
}
