//! What a copy holds of stations: what one had, booked and left there, and what one said to it.

use entity::{station_booking, station_deposit, station_loan, station_served, station_step};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::{MOST, maybe, time};
use crate::base::fault::Fault;

/// All of it, the newest first. Visits are numbers and nobody's.
pub(super) async fn stations<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let loans = station_loan::Entity::find()
        .filter(station_loan::COLUMN.borrower_id.eq(person_id))
        .order_by_desc(station_loan::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let bookings = station_booking::Entity::find()
        .filter(station_booking::COLUMN.booker_id.eq(person_id))
        .order_by_desc(station_booking::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let deposits = station_deposit::Entity::find()
        .filter(station_deposit::COLUMN.owner_id.eq(person_id))
        .order_by_desc(station_deposit::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let loan = |row: &station_loan::Model| {
        json!({
            "number": row.id.to_string(), "state": row.state.to_value(), "lent_at": time(row.lent_at),
            "due_at": time(row.due_at), "ended_at": maybe(row.ended_at), "note": row.note,
        })
    };
    let booking = |row: &station_booking::Model| {
        json!({
            "number": row.id.to_string(), "state": row.state.to_value(), "from": time(row.from_at),
            "to": time(row.to_at), "purpose": row.purpose, "reason": row.reason,
        })
    };
    let deposit = |row: &station_deposit::Model| {
        json!({
            "number": row.id.to_string(), "state": row.state.to_value(), "thing": row.thing,
            "left_at": time(row.at), "ended_at": maybe(row.ended_at), "note": row.note,
        })
    };
    Ok(json!({
        "loans": loans.iter().map(loan).collect::<Vec<_>>(),
        "bookings": bookings.iter().map(booking).collect::<Vec<_>>(),
        "deposits": deposits.iter().map(deposit).collect::<Vec<_>>(),
        "own_words": words(db, person_id).await?,
    }))
}

/// What they said, at the desk too.
async fn words<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let said = station_step::Entity::find()
        .filter(station_step::COLUMN.actor_id.eq(person_id))
        .order_by_desc(station_step::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let served = station_served::Entity::find()
        .filter(station_served::COLUMN.by_id.eq(person_id))
        .filter(station_served::COLUMN.note.is_not_null())
        .order_by_desc(station_served::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let step = |row: &station_step::Model| json!({ "of": row.subject, "what": row.action, "words": row.note, "at": time(row.at) });
    let tap = |row: &station_served::Model| json!({ "of": "window", "what": "served", "words": row.note, "at": time(row.at) });
    Ok(said
        .iter()
        .map(step)
        .chain(served.iter().map(tap))
        .collect())
}
