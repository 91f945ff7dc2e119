//! Who has joined a case (我也遇到): reads, and the echo by which they are told what the reporter is
//! told. They never read what others wrote. Used by the actions, by the chat and by the API.

use entity::{case, case_joiner};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::Fault;
use crate::case::remind::{self, kinds};
use crate::reminder::NewReminder;
use crate::store::Tx;

/// Whoever is with a case now, oldest first.
///
/// # Errors
/// The database's.
pub async fn active<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
) -> Result<Vec<case_joiner::Model>, Fault> {
    Ok(case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .order_by_asc(case_joiner::COLUMN.id)
        .all(db)
        .await?)
}

/// The row of one person, if they are with it now.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
    person_id: i64,
) -> Result<Option<case_joiner::Model>, Fault> {
    Ok(case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .filter(case_joiner::COLUMN.person_id.eq(person_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .one(db)
        .await?)
}

/// The cases that somebody has joined, newest first.
///
/// # Errors
/// The database's.
pub async fn joined_by<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let ids: Vec<i64> = case_joiner::Entity::find()
        .select_only()
        .column(case_joiner::Column::CaseId)
        .filter(case_joiner::COLUMN.person_id.eq(person_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .order_by_desc(case_joiner::COLUMN.id)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(case::Entity::find()
        .filter(case::COLUMN.id.is_in(ids))
        .order_by_desc(case::COLUMN.id)
        .all(db)
        .await?)
}

/// What goes to the reporter goes to everybody who has joined, too, in their own words (`remind/say.rs`).
///
/// # Errors
/// The database's.
pub async fn echo(
    tx: &Tx,
    case: &case::Model,
    reminders: &[NewReminder],
) -> Result<Vec<NewReminder>, Fault> {
    let told: Vec<&str> = reminders
        .iter()
        .filter(|item| item.kind == kinds::PROGRESS)
        .filter(|item| item.recipient_id == Some(case.reporter_id))
        .filter_map(|item| item.payload.get("what")?.as_str())
        .collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let people = active(tx.db(), case.id).await?;
    Ok(people
        .iter()
        .flat_map(|joiner| told.iter().map(move |what| (joiner.person_id, *what)))
        .filter(|(person, _)| *person != case.reporter_id)
        .map(|(person, what)| remind::push(case, kinds::PROGRESS, person, what, tx.now()))
        .collect())
}
