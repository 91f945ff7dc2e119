//! One long connection: subscribed, kept by pings, every chat's messages answered in their order.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::super::{FIRST, WORKING, answer_words, card, finished, follow, stream_id, whole};
use crate::app::App;
use crate::wechat::robot::frame::{self, Frame};
use crate::wechat::robot::{Chat, Event, Inbound, InboundKind, Reply};

/// Connecting, and the answer to the first frame, take no longer.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
/// The platform wants one so often.
const PING: Duration = Duration::from_secs(30);
/// Silence for so long: the connection is dead, though nobody has said so.
const SILENCE: Duration = Duration::from_secs(75);
/// The platform takes the rest of an answer for six minutes; what comes later goes by its address.
const STREAM: Duration = Duration::from_secs(350);
/// When the program stops, what was heard is answered within so long.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Chats are spread over so many lanes; each lane answers one message after the other.
const LANES: usize = 16;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Another subscriber has taken its place.
    Kicked,
    /// The platform does not let us subscribe.
    Refused(i64),
    /// The program stops.
    Stopped,
    /// Anything else.
    Broken(String),
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
fn broken(why: impl ToString) -> Ended {
    Ended::Broken(why.to_string())
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kicked => f.write_str("another subscriber"),
            Self::Refused(code) => write!(f, "refused with {code}"),
            Self::Stopped => f.write_str("the program stops"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

/// An open, subscribed connection.
pub(super) struct Line {
    app: App,
    socket: Socket,
}

impl Line {
    /// Connects and subscribes.
    pub(super) async fn open(app: &App) -> Result<Self, Ended> {
        let robot = &app.settings.wechat.robot;
        let opening = async {
            let mut socket = dial(robot.socket_url.as_str(), &robot.socket_root).await?;
            subscribe(app, &mut socket).await?;
            Ok(Self {
                app: app.clone(),
                socket,
            })
        };
        timeout(OPEN_PATIENCE, opening)
            .await
            .map_err(|_| broken("no answer in time"))?
    }

    /// Answers until it ends.
    pub(super) async fn talk(mut self) -> Ended {
        let (out, mut going) = mpsc::unbounded_channel::<Frame>();
        let lanes = lanes(&self.app, &out);
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        loop {
            let next = tokio::select! {
                () = self.app.stopping.cancelled() => break,
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE {
                        return broken("silence");
                    }
                    Err(Frame::ping(&format!("ping_{}", self.app.dice.digits(12))))
                }
                Some(frame) = going.recv() => Err(frame),
                got = self.socket.next() => Ok(got),
            };
            match next {
                Err(frame) => {
                    let sent = self.socket.send(Message::text(frame.text())).await;
                    if let Err(error) = sent {
                        return broken(error);
                    }
                }
                Ok(None) => return broken("closed"),
                Ok(Some(Err(error))) => return broken(error),
                Ok(Some(Ok(message))) => {
                    heard = Instant::now();
                    if let Some(ended) = self.hear(&message, &lanes) {
                        return ended;
                    }
                }
            }
        }
        // The lanes end with what they have; the last of them closes `going`.
        drop((lanes, out));
        let rest = async {
            while let Some(frame) = going.recv().await {
                if self.socket.send(Message::text(frame.text())).await.is_err() {
                    return;
                }
            }
        };
        if timeout(LAST_WORDS, rest).await.is_err() {
            tracing::warn!("some answers of the robot were not ready before the end");
        }
        Ended::Stopped
    }

    /// One message of the platform.
    fn hear(&self, message: &Message, lanes: &[mpsc::UnboundedSender<Heard>]) -> Option<Ended> {
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Close(_) => return Some(broken("closed by the platform")),
            _ => return None,
        };
        let Ok(frame) = Frame::read(text) else {
            tracing::info!("a frame could not be read");
            return None;
        };
        match frame.cmd.as_str() {
            frame::MESSAGE | frame::EVENT => {}
            _ => {
                if let Some(code) = frame.errcode.filter(|code| *code != 0) {
                    metrics::counter!("linli_robot_refused_total").increment(1);
                    tracing::warn!(code, message = frame.errmsg, "the platform refused a frame");
                }
                return None;
            }
        }
        let name = &self.app.settings.wechat.robot.name;
        match Inbound::read(&frame.body, name) {
            Ok(Inbound {
                kind: InboundKind::Event(Event::Disconnected),
                ..
            }) => return Some(Ended::Kicked),
            Ok(inbound) => {
                // Fails only when the lane has panicked; the next connection has new ones.
                let lane = lanes.get(lane_of(&inbound))?;
                let sent = lane.send(Heard {
                    req_id: frame.req_id,
                    inbound,
                });
                if sent.is_err() {
                    return Some(broken("a lane has ended"));
                }
            }
            Err(error) => tracing::info!(%error, "a message of the robot was turned away"),
        }
        None
    }
}

