//! Setting a station up: where it is, when it is open, what it has. All of it is changed under a lock on the
//! station's row, so that two who set it up at once do not undo each other. What is lent, booked and left there
//! takes a share of the same lock, always before the thing or the room: nobody waits in a circle, and a station
//! that is being closed gets nothing more.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::kinds::BookingState;
use entity::{place, station, station_booking, station_day, station_facility};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::Value;

use crate::access::Actor;
use crate::access::permit::{Deed, require};
use crate::base::calendar::hours::{says, spans};
use crate::base::dates;
use crate::base::fault::Fault;
use crate::policy::rules::{MOST_DAYS, Timetable};
use crate::station::actions::{named, record, taken};
use crate::station::queries::lending::count_out;
use crate::station::queries::windows::on_shelf;
use crate::station::queries::{Found, MOST_STATIONS, found, no_such};
use crate::station::subject;
use crate::store::Tx;
use crate::store::insert::insert_chunked;

/// Facilities of a station, at most.
const MOST_FACILITIES: usize = 20;

/// A station as a form writes it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Where its door is.
    pub spot: &'a str,
    /// Its week, as people write it.
    pub hours: &'a str,
    /// Closed on public holidays.
    pub public_holidays: bool,
    /// What it has: one a line, or parted by 、
    pub facilities: &'a str,
}

/// The same, read.
struct Read {
    name: String,
    spot: String,
    hours: String,
    facilities: Vec<String>,
}

fn read(written: Written<'_>) -> Result<Read, Fault> {
    let table = Timetable {
        hours: written.hours.to_owned(),
        public_holidays: written.public_holidays,
        days: BTreeMap::new(),
    };
    let hours = table
        .read()
        .map_err(|(_, why)| Fault::invalid("hours", format!("{why}。")))?;
    let mut facilities: Vec<String> = Vec::new();
    let parts = written
        .facilities
        .split(['\n', '、', '，', ',', ' ', '\u{3000}']);
    for part in parts.filter(|part| !part.trim().is_empty()) {
        let name = named("facilities", part, "请写设施，例如 热水、充电。")?;
        if !facilities.contains(&name) {
            facilities.push(name);
        }
    }
    if facilities.len() > MOST_FACILITIES {
        return Err(Fault::invalid(
            "facilities",
            format!("设施最多{MOST_FACILITIES}样。"),
        ));
    }
    Ok(Read {
        name: named("name", written.name, "请写驿站的名称，例如 红色驿站。")?,
        spot: named("spot", written.spot, "请写门在哪里，例如 1栋一楼大厅。")?,
        hours: hours.week.to_string(),
        facilities,
    })
}

