//! Reads of attachments. Any noun may use them.

use std::collections::HashMap;

use entity::attachment;
use entity::kinds::AttachmentState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::base::clock::Moment;
use crate::base::fault::Fault;

/// States of what is there, or will be.
const KEPT: [AttachmentState; 2] = [AttachmentState::Pending, AttachmentState::Stored];

/// By key: not scoped, the caller asks who may see what it belongs to.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<attachment::Model>, Fault> {
    Ok(attachment::Entity::find_by_id(id).one(db).await?)
}

/// What belongs to a subject (`case:12`), oldest first; what was refused or lost is left out.
///
/// # Errors
/// The database's.
pub async fn of_subject<C: ConnectionTrait>(
    db: &C,
    subject: &str,
) -> Result<Vec<attachment::Model>, Fault> {
    Ok(attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(subject))
        .filter(attachment::COLUMN.state.is_in(KEPT))
        .order_by_asc(attachment::COLUMN.id)
        .all(db)
        .await?)
}

/// The same of several subjects, by subject, in one statement; those that have nothing are left out.
///
/// # Errors
/// The database's.
pub async fn of_subjects<C: ConnectionTrait>(
    db: &C,
    subjects: Vec<String>,
) -> Result<HashMap<String, Vec<attachment::Model>>, Fault> {
    let mut found: HashMap<String, Vec<attachment::Model>> = HashMap::new();
    if subjects.is_empty() {
        return Ok(found);
    }
    let rows = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.is_in(subjects))
        .filter(attachment::COLUMN.state.is_in(KEPT))
        .order_by_asc(attachment::COLUMN.id)
        .all(db)
        .await?;
    for row in rows {
        if let Some(subject) = row.subject.clone() {
            found.entry(subject).or_default().push(row);
        }
    }
    Ok(found)
}

/// How many of these are pictures, or are sent as such.
///
/// # Errors
/// The database's.
pub async fn count_pictures<C: ConnectionTrait>(db: &C, ids: &[i64]) -> Result<u64, Fault> {
    Ok(attachment::Entity::find()
        .filter(attachment::COLUMN.id.is_in(ids.iter().copied()))
        .filter(attachment::COLUMN.kind.eq("image"))
        .count(db)
        .await?)
}

/// What an account has sent by chat since then and given to nothing yet, the newest first.
///
/// # Errors
/// The database's.
pub async fn unfiled<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
    since: Moment,
    most: u64,
) -> Result<Vec<i64>, Fault> {
    Ok(attachment::Entity::find()
        .select_only()
        .column(attachment::Column::Id)
        .filter(attachment::COLUMN.account_id.eq(account_id))
        .filter(attachment::COLUMN.subject.is_null())
        .filter(attachment::COLUMN.state.is_in(KEPT))
        .filter(attachment::COLUMN.media_id.ne(""))
        .filter(attachment::COLUMN.created_at.gte(since))
        .order_by_desc(attachment::COLUMN.id)
        .limit(most)
        .into_tuple::<i64>()
        .all(db)
        .await?)
}
