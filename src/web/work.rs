//! `/wechat/work`: what the WeCom application sends, and what it is answered within its five
//! seconds (protocols.md §4.1). Never a 5xx; an empty 200 says that it was taken. Used by `router.rs`.

use std::time::Duration;

use entity::kinds::Channel;
use entity::{account, work_card};
use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Body, Request, Response, handler};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::time::{sleep, timeout};

use crate::app::{App, WorkApp};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::bot::{self, Spoken, SpokenKind};
use crate::case;
use crate::delivery::{self, Message, cards};
use crate::person::actions::change_member;
use crate::web::official::{PATIENCE, TOO_OFTEN, UNREADABLE, UNSURE, may_speak, plain, refuse};
use crate::wechat::Error;
use crate::wechat::work::{ContactChange, Event, Inbound, InboundKind, Reply};

/// What is left of the five seconds for the card, once the words are there.
const CARD_PATIENCE: Duration = Duration::from_millis(500);
/// Until a change of the address book is tried again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Characters of a card's words, and of the one that stands where buttons were.
const CARD_WORDS: usize = 112;
const OVER: usize = 26;

/// `GET /wechat/work`: the platform checks the address.
#[handler]
pub fn check_address(Data(app): Data<&App>, request: &Request) -> Response {
    let Some(work) = &app.work else {
        return absent();
    };
    let query = request.uri().query().unwrap_or_default();
    match work.account.check_get(query, app.clock.now().timestamp()) {
        Ok(echo) => plain(StatusCode::OK, echo),
        Err(error) => refuse(&error),
    }
}

/// `POST /wechat/work`: a message or an event.
#[handler]
pub async fn take_message(Data(app): Data<&App>, request: &Request, body: Body) -> Response {
    let Some(work) = &app.work else {
        return absent();
    };
    // The body is whole and short: `limits.rs` has read it.
    let Ok(bytes) = body.into_bytes().await else {
        return refuse(&Error::Malformed("body"));
    };
    let query = request.uri().query().unwrap_or_default();
    let now = app.clock.now().timestamp();
    match work.account.open(query, &bytes, now) {
        Ok(inbound) => {
            let reply = reply_to(app, &inbound).await;
            seal(app, work, &inbound, reply)
        }
        Err(error) => refuse(&error),
    }
}

/// No application is configured: nothing is here.
fn absent() -> Response {
    plain(StatusCode::NOT_FOUND, "not found".to_owned())
}

async fn reply_to(app: &App, inbound: &Inbound) -> Option<Reply> {
    if let InboundKind::Event(Event::Contact(change)) = &inbound.kind {
        take_change(app, inbound, change).await;
        return None;
    }
    let kind = spoken_kind(&inbound.kind);
    let account = format!("work:{}", inbound.from);
    if kind != SpokenKind::Unsubscribe && !may_speak(app, &account, kind.is_urgent()).await {
        metrics::counter!("linli_messages_total", "outcome" => "too_often").increment(1);
        return Some(Reply::Text(TOO_OFTEN.to_owned()));
    }
    let spoken = Spoken {
        channel: Channel::Work,
        external_id: inbound.from.clone(),
        key: key_of(inbound),
        kind,
        audience: bot::Audience::Private,
    };
    let (outcome, reply) = match timeout(PATIENCE, bot::answer(app, spoken)).await {
        Ok(Ok(Some(words))) => ("answered", Some(words)),
        Ok(Ok(None)) => ("taken", silence(&inbound.kind)),
        Ok(Err(fault)) => {
            tracing::warn!(?fault, "a member was told to send the message again");
            ("unsure", Some(UNSURE.to_owned()))
        }
        // Whatever was under way is rolled back.
        Err(_) => {
            tracing::warn!("a message took too long; the member was told so");
            ("unsure", Some(UNSURE.to_owned()))
        }
    };
    metrics::counter!("linli_messages_total", "outcome" => outcome).increment(1);
    let words = reply?;
    let InboundKind::Event(Event::CardPressed {
        task_id,
        response_code,
        ..
    }) = &inbound.kind
    else {
        return Some(Reply::Text(words));
    };
    let shown = change_card(app, inbound, task_id, response_code, &words);
    match timeout(CARD_PATIENCE, shown).await {
        Ok(Ok(reply)) => Some(reply),
        failed => {
            tracing::warn!(?failed, "a pressed card could not be changed");
            Some(Reply::UpdateButton(short(&words)))
        }
    }
}

/// The card that was pressed, as things stand now, with the answer as its words; what does not fit
/// there follows as a text.
async fn change_card(
    app: &App,
    inbound: &Inbound,
    task_id: &str,
    code: &str,
    words: &str,
) -> Result<Reply, Fault> {
    let account = account::Entity::find()
        .filter(account::COLUMN.channel.eq(Channel::Work))
        .filter(account::COLUMN.external_id.eq(&inbound.from))
        .one(app.store.read())
        .await?;
    let (card, person) = match &account {
        Some(account) => {
            let card = cards::by_task(app, task_id, account.id).await?;
            (card, account.person_id)
        }
        None => (None, None),
    };
    let message = match (&card, person) {
        (Some(card), Some(person)) if card.person_id == person => face(app, card).await?,
        _ => None,
    };
    let fits = words.chars().count() <= CARD_WORDS && !words.contains('\n');
    if !fits || message.is_none() {
        delivery::follow_up(app, &key_of(inbound)).await?;
    }
    Ok(match (card, message) {
        (Some(row), Some(message)) => {
            let note = shorten(words, CARD_WORDS);
            let card = cards::pressed(app, &row, code, &message, &note).await?;
            Reply::UpdateCard(Box::new(card))
        }
        // Somebody who left, or a card that is not known any more.
        (row, _) => {
            if let Some(row) = row {
                cards::close(app, &row).await?;
            }
            Reply::UpdateButton(short(words))
        }
    })
}