/// Opens a station at a place inside a compound.
///
/// # Errors
/// `forbidden` for whoever may not there, `invalid` for a place outside of compounds, for words and hours that
/// cannot be, `wrong_step` when the compound has as many as it may.
pub async fn add(
    tx: &mut Tx,
    actor: &Actor,
    place: &place::Model,
    written: Written<'_>,
) -> Result<station::Model, Fault> {
    require(actor, Deed::SetStations, &place.path)?;
    let compound_id = place
        .compound_id
        .ok_or_else(|| Fault::invalid("place", "驿站要开在小区里，请写小区或楼栋的编号。"))?;
    let read = read(written)?;
    // One after the other: the limit holds.
    place::Entity::find_by_id(compound_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let there = station::Entity::find()
        .filter(station::COLUMN.compound_id.eq(compound_id))
        .filter(station::COLUMN.removed_at.is_null())
        .count(tx.db())
        .await?;
    if there >= MOST_STATIONS {
        return Err(Fault::wrong_step(format!(
            "一个小区最多{MOST_STATIONS}个驿站。"
        )));
    }
    let row = station::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(place.id),
        name: Set(read.name),
        spot: Set(read.spot),
        hours: Set(read.hours),
        public_holidays: Set(written.public_holidays),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = station::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    set_facilities(tx, &row, &read.facilities).await?;
    record_of(tx, actor, "station.add", &row, None);
    Ok(row)
}

/// Changes it, if it still is what the form showed.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid` as [`add`]; `conflict` when somebody was first.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    version: i32,
    written: Written<'_>,
) -> Result<station::Model, Fault> {
    let found = locked(tx, actor, id).await?;
    let read = read(written)?;
    let mut changed = station::Entity::update_many()
        .set(station::ActiveModel {
            name: Set(read.name),
            spot: Set(read.spot),
            hours: Set(read.hours),
            public_holidays: Set(written.public_holidays),
            version: Set(version.saturating_add(1)),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(station::COLUMN.id.eq(found.station.id))
        .filter(station::COLUMN.version.eq(version))
        .exec_with_returning(tx.db())
        .await?;
    let row = changed.pop().ok_or_else(taken)?;
    set_facilities(tx, &row, &read.facilities).await?;
    record_of(tx, actor, "station.change", &row, None);
    Ok(row)
}

async fn set_facilities(tx: &Tx, row: &station::Model, names: &[String]) -> Result<(), Fault> {
    station_facility::Entity::delete_many()
        .filter(station_facility::COLUMN.station_id.eq(row.id))
        .exec(tx.db())
        .await?;
    let rows = names.iter().map(|name| station_facility::ActiveModel {
        compound_id: Set(row.compound_id),
        station_id: Set(row.id),
        name: Set(name.clone()),
        ..Default::default()
    });
    insert_chunked(tx.db(), rows.collect()).await
}

/// Sets a day that is not as the week says: `Some("")` is a day off, hours are hours, none takes the day back.
///
/// # Errors
/// `not_found`, `forbidden`; `invalid` for a year that nobody means, for hours that cannot be read and for too many
/// days.
pub async fn set_day(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    day: NaiveDate,
    open: Option<&str>,
) -> Result<(), Fault> {
    let day = dates::day("day", day)?;
    let found = locked(tx, actor, id).await?;
    let hours = match open.map(str::trim) {
        None | Some("" | "休息") => None,
        Some(typed) => {
            let read = spans(typed);
            let read = read.map_err(|why| Fault::invalid("open", format!("{why}。")))?;
            Some(says(&read))
        }
    };
    station_day::Entity::delete_many()
        .filter(station_day::COLUMN.station_id.eq(id))
        .filter(station_day::COLUMN.day.eq(day))
        .exec(tx.db())
        .await?;
    if open.is_some() {
        let there = station_day::Entity::find()
            .filter(station_day::COLUMN.station_id.eq(id))
            .count(tx.db())
            .await?;
        if usize::try_from(there).unwrap_or(usize::MAX) >= MOST_DAYS {
            return Err(Fault::invalid("day", "另定的日子太多了，请删去过去的。"));
        }
        let row = station_day::ActiveModel {
            station_id: Set(id),
            day: Set(day),
            compound_id: Set(found.station.compound_id),
            hours: Set(hours),
        };
        station_day::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await?;
    }
    record_of(tx, actor, "station.days", &found.station, None);
    Ok(())
}

/// Closes it for good. What refers to it stays, for the figures.
///
/// # Errors
/// `not_found`, `forbidden`; `wrong_step` while something of it is out, left there or booked.
pub async fn remove(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let found = locked(tx, actor, id).await?;
    let booked = station_booking::Entity::find()
        .filter(station_booking::COLUMN.station_id.eq(id))
        .filter(station_booking::COLUMN.state.eq(BookingState::Booked))
        .filter(station_booking::COLUMN.to_at.gt(tx.now()))
        .count(tx.db())
        .await?;
    let out = count_out(tx.db(), id).await?;
    let left = on_shelf(tx.db(), id).await?;
    for (count, what) in [
        (out, "件借出的没有还"),
        (left, "件寄存的没有取走"),
        (booked, "个预订还没到时间"),
    ] {
        if count > 0 {
            return Err(Fault::wrong_step(format!(
                "驿站还有{count}{what}，办完再关闭。"
            )));
        }
    }
    station::Entity::update_many()
        .col_expr(station::Column::RemovedAt, Expr::value(tx.now()))
        .filter(station::COLUMN.id.eq(id))
        .exec(tx.db())
        .await?;
    record_of(tx, actor, "station.remove", &found.station, None);
    Ok(())
}

/// The station, locked, if the actor may set it up. What refers to it may be stored meanwhile.
pub(super) async fn locked(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    station::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?
        .ok_or_else(no_such)?;
    let found = found(tx.db(), actor, id).await?;
    require(actor, Deed::SetStations, &found.place.path)?;
    Ok(found)
}

/// The station that something belongs to, locked; `none` for whoever may not set it up.
pub(super) async fn locked_of(
    tx: &Tx,
    actor: &Actor,
    station_id: i64,
    none: fn() -> Fault,
) -> Result<Found, Fault> {
    let found = locked(tx, actor, station_id).await;
    found.map_err(|fault| match fault.is_ours() {
        true => fault,
        false => none(),
    })
}

pub(super) fn record_of(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    row: &station::Model,
    detail: Option<Value>,
) {
    record(tx, actor, action, subject(row.id), row.compound_id, detail);
}
