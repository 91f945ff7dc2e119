//! Booking rooms. Two who want the same time wait for each other at the room's row: PostgreSQL locks it,
//! SQLite has one writer at a time, and on both the second then sees what the first has stored. An exclusion
//! constraint would do it on PostgreSQL alone, and could not say whom an official booking displaces
//! (`docs/decisions/0026`).

use chrono::TimeDelta;
use entity::kinds::{ActorKind, BookingState};
use entity::{station_booking, station_room};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::config::Stations;
use crate::reminder;
use crate::station::actions::{Step, lock_person, note, record, some_words, stays_open, words};
use crate::station::queries::rooms::{Booking, Room, booking, meeting, no_room, room, slot_of};
use crate::station::remind::{self, Telling};
use crate::station::slot::{self, Slot};
use crate::station::step::{BookingAct, booking_after};
use crate::station::{booking_says, booking_subject};
use crate::store::Tx;

/// Days that an official booking may lie ahead, and hours that it may last.
const OFFICIAL_DAYS: i64 = 90;
const OFFICIAL_HOURS: i64 = 24;

/// A booking that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Which room.
    pub room_id: i64,
    /// Begins.
    pub from: Moment,
    /// Ends.
    pub to: Moment,
    /// What for; may be empty.
    pub purpose: &'a str,
}

impl Asked<'_> {
    const fn slot(&self) -> Slot {
        Slot {
            from: self.from,
            to: self.to,
        }
    }
}

/// Books a room for oneself.
///
/// # Errors
/// `not_found` for a room of another compound, `invalid` for a time that cannot be or words that cannot,
/// `conflict` when part of it is taken, `wrong_step` when the week's bookings are used up.
pub async fn book(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Stations,
    asked: Asked<'_>,
) -> Result<station_booking::Model, Fault> {
    let person = actor.require_person()?;
    let room = room(tx.db(), actor, asked.room_id).await?;
    slot::check(&room.hours, tx.now(), asked.slot(), terms)?;
    lock_person(tx, person).await?;
    let week = slot::week_of(asked.from);
    let used = station_booking::Entity::find()
        .filter(station_booking::COLUMN.booker_id.eq(person))
        .filter(station_booking::COLUMN.official.eq(false))
        .filter(
            station_booking::COLUMN
                .state
                .is_in([BookingState::Booked, BookingState::Absent]),
        )
        .filter(station_booking::COLUMN.from_at.gte(week.from))
        .filter(station_booking::COLUMN.from_at.lt(week.to))
        .count(tx.db())
        .await?;
    if used >= terms.bookings_per_week {
        return Err(Fault::wrong_step(format!(
            "您那一周已经订了{used}次，一周最多{}次。回复“我的驿站”可以取消。",
            terms.bookings_per_week
        )));
    }
    locked(tx, &room.row).await?;
    let in_the_way = meeting(tx.db(), asked.room_id, asked.slot()).await?;
    if let Some(first) = in_the_way.first() {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "“{}”{}已经有人订了，请换个时间。回复“订房间 {}”看空的时间。",
                room.row.name,
                slot_of(first).says(),
                room.row.id
            ),
        ));
    }
    let actor = actor.acting(ActorKind::Resident);
    let row = store(tx, &actor, &room, asked, false).await?;
    record_of(tx, &actor, "station.book", &row);
    let ahead = row.from_at - TimeDelta::hours(terms.remind_hours);
    if ahead > tx.now() {
        let soon = remind::booking(&row, Telling::Begins, person, ahead);
        reminder::enqueue(tx, vec![soon]).await?;
    }
    Ok(row)
}

/// Books a room for the work of a station's keeper, in opening hours or not. What residents have booked
/// there gives way, and each of them is told why; another official booking does not. Gives what gave way.
///
/// # Errors
/// `not_found` for whoever does not keep it, `invalid` for a time that is past, too long or too far and
/// without a purpose, `conflict` when an official one is in the way.
pub async fn book_officially(
    tx: &mut Tx,
    actor: &Actor,
    asked: Asked<'_>,
) -> Result<(station_booking::Model, usize), Fault> {
    actor.require_person()?;
    let room = room(tx.db(), actor, asked.room_id).await?;
    if !room.found.keeps {
        return Err(no_room());
    }
    let purpose = words("purpose", asked.purpose, "请写用途，让出时间的居民会看到。")?;
    let slot = asked.slot();
    if !slot.is_whole(1) {
        return Err(Fault::invalid("from", "时间写到分钟就好，例如 14:05。"));
    }
    if slot.from < tx.now() || slot.to <= slot.from {
        return Err(Fault::invalid(
            "from",
            "时间已经过了，或结束不晚于开始，请改一改。",
        ));
    }
    let far = slot.from - tx.now() > TimeDelta::days(OFFICIAL_DAYS);
    if far || slot.to - slot.from > TimeDelta::hours(OFFICIAL_HOURS) {
        return Err(Fault::invalid(
            "from",
            format!("最多提前{OFFICIAL_DAYS}天，一次最多{OFFICIAL_HOURS}小时。"),
        ));
    }
    locked(tx, &room.row).await?;
    let in_the_way = meeting(tx.db(), asked.room_id, slot).await?;
    if let Some(first) = in_the_way.iter().find(|row| row.official) {
        return Err(Fault::new(
            Code::Conflict,
            format!("{}已有公务预订，请换个时间。", slot_of(first).says()),
        ));
    }
    let actor = actor.acting(ActorKind::Staff);
    let row = store(tx, &actor, &room, asked, true).await?;
    record_of(tx, &actor, "station.book-official", &row);
    for other in &in_the_way {
        let next = change(
            tx,
            &actor,
            other,
            BookingAct::Displace,
            Some(purpose.clone()),
        )
        .await?;
        let told = remind::booking(&next, Telling::Displaced, next.booker_id, tx.now());
        reminder::enqueue(tx, vec![told]).await?;
    }
    Ok((row, in_the_way.len()))
}

