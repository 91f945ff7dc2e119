//! One message over the chosen channels, every attempt recorded before it is made. Called by the
//! postman.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{account, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use tokio::sync::Semaphore;

use super::cards;
use super::choose::{Carrier, Offer, Way, choose};
use super::fit::Misfit;
use super::form::{Forms, fill_in};
use super::halt::{Halts, release};
use super::judge::{Mark, Step, hopeful, judge};
use super::kind::{ASIDE_TEMPLATE, Compose, Message};
use super::quiet::quota_is_new;
use super::recipient::Recipient;
use super::record::{Ended, close_rows, failed_row, open_rows, sent_row};
use super::spend::{return_unused, take_of};
use super::subscription;
use super::together;
use super::work;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::cut_bytes;
use crate::config::Template;
use crate::reminder::Verdict;
use crate::wechat::Error;
use crate::wechat::errors::{Action, action};
use crate::wechat::mini::SubscribeMessage;
use crate::wechat::official::client::TemplateMessage;

/// Bytes of a customer-service message: the platform takes 2 048.
pub(super) const TEXT_BYTES: usize = 2_000;
/// A call is begun only while the lease lasts so much longer, seconds: it takes five at most, may wait as
/// long for another one to end, and a fresh token before it twelve, seven for another instance's and five for our own. In one process
/// nobody waits longer for a token, since who waits in vain with others does not ask again.
const LEASE_LEFT: i64 = 25;
/// When it is too long all the same (45002), so many.
const SHORT_BYTES: usize = 600;

/// What goes to one recipient about one thing.
pub(super) struct Letter<'a> {
    pub to: Recipient,
    /// Whose user id in WeCom this is.
    pub userid: Option<&'a str>,
    /// All that it answers for; never empty.
    pub reminders: &'a [reminder::Model],
    pub message: &'a Message,
    /// What has composed it.
    pub compose: Compose,
    /// The same for each try, so that the platform drops repeats.
    pub client_msg_id: &'a str,
    /// When it was tried first, if this is not the first try.
    pub tried_at: Option<Moment>,
    /// Set to the moment, ms, until which the person's messages wait for room in WeCom.
    pub held: &'a AtomicI64,
    /// Set to the moment, ms, at which the first of its ways may be tried again.
    pub halted: &'a AtomicI64,
    /// Calls to the platforms that may be under way at once.
    pub calls: &'a Semaphore,
}

impl Letter<'_> {
    /// The page of the mini-program that a tap opens, with what it is about.
    fn page(&self) -> Option<String> {
        let subject = &self.reminders.first()?.subject;
        Some(format!("pages/index/index?subject={subject}"))
    }

    /// When it goes out after a way has been left alone until then, which is noted.
    fn after(&self, until: Moment) -> Moment {
        self.halted
            .fetch_min(until.timestamp_millis(), Ordering::Relaxed);
        let last = self.reminders.iter().map(|row| row.due_at).max();
        release(until, self.message.urgent, last.unwrap_or(until))
    }
}

/// Whether there is time enough for a call before another worker may take these.
pub(super) fn lease_holds(app: &App, rows: &[reminder::Model], now: Moment) -> bool {
    let lease = i64::from(app.settings.reminder.lease_seconds);
    let left = TimeDelta::seconds(LEASE_LEFT.min(lease / 2));
    rows.iter()
        .all(|row| row.leased_until.is_some_and(|end| now + left <= end))
}

/// Sends it by the first way that carries it, as long as the lease lasts.
///
/// # Errors
/// The database's, before anything is sent by the way at hand.
pub(super) async fn send(app: &App, halts: &Halts, letter: &Letter<'_>) -> Result<Verdict, Fault> {
    let mut accounts = together::accounts(app, letter.to).await?;
    work::join(app, letter.userid, &mut accounts).await?;
    let forms = Forms::of(app, letter.message.template);
    let ways = ways_to(app, letter, &accounts, forms).await?;
    if ways.is_empty() {
        return unreachable(app, letter).await;
    }
    let mut left_accounts = Vec::new();
    let mut down = Vec::new();
    let mut verdict = None;
    for way in ways {
        let Some(account) = accounts.iter().find(|account| account.id == way.account_id) else {
            continue;
        };
        if left_accounts.contains(&account.id) || down.contains(&way.carrier.platform()) {
            continue;
        }
        if let Some(halt) = halts.of(app, way.carrier).await? {
            let later = Verdict::Later(letter.after(halt.until));
            if halt.outage {
                down.push(way.carrier.platform());
                if !letter.message.urgent {
                    // It may be under way: another way could bring it twice.
                    return Ok(later);
                }
            }
            verdict = Some(hopeful(verdict, later));
            continue;
        }
        let now = app.clock.now();
        if !lease_holds(app, letter.reminders, now) {
            return Ok(Verdict::Later(now));
        }
        match attempt(app, letter, way, account, forms).await? {
            Step::Sent => {
                halts.answered(app, way.carrier).await?;
                return Ok(Verdict::Done);
            }
            Step::Stop(stop) => return Ok(stop),
            Step::Down(retry) => {
                let until = halts.missed(app, way.carrier).await?;
                let later = until.map(|until| Verdict::Later(letter.after(until)));
                let waits = later.unwrap_or(retry);
                // What is urgent goes by the other platform once this one is known to be down.
                if until.is_none() || !letter.message.urgent {
                    return Ok(waits);
                }
                down.push(way.carrier.platform());
                verdict = Some(hopeful(verdict, waits));
            }
            Step::Next(failed, mark) => {
                if mark != Mark::Blocked {
                    halts.answered(app, way.carrier).await?;
                }
                verdict = Some(hopeful(verdict, failed));
                if mark == Mark::Unfollowed {
                    left_accounts.push(account.id);
                }
                remember(app, halts, account.id, way.carrier, mark).await?;
                if let (Mark::AcceptsUsed, Some(form)) = (mark, forms.by(way.carrier)) {
                    subscription::clear(app.store.write(), account.id, &form.id).await?;
                }
            }
        }
    }
    Ok(match verdict {
        Some(Verdict::Fail(reasons)) => Verdict::Fail(format!("无法送达: {reasons}")),
        Some(verdict) => verdict,
        None => Verdict::Fail("无法送达".to_owned()),
    })
}

