//! A time has come: what is due rings once, moves on to its next time, and those who asked for it are told, a
//! part at a time.

use std::collections::BTreeMap;

use entity::kinds::TimetableState;
use entity::{schedule, timetable, timetable_reader};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{OnConflict, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, TryInsertResult,
};
use serde_json::json;

use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::reminder::fan::{ToMany, WHERE, WHOM, enqueue_part};
use crate::reminder::{NewReminder, enqueue};
use crate::store::Tx;
use crate::timetable::rule::Rule;
use crate::timetable::{LATE, remind, subject};

/// Timetables that ring in one transaction; those of one minute beyond it make a message of their own.
const AT_ONCE: u64 = 1_000;

/// What a ring has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// Nothing was due: another ring was first, or it was changed.
    Nothing,
    /// All that was due has rung.
    All,
    /// There may be more.
    More,
}

/// How a slot is named: `2026-12-01T07:00`, China's time.
fn slot(at: Moment) -> String {
    china(at).format("%Y-%m-%dT%H:%M").to_string()
}

/// Lets everything ring whose time has come.
///
/// # Errors
/// The database's.
pub async fn ring(tx: &mut Tx) -> Result<Rung, Fault> {
    // Locked: of two rings at one moment the second finds nothing due.
    let due = timetable::Entity::find()
        .filter(timetable::Column::State.eq(TimetableState::Active))
        .filter(timetable::COLUMN.next_at.lte(tx.now()))
        .order_by_asc(timetable::COLUMN.id)
        .limit(AT_ONCE)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    let mut minutes: BTreeMap<Moment, Vec<i64>> = BTreeMap::new();
    let mut next = Vec::new();
    for row in &due {
        let Some(at) = row.next_at else { continue };
        next.extend(move_on(tx, row).await?);
        let first = take_slot(tx, row.id, at).await?;
        if first && tx.now() - at <= LATE {
            minutes.entry(at).or_default().push(row.id);
        }
    }
    next.extend(
        minutes
            .into_iter()
            .map(|(at, ids)| remind::fan(at, &ids, 0, tx.now())),
    );
    enqueue(tx, next).await?;
    Ok(match u64::try_from(due.len()) {
        Ok(0) => Rung::Nothing,
        Ok(count) if count < AT_ONCE => Rung::All,
        _ => Rung::More,
    })
}

/// Puts down that it has rung at that time; false when it had.
async fn take_slot(tx: &Tx, id: i64, at: Moment) -> Result<bool, Fault> {
    let stored = schedule::Entity::insert(schedule::ActiveModel {
        name: Set(subject(id)),
        slot: Set(slot(at)),
        started_at: Set(tx.now()),
        finished_at: Set(Some(tx.now())),
    })
    .on_conflict(
        OnConflict::columns([schedule::Column::Name, schedule::Column::Slot])
            .do_nothing()
            .to_owned(),
    )
    .try_insert()
    .exec_without_returning(tx.db())
    .await?;
    Ok(matches!(stored, TryInsertResult::Inserted(rows) if rows > 0))
}

/// Its next time, by the rule as it is now; the ring of it.
async fn move_on(tx: &Tx, row: &timetable::Model) -> Result<Option<NewReminder>, Fault> {
    let next = match serde_json::from_value::<Rule>(row.rule.clone()) {
        Ok(rule) => rule.first_after(tx.now()),
        Err(error) => {
            tracing::error!(timetable = row.id, %error, "a rule cannot be read");
            None
        }
    };
    timetable::Entity::update_many()
        .set(timetable::ActiveModel {
            next_at: Set(next),
            ..Default::default()
        })
        .filter(timetable::COLUMN.id.eq(row.id))
        .filter(timetable::COLUMN.version.eq(row.version))
        .exec(tx.db())
        .await?;
    Ok(next.map(|next| remind::ring(row, next)))
}

/// Tells the next part of those who asked for any of these timetables: the people whose key is above `after`.
/// The key of the last of them; none when nobody is left.
///
/// # Errors
/// The database's.
pub async fn tell_part(
    tx: &mut Tx,
    at: Moment,
    ids: &[i64],
    after: i64,
) -> Result<Option<i64>, Fault> {
    let first = ids.iter().min().copied().unwrap_or_default();
    let item = ToMany {
        kind: remind::DUE,
        key: format!("timetable:{}:{first}:", slot(at)),
        // The same for all of a minute: what was told apart is merged.
        subject: format!("timetables:{}", slot(at)),
        payload: json!({ "timetables": ids }),
        due_at: at,
    };
    enqueue_part(tx, &item, &readers(ids), after).await
}

/// Each of them once.
fn readers(ids: &[i64]) -> SelectStatement {
    timetable_reader::Entity::find()
        .select_only()
        .column_as(timetable_reader::Column::PersonId, WHOM)
        .column_as(timetable_reader::Column::CompoundId.min(), WHERE)
        .filter(
            timetable_reader::COLUMN
                .timetable_id
                .is_in(ids.iter().copied()),
        )
        .group_by(timetable_reader::Column::PersonId)
        .into_query()
}
