//! The platform's end of the robot's long connection (protocols.md §4.7): one subscriber at a time, a
//! second one takes the first one's place; answers are tied to messages by `req_id`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use poem::web::Data;
use poem::web::websocket::{Message, WebSocket, WebSocketStream};
use poem::{IntoResponse, handler};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answer::field;
use super::faults::{Api, Kind, words as words_of};
use super::platform::{Entry, How, Platform};
use super::robot::{MOST_STREAM, RobotSaid, is_finished, words};
use crate::wechat::robot::frame::{self, Frame};

/// A message is answered within so long, or it is given up.
const PATIENCE: Duration = Duration::from_secs(15);

/// One subscriber.
#[derive(Clone)]
pub(super) struct Subscriber {
    number: u64,
    out: mpsc::UnboundedSender<Out>,
}

/// What goes to a subscriber.
enum Out {
    Frame(Frame),
    /// Another has come.
    Kick(Frame),
}

/// Who has subscribed, and which messages wait for answers.
#[derive(Default)]
pub(super) struct Sockets {
    last: u64,
    subscriber: Option<Subscriber>,
    waiting: HashMap<String, mpsc::UnboundedSender<Value>>,
    /// Subscriptions so far.
    subscribed: u64,
}

impl Sockets {
    pub(super) fn subscriber(&self) -> Option<Subscriber> {
        self.subscriber.clone()
    }
}

impl Platform {
    /// How often somebody has subscribed so far.
    #[must_use]
    pub fn robot_subscriptions(&self) -> u64 {
        self.state().robots.sockets.subscribed
    }

    /// Whether somebody is subscribed.
    #[must_use]
    pub fn robot_connected(&self) -> bool {
        self.state().robots.sockets.subscriber().is_some()
    }

    /// Ends the connection of whoever is subscribed, as a network would.
    pub fn cut_robot(&self) {
        let subscriber = self.state().robots.sockets.subscriber.take();
        drop(subscriber);
    }

    /// Sends a message over the connection and waits for its whole answer.
    pub(super) async fn over_socket(&self, line: &Subscriber, message: &Value) -> RobotSaid {
        let began = Instant::now();
        let req_id = format!("req-{}", self.0.dice.token());
        let cmd = match field(message, "msgtype") {
            "event" => frame::EVENT,
            _ => frame::MESSAGE,
        };
        let (send, mut answers) = mpsc::unbounded_channel();
        let sockets = |state: &mut super::platform::State, send| {
            state.robots.sockets.waiting.insert(req_id.clone(), send);
        };
        sockets(&mut self.state(), send);
        let mut said = RobotSaid {
            msg_id: field(message, "msgid").to_owned(),
            answers: Vec::new(),
            status: 0,
            first_ms: 0,
        };
        let sent = line
            .out
            .send(Out::Frame(Frame::new(cmd, &req_id, message.clone())));
        while sent.is_ok() && began.elapsed() < PATIENCE {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let Ok(Some(answer)) = tokio::time::timeout(left, answers.recv()).await else {
                break;
            };
            if said.answers.is_empty() {
                said.first_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            }
            let whole = is_finished(&answer);
            said.answers.push(answer);
            if whole {
                break;
            }
        }
        self.state().robots.sockets.waiting.remove(&req_id);
        said
    }
}

/// `GET /sandbox/socket`
#[handler]
pub async fn connect(Data(platform): Data<&Platform>, socket: WebSocket) -> impl IntoResponse {
    let platform = platform.clone();
    socket.on_upgrade(move |stream| async move { serve(platform, stream).await })
}

