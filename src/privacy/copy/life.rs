//! What a copy holds of somebody's part in the community: activities they signed up for, and their service as a
//! volunteer.

use entity::{activity, activity_signup, volunteer, volunteer_service, volunteer_task};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::{MOST, maybe, time};
use crate::base::fault::Fault;

/// Activities that they signed up for.
pub(super) async fn activities<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<Value>, Fault> {
    let rows = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.person_id.eq(person_id))
        .order_by_desc(activity_signup::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let of = activity::Entity::find()
        .filter(
            activity::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.activity_id)),
        )
        .all(db)
        .await?;
    let view = |row: &activity_signup::Model| {
        let activity = of.iter().find(|one| one.id == row.activity_id);
        json!({
            "number": row.activity_id.to_string(), "title": activity.map(|one| &one.title),
            "starts_at": activity.map(|one| time(one.starts_at)), "people": row.size,
            "state": row.state.to_value(), "came_at": maybe(row.checked_at),
            "since": time(row.created_at),
        })
    };
    Ok(rows.iter().map(view).collect())
}

/// Where they are or were a volunteer, and what they served.
pub(super) async fn service<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let own = volunteer::Entity::find()
        .filter(volunteer::COLUMN.person_id.eq(person_id))
        .order_by_desc(volunteer::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let rows = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.person_id.eq(person_id))
        .order_by_desc(volunteer_service::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let tasks = volunteer_task::Entity::find()
        .filter(
            volunteer_task::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.task_id)),
        )
        .all(db)
        .await?;
    let registered = own.iter().map(|row| {
        json!({
            "party": row.party, "unit": row.unit, "named": row.named,
            "state": row.state.to_value(), "since": time(row.created_at),
        })
    });
    let served = rows.iter().map(|row| {
        let task = tasks.iter().find(|task| task.id == row.task_id);
        json!({
            "number": row.task_id.to_string(), "title": task.map(|task| &task.title),
            "state": row.state.to_value(), "from": maybe(row.in_at), "until": maybe(row.out_at),
            "minutes": row.minutes, "reason": row.reason,
        })
    });
    Ok(json!({
        "registered": registered.collect::<Vec<_>>(),
        "served": served.collect::<Vec<_>>(),
    }))
}
