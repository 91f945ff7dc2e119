//! Reads of stations, scoped by who asks: whoever lives or serves in the compound sees the stations, keepers
//! see who has what, everybody else their own alone. Nobody else learns that there is one.

pub mod figures;
pub mod lending;
pub mod rooms;
pub mod windows;

use entity::{place, station, station_day, station_facility};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::holders;
use crate::access::permit::{Deed, may, roles};
use crate::base::calendar::Hours;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::place::queries::{in_own_compounds, short_name};
use crate::station::hours::{self, Open};
use crate::store::paging::newest;

/// Stations of one compound, at most.
pub const MOST_STATIONS: u64 = 30;

/// The same answer for a station that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_such() -> Fault {
    Fault::not_found("没有找到这个驿站。回复“驿站”看有哪些。")
}

/// A station with its place, and what the one who asks may do there.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub station: station::Model,
    /// Where it stands.
    pub place: place::Model,
    /// Whether the one who asks keeps it.
    pub keeps: bool,
}

/// A station as everybody in the compound sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row.
    pub station: station::Model,
    /// `1栋`, `桂园小区`
    pub place: String,
    /// What it has, by name.
    pub facilities: Vec<String>,
    /// Its week and its days.
    pub hours: Option<Hours>,
    /// What of it holds now.
    pub open: Open,
}

impl Seen {
    /// Its week, as people read it.
    #[must_use]
    pub fn week(&self) -> String {
        let week = self.hours.as_ref().map(|hours| hours.week.says());
        week.unwrap_or_else(|| self.station.hours.clone())
    }

    /// The same in a sentence: `每天 08:00-18:00` where all days are alike.
    #[must_use]
    pub fn opens(&self) -> String {
        let week = self.week();
        match week.strip_prefix("周一至周日") {
            Some(hours) => format!("每天{hours}"),
            None => week,
        }
    }
}

/// By key, though it is closed for good; not scoped, for composing and for clocks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<station::Model>, Fault> {
    Ok(station::Entity::find_by_id(id).one(db).await?)
}

/// One station that is not closed for good, if the actor may know of it.
///
/// # Errors
/// `not_found`, also when it is of another compound.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let row = by_id(db, id).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_such)?;
    let place = crate::place::queries::by_id(db, row.place_id).await?;
    let place = place.ok_or_else(no_such)?;
    let keeps = may(actor, Deed::KeepStations, &place.path);
    let sets = may(actor, Deed::SetStations, &place.path);
    if keeps || sets || actor.belongs(row.compound_id, &place.path) {
        Ok(Found {
            station: row,
            place,
            keeps,
        })
    } else {
        Err(no_such())
    }
}

/// One station, if the actor keeps it.
///
/// # Errors
/// `not_found` for one that is not theirs to see, `forbidden` for one that is and that they do not keep.
pub async fn kept<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(db, actor, id).await?;
    match found.keeps {
        true => Ok(found),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// A page of the stations that the actor may know of, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    actor.require_person()?;
    let query = station::Entity::find()
        .filter(in_own_compounds(station::Column::CompoundId, actor))
        .filter(station::COLUMN.removed_at.is_null());
    let page = newest(db, query, station::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, page.items, now).await?,
        next: page.next,
    })
}

/// Who keeps the newest station that the actor may know of, by post: `驿站“红色驿站”由业委会主任、物业经理管`; none when
/// there is no station.
///
/// # Errors
/// As [`page`].
pub async fn kept_by<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
) -> Result<Option<String>, Fault> {
    let newest = Slice::first(1);
    let found = page(db, actor, now, newest).await?.items.into_iter().next();
    let Some(row) = found.map(|seen| seen.station) else {
        return Ok(None);
    };
    let place = crate::place::queries::by_id(db, row.place_id).await?;
    let place = place.ok_or_else(no_such)?;
    let keepers = holders::holders(db, &place.path, roles(Deed::KeepStations), now).await?;
    // Those of the place itself, or the nearest above it.
    let nearest = keepers.first().map(|holder| holder.depth);
    let mut posts: Vec<&str> = Vec::new();
    for holder in keepers.iter().filter(|one| Some(one.depth) == nearest) {
        let post = holders::says(holder.role);
        if !posts.contains(&post) {
            posts.push(post);
        }
    }
    let who = match posts.is_empty() {
        true => "社区".to_owned(),
        false => posts.join("、"),
    };
    Ok(Some(format!("驿站“{}”由{who}管", row.name)))
}

/// One station as everybody in the compound sees it.
///
/// # Errors
/// As [`found`].
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
    id: i64,
) -> Result<Seen, Fault> {
    let row = found(db, actor, id).await?.station;
    let mut all = show(db, vec![row], now).await?;
    all.pop().ok_or_else(no_such)
}

/// The stations of a compound, oldest first: for everybody.
///
/// # Errors
/// The database's.
pub async fn of_compound<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    now: Moment,
) -> Result<Vec<Seen>, Fault> {
    let rows = station::Entity::find()
        .filter(station::COLUMN.compound_id.eq(compound_id))
        .filter(station::COLUMN.removed_at.is_null())
        .order_by_asc(station::COLUMN.id)
        .limit(MOST_STATIONS)
        .all(db)
        .await?;
    show(db, rows, now).await
}

/// The station of a code at a door, whoever scans it; none when it is closed for good.
///
/// # Errors
/// The database's.
pub async fn scanned<C: ConnectionTrait>(
    db: &C,
    id: i64,
    now: Moment,
) -> Result<Option<Seen>, Fault> {
    let row = by_id(db, id).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    Ok(show(db, row.into_iter().collect(), now).await?.pop())
}

async fn show<C: ConnectionTrait>(
    db: &C,
    rows: Vec<station::Model>,
    now: Moment,
) -> Result<Vec<Seen>, Fault> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .all(db)
        .await?;
    let days = station_day::Entity::find()
        .filter(station_day::COLUMN.station_id.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let facilities = station_facility::Entity::find()
        .filter(station_facility::COLUMN.station_id.is_in(ids))
        .order_by_asc(station_facility::COLUMN.id)
        .all(db)
        .await?;
    let one = |row: station::Model| {
        let place = places.iter().find(|place| place.id == row.place_id);
        let own = facilities.iter().filter(|one| one.station_id == row.id);
        let hours = hours::of(&row, &days);
        Seen {
            place: place.map_or_else(String::new, |place| short_name(place).to_owned()),
            facilities: own.map(|one| one.name.clone()).collect(),
            open: hours
                .as_ref()
                .map_or(Open::Closed, |hours| hours::at(hours, now)),
            hours,
            station: row,
        }
    };
    Ok(rows.into_iter().map(one).collect())
}

/// The week and the days of a station.
///
/// # Errors
/// The database's; `wrong_step` when it has no hours, which no action lets in.
pub async fn hours_of<C: ConnectionTrait>(db: &C, row: &station::Model) -> Result<Hours, Fault> {
    let days = days_of(db, row.id).await?;
    hours::of(row, &days).ok_or_else(|| Fault::wrong_step("驿站还没有写开门时间，请告诉工作人员。"))
}

/// The days of a station that are not as its week says.
///
/// # Errors
/// The database's.
pub async fn days_of<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
) -> Result<Vec<station_day::Model>, Fault> {
    let rows = station_day::Entity::find()
        .filter(station_day::COLUMN.station_id.eq(station_id))
        .order_by_asc(station_day::COLUMN.day)
        .all(db)
        .await?;
    Ok(rows)
}