/// The ways to reach the holder of these accounts, best first.
async fn ways_to(
    app: &App,
    letter: &Letter<'_>,
    accounts: &[account::Model],
    forms: Forms<'_>,
) -> Result<Vec<Way>, Fault> {
    let noticed = accepts(app, accounts, forms.notice).await?;
    let accepted = accepts(app, accounts, forms.subscription).await?;
    let offer = Offer {
        template: forms.template.is_some(),
        noticed: &noticed,
        accepted: &accepted,
        task: letter.message.template == "task",
        aside: letter.message.template == ASIDE_TEMPLATE,
    };
    Ok(choose(accounts, offer, app.clock.now()))
}

/// Which accounts have accepted a message of this template.
async fn accepts(
    app: &App,
    accounts: &[account::Model],
    form: Option<&Template>,
) -> Result<Vec<i64>, Fault> {
    match form {
        Some(form) => together::accepts(app, accounts, &form.id).await,
        None => Ok(Vec::new()),
    }
}

/// One attempt by one way.
async fn attempt(
    app: &App,
    letter: &Letter<'_>,
    way: Way,
    account: &account::Model,
    forms: Forms<'_>,
) -> Result<Step, Fault> {
    let now = app.clock.now();
    let form = forms.by(way.carrier);
    let template = form.map(|form| form.id.as_str());
    let data = match form.map(|form| fill_in(letter.message, form)).transpose() {
        Ok(data) => data,
        Err(misfit) => {
            alarm(way.carrier, template, &misfit);
            return refuse(app, letter, (account.id, way.carrier), &misfit).await;
        }
    };
    if !take_of(app, way.carrier, account.id, form, now).await? {
        // Another instance, or an earlier message of this one, has used the last.
        let used = format!("{}: 次数已用完", way.carrier.name());
        return Ok(Step::Next(Verdict::Fail(used), Mark::Nothing));
    }
    if way.carrier == Carrier::Work
        && let Some(until) = work::wait(app, letter, account, now).await?
    {
        letter
            .held
            .store(until.timestamp_millis(), Ordering::Relaxed);
        return Ok(Step::Stop(Verdict::Later(until)));
    }
    if way.carrier == Carrier::Work && !letter.message.buttons.is_empty() {
        return card(app, letter, account, now).await;
    }
    let rows = open_rows(app, letter, Some((account.id, way.carrier))).await?;
    // Never closed; without a permit we would only be too many.
    let line = letter.calls.acquire().await.ok();
    let filled = form.zip(data);
    let answer = call(app, letter, way.carrier, &account.external_id, filled, now).await;
    drop(line);
    if let Err(error) = &answer {
        return_unused(app, way, form, error, now).await;
    }
    conclude(app, &rows, (way.carrier, template), answer, now).await
}

/// The call to the platform: with a template that is filled in, or with words.
async fn call(
    app: &App,
    letter: &Letter<'_>,
    carrier: Carrier,
    to: &str,
    filled: Option<(&Template, Vec<(String, String)>)>,
    now: Moment,
) -> Result<Option<String>, Error> {
    match (carrier, filled) {
        (Carrier::Work, _) => match &app.work {
            Some(wecom) => work::send(app, wecom, letter, to, now).await,
            None => Err(Error::Network { timeout: false }),
        },
        (Carrier::Template | Carrier::Notice, Some((form, data))) => {
            let message = TemplateMessage {
                to: to.to_owned(),
                template_id: form.id.clone(),
                url: letter.message.url.clone(),
                data,
                client_msg_id: Some(letter.client_msg_id.to_owned()),
            };
            let client = &app.official_client;
            match carrier {
                Carrier::Notice => client.notice_send(&message, now.timestamp()).await,
                _ => {
                    let sent = client.template_send(&message, now.timestamp());
                    sent.await.map(Some)
                }
            }
        }
        (Carrier::Subscription, Some((form, data))) => {
            let message = SubscribeMessage {
                to: to.to_owned(),
                template_id: form.id.clone(),
                page: letter.page(),
                data,
            };
            app.mini.subscribe_send(&message, now.timestamp()).await
        }
        _ => send_text(app, letter.message, to, now).await.map(|()| None),
    }
}

