//! The clocks and messages of personal data: a copy is made and its link sent, a correction is asked
//! about and told, what erasure left to be swept, retention. `command/serve.rs` joins [`KINDS`] and
//! [`WORKS`] to the others'.

use chrono::TimeDelta;
use entity::kinds::{CorrectionState, ExportState};
use entity::{attachment, correction, data_export, inbound, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::app::App;
use crate::attachment as photos;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::privacy::{copy, queries, retention};
use crate::reminder::payload::number;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::store::{Store, Tx};

/// Makes a copy.
const EXPORT: &str = "privacy.export";
/// To the person: it is there.
const READY: &str = "privacy.export-ready";
/// To whoever answers for the home: is it so?
const CORRECT: &str = "privacy.correct";
/// To the person: what was decided.
const CORRECTED: &str = "privacy.corrected";
/// Removes what an erasure could not reach in its transaction.
const SWEEP: &str = "privacy.sweep";
/// Removes photos of somebody who is gone.
const PHOTOS: &str = "privacy.photos";
/// Removes what has served its time.
const RETENTION: &str = "privacy.retention";

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: EXPORT,
        work: Work::Clock(|app, row| Box::pin(make(app, row))),
    },
    Kind {
        name: READY,
        work: Work::Push(Topic::Answer, |app, rows| {
            Box::pin(compose_ready(app, rows))
        }),
    },
    Kind {
        name: CORRECT,
        work: Work::Push(Topic::Task, |app, rows| {
            Box::pin(compose_correct(app, rows))
        }),
    },
    Kind {
        name: CORRECTED,
        work: Work::Push(Topic::Safety, |app, rows| {
            Box::pin(compose_corrected(app, rows))
        }),
    },
    Kind {
        name: SWEEP,
        work: Work::Clock(|app, row| Box::pin(sweep(app, row))),
    },
    Kind {
        name: PHOTOS,
        work: Work::Clock(|app, row| Box::pin(remove(app, row))),
    },
    Kind {
        name: RETENTION,
        work: Work::Clock(|app, _| Box::pin(retention::run(app))),
    },
];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "retention",
    every_hours: 24,
    run: |store, now| Box::pin(begin_retention(store, now)),
}];

fn clock(kind: &'static str, about: String, payload: Value, due_at: Moment) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("{kind}:{about}:{}", due_at.timestamp_millis()),
        recipient_id: None,
        compound_id: None,
        subject: about,
        payload,
        due_at,
    }
}

/// A clock work has no storage: a reminder does it.
async fn begin_retention(store: &Store, now: Moment) -> Result<u64, Fault> {
    if !retention::has_any(store.read()).await? {
        return Ok(0);
    }
    let mut tx = store.begin(now).await?;
    let item = clock(RETENTION, "retention".to_owned(), json!({}), now);
    enqueue(&mut tx, vec![item]).await?;
    tx.commit().await?;
    Ok(1)
}

/// Lets a copy be made.
pub(super) async fn make_export(tx: &mut Tx, row: &data_export::Model) -> Result<(), Fault> {
    let about = format!("export:{}", row.id);
    let item = clock(EXPORT, about, json!({ "export": row.id }), tx.now());
    enqueue(tx, vec![item]).await
}

async fn make(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(reminder, "export") else {
        return Ok(Verdict::Drop);
    };
    let now = app.clock.now();
    let row = queries::export(app.store.read(), id).await?;
    let open = |row: &data_export::Model| row.state == ExportState::Pending && row.expires_at > now;
    let Some(row) = row.filter(open) else {
        return Ok(Verdict::Drop);
    };
    let bytes = copy::make(app, row.person_id).await?;
    let size = i64::try_from(bytes.len()).ok();
    let sealed = app.seal.seal_bytes(&app.dice, bytes)?;
    let path = format!("export/{id}.sealed");
    if let Err(fault) = app.files.note(&path, sealed).await {
        tracing::warn!(?fault, "a copy of somebody's data could not be stored");
        return Ok(Verdict::Retry("storage".to_owned()));
    }
    let mut tx = app.store.begin(now).await?;
    let ready = data_export::Entity::update_many()
        .set(data_export::ActiveModel {
            state: Set(ExportState::Ready),
            path: Set(Some(path)),
            size: Set(size),
            ..Default::default()
        })
        .filter(data_export::COLUMN.id.eq(id))
        .filter(data_export::COLUMN.state.eq(ExportState::Pending))
        .exec(tx.db())
        .await?;
    if ready.rows_affected == 1 {
        let about = format!("export:{id}");
        let item = NewReminder {
            recipient_id: Some(row.person_id),
            ..clock(READY, about, json!({ "export": id }), now)
        };
        enqueue(&mut tx, vec![item]).await?;
    }
    tx.commit().await?;
    Ok(Verdict::Done)
}

async fn compose_ready(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(id) = rows.last().and_then(|row| number(row, "export")) else {
        return Ok(None);
    };
    let row = queries::export(app.store.read(), id).await?;
    let Some(row) = row.filter(|row| row.state == ExportState::Ready) else {
        return Ok(None);
    };
    let url = queries::export_url(app, id);
    let until = say(row.expires_at);
    Ok(Some(Message {
        // No template: a link is to be read, in the conversation in which it was asked for.
        template: "copy",
        title: "您的数据已备好".to_owned(),
        place: String::new(),
        state: "已备好".to_owned(),
        at: row.created_at,
        hint: format!("{until}前可下载"),
        text: format!(
            "您要的个人数据已备好，{until}前可以打开下载：{url}\n请不要把这个链接转给别人。"
        ),
        url: Some(url),
        urgent: true,
        buttons: Vec::new(),
    }))
}

