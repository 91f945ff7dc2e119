//! Reads of moderation: what others may see, and what waits for a person. Any noun may use them.

use std::collections::{HashMap, HashSet};

use entity::kinds::ModerationState;
use entity::{moderation, place};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::place::queries::within_reach;
use crate::store::paging::newest;

/// The same answer for one that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!(
        "没有找到待审核的内容 #{id}。回复“审核”看还有哪些。"
    ))
}

/// What others may see of a part: what was handed in last, once it has passed. None until then.
///
/// # Errors
/// The database's.
pub async fn shown<C: ConnectionTrait>(
    db: &C,
    subject: &str,
    part: &str,
) -> Result<Option<String>, Fault> {
    let last = last(db, subject, part).await?;
    let passed = last.filter(|row| row.state == ModerationState::Passed);
    Ok(passed.map(|row| row.content))
}

/// What was handed in last for a part, whatever became of it.
///
/// # Errors
/// The database's.
pub async fn last<C: ConnectionTrait>(
    db: &C,
    subject: &str,
    part: &str,
) -> Result<Option<moderation::Model>, Fault> {
    Ok(moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(subject))
        .filter(moderation::COLUMN.part.eq(part))
        .order_by_desc(moderation::COLUMN.id)
        .one(db)
        .await?)
}

/// Subjects of which this person's words for a part were refused, and nothing was handed in since;
/// the newest first.
///
/// # Errors
/// The database's.
pub async fn refused<C: ConnectionTrait>(
    db: &C,
    author_id: i64,
    part: &str,
    most: u64,
) -> Result<Vec<String>, Fault> {
    let rows = moderation::Entity::find()
        .filter(moderation::COLUMN.author_id.eq(author_id))
        .filter(moderation::COLUMN.part.eq(part))
        .filter(moderation::COLUMN.state.eq(ModerationState::Refused))
        .order_by_desc(moderation::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    let mut subjects = Vec::new();
    for row in rows {
        let last = last(db, &row.subject, part).await?;
        if last.is_some_and(|last| last.id == row.id) {
            subjects.push(row.subject);
        }
    }
    Ok(subjects)
}

/// Whether a part was handed in before, whatever came of it.
///
/// # Errors
/// The database's.
pub async fn is_known<C: ConnectionTrait>(
    db: &C,
    subject: &str,
    part: &str,
) -> Result<bool, Fault> {
    let count = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(subject))
        .filter(moderation::COLUMN.part.eq(part))
        .count(db)
        .await?;
    Ok(count > 0)
}

/// The same for many subjects; those that nobody else may see are not among them.
///
/// # Errors
/// The database's.
pub async fn all_shown<C: ConnectionTrait>(
    db: &C,
    subjects: Vec<String>,
    part: &str,
) -> Result<HashMap<String, String>, Fault> {
    let rows = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.is_in(subjects))
        .filter(moderation::COLUMN.part.eq(part))
        .order_by_asc(moderation::COLUMN.id)
        .all(db)
        .await?;
    let mut shown = HashMap::new();
    for row in rows {
        // What was handed in last decides.
        if row.state == ModerationState::Passed {
            shown.insert(row.subject, row.content);
        } else {
            shown.remove(&row.subject);
        }
    }
    Ok(shown)
}

/// Whether what was handed in last for a part has passed, for a statement in which `subject` names it. By a sum of the
/// key, so that the few of a subject are not looked for among all there are.
#[must_use]
pub fn has_passed(subject: Expr, part: &str) -> Expr {
    let column = |column| Expr::col((moderation::Entity, column));
    let last = Query::select()
        .column((moderation::Entity, moderation::Column::State))
        .from(moderation::Entity)
        .and_where(column(moderation::Column::Subject).eq(subject))
        .and_where(column(moderation::Column::Part).eq(part))
        .order_by_expr(column(moderation::Column::Id).add(0), Order::Desc)
        .limit(1)
        .to_owned();
    Expr::from(last).eq(ModerationState::Passed)
}

/// What has become of what was handed in last for a part of many subjects; those of which nothing was are not among
/// them.
///
/// # Errors
/// The database's.
pub async fn all_states<C: ConnectionTrait>(
    db: &C,
    subjects: Vec<String>,
    part: &str,
) -> Result<HashMap<String, ModerationState>, Fault> {
    let rows = moderation::Entity::find()
        .select_only()
        .column(moderation::Column::Subject)
        .column(moderation::Column::State)
        .filter(moderation::COLUMN.subject.is_in(subjects))
        .filter(moderation::COLUMN.part.eq(part))
        .order_by_asc(moderation::COLUMN.id)
        .into_tuple::<(String, ModerationState)>()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Subject and part of all that others may see of some subjects, in one statement.
///
/// # Errors
/// The database's.
pub async fn all_passed<C: ConnectionTrait>(
    db: &C,
    subjects: Vec<String>,
) -> Result<HashSet<(String, String)>, Fault> {
    if subjects.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = moderation::Entity::find()
        .select_only()
        .column(moderation::Column::Subject)
        .column(moderation::Column::Part)
        .column(moderation::Column::State)
        .filter(moderation::COLUMN.subject.is_in(subjects))
        .order_by_asc(moderation::COLUMN.id)
        .into_tuple::<(String, String, ModerationState)>()
        .all(db)
        .await?;
    let mut passed = HashSet::new();
    for (subject, part, state) in rows {
        // What was handed in last decides.
        if state == ModerationState::Passed {
            passed.insert((subject, part));
        } else {
            passed.remove(&(subject, part));
        }
    }
    Ok(passed)
}

/// By key, for clocks and for composing: not scoped, never for a person's question.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<(moderation::Model, place::Model)>, Fault> {
    let Some(row) = moderation::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let place = place::Entity::find_by_id(row.place_id).one(db).await?;
    Ok(place.map(|place| (row, place)))
}

/// One on which the actor may decide.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn to_decide<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<moderation::Model, Fault> {
    let (row, place) = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    if may(actor, Deed::Moderate, &place.path) {
        Ok(row)
    } else {
        Err(no_such(id))
    }
}

/// A page of what is undecided where the actor may decide, newest first; what the platform still
/// looks at is among it, and a person's word may come before the platform's.
///
/// # Errors
/// The database's; `forbidden` for somebody who may decide nowhere.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<moderation::Model>, Fault> {
    let query = undecided(actor).ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    newest(db, query, moderation::Column::Id, slice, |row| row.id).await
}

/// How many those are; none for somebody who may decide nowhere.
///
/// # Errors
/// The database's.
pub async fn count_waiting<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    Ok(match undecided(actor) {
        Some(query) => query.count(db).await?,
        None => 0,
    })
}

/// What is undecided where the actor may decide; none when they may nowhere.
fn undecided(actor: &Actor) -> Option<Select<moderation::Entity>> {
    let here = within_reach(moderation::Column::PlaceId, actor, Deed::Moderate)?;
    let query = moderation::Entity::find()
        .filter(here)
        .filter(moderation::COLUMN.state.eq(ModerationState::Pending));
    // Whoever holds roles inside of compounds only: then there is an index.
    let compounds: Option<Vec<i64>> = actor
        .grants
        .iter()
        .filter(|grant| roles(Deed::Moderate).contains(&grant.role))
        .map(|grant| grant.compound_id)
        .collect();
    Some(match compounds {
        Some(compounds) => query.filter(moderation::COLUMN.compound_id.is_in(compounds)),
        None => query,
    })
}
