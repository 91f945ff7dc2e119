//! What somebody asked for: to be told of timetables, and what the handbook could not answer. Used by erasure and
//! by retention.

use entity::{handbook_asker, handbook_question, timetable_reader};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::store::Tx;

/// Lets go of it: a question that others asked as well stays, without them.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(tx: &Tx, person: i64) -> Result<(), Fault> {
    timetable_reader::Entity::delete_many()
        .filter(timetable_reader::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    let asked: Vec<i64> = handbook_asker::Entity::find()
        .select_only()
        .column(handbook_asker::Column::QuestionId)
        .filter(handbook_asker::COLUMN.person_id.eq(person))
        .into_tuple()
        .all(tx.db())
        .await?;
    // Locked first, in one order: who asks the same at this moment is among the others.
    handbook_question::Entity::find()
        .select_only()
        .column(handbook_question::Column::Id)
        .filter(handbook_question::COLUMN.id.is_in(asked.iter().copied()))
        .order_by_asc(handbook_question::COLUMN.id)
        .lock_exclusive()
        .into_tuple::<i64>()
        .all(tx.db())
        .await?;
    handbook_asker::Entity::delete_many()
        .filter(handbook_asker::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    let others = Query::select()
        .column(handbook_asker::Column::QuestionId)
        .from(handbook_asker::Entity)
        .and_where(
            handbook_asker::COLUMN
                .question_id
                .is_in(asked.iter().copied()),
        )
        .to_owned();
    handbook_question::Entity::delete_many()
        .filter(handbook_question::COLUMN.id.is_in(asked))
        .filter(handbook_question::Column::Id.not_in_subquery(others))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Removes questions that were asked last before then, at most so many, with who asked them; says how many.
///
/// # Errors
/// The database's.
pub(super) async fn remove_old(tx: &Tx, until: Moment, most: u64) -> Result<u64, Fault> {
    let old: Vec<i64> = handbook_question::Entity::find()
        .select_only()
        .column(handbook_question::Column::Id)
        .filter(handbook_question::COLUMN.last_at.lt(until))
        .order_by_asc(handbook_question::COLUMN.id)
        .limit(most)
        // One that is asked again at this moment is not old.
        .lock_exclusive()
        .into_tuple()
        .all(tx.db())
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    handbook_asker::Entity::delete_many()
        .filter(
            handbook_asker::COLUMN
                .question_id
                .is_in(old.iter().copied()),
        )
        .exec(tx.db())
        .await?;
    let gone = handbook_question::Entity::delete_many()
        .filter(handbook_question::COLUMN.id.is_in(old))
        .exec(tx.db())
        .await?;
    Ok(gone.rows_affected)
}
