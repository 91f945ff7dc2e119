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
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::base::text::shorten;
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
/// Where there are no polls: the answer follows.
const LATER: &str =
    "正在办理，稍后回复您。如果一分钟内没有收到回复，请回复“进度”看看，或再发一次。";
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
        InboundKind::Poll(id) => Some(rest(app, id, &inbound).await),
        // Only the empty answer is allowed, and unknown events are none of ours.
        InboundKind::Event(Event::Feedback | Event::Disconnected | Event::Other(_)) => None,
        InboundKind::Event(Event::EnterChat) => whole(app, inbound).await?.text.map(Reply::Text),
        InboundKind::Event(Event::Card { task_id, .. }) => {
            let task_id = task_id.clone();
            let words = whole(app, inbound).await?;
            card(app, &task_id, words).map(Reply::Update)
        }
        _ => Some(stream(app, inbound).await),
    }
}

/// An answer that must come in one piece. What takes longer goes on, and follows by its address.
async fn whole(app: &App, inbound: Inbound) -> Option<Words> {
    let mut working = begin(app, &inbound);
    match timeout(PATIENCE, &mut working).await {
        Ok(words) => Some(told(words)),
        Err(_) => {
            let app = app.clone();
            app.late.clone().spawn(async move {
                let words = told(working.await);
                follow(&app, &inbound, words).await;
            });
            Some(Words::said(LATER))
        }
    }
}

/// Works on a message behind its request.
fn begin(app: &App, inbound: &Inbound) -> JoinHandle<Words> {
    let (worker, inbound) = (app.clone(), inbound.clone());
    app.late
        .spawn(async move { turn::answer(&worker, &inbound).await })
}

fn told(words: Result<Words, JoinError>) -> Words {
    words.unwrap_or_else(|error| {
        tracing::error!(%error, "answering a member failed");
        Words::said(UNSURE)
    })
}

/// The whole answer if it is ready soon, else a stream whose rest is fetched.
async fn stream(app: &App, inbound: Inbound) -> Reply {
    let asked_at = app.clock.now();
    let id = stream_id(asked_at, &inbound.msg_id);
    // Without an id nothing can be fetched later.
    let patience = if inbound.msg_id.is_empty() {
        PATIENCE
    } else {
        FIRST
    };
    let mut working = begin(app, &inbound);
    if let Ok(words) = timeout(patience, &mut working).await {
        return finished(app, &id, told(words));
    }
    // Goes on when the platform has its first answer.
    let app = app.clone();
    app.late.clone().spawn(async move {
        let words = told(working.await);
        // Whoever polled has been told by then that nobody knows.
        if app.clock.now() - asked_at > LOST_AFTER {
            follow(&app, &inbound, words).await;
        }
    });
    Reply::Stream {
        id,
        finish: false,
        content: WORKING.to_owned(),
    }
}

/// An answer that comes too late to be taken where it was asked for: once more, by the address that
/// came with the message, within the hour. The client knows the one host.
async fn follow(app: &App, inbound: &Inbound, words: Words) {
    let (Some(address), Some(text)) = (&inbound.response_url, words.text) else {
        tracing::warn!("an answer to the robot's member came too late, and has no address");
        return;
    };
    match app.robot_client.respond(address, &text).await {
        Ok(()) => metrics::counter!("linli_messages_total", "outcome" => "late").increment(1),
        Err(error) => tracing::warn!(%error, "a late answer of the robot found no way"),
    }
}

/// A whole answer, with its buttons under it.
fn finished(app: &App, id: &str, words: Words) -> Reply {
    let content = words.text.unwrap_or_else(|| TAKEN.to_owned());
    if !fits_card(&words.picks) {
        return Reply::finished(id, &content);
    }
    let task_id = format!("linli-pick-{}", app.dice.digits(18));
    Reply::WithCard {
        id: id.to_owned(),
        content,
        card: with_buttons(&task_id, "请选择", "", &words.picks),
    }
}

/// Begins with the time, so that any instance knows how long ago the question was.
fn stream_id(now: Moment, msg_id: &str) -> String {
    format!("{}.{msg_id}", now.timestamp_millis())
}

/// The rest of an answer: what was stored with the message. The platform vouches for the id, which it
/// has from us; who asks must be who had asked.
async fn rest(app: &App, id: &str, inbound: &Inbound) -> Reply {
    let user_id = turn::external_id(app, inbound);
    let (asked_at, msg_id) = id.split_once('.').unwrap_or_default();
    let asked_at = asked_at.parse().ok().and_then(from_ms);
    let late = asked_at.is_none_or(|at| app.clock.now() - at > LOST_AFTER);
    let (finish, content) = match stored(app, msg_id, &user_id).await {
        Ok(Some(words)) => return finished(app, id, Words::of(app, inbound, words).await),
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

/// What stands where the button was; none when nothing is to be said.
fn card(app: &App, task_id: &str, words: Words) -> Option<Value> {
    let text = words.text?;
    let name = &app.settings.wechat.robot.name;
    if fits_card(&words.picks) {
        return Some(with_buttons(task_id, name, &text, &words.picks));
    }
    Some(json!({
        "card_type": "text_notice",
        "task_id": task_id,
        "main_title": { "title": name },
        "sub_title_text": text,
        "card_action": { "type": 1, "url": app.settings.server.public_url },
    }))
}

/// Most buttons of a card, and most characters on one.
const MOST_BUTTONS: usize = 6;
const MOST_LABEL: usize = 10;

fn fits_card(picks: &[(String, String)]) -> bool {
    (1..=MOST_BUTTONS).contains(&picks.len())
}

/// A card whose buttons stand for the digits of an answer.
fn with_buttons(task_id: &str, title: &str, text: &str, picks: &[(String, String)]) -> Value {
    let button = |(id, words): &(String, String)| json!({ "text": shorten(words, MOST_LABEL), "style": 2, "key": id });
    let buttons: Vec<Value> = picks.iter().map(button).collect();
    json!({
        "card_type": "button_interaction",
        "task_id": task_id,
        "main_title": { "title": title },
        "sub_title_text": text,
        "button_list": buttons,
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
