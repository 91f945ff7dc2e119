//! Figures of visits, by day and by month, and of what windows did: numbers and nobody's name, for everybody.

use chrono::NaiveDate;
use entity::kinds::VisitWay;
use entity::{station_count, station_served, station_service};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::Fault;
use crate::base::month::Month;

/// The visits of a station on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day in China.
    pub day: NaiveDate,
    /// By the code at the door, bound.
    pub scanned: i64,
    /// By the code, unbound.
    pub passing: i64,
    /// By hand.
    pub by_hand: i64,
}

impl Day {
    /// All of them.
    #[must_use]
    pub const fn whole(&self) -> i64 {
        self.scanned
            .saturating_add(self.passing)
            .saturating_add(self.by_hand)
    }
}

/// The days of a month on which anybody came, the newest first.
///
/// # Errors
/// The database's.
pub async fn days<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
    month: Month,
) -> Result<Vec<Day>, Fault> {
    let rows = station_count::Entity::find()
        .filter(station_count::COLUMN.station_id.eq(station_id))
        .filter(station_count::COLUMN.day.gte(month.first()))
        .filter(station_count::COLUMN.day.lte(month.last()))
        .order_by_desc(station_count::COLUMN.day)
        .all(db)
        .await?;
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        if days.last().is_none_or(|last| last.day != row.day) {
            days.push(Day {
                day: row.day,
                scanned: 0,
                passing: 0,
                by_hand: 0,
            });
        }
        if let Some(last) = days.last_mut() {
            match row.way {
                VisitWay::Scan => last.scanned = row.visits,
                VisitWay::Passing => last.passing = row.visits,
                VisitWay::Desk => last.by_hand = row.visits,
            }
        }
    }
    Ok(days)
}

/// How many came to a station in a month.
///
/// # Errors
/// The database's.
pub async fn in_month<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
    month: Month,
) -> Result<i64, Fault> {
    let days = days(db, station_id, month).await?;
    Ok(days.iter().map(Day::whole).sum())
}

/// How often each window of a station has served somebody in a month, by its name; windows that have not are left
/// out.
///
/// # Errors
/// The database's.
pub async fn at_windows<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
    month: Month,
) -> Result<Vec<(String, i64)>, Fault> {
    let services = station_service::Entity::find()
        .filter(station_service::COLUMN.station_id.eq(station_id))
        .order_by_asc(station_service::COLUMN.window_name)
        .all(db)
        .await?;
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let sums: Vec<(i64, Option<i64>)> = station_served::Entity::find()
        .select_only()
        .column(station_served::Column::ServiceId)
        .column_as(station_served::Column::Served.sum(), "served")
        .filter(station_served::COLUMN.station_id.eq(station_id))
        .filter(station_served::COLUMN.day.gte(month.first()))
        .filter(station_served::COLUMN.day.lte(month.last()))
        .group_by(station_served::Column::ServiceId)
        .into_tuple()
        .all(db)
        .await?;
    let mut windows: Vec<(String, i64)> = Vec::new();
    for service in services {
        let own = sums.iter().find(|(id, _)| *id == service.id);
        let served = own.and_then(|(_, served)| *served).unwrap_or_default();
        match windows.last_mut() {
            Some((name, sum)) if *name == service.window_name => *sum += served,
            _ => windows.push((service.window_name, served)),
        }
    }
    windows.retain(|(_, served)| *served > 0);
    Ok(windows)
}