/// A card: noted before it goes out, and composed once more then, so that whatever changes what it
/// is about has either found the note or is on the card.
async fn card(
    app: &App,
    letter: &Letter<'_>,
    account: &account::Model,
    now: Moment,
) -> Result<Step, Fault> {
    let first = letter.reminders.first();
    let (subject, person_id) = (first.map_or("", |row| &row.subject), letter.to.person_id());
    if let Some(person_id) = person_id {
        let whose = (account.id, person_id);
        cards::note(app, whose, subject, letter.client_msg_id).await?;
    }
    let Some(message) = (letter.compose)(app, letter.reminders).await? else {
        cards::forget(app, letter.client_msg_id).await?;
        return Ok(Step::Stop(Verdict::Drop));
    };
    if message.buttons.is_empty() {
        cards::forget(app, letter.client_msg_id).await?;
    }
    let letter = Letter {
        message: &message,
        ..*letter
    };
    let rows = open_rows(app, &letter, Some((account.id, Carrier::Work))).await?;
    let line = letter.calls.acquire().await.ok();
    let answer = call(app, &letter, Carrier::Work, &account.external_id, None, now).await;
    drop(line);
    conclude(app, &rows, (Carrier::Work, None), answer, now).await
}

/// Judges the platform's answer to what went by a carrier, with the id of its template if it has one, and
/// records how the attempt ended.
pub(super) async fn conclude(
    app: &App,
    rows: &[i64],
    (carrier, template): (Carrier, Option<&str>),
    answer: Result<Option<String>, Error>,
    now: Moment,
) -> Result<Step, Fault> {
    let (step, row) = match answer {
        Ok(platform_id) => (Step::Sent, sent_row(platform_id)),
        Err(error) => {
            let step = judge(&error, carrier, now);
            if let Step::Next(_, Mark::Alarm) = &step {
                alarm(carrier, template, &error);
            }
            let row = failed_row(&error, template, step == Step::Sent);
            (step, row)
        }
    };
    let outcome = match &step {
        Step::Sent => "sent",
        Step::Stop(_) | Step::Down(_) => "retry",
        Step::Next(..) => "refused",
    };
    metrics::counter!("linli_deliveries_total", "channel" => carrier.name(), "outcome" => outcome)
        .increment(1);
    // Once sent it is sent: a database that fails now leaves the row as it is, and the reminder
    // comes back under the same id.
    if let Err(error) = close_rows(app, rows, row).await {
        tracing::warn!(?error, "an attempt's outcome could not be stored");
        if step != Step::Sent {
            return Err(error);
        }
    }
    Ok(step)
}

/// What an operator has to mend; the platform names the field at fault, never what stands in it.
fn alarm(carrier: Carrier, template: Option<&str>, error: &dyn std::fmt::Display) {
    let channel = carrier.name();
    metrics::counter!("linli_delivery_alarms_total", "channel" => channel).increment(1);
    tracing::error!(
        channel,
        template,
        %error,
        "our messages are refused: `linli doctor` says what to do"
    );
}

/// A field that cannot be filled is our own mistake or the configuration's: on record, and told to
/// an operator, instead of being refused by the platform.
async fn refuse(
    app: &App,
    letter: &Letter<'_>,
    by: (i64, Carrier),
    misfit: &Misfit,
) -> Result<Step, Fault> {
    let rows = open_rows(app, letter, Some(by)).await?;
    let change = Ended {
        state: DeliveryState::Failed,
        platform_id: None,
        error_code: None,
        error: Some(misfit.to_string()),
    };
    close_rows(app, &rows, change).await?;
    let why = format!("{}: {misfit}", by.1.name());
    Ok(Step::Next(Verdict::Fail(why), Mark::Alarm))
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
pub(super) fn plain(text: &str) -> String {
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

/// Stores what a refusal has taught.
pub(super) async fn remember(
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
        // What an account has accepted stands in its own table; who has to mend something was told at once.
        Mark::Nothing | Mark::AcceptsUsed | Mark::Alarm => return Ok(()),
        Mark::Halted => {
            let until = quota_is_new(app.clock.now());
            halts.used_up(app, carrier, until).await?;
            tracing::error!(channel = carrier.name(), "the day's quota is used up");
            return Ok(());
        }
        Mark::Blocked => return halts.blocked(app, carrier).await,
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

/// Nobody can be reached: recorded, and a dead letter for the operators.
async fn unreachable(app: &App, letter: &Letter<'_>) -> Result<Verdict, Fault> {
    open_rows(app, letter, None).await?;
    metrics::counter!("linli_deliveries_total", "channel" => "none", "outcome" => "unreachable")
        .increment(1);
    Ok(Verdict::Fail(
        "无法送达:没有关注公众号,也没有可用的客服消息或企业微信".to_owned(),
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
