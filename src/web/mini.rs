//! `/wechat/mini`: what the platform pushes for the mini-program (protocols.md §1.7): verdicts on
//! pictures, and what people answer to requests for subscription messages. Nobody reads the answer,
//! so a push that could not be stored is refused and comes again. Used by `router.rs`.

use std::time::Duration;

use entity::kinds::Channel;
use entity::{account, inbound};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Body, Request, Response, handler};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};
use tokio::time::timeout;

use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::delivery::subscription::{self, Answer, Teller};
use crate::delivery::{self, DeliveryOutcome};
use crate::files::recognise;
use crate::moderation;
use crate::store::Tx;
use crate::wechat::Error;
use crate::wechat::crypto::same;
use crate::wechat::mini::{Answered, Push, PushKind, Sent, read_push};
use crate::wechat::official::Account;

/// The platform hangs up after five seconds.
const PATIENCE: Duration = Duration::from_millis(4_300);

/// `GET /wechat/mini`: the platform checks the address.
#[handler]
pub fn check_address(Data(app): Data<&App>, request: &Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let now = app.clock.now().timestamp();
    match account_of(app).and_then(|account| account.check_get(query, now)) {
        Ok(echo) => plain(StatusCode::OK, echo),
        Err(error) => refuse(&error),
    }
}

/// `POST /wechat/mini`: a push.
#[handler]
pub async fn take_push(Data(app): Data<&App>, request: &Request, body: Body) -> Response {
    // The body is whole and short: `limits.rs` has read it.
    let Ok(bytes) = body.into_bytes().await else {
        return refuse(&Error::Malformed("body"));
    };
    let query = request.uri().query().unwrap_or_default();
    let now = app.clock.now().timestamp();
    let push = account_of(app).and_then(|account| read_push(account, query, &bytes, now));
    let push = match push {
        Ok(push) => push,
        Err(error) => return refuse(&error),
    };
    let outcome = match timeout(PATIENCE, take(app, &push)).await {
        Ok(Ok(())) => return plain(StatusCode::OK, "success".to_owned()),
        Ok(Err(fault)) => format!("{fault:?}"),
        Err(_) => "too slow".to_owned(),
    };
    tracing::warn!(outcome, "a push of the mini-program could not be stored");
    plain(StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned())
}

/// Without settings for it nothing can hold.
fn account_of(app: &App) -> Result<&Account, Error> {
    app.mini_account.as_ref().ok_or(Error::Refused)
}

async fn take(app: &App, push: &Push) -> Result<(), Fault> {
    match &push.kind {
        PushKind::Other(_) => Ok(()),
        PushKind::Sent(all) => {
            for sent in all {
                take_sent(app, Channel::Mini, &push.from, sent).await?;
            }
            Ok(())
        }
        PushKind::MediaCheck(verdict) => {
            let mut tx = app.store.begin(app.clock.now()).await?;
            if !moderation::actions::take_verdict(&mut tx, verdict).await? {
                moderation::remind::keep_verdict(&mut tx, verdict).await?;
            }
            tx.commit().await
        }
        PushKind::Popup(_) | PushKind::Change(_) => {
            let key = format!("mini:{}", push.key);
            take_answers(app, Channel::Mini, &push.from, &key, &push.kind).await
        }
    }
}

/// How a message ended; safe to repeat.
pub(super) async fn take_sent(
    app: &App,
    channel: Channel,
    openid: &str,
    sent: &Sent,
) -> Result<(), Fault> {
    let outcome = match sent.errcode {
        0 => DeliveryOutcome::Delivered,
        code => DeliveryOutcome::Failed(format!("{code} {}", sent.status)),
    };
    if sent.errcode == 43101
        && let Some(account) = known(app.store.read(), channel, openid).await?
    {
        subscription::clear(app.store.write(), account.id, &sent.template_id).await?;
    }
    delivery::receipt(app, &sent.msg_id, outcome).await
}

/// Counted once however often it comes: the push's key is stored in the same transaction.
pub(super) async fn take_answers(
    app: &App,
    channel: Channel,
    openid: &str,
    key: &str,
    kind: &PushKind,
) -> Result<(), Fault> {
    let (answers, is_change): (&[Answered], bool) = match kind {
        PushKind::Popup(answers) => (answers, false),
        PushKind::Change(answers) => (answers, true),
        _ => return Ok(()),
    };
    let tx = app.store.begin(app.clock.now()).await?;
    if !is_new(&tx, key).await? {
        return tx.rollback().await;
    }
    // Who has never signed in cannot be told anything: there is nobody to tell it of.
    if let Some(account) = known(tx.db(), channel, openid).await? {
        for answered in answers {
            let answer = match answered.accepted {
                true => Answer::Accept,
                false => Answer::Reject,
            };
            let template = &answered.template_id;
            if is_change && !answered.accepted {
                subscription::clear(tx.db(), account.id, template).await?;
            }
            // A change on the settings page is no new accept: it brings no message.
            if !(is_change && answered.accepted) {
                subscription::note(&tx, account.id, template, answer, Teller::Platform).await?;
            }
        }
    }
    tx.commit().await
}

async fn is_new(tx: &Tx, key: &str) -> Result<bool, Fault> {
    let row = inbound::ActiveModel {
        key: Set(key.to_owned()),
        received_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = inbound::Entity::insert(row)
        .on_conflict_do_nothing()
        .exec_without_returning(tx.db())
        .await?;
    Ok(matches!(stored, TryInsertResult::Inserted(rows) if rows > 0))
}

async fn known<C: sea_orm::ConnectionTrait>(
    db: &C,
    channel: Channel,
    openid: &str,
) -> Result<Option<account::Model>, Fault> {
    Ok(account::Entity::find()
        .filter(account::COLUMN.channel.eq(channel))
        .filter(account::COLUMN.external_id.eq(openid))
        .one(db)
        .await?)
}

/// `GET /moderation/{id}/{sign}`: the platform fetches a picture that it is asked about. Open only
/// while the question is, to whoever has the address that we gave the platform.
#[handler]
pub async fn show_media(
    Data(app): Data<&App>,
    Path((id, sign)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let gone = || Fault::plain(Code::NotFound);
    let id: i64 = id.parse().map_err(|_| gone())?;
    if !same(&sign, &moderation::remind::media_sign(app, id)) {
        return Err(gone());
    }
    let found = moderation::queries::by_id(app.store.read(), id).await?;
    let (row, _) = found.ok_or_else(gone)?;
    let open = row.state == entity::kinds::ModerationState::Pending && row.asked_at.is_none();
    if row.kind != entity::kinds::ContentKind::Image || !open {
        return Err(gone());
    }
    let bytes = app.files.get(&row.content).await?;
    let kind = recognise(&bytes).ok_or_else(gone)?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, kind.content_type())
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(bytes))
}

/// One answer for everything that does not hold; another for what is signed but broken.
fn refuse(error: &Error) -> Response {
    let (status, word) = match error {
        Error::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
        _ => (StatusCode::FORBIDDEN, "refused"),
    };
    tracing::info!(%error, "a push was turned away");
    plain(status, word.to_owned())
}

fn plain(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(body)
}
