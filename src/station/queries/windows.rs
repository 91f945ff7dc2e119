//! Windows of stations: what they do for people, how often, and what was left there. Seen by keepers; whoever
//! left something sees their own.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::kinds::DepositState;
use entity::{station_deposit, station_served, station_service};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::person::queries::names;
use crate::station::queries::kept;
use crate::store::paging::newest;

/// States in which a thing is on the shelf.
pub const ON_SHELF: [DepositState; 2] = [DepositState::Kept, DepositState::Unclaimed];

/// The same answer for a service that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_service() -> Fault {
    Fault::not_found("没有找到这项窗口服务。")
}

/// The same for a deposit.
#[must_use]
pub fn no_deposit(id: i64) -> Fault {
    Fault::not_found(format!("没有找到寄存 #{id}。"))
}

/// A service with how often it was done.
#[derive(Clone, Debug)]
pub struct Service {
    /// The row.
    pub row: station_service::Model,
    /// On the day.
    pub day: i64,
    /// In the month so far.
    pub month: i64,
}

/// A service that is offered, if the actor keeps its station.
///
/// # Errors
/// `not_found`, also for whoever does not keep it.
pub async fn service<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<station_service::Model, Fault> {
    let row = station_service::Entity::find_by_id(id).one(db).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_service)?;
    match kept(db, actor, row.station_id).await {
        Ok(_) => Ok(row),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(_) => Err(no_service()),
    }
}

/// The services that a station offers, window by window; not scoped.
///
/// # Errors
/// The database's.
pub async fn offered<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
) -> Result<Vec<station_service::Model>, Fault> {
    let rows = station_service::Entity::find()
        .filter(station_service::COLUMN.station_id.eq(station_id))
        .filter(station_service::COLUMN.removed_at.is_null())
        .order_by_asc(station_service::COLUMN.window_name)
        .order_by_asc(station_service::COLUMN.id)
        .all(db)
        .await?;
    Ok(rows)
}

#[derive(FromQueryResult)]
struct Sum {
    service_id: i64,
    day: NaiveDate,
    served: Option<i64>,
}

/// The services of a station, window by window, with how often each was done on a day and in its month; those
/// that are no longer offered while they count.
///
/// # Errors
/// As [`kept`]; the database's.
pub async fn services<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    station_id: i64,
    day: NaiveDate,
) -> Result<Vec<Service>, Fault> {
    kept(db, actor, station_id).await?;
    let month = crate::base::month::Month::of(day);
    let rows = station_service::Entity::find()
        .filter(station_service::COLUMN.station_id.eq(station_id))
        .order_by_asc(station_service::COLUMN.window_name)
        .order_by_asc(station_service::COLUMN.id)
        .all(db)
        .await?;
    let sums = station_served::Entity::find()
        .select_only()
        .column(station_served::Column::ServiceId)
        .column(station_served::Column::Day)
        .column_as(station_served::Column::Served.sum(), "served")
        .filter(station_served::COLUMN.station_id.eq(station_id))
        .filter(station_served::COLUMN.day.gte(month.first()))
        .filter(station_served::COLUMN.day.lte(day))
        .group_by(station_served::Column::ServiceId)
        .group_by(station_served::Column::Day)
        .into_model::<Sum>()
        .all(db)
        .await?;
    let one = |row: station_service::Model| {
        let own = sums.iter().filter(|sum| sum.service_id == row.id);
        let count = |sum: &Sum| sum.served.unwrap_or_default();
        let today = own.clone().filter(|sum| sum.day == day);
        Service {
            day: today.map(count).sum(),
            month: own.map(count).sum(),
            row,
        }
    };
    let all = rows.into_iter().map(one);
    Ok(all
        .filter(|one| one.row.removed_at.is_none() || one.month > 0)
        .collect())
}

/// How often a service was done on a day; not scoped.
///
/// # Errors
/// The database's.
pub async fn served_on<C: ConnectionTrait>(
    db: &C,
    service_id: i64,
    day: NaiveDate,
) -> Result<i64, Fault> {
    let rows = station_served::Entity::find()
        .filter(station_served::COLUMN.service_id.eq(service_id))
        .filter(station_served::COLUMN.day.eq(day))
        .all(db)
        .await?;
    Ok(rows.iter().map(|row| i64::from(row.served)).sum())
}

/// A deposit with its owner.
#[derive(Clone, Debug)]
pub struct Deposit {
    /// The row.
    pub row: station_deposit::Model,
    /// Whose; for keepers alone, where it is known.
    pub owner: Option<String>,
}

/// A deposit, if the actor keeps its station.
///
/// # Errors
/// `not_found`, also for whoever does not keep it.
pub async fn deposit<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<station_deposit::Model, Fault> {
    let row = station_deposit::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_deposit(id))?;
    match kept(db, actor, row.station_id).await {
        Ok(_) => Ok(row),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(_) => Err(no_deposit(id)),
    }
}

/// Whose deposits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The actor's own.
    Mine,
    /// On the shelf of a station that the actor keeps.
    OnShelf(i64),
    /// Collected or cleared away, of such a station.
    Gone(i64),
}

/// A page of deposits, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing or does not keep the station, `not_found` for a station
/// that is not theirs to see; the database's.
pub async fn deposits<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    left: Left,
    slice: Slice,
) -> Result<Page<Deposit>, Fault> {
    let person = actor.require_person()?;
    let query = station_deposit::Entity::find();
    let (query, keeps) = match left {
        Left::Mine => (
            query.filter(station_deposit::COLUMN.owner_id.eq(person)),
            false,
        ),
        Left::OnShelf(id) | Left::Gone(id) => {
            kept(db, actor, id).await?;
            let query = query.filter(station_deposit::COLUMN.station_id.eq(id));
            let query = match left {
                Left::Gone(_) => query.filter(station_deposit::COLUMN.ended_at.is_not_null()),
                _ => query.filter(station_deposit::COLUMN.state.is_in(ON_SHELF)),
            };
            (query, true)
        }
    };
    let page = newest(db, query, station_deposit::Column::Id, slice, |row| row.id).await?;
    let names = match keeps {
        true => names(db, page.items.iter().filter_map(|row| row.owner_id)).await?,
        false => HashMap::new(),
    };
    let one = |row: station_deposit::Model| Deposit {
        owner: row.owner_id.and_then(|id| names.get(&id).cloned()),
        row,
    };
    Ok(Page {
        items: page.items.into_iter().map(one).collect(),
        next: page.next,
    })
}

/// How many things lie on the shelf of a station; not scoped.
///
/// # Errors
/// The database's.
pub async fn on_shelf<C: ConnectionTrait>(db: &C, station_id: i64) -> Result<u64, Fault> {
    let count = station_deposit::Entity::find()
        .filter(station_deposit::COLUMN.station_id.eq(station_id))
        .filter(station_deposit::COLUMN.state.is_in(ON_SHELF))
        .count(db);
    Ok(count.await?)
}