/// The row of a room, locked, if it can still be booked; behind a share of its station's.
async fn locked(tx: &Tx, room: &station_room::Model) -> Result<(), Fault> {
    stays_open(tx, room.station_id, no_room).await?;
    let row = station_room::Entity::find_by_id(room.id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    match row {
        Some(row) if row.removed_at.is_none() => Ok(()),
        _ => Err(no_room()),
    }
}

async fn store(
    tx: &Tx,
    actor: &Actor,
    room: &Room,
    asked: Asked<'_>,
    official: bool,
) -> Result<station_booking::Model, Fault> {
    let row = station_booking::ActiveModel {
        compound_id: Set(room.row.compound_id),
        station_id: Set(room.row.station_id),
        room_id: Set(room.row.id),
        booker_id: Set(actor.require_person()?),
        official: Set(official),
        purpose: Set(some_words("purpose", asked.purpose)?),
        from_at: Set(asked.from),
        to_at: Set(asked.to),
        state: Set(BookingState::Booked),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = station_booking::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let step = Step {
        subject: booking_subject(row.id),
        action: "booked",
        from: None,
        to: row.state.to_value(),
        note: None,
    };
    note(tx, actor, row.compound_id, step).await?;
    Ok(row)
}

/// The compare-and-set and the history.
async fn change(
    tx: &Tx,
    actor: &Actor,
    was: &station_booking::Model,
    act: BookingAct,
    reason: Option<String>,
) -> Result<station_booking::Model, Fault> {
    let keeper = actor.kind == ActorKind::Staff;
    let begun = was.from_at <= tx.now();
    let state = booking_after(was.state, act, keeper, begun).ok_or_else(|| {
        let why = match (act, was.state, begun) {
            (BookingAct::Cancel, BookingState::Booked, true) => "已经开始，不能取消了。".to_owned(),
            (BookingAct::Miss, BookingState::Booked, false) => {
                "还没开始，开始以后才能记未到。".to_owned()
            }
            _ => format!("现在是“{}”，不能这样操作。", booking_says(was.state)),
        };
        Fault::wrong_step(format!("预订 #{}{why}", was.id))
    })?;
    let mut changed = station_booking::Entity::update_many()
        .set(station_booking::ActiveModel {
            state: Set(state),
            reason: Set(reason.clone()),
            version: Set(was.version + 1),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(station_booking::COLUMN.id.eq(was.id))
        .filter(station_booking::COLUMN.state.eq(was.state))
        .filter(station_booking::COLUMN.version.eq(was.version))
        .exec_with_returning(tx.db())
        .await?;
    let next = changed.pop().ok_or_else(|| {
        let text = format!("预订 #{} 刚刚有变化，请再看一次。", was.id);
        Fault::new(Code::Conflict, text)
    })?;
    let step = Step {
        subject: booking_subject(was.id),
        action: act.name(),
        from: Some(was.state.to_value()),
        to: next.state.to_value(),
        note: reason,
    };
    note(tx, actor, was.compound_id, step).await?;
    Ok(next)
}

fn record_of(tx: &Tx, actor: &Actor, action: &str, row: &station_booking::Model) {
    let subject = booking_subject(row.id);
    record(tx, actor, action, subject, row.compound_id, None);
}

/// Gives a room back before the booking begins: the booker, or a keeper with a reason, which the booker is
/// told.
///
/// # Errors
/// `not_found` for whoever has nothing to do with it, `invalid` for a keeper without a reason, `wrong_step` when
/// it has begun or is over.
pub async fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<station_booking::Model, Fault> {
    let Booking { row, .. } = booking(tx.db(), actor, id).await?;
    let own = actor.person_id() == Some(row.booker_id);
    let (kind, reason) = match own {
        true => (ActorKind::Resident, some_words("reason", reason)?),
        false => (
            ActorKind::Staff,
            Some(words("reason", reason, "请写原因，预订的人会看到。")?),
        ),
    };
    let actor = actor.acting(kind);
    let next = change(tx, &actor, &row, BookingAct::Cancel, reason).await?;
    record_of(tx, &actor, "station.booking-off", &next);
    if !own {
        let told = remind::booking(&next, Telling::Cancelled, next.booker_id, tx.now());
        reminder::enqueue(tx, vec![told]).await?;
    }
    Ok(next)
}

/// Notes that nobody came. It counts among the week's bookings.
///
/// # Errors
/// `not_found` for whoever has nothing to do with it, `forbidden` for whoever does not keep the station,
/// `wrong_step` before it begins or when it is over.
pub async fn absent(tx: &mut Tx, actor: &Actor, id: i64) -> Result<station_booking::Model, Fault> {
    let found = booking(tx.db(), actor, id).await?;
    if !found.keeps {
        return Err(Fault::forbidden("要由驿站工作人员来记。"));
    }
    let actor = actor.acting(ActorKind::Staff);
    let next = change(tx, &actor, &found.row, BookingAct::Miss, None).await?;
    record_of(tx, &actor, "station.absent", &next);
    Ok(next)
}