/// A message on its way to be answered.
struct Heard {
    req_id: String,
    inbound: Inbound,
}

/// The same chat always takes the same lane.
fn lane_of(inbound: &Inbound) -> usize {
    let mut hasher = DefaultHasher::new();
    match &inbound.chat {
        Chat::Group(chat_id) => chat_id.hash(&mut hasher),
        Chat::Single => inbound.user_id.hash(&mut hasher),
    }
    let count = u64::try_from(LANES).unwrap_or(1);
    usize::try_from(hasher.finish() % count).unwrap_or_default()
}

/// The lanes end by themselves when the connection has ended and their work is done: what was begun
/// is stored, though its answer finds no way any more.
fn lanes(app: &App, out: &mpsc::UnboundedSender<Frame>) -> Vec<mpsc::UnboundedSender<Heard>> {
    let lane = |_| {
        let (send, mut waiting) = mpsc::unbounded_channel::<Heard>();
        let (worker, out) = (app.clone(), out.clone());
        app.late.spawn(async move {
            while let Some(heard) = waiting.recv().await {
                answer(&worker, heard, &out).await;
            }
        });
        send
    };
    (0..LANES).map(lane).collect()
}

/// Answers one message; what is not ready soon is announced first.
async fn answer(app: &App, heard: Heard, out: &mpsc::UnboundedSender<Frame>) {
    let Heard { req_id, inbound } = heard;
    let say = |cmd: &str, reply: Reply| {
        // Nobody listens when the connection has ended.
        let _gone = out.send(Frame::respond(cmd, &req_id, &reply));
    };
    match &inbound.kind {
        InboundKind::Poll(_)
        | InboundKind::Event(Event::Feedback | Event::Disconnected | Event::Other(_)) => {}
        InboundKind::Event(event) => {
            let event = event.clone();
            let Some(words) = whole(app, inbound).await else {
                return;
            };
            match event {
                Event::Card { task_id, .. } => {
                    if let Some(card) = card(app, &task_id, words) {
                        say(frame::RESPOND_UPDATE, Reply::Update(card));
                    }
                }
                _ => {
                    if let Some(text) = words.text {
                        say(frame::RESPOND_WELCOME, Reply::Text(text));
                    }
                }
            }
        }
        _ => {
            let begun = Instant::now();
            let id = stream_id(app.clock.now(), &inbound.msg_id);
            let mut working = std::pin::pin!(answer_words(app, &inbound));
            let words = match timeout(FIRST, &mut working).await {
                Ok(words) => words,
                Err(_) => {
                    let reply = Reply::Stream {
                        id: id.clone(),
                        finish: false,
                        content: WORKING.to_owned(),
                    };
                    say(frame::RESPOND, reply);
                    working.await
                }
            };
            if begun.elapsed() < STREAM {
                say(frame::RESPOND, finished(app, &id, words));
            } else {
                follow(app, &inbound, words).await;
            }
        }
    }
}

/// `root` is the file of one more authority to trust; empty for none.
async fn dial(url: &str, root: &str) -> Result<Socket, Ended> {
    let connector = if url.starts_with("wss:") {
        Connector::Rustls(Arc::new(tls(root)?))
    } else {
        Connector::Plain
    };
    let dialled =
        tokio_tungstenite::connect_async_tls_with_config(url, None, true, Some(connector)).await;
    dialled.map(|(socket, _)| socket).map_err(broken)
}

/// The provider is named, because the tree holds two.
fn tls(root: &str) -> Result<ClientConfig, Ended> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if !root.is_empty() {
        let unread = |error| Ended::Broken(format!("wechat.robot.socket_root: {error}"));
        for certificate in CertificateDer::pem_file_iter(root).map_err(unread)? {
            roots.add(certificate.map_err(unread)?).map_err(broken)?;
        }
    }
    let builder = ClientConfig::builder_with_provider(provider);
    Ok(builder
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Sends the first frame and waits for its answer.
async fn subscribe(app: &App, socket: &mut Socket) -> Result<(), Ended> {
    let robot = &app.settings.wechat.robot;
    let req_id = format!("{}_{}", frame::SUBSCRIBE, app.dice.digits(12));
    let frame = Frame::subscribe(&req_id, &robot.bot_id, robot.secret.expose_secret());
    let sent = socket.send(Message::text(frame.text())).await;
    sent.map_err(broken)?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(broken)? else {
            continue;
        };
        match Frame::read(text.as_str()) {
            Ok(answer) if answer.req_id == req_id => {
                return match answer.errcode.unwrap_or_default() {
                    0 => Ok(()),
                    code => Err(Ended::Refused(code)),
                };
            }
            _ => {}
        }
    }
    Err(broken("closed before it was subscribed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_speaks_no_tls_is_broken_and_nothing_worse() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { drop(listener.accept().await) });
        assert!(matches!(dial(&url, "").await, Err(Ended::Broken(_))));
        server.await.unwrap();
    }
}
