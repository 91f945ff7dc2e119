//! The WeCom application as a carrier (protocols.md §4.3): whom it reaches, when it may speak, and
//! what a message becomes there. WeCom drops what exceeds its rates without an error, so nothing is
//! sent before there is room: it waits, in its order. Called by `send`.

use chrono::TimeDelta;
use entity::kinds::{Channel, ReminderState};
use entity::{account, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::cards;
use super::fit::time_value;
use super::kind::Message;
use super::send::{Letter, plain};
use crate::app::{App, WorkApp};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::redis::Span;
use crate::wechat::Error;
use crate::wechat::work::client::{Body, Message as Outgoing, Sent};
use crate::wechat::work::{Button, Card};

/// WeCom counts what arrives, we what we send: a call may take five seconds, and the instances'
/// clocks differ by one at most. So much longer than WeCom's are our windows.
const MARGIN: i64 = 6;
const MEMBER_MINUTE: u32 = 30;
const MEMBER_HOUR: u32 = 1000;
const ALL_MINUTE: u32 = 10_000;
/// The same card to the same member within so many seconds is sent once: a try whose answer got lost
/// is tried again within that time.
const CARD_ONCE: i64 = 1800;
/// WeCom looks back no longer than that, seconds.
const LONGEST_LOOK: i64 = 4 * 3600;

/// The account by which a person is reached in WeCom: the roster's user id counts, whatever an
/// earlier one was. Adds it to the accounts, and makes it when nobody has written from there yet.
pub(super) async fn join(
    app: &App,
    userid: Option<&str>,
    accounts: &mut Vec<account::Model>,
) -> Result<(), Fault> {
    let userid = userid.filter(|_| app.work.is_some());
    accounts.retain(|account| {
        account.channel != Channel::Work || Some(account.external_id.as_str()) == userid
    });
    let Some(userid) = userid else {
        return Ok(());
    };
    if accounts
        .iter()
        .any(|account| account.channel == Channel::Work)
    {
        return Ok(());
    }
    let find = || {
        account::Entity::find()
            .filter(account::COLUMN.channel.eq(Channel::Work))
            .filter(account::COLUMN.external_id.eq(userid))
    };
    let mut found = find().one(app.store.read()).await?;
    if found.is_none() {
        let row = account::ActiveModel {
            channel: Set(Channel::Work),
            external_id: Set(userid.to_owned()),
            // Tied when the member first writes, together with the homes.
            person_id: Set(None),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(app.clock.now()),
            ..Default::default()
        };
        let twice = OnConflict::columns([account::Column::Channel, account::Column::ExternalId])
            .do_nothing()
            .to_owned();
        account::Entity::insert(row)
            .on_conflict(twice)
            .try_insert()
            .exec_without_returning(app.store.write())
            .await?;
        found = find().one(app.store.write()).await?;
    }
    accounts.extend(found);
    Ok(())
}

/// Whether there is room for a message to the member now; else when to ask again.
///
/// # Errors
/// The database's.
pub(super) async fn wait(
    app: &App,
    letter: &Letter<'_>,
    account: &account::Model,
    now: Moment,
) -> Result<Option<Moment>, Fault> {
    if account.paced_until.is_some_and(|until| now < until)
        && let Some(before) = earlier(app, letter, now).await?
    {
        let soonest = if before > now { before } else { now };
        return Ok(Some(soonest + TimeDelta::seconds(1)));
    }
    let Some(wait) = room(app, &account.external_id, now).await else {
        return Ok(None);
    };
    let until = now + wait;
    // As long as something may still be waiting, what is newer asks who was before it.
    let paced = until + TimeDelta::seconds(60 + MARGIN);
    account::Entity::update_many()
        .col_expr(account::Column::PacedUntil, Expr::value(paced))
        .filter(account::COLUMN.id.eq(account.id))
        .exec(app.store.write())
        .await?;
    metrics::counter!("linli_work_waits_total").increment(1);
    Ok(Some(until))
}

/// Takes one of each window; else how long to wait.
pub(super) async fn room(app: &App, userid: &str, now: Moment) -> Option<TimeDelta> {
    let corp = &app.settings.wechat.work.corp_id;
    let span = |key: String, most: u32, seconds: i64| Span {
        key,
        most,
        span: TimeDelta::seconds(seconds + MARGIN),
    };
    let spans = [
        span(format!("work-minute:{corp}:{userid}"), MEMBER_MINUTE, 60),
        span(format!("work-hour:{corp}:{userid}"), MEMBER_HOUR, 3600),
        span(format!("work-all:{corp}"), ALL_MINUTE, 60),
    ];
    app.window.take(&spans, now).await
}

/// When the oldest message comes back that waits for room, if one came about before this one.
async fn earlier(app: &App, letter: &Letter<'_>, now: Moment) -> Result<Option<Moment>, Fault> {
    let own = letter.reminders.iter().map(|row| row.id).min();
    let (Some(own), Some(person_id)) = (own, letter.to.person_id()) else {
        return Ok(None);
    };
    let first = letter.reminders.first();
    let lease = first
        .and_then(|row| row.lease.as_deref())
        .unwrap_or_default();
    let waits = |state: ReminderState, attempts: i32| {
        Condition::all()
            .add(reminder::COLUMN.state.eq(state))
            .add(reminder::COLUMN.attempts.eq(attempts))
    };
    let row = reminder::Entity::find()
        .filter(Expr::cust(crate::reminder::OPEN))
        .filter(
            reminder::COLUMN
                .next_at
                .lte(now + TimeDelta::seconds(60 + MARGIN)),
        )
        .filter(reminder::COLUMN.recipient_id.eq(person_id))
        .filter(reminder::COLUMN.id.lt(own))
        // It was postponed, and not because it failed; of one claim the older ones have gone before.
        .filter(
            Condition::any()
                .add(waits(ReminderState::Pending, 0))
                .add(waits(ReminderState::Sending, 1).add(reminder::COLUMN.lease.ne(lease))),
        )
        .filter(Expr::col(reminder::Column::NextAt).gt(Expr::col(reminder::Column::DueAt)))
        .order_by_asc(reminder::COLUMN.id)
        .one(app.store.read())
        .await?;
    Ok(row.map(|row| row.next_at))
}

/// What a message becomes: with buttons a card, with a page a text card, else text.
pub(super) fn body(message: &Message, task_id: &str) -> Body {
    if !message.buttons.is_empty() {
        return Body::Card(Box::new(card(message, task_id, None)));
    }
    match &message.url {
        Some(url) => Body::TextCard {
            title: plain(&message.title),
            description: plain(&message.text),
            url: url.clone(),
        },
        None => Body::Text(plain(&message.text)),
    }
}

/// The card of a message; `note` stands in the place of its words. A message without buttons
/// becomes one that can no longer be pressed and says how things stand.
pub(super) fn card(message: &Message, task_id: &str, note: Option<&str>) -> Card {
    // What to reply is on the buttons.
    let words = message.text.strip_suffix(&message.hint);
    let words = words.unwrap_or(&message.text).trim();
    let over = message.buttons.is_empty().then(|| message.hint.clone());
    Card {
        task_id: task_id.to_owned(),
        source: "邻里".to_owned(),
        title: message.title.clone(),
        desc: message.place.clone(),
        text: note.unwrap_or(words).to_owned(),
        rows: vec![
            ("状态".to_owned(), message.state.clone()),
            ("时间".to_owned(), time_value(message.at)),
        ],
        buttons: message
            .buttons
            .iter()
            .map(|button| Button {
                text: button.label.to_owned(),
                key: button.command.clone(),
            })
            .collect(),
        over,
        url: message.url.clone(),
    }
}

/// Within how many seconds WeCom drops what equals this message. A card equals nothing but its own
/// repeat, since it bears our name of it. Words may be true twice, so they are compared only when they
/// are tried again, and only with what went out since the first try.
fn once_within(letter: &Letter<'_>, now: Moment) -> Option<u32> {
    let seconds = if letter.message.buttons.is_empty() {
        (now - letter.tried_at?).num_seconds() + MARGIN
    } else {
        CARD_ONCE
    };
    u32::try_from(seconds.clamp(1, LONGEST_LOOK)).ok()
}

/// Sends it; the answer's id. A card is noted before it goes out, so that whatever happens to the
/// case meanwhile finds it.
///
/// # Errors
/// The platform's; 81013 when the member does not get it although the call went well.
pub(super) async fn send(
    app: &App,
    work: &WorkApp,
    letter: &Letter<'_>,
    userid: &str,
    now: Moment,
) -> Result<Option<String>, Error> {
    let task_id = cards::task_id(letter.client_msg_id);
    let outgoing = Outgoing {
        to: vec![userid.to_owned()],
        body: body(letter.message, &task_id),
        once_within: once_within(letter, now),
    };
    let sent = work.client.send(&outgoing, now.timestamp()).await?;
    let Sent {
        msg_id,
        missed,
        response_code,
    } = sent;
    if missed.iter().any(|id| id == userid) {
        return Err(Error::Platform {
            code: 81013,
            message: "the member is not among the receivers".to_owned(),
            rid: None,
        });
    }
    if !letter.message.buttons.is_empty() {
        cards::sent(app, &task_id, response_code, letter.message, now).await;
    }
    Ok(msg_id)
}
