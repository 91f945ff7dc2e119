//! The clocks of attachments: fetching from the platform, removing what belongs to nothing; and the
//! word to whoever sent what could not be kept. Joined to the others' kinds by `command/serve.rs`;
//! the fetching is put down by `bot/attach.rs`.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, Channel};
use entity::{account, attachment, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::app::App;
use crate::attachment::store::{self, Stored};
use crate::attachment::{Sender, UNFILED_HOURS, person_of, queries, remove_unfiled};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::files::limit_of;
use crate::reminder::payload;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue, enqueue_to_account};
use crate::store::{Store, Tx};
use crate::wechat;
use crate::wechat::errors::{Action, action};
use crate::wechat::robot::{Picture, media as robot_media};

/// Removes what somebody gave to nothing.
pub(super) const FORGET: &str = "files.forget";
/// Removes what has belonged to nothing for a day.
const TIDY: &str = "files.tidy";
/// To whoever sent it: it could not be kept.
const UNKEPT: &str = "files.unkept";
/// The noun that a photo belongs to looks at it: `case/remind`.
const ARRIVED: &str = "case.photos";

/// Kinds of reminder of this noun.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "files.fetch",
        work: Work::Clock(fetch_boxed),
    },
    Kind {
        name: FORGET,
        work: Work::Clock(|app, row| Box::pin(tidy(app, row))),
    },
    Kind {
        name: TIDY,
        work: Work::Clock(|app, row| Box::pin(tidy(app, row))),
    },
    Kind {
        name: UNKEPT,
        work: Work::Push(Topic::Progress, |app, rows| {
            Box::pin(compose_unkept(app, rows))
        }),
    },
];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "unfiled-files",
    every_hours: 6,
    run: |store, now| Box::pin(begin_tidy(store, now)),
}];

/// Files are not removed inside of a clock work, which has no storage: a reminder does it.
async fn begin_tidy(store: &Store, now: Moment) -> Result<u64, Fault> {
    let old = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.is_null())
        .filter(
            attachment::COLUMN
                .created_at
                .lt(now - TimeDelta::hours(UNFILED_HOURS)),
        )
        .one(store.read())
        .await?;
    if old.is_none() {
        return Ok(0);
    }
    let mut tx = store.begin(now).await?;
    let item = NewReminder {
        kind: TIDY,
        dedupe_key: format!("{TIDY}:{}", now.timestamp_millis()),
        recipient_id: None,
        compound_id: None,
        subject: "files".to_owned(),
        payload: json!({}),
        due_at: now,
    };
    enqueue(&mut tx, vec![item]).await?;
    tx.commit().await?;
    Ok(1)
}

/// Some at a time; goes on at once while there is more.
async fn tidy(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let account = payload::number(row, "account").map(Sender::Account);
    let whose = account.or_else(|| payload::number(row, "person").map(Sender::Person));
    if row.kind == FORGET && whose.is_none() {
        return Ok(Verdict::Drop);
    }
    let now = app.clock.now();
    Ok(match remove_unfiled(app, whose, now).await {
        Ok(0) => Verdict::Done,
        Ok(count) => {
            metrics::counter!("linli_attachments_total", "state" => "removed").increment(count);
            Verdict::Later(now)
        }
        Err(fault) => {
            tracing::warn!(?fault, "unfiled attachments could not be removed");
            Verdict::Retry("storage".to_owned())
        }
    })
}

/// The platform forgets a file after so long.
const KEPT_BY_PLATFORM: TimeDelta = TimeDelta::days(3);

/// What was sent to the robot, only for so long.
const KEPT_FOR_ROBOT: TimeDelta = TimeDelta::minutes(5);

