//! Rooms of stations and who has booked them: everybody in the compound sees which times are taken, nobody
//! but keepers by whom.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use entity::kinds::BookingState;
use entity::{station, station_booking, station_room};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::base::calendar::Hours;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::person::queries::names;
use crate::station::queries::{Found, Seen, found, hours_of, kept};
use crate::station::slot::{self, Slot};
use crate::store::paging::newest;

/// Rooms of one station, at most.
pub const MOST_ROOMS: u64 = 20;

/// The same answer for a room that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_room() -> Fault {
    Fault::not_found("没有找到这个房间。回复“订房间”看有哪些。")
}

/// The same for a booking.
#[must_use]
pub fn no_booking(id: i64) -> Fault {
    Fault::not_found(format!("没有找到预订 #{id}。回复“我的驿站”看您订的。"))
}

/// A room with its station.
#[derive(Clone, Debug)]
pub struct Room {
    /// The row.
    pub row: station_room::Model,
    /// Of which station, and what the one who asks may do there.
    pub found: Found,
    /// When it is open.
    pub hours: Hours,
}

/// A booking with its room.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The row.
    pub row: station_booking::Model,
    /// Which room.
    pub room: String,
    /// At which station.
    pub station: String,
    /// Who; for keepers alone.
    pub booker: Option<String>,
    /// Whether the one who asks keeps the station.
    pub keeps: bool,
}

impl Booking {
    /// Its time.
    #[must_use]
    pub fn slot(&self) -> Slot {
        slot_of(&self.row)
    }
}

/// The time of a booking.
#[must_use]
pub fn slot_of(row: &station_booking::Model) -> Slot {
    Slot {
        from: row.from_at,
        to: row.to_at,
    }
}

/// A room that can be booked, whose station the actor may know of.
///
/// # Errors
/// `not_found`.
pub async fn room<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Room, Fault> {
    let row = station_room::Entity::find_by_id(id).one(db).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_room)?;
    let found = match found(db, actor, row.station_id).await {
        Ok(found) => found,
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) => return Err(no_room()),
    };
    let hours = hours_of(db, &found.station).await?;
    Ok(Room { row, found, hours })
}

/// The rooms of stations that can be booked, oldest first; not scoped.
///
/// # Errors
/// The database's.
pub async fn rooms_of<C: ConnectionTrait>(
    db: &C,
    stations: &[i64],
) -> Result<Vec<station_room::Model>, Fault> {
    let rows = station_room::Entity::find()
        .filter(
            station_room::COLUMN
                .station_id
                .is_in(stations.iter().copied()),
        )
        .filter(station_room::COLUMN.removed_at.is_null())
        .order_by_asc(station_room::COLUMN.id)
        .limit(MOST_ROOMS)
        .all(db)
        .await?;
    Ok(rows)
}

/// What is booked of a room and meets a time, the earliest first; not scoped.
///
/// # Errors
/// The database's.
pub async fn meeting<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    slot: Slot,
) -> Result<Vec<station_booking::Model>, Fault> {
    let rows = station_booking::Entity::find()
        .filter(station_booking::COLUMN.room_id.eq(room_id))
        .filter(station_booking::COLUMN.state.eq(BookingState::Booked))
        .filter(station_booking::COLUMN.from_at.lt(slot.to))
        .filter(station_booking::COLUMN.to_at.gt(slot.from))
        .order_by_asc(station_booking::COLUMN.from_at)
        .all(db)
        .await?;
    Ok(rows)
}

/// The times of a room that are taken on a day.
///
/// # Errors
/// The database's.
pub async fn taken<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    day: NaiveDate,
) -> Result<Vec<Slot>, Fault> {
    let begin = begin_of(day);
    let whole = Slot {
        from: begin,
        to: begin + TimeDelta::days(1),
    };
    let rows = meeting(db, room_id, whole).await?;
    Ok(rows.iter().map(slot_of).collect())
}

