//! The clock that fetches an attachment from the platform. Joined to the others' kinds by
//! `command/serve.rs`; the reminder is put down by `bot/attach.rs`.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, Channel};
use entity::{account, attachment, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};

use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Work};
use crate::files::{FileKind, limit_of, recognise};
use crate::reminder::{BoxFuture, Verdict};
use crate::wechat;
use crate::wechat::errors::{Action, action};
use crate::wechat::robot::{Picture, media as robot_media};

/// Kinds of reminder of this noun.
pub const KINDS: &[Kind] = &[Kind {
    name: "files.fetch",
    work: Work::Clock(fetch_boxed),
}];

/// The platform forgets a file after so long.
const KEPT_BY_PLATFORM: TimeDelta = TimeDelta::days(3);

/// What was sent to the robot, only for so long.
const KEPT_FOR_ROBOT: TimeDelta = TimeDelta::minutes(5);

/// What became of a file.
enum Outcome {
    /// In our storage.
    Stored {
        kind: FileKind,
        size: usize,
        path: String,
    },
    /// Too large, or not what it says it is.
    Refused,
    /// The platform no longer has it.
    Lost,
}

fn fetch_boxed<'a>(
    app: &'a App,
    reminder: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(fetch(app, reminder))
}

/// Fetches one file. Safe to repeat: the path follows from the row, and a row that is no longer
/// pending is left alone.
async fn fetch(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = reminder
        .payload
        .get("attachment_id")
        .and_then(serde_json::Value::as_i64)
    else {
        return Ok(Verdict::Drop);
    };
    let row = attachment::Entity::find_by_id(id)
        .one(app.store.read())
        .await?;
    let Some(row) = row.filter(|row| row.state == AttachmentState::Pending) else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let Some(most) = limit_of(&row.kind) else {
        return finish(app, &row, Outcome::Refused).await;
    };
    if let Ok(picture) = row.media_id.parse::<Picture>() {
        return fetch_picture(app, &row, &picture, most).await;
    }
    let sender = account::Entity::find_by_id(row.account_id)
        .one(app.store.read())
        .await?;
    let from_work = sender.is_some_and(|sender| sender.channel == Channel::Work);
    let fetched = match &app.work {
        Some(work) if from_work => {
            let client = &work.client;
            client.media_get(&row.media_id, most, now.timestamp()).await
        }
        _ => {
            let client = &app.official_client;
            client.media_get(&row.media_id, most, now.timestamp()).await
        }
    };
    match fetched {
        Ok(media) => keep(app, &row, media.bytes).await,
        Err(error) => lose(app, &row, &error, now).await,
    }
}

/// What was sent to the robot lies sealed at an address, for five minutes.
async fn fetch_picture(
    app: &App,
    row: &attachment::Model,
    picture: &Picture,
    most: usize,
) -> Result<Verdict, Fault> {
    let client = &app.robot_client;
    let robot = app.robot.as_ref();
    match robot_media::fetch(client.http(), robot, picture, client.base(), most).await {
        Ok(bytes) => keep(app, row, bytes).await,
        Err(wechat::Error::Refused | wechat::Error::Malformed(_)) => {
            finish(app, row, Outcome::Refused).await
        }
        Err(_) if app.clock.now() - row.created_at > KEPT_FOR_ROBOT => {
            finish(app, row, Outcome::Lost).await
        }
        Err(error) => lose(app, row, &error, app.clock.now()).await,
    }
}

/// Puts the bytes away if they are what they say they are.
async fn keep(app: &App, row: &attachment::Model, bytes: Vec<u8>) -> Result<Verdict, Fault> {
    let kind = recognise(&bytes).filter(|kind| kind.family() == row.kind);
    let Some(kind) = kind else {
        return finish(app, row, Outcome::Refused).await;
    };
    let month = china(row.created_at).format("%Y/%m");
    let path = format!("{month}/{}.{}", row.id, kind.ending());
    let size = bytes.len();
    if let Err(fault) = app.files.put(&path, kind, bytes).await {
        tracing::warn!(
            attachment = row.id,
            ?fault,
            "an attachment could not be stored"
        );
        return Ok(Verdict::Retry("storage".to_owned()));
    }
    finish(app, row, Outcome::Stored { kind, size, path }).await
}

/// The platform did not hand it out: for good, or for now.
async fn lose(
    app: &App,
    row: &attachment::Model,
    error: &wechat::Error,
    now: Moment,
) -> Result<Verdict, Fault> {
    let forgotten = now - row.created_at > KEPT_BY_PLATFORM;
    match error {
        // 40007: no such media id.
        wechat::Error::Platform { code: 40007, .. } => finish(app, row, Outcome::Lost).await,
        wechat::Error::Nonsense => finish(app, row, Outcome::Refused).await,
        _ if forgotten => finish(app, row, Outcome::Lost).await,
        wechat::Error::Platform { code, .. } if action(*code) == Action::StopUntilTomorrow => {
            Ok(Verdict::Later(now + TimeDelta::hours(8)))
        }
        _ => Ok(Verdict::Retry(error.to_string())),
    }
}

async fn finish(app: &App, row: &attachment::Model, outcome: Outcome) -> Result<Verdict, Fault> {
    let mut change = attachment::ActiveModel::default();
    change.state = Set(match outcome {
        Outcome::Stored { kind, size, path } => {
            change.content_type = Set(Some(kind.content_type().to_owned()));
            change.size = Set(i64::try_from(size).ok());
            change.path = Set(Some(path));
            AttachmentState::Stored
        }
        Outcome::Refused => AttachmentState::Refused,
        Outcome::Lost => AttachmentState::Lost,
    });
    if let Set(state) = &change.state {
        metrics::counter!("linli_attachments_total", "state" => state.to_value()).increment(1);
    }
    let tx = app.store.begin(app.clock.now()).await?;
    attachment::Entity::update_many()
        .set(change)
        .filter(attachment::COLUMN.id.eq(row.id))
        .filter(attachment::COLUMN.state.eq(AttachmentState::Pending))
        .exec(tx.db())
        .await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}
