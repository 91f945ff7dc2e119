//! What a station lends, lets and does: things, rooms, services of windows. Changed under the lock on the
//! station's row, as all that sets it up.

use entity::kinds::BookingState;
use entity::{station_booking, station_room, station_service, station_thing};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::station::actions::keep::{locked, locked_of, record_of};
use crate::station::actions::{named, within};
use crate::station::queries::Found;
use crate::station::queries::lending::{MOST_THINGS, no_thing};
use crate::station::queries::rooms::{MOST_ROOMS, no_room, rooms_of};
use crate::station::queries::windows::no_service;
use crate::store::Tx;

/// Services of a station, at most.
const MOST_SERVICES: u64 = 50;
/// How many of a thing there may be, for how long it is lent, how many sit in a room.
const QUANTITY: std::ops::RangeInclusive<i32> = 1..=999;
const DAYS: std::ops::RangeInclusive<i32> = 1..=60;
const SEATS: std::ops::RangeInclusive<i32> = 1..=500;

/// A thing as a form writes it.
#[derive(Clone, Copy, Debug)]
pub struct NewThing<'a> {
    /// What stands on it.
    pub code: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// How many.
    pub quantity: i32,
    /// For how many days it is lent.
    pub days: i32,
}

/// Adds something to lend.
///
/// # Errors
/// `not_found`, `forbidden`; `invalid` for words and numbers that cannot be and for a code that is there,
/// `wrong_step` for too many.
pub async fn add_thing(
    tx: &mut Tx,
    actor: &Actor,
    station_id: i64,
    new: NewThing<'_>,
) -> Result<station_thing::Model, Fault> {
    let found = locked(tx, actor, station_id).await?;
    let code = named("code", new.code, "请写编号，例如 工具-03。")?;
    let there = station_thing::Entity::find()
        .filter(station_thing::COLUMN.station_id.eq(station_id))
        .filter(station_thing::COLUMN.removed_at.is_null())
        .all(tx.db())
        .await?;
    if there.iter().any(|thing| thing.code == code) {
        return Err(Fault::invalid("code", "这个编号已经有了，请换一个。"));
    }
    if u64::try_from(there.len()).unwrap_or(u64::MAX) >= MOST_THINGS {
        return Err(Fault::wrong_step(format!("最多登记{MOST_THINGS}种物品。")));
    }
    let row = station_thing::ActiveModel {
        compound_id: Set(found.station.compound_id),
        station_id: Set(station_id),
        code: Set(code),
        name: Set(named("thing", new.name, "请写物品的名称，例如 雨伞。")?),
        quantity: Set(within("quantity", new.quantity, QUANTITY)?),
        lent: Set(0),
        days: Set(within("days", new.days, DAYS)?),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = station_thing::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let detail = json!({ "thing": row.id });
    record_of(tx, actor, "station.thing", &found.station, Some(detail));
    Ok(row)
}

/// The thing that is offered, and its station, locked.
async fn locked_thing(
    tx: &Tx,
    actor: &Actor,
    id: i64,
) -> Result<(Found, station_thing::Model), Fault> {
    let row = station_thing::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_thing)?;
    let found = locked_of(tx, actor, row.station_id, no_thing).await?;
    Ok((found, row))
}

/// Says anew how many there are of a thing and for how long it is lent. What is out stays out.
///
/// # Errors
/// `not_found`, also for whoever may not; `invalid` for a number that cannot be, `conflict` for fewer than are
/// out.
pub async fn change_thing(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    quantity: i32,
    days: i32,
) -> Result<(), Fault> {
    let (found, row) = locked_thing(tx, actor, id).await?;
    let changed = station_thing::Entity::update_many()
        .set(station_thing::ActiveModel {
            quantity: Set(within("quantity", quantity, QUANTITY)?),
            days: Set(within("days", days, DAYS)?),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .col_expr(
            station_thing::Column::Version,
            Expr::col(station_thing::Column::Version).add(1),
        )
        .filter(station_thing::COLUMN.id.eq(id))
        .filter(station_thing::COLUMN.lent.lte(quantity))
        .exec(tx.db())
        .await?;
    if changed.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            format!("“{}”借出的比这个数多，等还回来再改。", row.name),
        ));
    }
    let detail = json!({ "thing": id });
    record_of(tx, actor, "station.thing", &found.station, Some(detail));
    Ok(())
}