/// Asks those who answer for the home, but not the person.
pub(super) async fn ask_correction(
    tx: &mut Tx,
    row: &correction::Model,
    path: &str,
) -> Result<(), Fault> {
    let holders = people::answering(tx.db(), path, tx.now(), &[row.person_id]).await?;
    let items = holders
        .into_iter()
        .map(|holder| to(tx, row, CORRECT, holder.person_id))
        .collect();
    enqueue(tx, items).await
}

/// Tells the person what was decided.
pub(super) async fn tell_corrected(tx: &mut Tx, row: &correction::Model) -> Result<(), Fault> {
    let item = to(tx, row, CORRECTED, row.person_id);
    enqueue(tx, vec![item]).await
}

fn to(tx: &Tx, row: &correction::Model, kind: &'static str, person: i64) -> NewReminder {
    let about = format!("correction:{}", row.id);
    NewReminder {
        dedupe_key: format!("{kind}:{}:{person}", row.id),
        recipient_id: Some(person),
        compound_id: row.compound_id,
        ..clock(kind, about, json!({ "correction": row.id }), tx.now())
    }
}

async fn read(
    app: &App,
    rows: &[reminder::Model],
) -> Result<Option<(correction::Model, String)>, Fault> {
    let Some(id) = rows.last().and_then(|row| number(row, "correction")) else {
        return Ok(None);
    };
    let db = app.store.read();
    let Some(row) = correction::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let place = match places::by_id(db, row.place_id).await? {
        Some(place) => places::name_of(db, &place).await?,
        None => String::new(),
    };
    Ok(Some((row, place)))
}

async fn compose_correct(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let found = read(app, rows).await?;
    let open = |row: &correction::Model| row.state == CorrectionState::Requested;
    let Some((row, place)) = found.filter(|(row, _)| open(row)) else {
        return Ok(None);
    };
    let shown = queries::value_says(app, &row)?;
    let person = people::by_id(app.store.read(), row.person_id).await?;
    let who = person.map(|person| person.name).unwrap_or_default();
    let field = queries::field_says(row.field);
    let hint = format!("回复：更正 {} 通过（或驳回 原因）", row.id);
    Ok(Some(Message {
        template: "task",
        title: format!("{who}更正{field}：{shown}"),
        text: format!("{place} 的{who}申请把{field}更正为 {shown}。请核实后{hint}。"),
        place,
        state: "待核实".to_owned(),
        at: row.created_at,
        hint,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

async fn compose_corrected(app: &App, rows: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some((row, place)) = read(app, rows).await? else {
        return Ok(None);
    };
    let field = queries::field_says(row.field);
    let (state, text) = match row.state {
        CorrectionState::Done => ("已更正", format!("您的{field}已更正。")),
        CorrectionState::Refused => {
            let why = row
                .reason
                .as_deref()
                .map_or_else(String::new, |reason| format!("，原因：{reason}"));
            (
                "未更正",
                format!("您要更正的{field}没有通过核实{why}。可以改好再提，或找楼栋长当面核对。"),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Message {
        template: "progress",
        title: format!("{field}{state}"),
        place,
        state: state.to_owned(),
        at: row.decided_at.unwrap_or(row.created_at),
        hint: row
            .reason
            .clone()
            .unwrap_or_else(|| "回复“我的”查看".to_owned()),
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// A minute later the platform repeats no message of theirs any more: then what was answered goes, too.
pub(super) async fn sweep_later(tx: &mut Tx, person: i64, accounts: &[i64]) -> Result<(), Fault> {
    let about = format!("person:{person}");
    let due = tx.now() + TimeDelta::minutes(1);
    let item = clock(SWEEP, about, json!({ "accounts": accounts }), due);
    enqueue(tx, vec![item]).await
}

async fn sweep(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let accounts = ids(reminder, "accounts");
    inbound::Entity::delete_many()
        .filter(inbound::COLUMN.account_id.is_in(accounts))
        .exec(app.store.write())
        .await?;
    retention::remove_exports(app, app.clock.now()).await?;
    Ok(Verdict::Done)
}

fn ids(reminder: &reminder::Model, name: &str) -> Vec<i64> {
    let list = reminder.payload.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect()
}

/// Lets photos of what was found be removed: rows and files.
pub(super) async fn remove_photos(tx: &mut Tx, rows: &[attachment::Model]) -> Result<(), Fault> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let Some(first) = ids.first() else {
        return Ok(());
    };
    let about = format!("attachment:{first}");
    let item = clock(PHOTOS, about, json!({ "attachments": ids }), tx.now());
    enqueue(tx, vec![item]).await
}

async fn remove(app: &App, reminder: &reminder::Model) -> Result<Verdict, Fault> {
    let rows = attachment::Entity::find()
        .filter(attachment::COLUMN.id.is_in(ids(reminder, "attachments")))
        .all(app.store.read())
        .await?;
    Ok(match photos::remove(app, &rows, false).await {
        Ok(_) => Verdict::Done,
        Err(fault) => {
            tracing::warn!(?fault, "photos could not be removed");
            Verdict::Retry("storage".to_owned())
        }
    })
}
