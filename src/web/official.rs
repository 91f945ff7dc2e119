//! `/wechat/official`: what the platform sends, what it is answered within its five seconds
//! (protocols.md §1). Never a 5xx to what a person does: they would read «该公众号暂时无法提供服务». A report
//! that could not be stored gets no answer, and comes again. Used by `router.rs`.

use std::time::Duration;

use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Body, Request, Response, handler};
use tokio::time::{Instant, sleep_until, timeout};

use crate::app::App;
use crate::base::fault::Fault;
use crate::bot::{self, Spoken, SpokenKind};
use crate::delivery;
use crate::web::{late, mini};
use crate::wechat::Error;
use crate::wechat::mini::PushKind;
use crate::wechat::official::{Event, Inbound, InboundKind, JobStatus, Reply};

/// The platform hangs up after five seconds.
pub(super) const PATIENCE: Duration = Duration::from_millis(4_300);
/// So long a report that could not be stored goes without an answer: the platform has hung up by then and
/// sends it again, while one that it cannot read is not promised to be repeated (§1.5).
const SILENCE: Duration = Duration::from_secs(6);
/// The shared limit is asked for so long; without an answer the message is let in.
const LIMIT_PATIENCE: Duration = Duration::from_millis(300);
/// What ends the platform's retries without a word to the person.
const TAKEN: &str = "success";
/// Nothing of the message was stored, or nobody knows: then it must not be taken silently.
pub(super) const UNSURE: &str =
    "系统正忙,这条消息可能没有收到。请稍等一分钟,回复“进度”看看;如果没有,请再发一次。";
pub(super) const TOO_OFTEN: &str =
    "您发得太快了，这条消息没有处理。请歇一分钟再发。紧急请直接打 110／119／120。";
pub(super) const UNREADABLE: &str =
    "这种消息暂时看不懂,请用文字告诉我们,或回复“菜单”看看能办什么。";

/// `GET /wechat/official`: the platform checks the address.
#[handler]
pub fn check_address(Data(app): Data<&App>, request: &Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    match app.official.check_get(query, app.clock.now().timestamp()) {
        Ok(echo) => plain(StatusCode::OK, echo),
        Err(error) => refuse(&error),
    }
}

/// `POST /wechat/official`: a message or an event.
#[handler]
pub async fn take_message(Data(app): Data<&App>, request: &Request, body: Body) -> Response {
    // The body is whole and short: `limits.rs` has read it.
    let Ok(bytes) = body.into_bytes().await else {
        return refuse(&Error::Malformed("body"));
    };
    let query = request.uri().query().unwrap_or_default();
    let now = app.clock.now().timestamp();
    match app.official.open(query, &bytes, now) {
        Ok(Inbound {
            kind: InboundKind::Event(Event::TemplateSendJobFinish { msg_id, status }),
            ..
        }) => take_receipt(app, &msg_id, &status).await,
        Ok(Inbound {
            kind: InboundKind::Event(Event::Notices { what, digest }),
            from,
            ..
        }) => take_notices(app, &from, &what, &digest).await,
        Ok(inbound) => {
            let reply = reply_to(app, &inbound).await;
            seal(app, &inbound, query, reply)
        }
        Err(error) => refuse(&error),
    }
}

/// How a template message ended.
async fn take_receipt(app: &App, msg_id: &str, status: &JobStatus) -> Response {
    taken_or_silent(app, delivery::receipt(app, msg_id, status.into())).await
}

/// Acknowledges a report once it is stored. Nobody reads the answer to an event that nobody caused, so
/// that it may be withheld until the platform hangs up; then it sends the report again, twice at most.
async fn taken_or_silent(app: &App, work: impl Future<Output = Result<(), Fault>>) -> Response {
    let silent_until = Instant::now() + SILENCE;
    match timeout(PATIENCE, work).await {
        Ok(Ok(())) => return plain(StatusCode::OK, TAKEN.to_owned()),
        Ok(Err(fault)) => tracing::warn!(?fault, "the report on a message could not be stored"),
        Err(_) => tracing::warn!("the report on a message took too long to store"),
    }
    tokio::select! {
        () = sleep_until(silent_until) => {}
        () = app.stopping.cancelled() => {}
    }
    plain(StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned())
}

/// What somebody answered about subscription notices, or how some ended. An answer is somebody's act:
/// a 5xx or silence would show them an error, and they can be asked again.
async fn take_notices(app: &App, from: &str, what: &PushKind, digest: &str) -> Response {
    let channel = entity::kinds::Channel::Official;
    if let PushKind::Sent(all) = what {
        let work = async {
            for sent in all {
                mini::take_sent(app, channel, from, sent).await?;
            }
            Ok::<(), Fault>(())
        };
        return taken_or_silent(app, work).await;
    }
    let key = format!("official:notice:{digest}");
    let work = mini::take_answers(app, channel, from, &key, what);
    match timeout(PATIENCE, work).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::warn!(?fault, "an answer about notices could not be stored"),
        Err(_) => tracing::warn!("an answer about notices took too long to store"),
    }
    plain(StatusCode::OK, TAKEN.to_owned())
}

