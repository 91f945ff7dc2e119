//! Reads of sign-ups: somebody's own, the line of those who wait, and who takes part, for those who lead.

use entity::activity_signup;
use entity::life::SignupState;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::activity::queries::HOLDS;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::person::queries::names;
use crate::store::paging::oldest;

/// Somebody's sign-up, whatever has become of it.
///
/// # Errors
/// The database's.
pub async fn signup_of<C: ConnectionTrait>(
    db: &C,
    id: i64,
    person_id: i64,
) -> Result<Option<activity_signup::Model>, Fault> {
    Ok(activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .filter(activity_signup::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?)
}

/// At which place of the line somebody waits, from 1.
///
/// # Errors
/// The database's.
pub async fn place_in_line<C: ConnectionTrait>(
    db: &C,
    signup: &activity_signup::Model,
) -> Result<u64, Fault> {
    let before = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(signup.activity_id))
        .filter(activity_signup::COLUMN.state.eq(SignupState::Waiting))
        .filter(activity_signup::COLUMN.ticket.lt(signup.ticket))
        .count(db)
        .await?;
    Ok(before + 1)
}

/// How many the first of those who wait needs places for; none when nobody waits.
///
/// # Errors
/// The database's.
pub async fn head_of_line<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<i32>, Fault> {
    let head = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .filter(activity_signup::COLUMN.state.eq(SignupState::Waiting))
        .order_by_asc(activity_signup::COLUMN.ticket)
        .one(db)
        .await?;
    Ok(head.map(|signup| signup.size))
}

/// Somebody who takes part, for those who lead.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The row.
    pub signup: activity_signup::Model,
    /// As the roster has it.
    pub name: String,
}

/// A page of who takes part and who waits, in the order of the line.
///
/// # Errors
/// The database's.
pub async fn guests<C: ConnectionTrait>(
    db: &C,
    id: i64,
    slice: Slice,
) -> Result<Page<Guest>, Fault> {
    let rows = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .filter(activity_signup::COLUMN.state.is_in(HOLDS));
    let key = activity_signup::Column::Ticket;
    let page = oldest(db, rows, key, slice, |row| row.ticket).await?;
    let people = page.items.iter().filter_map(|row| row.person_id);
    let names = names(db, people).await?;
    Ok(page.map(|signup| Guest {
        name: signup
            .person_id
            .and_then(|person| names.get(&person).cloned())
            .unwrap_or_default(),
        signup,
    }))
}

/// How many sign-ups have come.
///
/// # Errors
/// The database's.
pub async fn came<C: ConnectionTrait>(db: &C, id: i64) -> Result<u64, Fault> {
    let count = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .filter(activity_signup::COLUMN.checked_at.is_not_null())
        .count(db);
    Ok(count.await?)
}
