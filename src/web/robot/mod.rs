//! `/wechat/robot`: what members say to the robot, alone or by its mention in a group, and what it
//! answers (protocols.md §4.7). What is ready at once goes out whole; what is not is fetched by the
//! platform's polls, from whichever instance they reach: the answer lies in the database, with the
//! message. Used by `router.rs`; [`socket`] is the same face over the long connection.

pub mod socket;
mod turn;

use std::time::Duration;

use entity::{account, inbound};
use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Body, Request, Response, handler};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::wechat::Error;
use crate::wechat::robot::{Event, Inbound, InboundKind, Reply};
use turn::{UNSURE, Words};

/// An answer that is not ready by then is fetched by polls: the person sees at once that something
/// happens.
const FIRST: Duration = Duration::from_millis(200);
/// Where there are no polls the platform hangs up after five seconds.
const PATIENCE: Duration = Duration::from_millis(4_300);
/// An answer that is not there by then will not come: the instance that worked on it has died.
const LOST_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(30);
/// What is read meanwhile.
const WORKING: &str = "正在处理，请稍候…";
/// Where nothing else is to be said.
const TAKEN: &str = "已收到。";

/// `GET /wechat/robot`: the platform checks the address.
#[handler]
pub fn check_address(Data(app): Data<&App>, request: &Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let robot = app.robot.as_ref().ok_or(Error::Refused);
    match robot.and_then(|robot| robot.check_get(query, app.clock.now().timestamp())) {
        Ok(echo) => plain(StatusCode::OK, echo),
        Err(error) => refuse(&error),
    }
}

/// `POST /wechat/robot`: a message, an event, or a poll for the rest of an answer.
#[handler]
pub async fn take_message(Data(app): Data<&App>, request: &Request, body: Body) -> Response {
    // The body is whole and short: `limits.rs` has read it.
    let Ok(bytes) = body.into_bytes().await else {
        return refuse(&Error::Malformed("body"));
    };
    let query = request.uri().query().unwrap_or_default();
    let robot = app.robot.as_ref().ok_or(Error::Refused);
    match robot.and_then(|robot| robot.open(query, &bytes, app.clock.now().timestamp())) {
        Ok(inbound) => {
            let reply = answer(app, inbound).await;
            seal(app, reply)
        }
        Err(error) => refuse(&error),
    }
}

async fn answer(app: &App, inbound: Inbound) -> Option<Reply> {
    match &inbound.kind {
        InboundKind::Poll(id) => Some(rest(app, id, &turn::external_id(app, &inbound)).await),
        // Only the empty answer is allowed, and unknown events are none of ours.
        InboundKind::Event(Event::Feedback | Event::Disconnected | Event::Other(_)) => None,
        InboundKind::Event(Event::EnterChat) => whole(app, inbound).await.map(Reply::Text),
        InboundKind::Event(Event::Card { task_id, .. }) => {
            let task_id = task_id.clone();
            let words = whole(app, inbound).await?;
            Some(Reply::Update(card(app, &task_id, &words)))
        }
        _ => Some(stream(app, inbound).await),
    }
}

/// An answer that must come in one piece.
async fn whole(app: &App, inbound: Inbound) -> Option<String> {
    match timeout(PATIENCE, turn::answer(app, &inbound)).await {
        Ok(words) => words.text(),
        Err(_) => Some(UNSURE.to_owned()),
    }
}

/// The whole answer if it is ready soon, else a stream whose rest is fetched.
async fn stream(app: &App, inbound: Inbound) -> Reply {
    let id = stream_id(app.clock.now(), &inbound.msg_id);
    // Without an id nothing can be fetched later.
    let patience = if inbound.msg_id.is_empty() {
        PATIENCE
    } else {
        FIRST
    };
    let worker = app.clone();
    // Goes on when the platform has its first answer.
    let mut working = tokio::spawn(async move { turn::answer(&worker, &inbound).await });
    match timeout(patience, &mut working).await {
        Ok(Ok(words)) => Reply::finished(&id, &words.text().unwrap_or_else(|| TAKEN.to_owned())),
        Ok(Err(error)) => {
            tracing::error!(%error, "answering a member failed");
            Reply::finished(&id, UNSURE)
        }
        Err(_) => Reply::Stream {
            id,
            finish: false,
            content: WORKING.to_owned(),
        },
    }
}

/// Begins with the time, so that any instance knows how long ago the question was.
fn stream_id(now: Moment, msg_id: &str) -> String {
    format!("{}.{msg_id}", now.timestamp_millis())
}

/// The rest of an answer: what was stored with the message. The platform vouches for the id, which it
/// has from us; who asks must be who had asked.
async fn rest(app: &App, id: &str, user_id: &str) -> Reply {
    let (asked_at, msg_id) = id.split_once('.').unwrap_or_default();
    let asked_at = asked_at.parse().ok().and_then(from_ms);
    let late = asked_at.is_none_or(|at| app.clock.now() - at > LOST_AFTER);
    let (finish, content) = match stored(app, msg_id, user_id).await {
        Ok(Some(words)) => (true, words),
        Ok(None) if late => (true, UNSURE.to_owned()),
        Ok(None) => (false, WORKING.to_owned()),
        Err(fault) => {
            tracing::warn!(?fault, "an answer could not be looked up");
            (late, if late { UNSURE } else { WORKING }.to_owned())
        }
    };
    Reply::Stream {
        id: id.to_owned(),
        finish,
        content,
    }
}

async fn stored(app: &App, msg_id: &str, user_id: &str) -> Result<Option<String>, Fault> {
    let db = app.store.read();
    let row = inbound::Entity::find_by_id(turn::key_of(msg_id))
        .one(db)
        .await?;
    let Some((row, account_id)) = row.and_then(|row| row.account_id.map(|id| (row, id))) else {
        return Ok(None);
    };
    let asker = account::Entity::find_by_id(account_id).one(db).await?;
    let same = asker.is_some_and(|asker| asker.external_id == user_id);
    Ok(same.then(|| row.reply.unwrap_or_else(|| TAKEN.to_owned())))
}

/// What stands where the button was.
fn card(app: &App, task_id: &str, words: &str) -> Value {
    json!({
        "card_type": "text_notice",
        "task_id": task_id,
        "main_title": { "title": app.settings.wechat.robot.name },
        "sub_title_text": words,
        "card_action": { "type": 1, "url": app.settings.server.public_url },
    })
}

fn seal(app: &App, reply: Option<Reply>) -> Response {
    let (Some(reply), Some(robot)) = (reply, app.robot.as_ref()) else {
        return plain(StatusCode::OK, String::new());
    };
    let now = app.clock.now().timestamp();
    match robot.seal(&reply, now, &app.dice.digits(10), app.dice.bytes()) {
        Ok(sealed) => Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(sealed),
        Err(error) => refuse(&error),
    }
}

/// One answer for everything that does not hold, another for what is signed but broken, as in
/// `official.rs`.
fn refuse(error: &Error) -> Response {
    let (status, word) = match error {
        Error::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
        _ => (StatusCode::FORBIDDEN, "refused"),
    };
    metrics::counter!("linli_messages_total", "outcome" => word).increment(1);
    tracing::info!(%error, "a callback of the robot was turned away");
    plain(status, word.to_owned())
}

fn plain(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(body)
}

/// For [`socket`]: the same answers, without the polls.
async fn answer_words(app: &App, inbound: &Inbound) -> Words {
    turn::answer(app, inbound).await
}
