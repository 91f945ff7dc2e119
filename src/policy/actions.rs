//! Setting and removing policies and calendars: whoever may set clocks at the place, by
//! compare-and-set on a version, so that two who change the same thing do not undo each other. Clocks
//! that run keep what was promised; the next ones take the new figures.

use entity::{calendar, calendar_day, place, response_policy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::holders::path_ids;
use crate::access::permit::{Deed, require};
use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::base::text::clean;
use crate::policy::Slot;
use crate::policy::queries::{row_of, seen_place, to_choose};
use crate::policy::rules::{Absurd, Figures, Timetable};
use crate::store::insert::insert_chunked;
use crate::store::{Tx, is_unique_violation};

/// Most characters of a calendar's name.
const MOST_NAME: usize = 20;

/// Sets what holds for a slot. `version` is the one that was seen; none where there was no row.
///
/// # Errors
/// `not_found` for a place that is not theirs to see or a calendar that cannot be chosen there,
/// `forbidden` for who may not set clocks there, `invalid` for figures that contradict themselves,
/// `conflict` when somebody was first.
pub async fn set(
    tx: &mut Tx,
    actor: &Actor,
    slot: Slot,
    figures: Figures,
    calendar_id: Option<i64>,
    version: Option<i32>,
) -> Result<response_policy::Model, Fault> {
    let place = settable(tx, actor, slot.place_id).await?;
    figures.check().map_err(invalid)?;
    if let Some(id) = calendar_id {
        let found = calendar::Entity::find_by_id(id)
            .filter(to_choose(&path_ids(&place.path)))
            .one(tx.db())
            .await?;
        found.ok_or_else(no_calendar)?;
    }
    let now = tx.now();
    let mut row = response_policy::ActiveModel {
        accept_minutes: Set(figures.accept_minutes),
        arrive_minutes: Set(figures.arrive_minutes),
        finish_minutes: Set(figures.finish_minutes),
        plan_minutes: Set(figures.plan_minutes),
        calendar_id: Set(calendar_id),
        version: Set(version.unwrap_or_default().saturating_add(1)),
        updated_at: Set(now),
        ..Default::default()
    };
    let stored = match (row_of(tx.db(), slot).await?, version) {
        (None, None) => {
            row.place_id = Set(slot.place_id);
            row.grade = Set(slot.grade);
            row.level = Set(slot.level);
            row.created_at = Set(now);
            let inserted = response_policy::Entity::insert(row).exec_with_returning(tx.db());
            inserted
                .await
                .map_err(|error| match is_unique_violation(&error) {
                    true => taken(),
                    false => error.into(),
                })?
        }
        (Some(old), Some(version)) => {
            let mut changed = response_policy::Entity::update_many()
                .set(row)
                .filter(response_policy::COLUMN.id.eq(old.id))
                .filter(response_policy::COLUMN.version.eq(version))
                .exec_with_returning(tx.db())
                .await?;
            changed.pop().ok_or_else(taken)?
        }
        _ => return Err(taken()),
    };
    let detail = json!({
        "grade": stored.grade.to_value(), "level": stored.level.map(|level| level.to_value()),
        "calendar": calendar_id,
        "accept": figures.accept_minutes, "arrive": figures.arrive_minutes,
        "finish": figures.finish_minutes, "plan": figures.plan_minutes,
    });
    audit::record_at(tx, actor, "policy.set", &place, detail);
    Ok(stored)
}

/// Takes away what holds for a slot: the place above counts again.
///
/// # Errors
/// As [`set`]; `not_found` when there is no such row.
pub async fn remove(tx: &mut Tx, actor: &Actor, slot: Slot, version: i32) -> Result<(), Fault> {
    let place = settable(tx, actor, slot.place_id).await?;
    let row = row_of(tx.db(), slot).await?;
    let row = row.ok_or_else(|| Fault::not_found("这里没有单独设置时限，不用删除。"))?;
    let removed = response_policy::Entity::delete_many()
        .filter(response_policy::COLUMN.id.eq(row.id))
        .filter(response_policy::COLUMN.version.eq(version))
        .exec(tx.db())
        .await?;
    if removed.rows_affected != 1 {
        return Err(taken());
    }
    let detail =
        json!({ "grade": row.grade.to_value(), "level": row.level.map(|level| level.to_value()) });
    audit::record_at(tx, actor, "policy.remove", &place, detail);
    Ok(())
}

/// Makes a calendar for a place and all below.
///
/// # Errors
/// As [`set`]; `invalid` for hours that cannot be read or are never open, and for a name that is there.
pub async fn add_calendar(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    name: &str,
    table: &Timetable,
) -> Result<calendar::Model, Fault> {
    let place = settable(tx, actor, place_id).await?;
    let name = named(name)?;
    let hours = table.read().map_err(invalid)?.week.to_string();
    let row = calendar::ActiveModel {
        name: Set(name),
        place_id: Set(Some(place_id)),
        hours: Set(hours),
        public_holidays: Set(table.public_holidays),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let inserted = calendar::Entity::insert(row).exec_with_returning(tx.db());
    let row = inserted.await.map_err(named_twice)?;
    set_days(tx, row.id, table).await?;
    record_calendar(tx, actor, "calendar.add", &place, row.id);
    Ok(row)
}

/// Changes a calendar of a place. Ends that were promised stay; a pause that ends later goes by the
/// new hours.
///
/// # Errors
/// As [`add_calendar`]; `not_found` for one that belongs to no place of theirs.
pub async fn change_calendar(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    version: i32,
    name: &str,
    table: &Timetable,
) -> Result<calendar::Model, Fault> {
    let place = own_calendar(tx, actor, id).await?;
    let name = named(name)?;
    let hours = table.read().map_err(invalid)?.week.to_string();
    let change = calendar::ActiveModel {
        name: Set(name),
        hours: Set(hours),
        public_holidays: Set(table.public_holidays),
        version: Set(version.saturating_add(1)),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = compare_and_set(tx, id, version, change).await?;
    calendar_day::Entity::delete_many()
        .filter(calendar_day::COLUMN.calendar_id.eq(id))
        .exec(tx.db())
        .await?;
    set_days(tx, id, table).await?;
    record_calendar(tx, actor, "calendar.change", &place, id);
    Ok(row)
}

/// Takes a calendar away. The clocks that run by it go on.
///
/// # Errors
/// As [`change_calendar`]; `wrong_step` while a policy names it.
pub async fn remove_calendar(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    version: i32,
) -> Result<(), Fault> {
    let place = own_calendar(tx, actor, id).await?;
    let used = response_policy::Entity::find()
        .filter(response_policy::COLUMN.calendar_id.eq(id))
        .one(tx.db())
        .await?;
    if used.is_some() {
        return Err(Fault::wrong_step(
            "还有时限在用这个日历，请先把那些时限改成别的日历。",
        ));
    }
    let change = calendar::ActiveModel {
        removed_at: Set(Some(tx.now())),
        version: Set(version.saturating_add(1)),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    compare_and_set(tx, id, version, change).await?;
    record_calendar(tx, actor, "calendar.remove", &place, id);
    Ok(())
}

/// The place, if the actor may set clocks there.
async fn settable(tx: &Tx, actor: &Actor, place_id: i64) -> Result<place::Model, Fault> {
    let place = seen_place(tx.db(), actor, place_id).await?;
    require(actor, Deed::SetClocks, &place.path)?;
    Ok(place)
}

/// The place of a calendar that the actor may change. Those for all are the program's own.
async fn own_calendar(tx: &Tx, actor: &Actor, id: i64) -> Result<place::Model, Fault> {
    let row = calendar::Entity::find_by_id(id)
        .filter(calendar::COLUMN.removed_at.is_null())
        .one(tx.db())
        .await?;
    let place_id = row.and_then(|row| row.place_id).ok_or_else(no_calendar)?;
    settable(tx, actor, place_id).await.map_err(|fault| {
        // Whether another place has such a calendar is not for everybody to know.
        match fault.code {
            Code::NotFound => no_calendar(),
            _ => fault,
        }
    })
}

async fn compare_and_set(
    tx: &Tx,
    id: i64,
    version: i32,
    change: calendar::ActiveModel,
) -> Result<calendar::Model, Fault> {
    let changed = calendar::Entity::update_many()
        .set(change)
        .filter(calendar::COLUMN.id.eq(id))
        .filter(calendar::COLUMN.version.eq(version))
        .exec_with_returning(tx.db())
        .await;
    changed.map_err(named_twice)?.pop().ok_or_else(taken)
}

async fn set_days(tx: &Tx, id: i64, table: &Timetable) -> Result<(), Fault> {
    let rows = table
        .days
        .iter()
        .map(|(day, hours)| calendar_day::ActiveModel {
            calendar_id: Set(id),
            day: Set(*day),
            hours: Set(hours.clone()),
        });
    insert_chunked(tx.db(), rows.collect()).await
}

fn named(name: &str) -> Result<String, Fault> {
    let name = clean(name);
    let fits = (1..=MOST_NAME).contains(&name.chars().count()) && !name.contains('\n');
    fits.then_some(name)
        .ok_or_else(|| Fault::invalid("name", format!("请写日历名称，最多{MOST_NAME}个字。")))
}

fn named_twice(error: sea_orm::DbErr) -> Fault {
    match is_unique_violation(&error) {
        true => Fault::invalid("name", "这里已有同名的日历，请换一个名称。"),
        false => error.into(),
    }
}

fn invalid((field, why): Absurd) -> Fault {
    Fault::invalid(field, format!("{why}。"))
}

fn no_calendar() -> Fault {
    Fault::not_found("没有找到这个日历。")
}

fn taken() -> Fault {
    Fault::new(Code::Conflict, "刚刚被别人改过，请刷新后再改。")
}

fn record_calendar(tx: &Tx, actor: &Actor, action: &str, place: &place::Model, id: i64) {
    audit::record_at(tx, actor, action, place, json!({ "calendar": id }));
}