/// What the card shows now: each noun with cards has its line.
async fn face(app: &App, card: &work_card::Model) -> Result<Option<Message>, Fault> {
    match card.subject.split_once(':') {
        Some(("case", id)) => match id.parse() {
            Ok(id) => case::remind::card::face(app, id, card.person_id).await,
            Err(_) => Ok(None),
        },
        _ => bot::cards::face(app, card).await,
    }
}

/// What stands where the buttons were, of an answer that follows as a text: it ends where a part of a sentence ends,
/// and never within quotes.
fn short(words: &str) -> String {
    if words.chars().count() <= OVER {
        return words.to_owned();
    }
    let mut kept = "";
    let mut open = 0_i32;
    for (count, (at, letter)) in words.char_indices().enumerate() {
        match letter {
            '“' | '（' => open += 1,
            '”' | '）' => open -= 1,
            '。' | '！' | '，' if open == 0 && count <= OVER => {
                kept = words.get(..at).unwrap_or_default();
            }
            _ => {}
        }
    }
    match kept {
        "" => "请看下面的消息".to_owned(),
        kept => kept.to_owned(),
    }
}

fn key_of(inbound: &Inbound) -> String {
    format!("work:{}", inbound.key())
}

/// The address book has changed: who was taken out has no access any more. WeCom tells it once, so it
/// is stored however long that takes; the answer waits for that only as long as WeCom does.
async fn take_change(app: &App, inbound: &Inbound, change: &ContactChange) {
    let (userid, now) = match change.clone() {
        ContactChange::Left { userid } => (userid, None),
        ContactChange::Renamed { userid, now } => (userid, Some(now)),
        ContactChange::Other(_) => return,
    };
    let storing = store_change(app.clone(), key_of(inbound), userid, now);
    if timeout(PATIENCE, app.late.spawn(storing)).await.is_err() {
        tracing::warn!("a change of the address book waits for the database");
    }
}

/// Tries until it is stored, or the program ends. A repetition has no effect.
async fn store_change(app: App, key: String, userid: String, now: Option<String>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let stored = async {
            let tx = app.store.begin(app.clock.now()).await?;
            change_member(&tx, &key, &userid, now.as_deref()).await?;
            tx.commit().await
        };
        let told: Result<(), Fault> = stored.await;
        let Err(fault) = told else { return };
        if app.stopping.is_cancelled() {
            tracing::error!(
                ?fault,
                userid,
                "a change of the address book is lost: mend the roster by hand"
            );
            return;
        }
        tracing::warn!(
            ?fault,
            ?pause,
            "a change of the address book is not stored yet"
        );
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A kind of message that we do not know deserves a word; an unknown event does not.
fn silence(kind: &InboundKind) -> Option<String> {
    matches!(kind, InboundKind::Other(_)).then(|| UNREADABLE.to_owned())
}

/// The protocol's kinds in the bot's.
fn spoken_kind(kind: &InboundKind) -> SpokenKind {
    match kind.clone() {
        InboundKind::Text(content) => SpokenKind::Text(content),
        InboundKind::Image { media_id, .. } => SpokenKind::Image { media_id },
        InboundKind::Voice { media_id, .. } => SpokenKind::Voice {
            media_id,
            recognition: None,
        },
        InboundKind::Video { media_id, .. } => SpokenKind::Video { media_id },
        InboundKind::Location {
            latitude,
            longitude,
            label,
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
        InboundKind::Event(Event::Subscribe) => SpokenKind::Subscribe { scene: None },
        InboundKind::Event(Event::Unsubscribe) => SpokenKind::Unsubscribe,
        InboundKind::Event(Event::Click { key } | Event::CardPressed { key, .. }) => {
            SpokenKind::Click { key }
        }
        InboundKind::Event(_) | InboundKind::Other(_) => SpokenKind::Other,
    }
}

fn seal(app: &App, work: &WorkApp, inbound: &Inbound, reply: Option<Reply>) -> Response {
    let now = app.clock.now().timestamp();
    let sealed = reply.map_or_else(String::new, |reply| {
        let nonce = app.dice.digits(10);
        let xml = reply.render(inbound, now);
        work.account.seal(&xml, now, &nonce, app.dice.bytes())
    });
    Response::builder()
        .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
        .body(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_buttons_ends_where_a_part_of_a_sentence_ends() {
        let whole = "捐赠 #2 现在是“已收下，谢谢”，不能这样操作。回复“我的捐赠 2”查看。";
        assert_eq!(short(whole), "捐赠 #2 现在是“已收下，谢谢”，不能这样操作");
        assert_eq!(short("好的。"), "好的。");
        let quoted = format!("“{}”没有了", "长".repeat(40));
        assert_eq!(short(&quoted), "请看下面的消息");
    }
}
