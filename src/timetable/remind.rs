//! What timetables set going: the ring of a time, the walk over those who asked, and the message that each of
//! them gets, composed as things stand then. `command/serve.rs` joins the table to the others'.

use std::collections::{BTreeSet, HashMap};

use entity::kinds::TimetableState;
use entity::{reminder, timetable};
use serde_json::{Value, json};

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::place::queries as places;
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, NewReminder, Verdict, enqueue};
use crate::timetable::actions::{Rung, ring as let_ring, tell_part};
use crate::timetable::{queries, subject};

/// Clock: a time has come.
const RING: &str = "timetable.ring";
/// Clock: the next parts of those who asked are told.
const FAN: &str = "timetable.fan";
/// To each of them.
pub(super) const DUE: &str = "timetable.due";
/// Parts of one turn of the clock: then another instance may go on.
const PARTS: usize = 40;
/// Timetables of one message that are named with their text.
const MOST_NAMED: usize = 5;
/// Characters of each where there are several.
const SHOWN: usize = 60;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: RING,
        work: Work::Clock(|app, _| Box::pin(rings(app))),
    },
    Kind {
        name: FAN,
        work: Work::Clock(|app, row| Box::pin(fans(app, row))),
    },
    // Asked for one by one, and worth no more than half an hour: its switch is the timetable's own.
    Kind {
        name: DUE,
        work: Work::Push(Topic::Answer, compose),
    },
];

/// The ring of one time of it.
pub(super) fn ring(row: &timetable::Model, at: Moment) -> NewReminder {
    NewReminder {
        kind: RING,
        dedupe_key: format!(
            "timetable:{}:{}:ring:{}",
            row.id,
            row.version,
            at.timestamp_millis()
        ),
        recipient_id: None,
        compound_id: row.compound_id,
        subject: subject(row.id),
        payload: json!({ "timetable": row.id }),
        due_at: at,
    }
}

/// The walk over those who asked for any of the timetables of a minute, from a person on.
pub(super) fn fan(at: Moment, ids: &[i64], after: i64, now: Moment) -> NewReminder {
    let first = ids.iter().min().copied().unwrap_or_default();
    let ms = at.timestamp_millis();
    NewReminder {
        kind: FAN,
        dedupe_key: format!("timetable:{first}:fan:{ms}:{after}"),
        recipient_id: None,
        compound_id: None,
        subject: subject(first),
        payload: json!({ "at": ms, "timetables": ids, "after": after }),
        due_at: now,
    }
}

async fn rings(app: &App) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    let rung = let_ring(&mut tx).await?;
    tx.commit().await?;
    Ok(match rung {
        Rung::Nothing => Verdict::Drop,
        Rung::All => Verdict::Done,
        Rung::More => Verdict::Later(now),
    })
}

fn timetables(row: &reminder::Model) -> Vec<i64> {
    let all = row.payload.get("timetables").and_then(Value::as_array);
    all.map(|all| all.iter().filter_map(Value::as_i64).collect())
        .unwrap_or_default()
}

async fn fans(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let at = number(row, "at").and_then(from_ms);
    let (Some(at), Some(mut after)) = (at, number(row, "after")) else {
        return Ok(Verdict::Drop);
    };
    let ids = timetables(row);
    for _ in 0..PARTS {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let last = tell_part(&mut tx, at, &ids, after).await?;
        tx.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(Verdict::Done),
        }
    }
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    enqueue(&mut tx, vec![fan(at, &ids, after, now)]).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some((last, person_id)) = reminders.last().and_then(|row| {
            let person_id = row.recipient_id?;
            Some((row, person_id))
        }) else {
            return Ok(None);
        };
        let ids: BTreeSet<i64> = reminders.iter().flat_map(timetables).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let rows = wanted(app, person_id, &ids).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let place = places::by_id(app.store.read(), first.place_id).await?;
        Ok(Some(message(
            &rows,
            first,
            place.map(|place| place.name).unwrap_or_default(),
            last.due_at,
        )))
    })
}

/// Those that this person asked for and may still be told of.
async fn wanted(app: &App, person_id: i64, ids: &[i64]) -> Result<Vec<timetable::Model>, Fault> {
    let db = app.store.read();
    let read = queries::read_by(db, person_id, ids).await?;
    let mut rows = queries::by_ids(db, &read).await?;
    rows.retain(|row| row.state == TimetableState::Active);
    let mut at_home: HashMap<i64, bool> = HashMap::new();
    let mut kept = Vec::new();
    for row in rows {
        let belongs = match at_home.get(&row.place_id) {
            Some(known) => *known,
            None => queries::belongs(db, &row, person_id, app.clock.now()).await?,
        };
        at_home.insert(row.place_id, belongs);
        if belongs {
            kept.push(row);
        }
    }
    Ok(kept)
}

fn message(
    rows: &[timetable::Model],
    first: &timetable::Model,
    place: String,
    at: Moment,
) -> Message {
    let text = match rows {
        [one] => format!(
            "{place}提醒：{}\n{}\n不想再收，回复“退订日程 {}”。",
            one.title, one.text, one.id
        )
        .replace("\n\n", "\n"),
        several => {
            let lines = several
                .iter()
                .take(MOST_NAMED)
                .map(|row| match row.text.as_str() {
                    "" => format!("· {}", row.title),
                    text => format!("· {}：{}", row.title, shorten(text, SHOWN)),
                });
            let more = several.len().saturating_sub(MOST_NAMED);
            let more = match more {
                0 => String::new(),
                more => format!("\n还有{more}个。"),
            };
            format!(
                "{place}提醒：\n{}{more}\n不想再收，回复“日程”选一个退订。",
                lines.collect::<Vec<_>>().join("\n")
            )
        }
    };
    let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    Message {
        template: "notice",
        title: shorten(&titles.join("、"), 20),
        place,
        state: "定时提醒".to_owned(),
        at,
        hint: match first.text.as_str() {
            "" => "回复“日程”可以退订".to_owned(),
            text => shorten(text, 20),
        },
        text,
        url: None,
        // Asked for at this very minute, and never later than 22:00 (rule.rs).
        urgent: true,
        buttons: Vec::new(),
    }
}