/// The words for the person, if any.
async fn reply_to(app: &App, inbound: &Inbound) -> Option<String> {
    let kind = spoken_kind(&inbound.kind);
    let leaves = kind == SpokenKind::Unsubscribe;
    if !leaves && !may_speak(app, &inbound.from, kind.is_urgent()).await {
        metrics::counter!("linli_messages_total", "outcome" => "too_often").increment(1);
        return Some(TOO_OFTEN.to_owned());
    }
    let spoken = Spoken {
        channel: entity::kinds::Channel::Official,
        external_id: inbound.from.clone(),
        key: format!("official:{}", inbound.key()),
        kind,
        audience: bot::Audience::Private,
    };
    let (outcome, reply) = match late::answer(app, spoken, PATIENCE).await {
        Some(Ok(Some(reply))) => ("answered", Some(reply)),
        Some(Ok(None)) => ("taken", silence(&inbound.kind)),
        Some(Err(fault)) => {
            tracing::warn!(
                ?fault,
                "a message could not be taken; the person was told so"
            );
            ("unsure", Some(UNSURE.to_owned()))
        }
        None => {
            tracing::warn!("a message takes long; its answer follows");
            let word = late::ACKNOWLEDGED.to_owned();
            ("acknowledged", Some(word).filter(|_| !leaves))
        }
    };
    metrics::counter!("linli_messages_total", "outcome" => outcome).increment(1);
    reply
}

/// A kind of message that we do not know deserves a word; an unknown event does not.
fn silence(kind: &InboundKind) -> Option<String> {
    matches!(kind, InboundKind::Other(_)).then(|| UNREADABLE.to_owned())
}

/// Whether this account has something left of its minute.
pub(super) async fn may_speak(app: &App, account: &str, urgent: bool) -> bool {
    let key = allowance(account, urgent);
    let most = app.settings.limits.messages_per_minute;
    timeout(LIMIT_PATIENCE, app.limiter.take(&key, most))
        .await
        .unwrap_or(true)
}

/// Under which key the messages of an account are counted. What tells of danger has an allowance of its own, as large:
/// nothing that was sent before uses it up, and it is no way around the limit.
pub(super) fn allowance(account: &str, urgent: bool) -> String {
    match urgent {
        true => format!("danger:{account}"),
        false => format!("chat:{account}"),
    }
}

/// The protocol's kinds in the bot's.
fn spoken_kind(kind: &InboundKind) -> SpokenKind {
    match kind.clone() {
        InboundKind::Text { content, menu_id } => {
            match menu_id.as_deref().and_then(bot::late::read_id) {
                Some((digit, question)) => SpokenKind::Pick { digit, question },
                None => SpokenKind::Text(content),
            }
        }
        InboundKind::Image { media_id, .. } => SpokenKind::Image { media_id },
        InboundKind::Voice {
            media_id,
            recognition,
            ..
        } => SpokenKind::Voice {
            media_id,
            recognition,
        },
        InboundKind::Video { media_id, .. } => SpokenKind::Video { media_id },
        InboundKind::Location {
            latitude,
            longitude,
            label,
            ..
        } => SpokenKind::Location {
            latitude,
            longitude,
            label,
        },
        InboundKind::Link {
            title,
            description,
            url,
        } => SpokenKind::Text(format!("{title} {description} {url}")),
        InboundKind::Event(event) => event_kind(event),
        InboundKind::Other(_) => SpokenKind::Other,
    }
}

fn event_kind(event: Event) -> SpokenKind {
    match event {
        Event::Subscribe { scene, .. } => SpokenKind::Subscribe { scene },
        Event::Unsubscribe => SpokenKind::Unsubscribe,
        Event::Scan { scene } => SpokenKind::Scan { scene },
        Event::Click { key } => SpokenKind::Click { key },
        // The position that the app reports by itself is not asked for and not kept.
        Event::View { .. }
        | Event::Location { .. }
        | Event::TemplateSendJobFinish { .. }
        | Event::Notices { .. }
        | Event::Other(_) => SpokenKind::Other,
    }
}

/// The reply as the platform takes it; a message that was let in plain is answered plain.
fn seal(app: &App, inbound: &Inbound, query: &str, reply: Option<String>) -> Response {
    let Some(text) = reply else {
        return plain(StatusCode::OK, TAKEN.to_owned());
    };
    let now = app.clock.now().timestamp();
    let xml = Reply::Text(text).render(inbound, now);
    let sealed = if app.official.answers_plain(query) {
        xml
    } else {
        let nonce = app.dice.digits(10);
        app.official.seal(&xml, now, &nonce, app.dice.bytes())
    };
    Response::builder()
        .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
        .body(sealed)
}

/// One answer for everything that does not hold, so that a forger learns nothing (§6.2); another
/// for what is signed but broken.
pub(super) fn refuse(error: &Error) -> Response {
    let (status, word) = match error {
        Error::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
        _ => (StatusCode::FORBIDDEN, "refused"),
    };
    metrics::counter!("linli_messages_total", "outcome" => word).increment(1);
    tracing::info!(%error, "a callback was turned away");
    plain(status, word.to_owned())
}

pub(super) fn plain(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(body)
}