/// No longer lends a thing.
///
/// # Errors
/// `not_found`, also for whoever may not; `conflict` while it is out.
pub async fn remove_thing(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let (found, row) = locked_thing(tx, actor, id).await?;
    let removed = station_thing::Entity::update_many()
        .col_expr(station_thing::Column::RemovedAt, Expr::value(tx.now()))
        .filter(station_thing::COLUMN.id.eq(id))
        .filter(station_thing::COLUMN.lent.eq(0))
        .exec(tx.db())
        .await?;
    if removed.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            format!("“{}”还有借出的，等还回来再停借。", row.name),
        ));
    }
    let detail = json!({ "thing": id });
    record_of(tx, actor, "station.thing-off", &found.station, Some(detail));
    Ok(())
}

/// Adds a room that can be booked.
///
/// # Errors
/// As [`add_thing`].
pub async fn add_room(
    tx: &mut Tx,
    actor: &Actor,
    station_id: i64,
    name: &str,
    seats: i32,
) -> Result<station_room::Model, Fault> {
    let found = locked(tx, actor, station_id).await?;
    let name = named("room", name, "请写房间的名称，例如 议事厅。")?;
    let there = rooms_of(tx.db(), &[station_id]).await?;
    if there.iter().any(|room| room.name == name) {
        return Err(Fault::invalid("room", "已经有同名的房间，请换一个名称。"));
    }
    if u64::try_from(there.len()).unwrap_or(u64::MAX) >= MOST_ROOMS {
        return Err(Fault::wrong_step(format!("最多登记{MOST_ROOMS}个房间。")));
    }
    let row = station_room::ActiveModel {
        compound_id: Set(found.station.compound_id),
        station_id: Set(station_id),
        name: Set(name),
        seats: Set(within("seats", seats, SEATS)?),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = station_room::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record_of(tx, actor, "station.room", &found.station, None);
    Ok(row)
}

/// No longer lets a room be booked. The row's lock keeps a booking out that is made meanwhile.
///
/// # Errors
/// `not_found`, also for whoever may not; `wrong_step` while it is booked.
pub async fn remove_room(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let row = station_room::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_room)?;
    let found = locked_of(tx, actor, row.station_id, no_room).await?;
    station_room::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let booked = station_booking::Entity::find()
        .filter(station_booking::COLUMN.room_id.eq(id))
        .filter(station_booking::COLUMN.state.eq(BookingState::Booked))
        .filter(station_booking::COLUMN.to_at.gt(tx.now()))
        .count(tx.db())
        .await?;
    if booked > 0 {
        return Err(Fault::wrong_step(format!(
            "“{}”还有{booked}个预订，取消或用完再停订。",
            row.name
        )));
    }
    station_room::Entity::update_many()
        .col_expr(station_room::Column::RemovedAt, Expr::value(tx.now()))
        .filter(station_room::COLUMN.id.eq(id))
        .exec(tx.db())
        .await?;
    record_of(tx, actor, "station.room-off", &found.station, None);
    Ok(())
}

/// Adds something that a window does.
///
/// # Errors
/// As [`add_thing`].
pub async fn add_service(
    tx: &mut Tx,
    actor: &Actor,
    station_id: i64,
    window: &str,
    name: &str,
) -> Result<station_service::Model, Fault> {
    let found = locked(tx, actor, station_id).await?;
    let window = named("window", window, "请写窗口，例如 1号窗口。")?;
    let name = named("service", name, "请写服务，例如 咨询。")?;
    let there = station_service::Entity::find()
        .filter(station_service::COLUMN.station_id.eq(station_id))
        .filter(station_service::COLUMN.removed_at.is_null())
        .all(tx.db())
        .await?;
    if there
        .iter()
        .any(|one| one.window_name == window && one.name == name)
    {
        return Err(Fault::invalid("service", "这个窗口已经有这项服务。"));
    }
    if u64::try_from(there.len()).unwrap_or(u64::MAX) >= MOST_SERVICES {
        return Err(Fault::wrong_step(format!(
            "最多登记{MOST_SERVICES}项窗口服务。"
        )));
    }
    let row = station_service::ActiveModel {
        compound_id: Set(found.station.compound_id),
        station_id: Set(station_id),
        window_name: Set(window),
        name: Set(name),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = station_service::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record_of(tx, actor, "station.service", &found.station, None);
    Ok(row)
}

/// No longer offers a service. What was counted stays.
///
/// # Errors
/// `not_found`, also for whoever may not.
pub async fn remove_service(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let row = station_service::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_service)?;
    let found = locked_of(tx, actor, row.station_id, no_service).await?;
    station_service::Entity::update_many()
        .col_expr(station_service::Column::RemovedAt, Expr::value(tx.now()))
        .filter(station_service::COLUMN.id.eq(id))
        .exec(tx.db())
        .await?;
    record_of(tx, actor, "station.service-off", &found.station, None);
    Ok(())
}