/// The half hours of a room that are free on a day.
///
/// # Errors
/// The database's.
pub async fn free<C: ConnectionTrait>(
    db: &C,
    room: &Room,
    day: NaiveDate,
    now: Moment,
) -> Result<Vec<Moment>, Fault> {
    let taken = taken(db, room.row.id, day).await?;
    Ok(slot::free(&room.hours, day, now, &taken))
}

/// Rooms of a station that are free for half an hour at least for what is left of the day: for everybody.
///
/// # Errors
/// The database's.
pub async fn free_today<C: ConnectionTrait>(
    db: &C,
    seen: &Seen,
    now: Moment,
) -> Result<(usize, usize), Fault> {
    let rooms = rooms_of(db, &[seen.station.id]).await?;
    let day = china(now).date_naive();
    let mut count = 0;
    for room in &rooms {
        let taken = taken(db, room.id, day).await?;
        let free = seen.hours.as_ref().is_some_and(|hours| {
            let free = slot::free(hours, day, now, &taken);
            !free.is_empty()
        });
        count += usize::from(free);
    }
    Ok((count, rooms.len()))
}

/// A booking, if it is the actor's or they keep its station.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn booking<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Booking, Fault> {
    let row = station_booking::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_booking(id))?;
    let own = actor.person_id() == Some(row.booker_id);
    let keeps = match kept(db, actor, row.station_id).await {
        Ok(_) => true,
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) if own => false,
        Err(_) => return Err(no_booking(id)),
    };
    let mut all = show(db, vec![row], keeps).await?;
    all.pop().ok_or_else(|| no_booking(id))
}

/// Which bookings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The actor's own.
    Mine,
    /// Of a station that the actor keeps.
    Of(i64),
}

/// A page of bookings, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing or does not keep the station, `not_found` for a station
/// that is not theirs to see; the database's.
pub async fn bookings<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<Booking>, Fault> {
    let person = actor.require_person()?;
    let query = station_booking::Entity::find();
    let (query, keeps) = match which {
        Which::Mine => (
            query.filter(station_booking::COLUMN.booker_id.eq(person)),
            false,
        ),
        Which::Of(id) => {
            kept(db, actor, id).await?;
            (
                query.filter(station_booking::COLUMN.station_id.eq(id)),
                true,
            )
        }
    };
    let page = newest(db, query, station_booking::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, page.items, keeps).await?,
        next: page.next,
    })
}

/// What the actor has booked and is not over, the earliest first.
///
/// # Errors
/// The database's.
pub async fn ahead<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
    most: u64,
) -> Result<Vec<Booking>, Fault> {
    let rows = station_booking::Entity::find()
        .filter(
            station_booking::COLUMN
                .booker_id
                .eq(actor.require_person()?),
        )
        .filter(station_booking::COLUMN.state.eq(BookingState::Booked))
        .filter(station_booking::COLUMN.to_at.gt(now))
        .order_by_asc(station_booking::COLUMN.from_at)
        .limit(most)
        .all(db)
        .await?;
    show(db, rows, false).await
}

async fn show<C: ConnectionTrait>(
    db: &C,
    rows: Vec<station_booking::Model>,
    keeps: bool,
) -> Result<Vec<Booking>, Fault> {
    let rooms = station_room::Entity::find()
        .filter(
            station_room::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.room_id)),
        )
        .all(db)
        .await?;
    let stations = station::Entity::find()
        .filter(
            station::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.station_id)),
        )
        .all(db)
        .await?;
    let names = match keeps {
        true => names(db, rows.iter().map(|row| row.booker_id)).await?,
        false => HashMap::new(),
    };
    let one = |row: station_booking::Model| {
        let room = rooms.iter().find(|room| room.id == row.room_id);
        let station = stations.iter().find(|one| one.id == row.station_id);
        Booking {
            room: room.map(|room| room.name.clone()).unwrap_or_default(),
            station: station.map(|one| one.name.clone()).unwrap_or_default(),
            booker: names.get(&row.booker_id).cloned(),
            keeps,
            row,
        }
    };
    Ok(rows.into_iter().map(one).collect())
}