async fn serve(platform: Platform, stream: WebSocketStream) {
    let (mut sink, mut source) = stream.split();
    let (out, mut going) = mpsc::unbounded_channel::<Out>();
    let mut number = None;
    // The table's handle alone keeps the channel open: taking it away ends the connection.
    let mut own = Some(out);
    loop {
        let (next, last) = tokio::select! {
            () = platform.0.stop.cancelled() => break,
            next = going.recv() => match next {
                Some(Out::Frame(frame)) => (frame, false),
                Some(Out::Kick(frame)) => (frame, true),
                None => break,
            },
            got = source.next() => match got {
                Some(Ok(Message::Text(text))) => {
                    match hear(&platform, &text, &mut number, &mut own) {
                        Some(answer) => (answer, false),
                        None => continue,
                    }
                }
                Some(Ok(Message::Ping(bytes))) => {
                    let _gone = sink.send(Message::Pong(bytes)).await;
                    continue;
                }
                Some(Ok(Message::Pong(_) | Message::Binary(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        };
        if sink.send(Message::Text(next.text())).await.is_err() || last {
            break;
        }
    }
    let mut state = platform.state();
    let sockets = &mut state.robots.sockets;
    if sockets
        .subscriber
        .as_ref()
        .is_some_and(|held| Some(held.number) == number)
    {
        sockets.subscriber = None;
    }
}

/// One frame of the program; what is answered to it.
fn hear(
    platform: &Platform,
    text: &str,
    number: &mut Option<u64>,
    own: &mut Option<mpsc::UnboundedSender<Out>>,
) -> Option<Frame> {
    let frame = Frame::read(text).ok()?;
    let code = match frame.cmd.as_str() {
        frame::SUBSCRIBE => subscribe(platform, &frame.body, number, own),
        _ if number.is_none() => 40_001,
        frame::PING => 0,
        frame::RESPOND | frame::RESPOND_WELCOME | frame::RESPOND_UPDATE => {
            take_answer(platform, &frame)
        }
        frame::SEND => {
            let text = words(&frame.body);
            let chat = field(&frame.body, "chatid");
            let known = platform.0.config.robot.groups.iter();
            let is_group = known.clone().any(|(group, _)| group == chat);
            let room = super::robot::room(is_group.then_some(chat), chat);
            platform.add(Entry::new(&room, How::Custom, text));
            0
        }
        _ => 40_008,
    };
    let mut answer = Frame::new("", &frame.req_id, Value::Null);
    answer.errcode = Some(code);
    answer.errmsg = if code == 0 { "ok" } else { words_of(code) }.to_owned();
    Some(answer)
}

fn subscribe(
    platform: &Platform,
    body: &Value,
    number: &mut Option<u64>,
    own: &mut Option<mpsc::UnboundedSender<Out>>,
) -> i64 {
    if let Some(Kind::Code(code)) = platform.enter(Api::Socket).map(|hit| hit.kind) {
        return code;
    }
    let robot = &platform.0.config.robot;
    let right = field(body, "bot_id") == robot.bot_id
        && field(body, "secret") == robot.secret.expose_secret();
    let Some(out) = own.take().filter(|_| right) else {
        return 40_001;
    };
    let mut state = platform.state();
    let sockets = &mut state.robots.sockets;
    sockets.last += 1;
    sockets.subscribed += 1;
    *number = Some(sockets.last);
    let fresh = Subscriber {
        number: sockets.last,
        out,
    };
    if let Some(old) = sockets.subscriber.replace(fresh) {
        let event = json!({
            "msgtype": "event", "aibotid": robot.bot_id,
            "event": { "eventtype": "disconnected_event" },
        });
        let req_id = format!("req-{}", platform.0.dice.token());
        let _gone = old
            .out
            .send(Out::Kick(Frame::new(frame::EVENT, &req_id, event)));
    }
    0
}

fn take_answer(platform: &Platform, frame: &Frame) -> i64 {
    if words(&frame.body).len() > MOST_STREAM {
        return 40_058;
    }
    let state = platform.state();
    match state.robots.sockets.waiting.get(&frame.req_id) {
        Some(waiting) if waiting.send(frame.body.clone()).is_ok() => 0,
        Some(_) => 846_608,
        None => 846_605,
    }
}
