//! Asking to be told, and asking no more.

use entity::{timetable, timetable_reader};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::store::Tx;
use crate::timetable::actions::record;
use crate::timetable::queries::{belongs, seen};

/// Timetables that one person may read.
const MOST: u64 = 50;

/// The actor is told from the next time on. Twice is once.
///
/// # Errors
/// `forbidden` for whoever is bound to nothing, or neither lives nor serves there; `not_found` for a timetable
/// of a place that is not theirs; `wrong_step` when it is stopped, or when they read too many.
pub async fn subscribe(tx: &Tx, actor: &Actor, id: i64) -> Result<timetable::Model, Fault> {
    let person_id = actor.require_person()?;
    let row = seen(tx.db(), actor, id, tx.now()).await?.timetable;
    if !belongs(tx.db(), &row, person_id, tx.now()).await? {
        return Err(Fault::forbidden(
            "只有住在这里、在这里服务的人能收这个提醒。",
        ));
    }
    if row.next_at.is_none() {
        return Err(Fault::wrong_step(format!(
            "日程 #{id} 现在停用了。回复“日程”看还有哪些。"
        )));
    }
    let read = timetable_reader::Entity::find()
        .filter(timetable_reader::COLUMN.person_id.eq(person_id))
        .count(tx.db())
        .await?;
    if read >= MOST {
        return Err(Fault::wrong_step(format!(
            "您已经收{MOST}个日程的提醒，先退订一个再订。回复“日程”查看。"
        )));
    }
    let reader = timetable_reader::ActiveModel {
        timetable_id: Set(id),
        person_id: Set(person_id),
        compound_id: Set(row.compound_id),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let key = [
        timetable_reader::Column::TimetableId,
        timetable_reader::Column::PersonId,
    ];
    timetable_reader::Entity::insert(reader)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, &row, "timetable.subscribe", None);
    Ok(row)
}

/// The actor is told no more; also of what is no longer theirs to see.
///
/// # Errors
/// `forbidden` for whoever is bound to nothing; `not_found` when they did not read it.
pub async fn leave(tx: &Tx, actor: &Actor, id: i64) -> Result<timetable::Model, Fault> {
    let person_id = actor.require_person()?;
    let gone = timetable_reader::Entity::delete_many()
        .filter(timetable_reader::COLUMN.timetable_id.eq(id))
        .filter(timetable_reader::COLUMN.person_id.eq(person_id))
        .exec(tx.db())
        .await?;
    let row = timetable::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row
        .filter(|_| gone.rows_affected > 0)
        .ok_or_else(|| Fault::not_found(format!("您没有收日程 #{id} 的提醒，不用退订。")))?;
    record(tx, actor, &row, "timetable.leave", None);
    Ok(row)
}