/// What became of a file.
enum Outcome {
    /// In our storage.
    Stored(Stored),
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
    let Some(id) = payload::number(reminder, "attachment_id") else {
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
    let sender = match row.account_id {
        Some(id) => {
            let found = account::Entity::find_by_id(id).one(app.store.read());
            found.await?
        }
        None => None,
    };
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
    let clean = match app.files.clean(Some(&row.kind), bytes).await {
        Ok(clean) => clean,
        Err(flaw) => {
            tracing::info!(attachment = row.id, ?flaw, "an attachment was refused");
            return finish(app, row, Outcome::Refused).await;
        }
    };
    match store::put(app, row.id, row.created_at, clean).await {
        Ok(stored) => finish(app, row, Outcome::Stored(stored)).await,
        Err(fault) => {
            tracing::warn!(
                attachment = row.id,
                ?fault,
                "an attachment could not be stored"
            );
            Ok(Verdict::Retry("storage".to_owned()))
        }
    }
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
    let (change, state) = match outcome {
        Outcome::Stored(stored) => (stored.change(), AttachmentState::Stored),
        Outcome::Refused => (of_state(AttachmentState::Refused), AttachmentState::Refused),
        Outcome::Lost => (of_state(AttachmentState::Lost), AttachmentState::Lost),
    };
    metrics::counter!("linli_attachments_total", "state" => state.to_value()).increment(1);
    let mut tx = app.store.begin(app.clock.now()).await?;
    let changed = attachment::Entity::update_many()
        .set(change)
        .filter(attachment::COLUMN.id.eq(row.id))
        .filter(attachment::COLUMN.state.eq(AttachmentState::Pending))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 1 {
        // As it is now: it may have been given to something meanwhile.
        let row = queries::by_id(tx.db(), row.id).await?;
        if let Some(row) = row {
            tell(&mut tx, &row).await?;
        }
    }
    tx.commit().await?;
    Ok(Verdict::Done)
}

fn of_state(state: AttachmentState) -> attachment::ActiveModel {
    attachment::ActiveModel {
        state: Set(state),
        ..Default::default()
    }
}

/// What comes next: the case looks at a photo that has arrived; whoever sent what was not kept is told.
async fn tell(tx: &mut Tx, row: &attachment::Model) -> Result<(), Fault> {
    let new = |kind: &'static str, subject: String| NewReminder {
        kind,
        dedupe_key: format!("{kind}:{}", row.id),
        recipient_id: None,
        compound_id: row.compound_id,
        subject,
        payload: json!({ "attachment_id": row.id }),
        due_at: tx.now(),
    };
    if row.state == AttachmentState::Stored {
        let subject = row.subject.clone().filter(|_| row.stage.is_some());
        let Some(subject) = subject else {
            return Ok(());
        };
        let item = new(ARRIVED, subject);
        return enqueue(tx, vec![item]).await;
    }
    let item = new(UNKEPT, format!("attachment:{}", row.id));
    match (person_of(tx.db(), row).await?, row.account_id) {
        (Some(person), _) => {
            let item = NewReminder {
                recipient_id: Some(person),
                ..item
            };
            enqueue(tx, vec![item]).await
        }
        (None, Some(account)) => enqueue_to_account(tx, account, item).await,
        (None, None) => Ok(()),
    }
}

async fn compose_unkept(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let id = payload::number(last, "attachment_id");
    let row = match id {
        Some(id) => queries::by_id(app.store.read(), id).await?,
        None => None,
    };
    let Some(row) = row else {
        return Ok(None);
    };
    let name = match row.kind.as_str() {
        "voice" => "语音",
        "video" => "视频",
        _ => "照片",
    };
    let case = row.subject.as_deref().and_then(|s| s.strip_prefix("case:"));
    let about = case.map_or_else(String::new, |id| format!("（诉求 #{id}）"));
    let hint = format!("请重新发一次{name}");
    let text = format!(
        "您 {} 发的{name}{about}没能保存：文件打不开、太大或已过期。{hint}。",
        china(row.created_at).format("%H:%M")
    );
    Ok(Some(Message {
        template: "progress",
        title: format!("{name}没能保存{about}"),
        place: String::new(),
        state: "未保存".to_owned(),
        at: row.created_at,
        hint,
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}
