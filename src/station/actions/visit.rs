//! Who comes: counted by the code at the door, once an hour each, and by hand. What is kept is a number a day;
//! that somebody was there is known to a keyed digest alone, for a day.

use chrono::TimeDelta;
use entity::kinds::{ActorKind, VisitWay};
use entity::{station, station_count, station_visitor};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::Actor;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::station::actions::record;
use crate::station::queries::kept;
use crate::station::{mark, queries, subject};
use crate::store::Tx;

/// Minutes within which somebody is counted once.
const ONCE_MINUTES: i64 = 60;
/// Visits that are counted by hand at once, at most.
const MOST_AT_ONCE: i64 = 500;

/// Counts whoever scanned the code at the door; false when they were counted within the hour. The one
/// statement says which of two scans at the same moment counts.
///
/// # Errors
/// The database's.
pub async fn scan(
    tx: &Tx,
    app: &App,
    row: &station::Model,
    person_id: Option<i64>,
    account_id: i64,
) -> Result<bool, Fault> {
    let at = Expr::col((station_visitor::Entity, station_visitor::Column::At));
    let again = OnConflict::columns([
        station_visitor::Column::StationId,
        station_visitor::Column::Mark,
    ])
    .update_column(station_visitor::Column::At)
    .action_and_where(at.lte(tx.now() - TimeDelta::minutes(ONCE_MINUTES)))
    .to_owned();
    let visitor = station_visitor::ActiveModel {
        station_id: Set(row.id),
        mark: Set(mark(&app.seal, person_id, account_id)),
        compound_id: Set(row.compound_id),
        at: Set(tx.now()),
    };
    let counted = station_visitor::Entity::insert(visitor)
        .on_conflict(again)
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    if !matches!(counted, sea_orm::TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(false);
    }
    let way = match person_id {
        Some(_) => VisitWay::Scan,
        None => VisitWay::Passing,
    };
    put(tx, row, way, 1).await?;
    Ok(true)
}

/// Adds to the number of a day.
async fn put(tx: &Tx, row: &station::Model, way: VisitWay, visits: i64) -> Result<(), Fault> {
    let counted = station_count::ActiveModel {
        station_id: Set(row.id),
        day: Set(china(tx.now()).date_naive()),
        way: Set(way),
        compound_id: Set(row.compound_id),
        visits: Set(visits),
    };
    let sum = Expr::col((station_count::Entity, station_count::Column::Visits)).add(visits);
    station_count::Entity::insert(counted)
        .on_conflict(
            OnConflict::columns([
                station_count::Column::StationId,
                station_count::Column::Day,
                station_count::Column::Way,
            ])
            .value(station_count::Column::Visits, sum)
            .to_owned(),
        )
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Counts so many by hand, today; below zero takes back what was counted too much by hand.
///
/// # Errors
/// `not_found`, `forbidden`; `invalid` for none, too many at once, and for more to be taken back than were
/// counted by hand today.
pub async fn count(tx: &mut Tx, actor: &Actor, station_id: i64, visits: i64) -> Result<(), Fault> {
    if visits == 0 || !(-MOST_AT_ONCE..=MOST_AT_ONCE).contains(&visits) {
        return Err(Fault::invalid(
            "visits",
            format!("请写1到{MOST_AT_ONCE}的人次；记多了写负数，例如 -3。"),
        ));
    }
    let row = kept(tx.db(), actor, station_id).await?.station;
    if visits < 0 {
        // Two who take back at once do not take back more than there is.
        station::Entity::find_by_id(station_id)
            .lock(LockType::NoKeyUpdate)
            .one(tx.db())
            .await?
            .ok_or_else(queries::no_such)?;
        let today = station_count::Entity::find()
            .filter(station_count::COLUMN.station_id.eq(station_id))
            .filter(station_count::COLUMN.day.eq(china(tx.now()).date_naive()))
            .filter(station_count::COLUMN.way.eq(VisitWay::Desk))
            .one(tx.db())
            .await?;
        let there = today.map_or(0, |day| day.visits);
        if there + visits < 0 {
            return Err(Fault::invalid(
                "visits",
                format!("今天手工记了{there}人次，不能减得比这多。"),
            ));
        }
    }
    put(tx, &row, VisitWay::Desk, visits).await?;
    let actor = actor.acting(ActorKind::Staff);
    let detail = json!({ "visits": visits });
    record(
        tx,
        &actor,
        "station.visits",
        subject(row.id),
        row.compound_id,
        Some(detail),
    );
    Ok(())
}
