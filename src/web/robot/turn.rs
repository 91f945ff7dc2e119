//! What a member said to the robot, in the bot's words, and the answer. The same by callback and by
//! long connection.

use std::time::Duration;

use entity::kinds::Channel;
use tokio::time::timeout;

use crate::app::App;
use crate::bot::{self, Audience, Spoken, SpokenKind};
use crate::web::official::{TOO_OFTEN, allowance};
use crate::wechat::robot::{Chat, Event, Inbound, InboundKind};

/// The shared limit is asked for so long; without an answer the message is let in.
const LIMIT_PATIENCE: Duration = Duration::from_millis(100);
/// Nothing of the message was stored, or nobody knows: then it must not be taken silently.
pub(super) const UNSURE: &str =
    "系统正忙，这条消息可能没有收到。请稍等一分钟，回复“进度”看看；如果没有，请再发一次。";
const UNREADABLE: &str = "这种消息暂时看不懂，请用文字或照片告诉我们，或回复“菜单”看看能办什么。";

/// What is to be said.
#[derive(Default)]
pub(super) struct Words {
    /// None: nothing.
    pub text: Option<String>,
    /// What can be pressed in place of typing a digit: what that sends back, and its words.
    pub picks: Vec<(String, String)>,
}

impl Words {
    pub(super) fn said(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            picks: Vec::new(),
        }
    }

    /// An answer to a member, with its buttons where the member is alone with the robot: in a group
    /// they would be everybody's.
    pub(super) async fn of(app: &App, inbound: &Inbound, text: String) -> Self {
        let mut words = Self::said(text);
        if inbound.chat == Chat::Single {
            let (who, text) = (external_id(app, inbound), words.text.as_deref());
            let picks = bot::late::picks(app, Channel::Work, &who, text.unwrap_or_default());
            words.picks = picks.await.unwrap_or_default();
        }
        words
    }
}

/// Under which key the message with this id is stored.
pub(super) fn key_of(msg_id: &str) -> String {
    format!("robot:msg:{msg_id}")
}

/// Takes it and says what to answer.
pub(super) async fn answer(app: &App, inbound: &Inbound) -> Words {
    let all = spoken(app, inbound);
    let urgent = all.iter().any(|spoken| spoken.kind.is_urgent());
    if !may_speak(app, &inbound.user_id, urgent).await {
        count("too_often");
        return Words::said(TOO_OFTEN);
    }
    let mut last = None;
    for spoken in all {
        last = match bot::answer(app, spoken).await {
            Ok(reply) => reply.or(last),
            Err(fault) => {
                tracing::warn!(
                    ?fault,
                    "a message could not be taken; the member was told so"
                );
                count("unsure");
                return Words::said(UNSURE);
            }
        };
    }
    match last {
        Some(reply) => {
            count("answered");
            Words::of(app, inbound, reply).await
        }
        // A kind that we do not know deserves a word; an unknown event does not.
        None if !matches!(inbound.kind, InboundKind::Event(_)) => {
            count("taken");
            Words::said(UNREADABLE)
        }
        None => Words::default(),
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("linli_messages_total", "outcome" => outcome).increment(1);
}

/// It is the same member as in the application: one allowance.
async fn may_speak(app: &App, user_id: &str, urgent: bool) -> bool {
    let key = allowance(&format!("work:{user_id}"), urgent);
    let most = app.settings.limits.messages_per_minute;
    timeout(LIMIT_PATIENCE, app.limiter.take(&key, most))
        .await
        .unwrap_or(true)
}

/// In the bot's words: one message with pictures is several, the pictures first, so that what the
/// text files takes them along.
fn spoken(app: &App, inbound: &Inbound) -> Vec<Spoken> {
    let one = |part: &str, kind: SpokenKind| Spoken {
        channel: Channel::Work,
        external_id: external_id(app, inbound),
        key: format!("robot:{}{part}", inbound.key()),
        kind,
        audience: match &inbound.chat {
            Chat::Single => Audience::Private,
            Chat::Group(chat_id) => Audience::Group(chat_id.clone()),
        },
    };
    match &inbound.kind {
        InboundKind::Text(text) => vec![one("", SpokenKind::Text(text.clone()))],
        InboundKind::Voice(heard) => vec![one(
            "",
            SpokenKind::Voice {
                media_id: String::new(),
                recognition: Some(heard.clone()),
            },
        )],
        InboundKind::Image(picture) => vec![one(
            "",
            SpokenKind::Image {
                media_id: picture.to_string(),
            },
        )],
        InboundKind::Video(video) => vec![one(
            "",
            SpokenKind::Video {
                media_id: video.to_string(),
            },
        )],
        InboundKind::Mixed { text, pictures } => {
            // The answer is looked up by the message's own key: the last part bears it.
            let speaks = !text.trim().is_empty() || pictures.is_empty();
            let last = pictures.len().min(MOST_PICTURES).saturating_sub(1);
            let shown = pictures.iter().take(MOST_PICTURES).enumerate();
            let pictures = shown.map(|(at, picture)| {
                let media_id = picture.to_string();
                let part = match at == last && !speaks {
                    true => String::new(),
                    false => format!(":{at}"),
                };
                one(&part, SpokenKind::Image { media_id })
            });
            let words = speaks.then(|| one("", SpokenKind::Text(text.clone())));
            pictures.chain(words).collect()
        }
        InboundKind::Event(Event::EnterChat) => {
            vec![one("", SpokenKind::Subscribe { scene: None })]
        }
        InboundKind::Event(Event::Card { key, .. }) => {
            let pressed = match bot::late::read_id(key) {
                Some((digit, question)) => SpokenKind::Pick { digit, question },
                None => SpokenKind::Click { key: key.clone() },
            };
            vec![one("", pressed)]
        }
        InboundKind::File(_)
        | InboundKind::Poll(_)
        | InboundKind::Event(_)
        | InboundKind::Other(_) => Vec::new(),
    }
}

/// Pictures of one message that are taken.
const MOST_PICTURES: usize = 9;

/// Who: the corporation's own member by the id alone. A member of another corporation may bear the
/// same id and is somebody else.
pub(super) fn external_id(app: &App, inbound: &Inbound) -> String {
    let own = &app.settings.wechat.work.corp_id;
    match &inbound.corp_id {
        Some(corp_id) if corp_id != own => {
            format!("{corp_id}/{}", inbound.user_id).to_ascii_lowercase()
        }
        _ => inbound.user_id.clone(),
    }
}
