//! Reads of hours that count: of somebody in a year, of a compound, and what the board shows of them.

use std::collections::HashMap;

use entity::life::{ServiceState, VolunteerState};
use entity::{volunteer, volunteer_service, volunteer_task};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::base::fault::Fault;
use crate::person::queries::names;
use crate::volunteer::hours::Span;

/// Services of one record, at most.
pub const MOST: u64 = 1_000;
/// Who is named on a board.
const NAMED: usize = 10;

/// A service that counts.
#[derive(Clone, Debug)]
pub struct Line {
    /// The row.
    pub service: volunteer_service::Model,
    /// What it was, and where.
    pub task: volunteer_task::Model,
}

/// What counts in a year.
fn counted(year: Span) -> Select<volunteer_service::Entity> {
    volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Confirmed))
        .filter(volunteer_service::COLUMN.in_at.gte(year.from))
        .filter(volunteer_service::COLUMN.in_at.lt(year.until))
}

/// Somebody's record of a year, the earliest first; of one compound alone where one is named.
///
/// # Errors
/// The database's.
pub async fn record<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    year: Span,
    compound_id: Option<i64>,
) -> Result<Vec<Line>, Fault> {
    let mut query = counted(year).filter(volunteer_service::COLUMN.person_id.eq(person_id));
    if let Some(compound) = compound_id {
        query = query.filter(volunteer_service::COLUMN.compound_id.eq(compound));
    }
    let rows = query
        .order_by_asc(volunteer_service::COLUMN.in_at)
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
    let lines = rows.into_iter().filter_map(|service| {
        let task = tasks.iter().find(|task| task.id == service.task_id)?;
        Some(Line {
            task: task.clone(),
            service,
        })
    });
    Ok(lines.collect())
}

/// Minutes of a record.
#[must_use]
pub fn minutes(lines: &[Line]) -> i64 {
    let each = lines.iter().filter_map(|line| line.service.minutes);
    each.map(i64::from).sum()
}

/// Minutes of people of a compound in a year, and in how many services.
///
/// # Errors
/// The database's.
pub async fn of_people<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    year: Span,
    people: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, (i64, i64)>, Fault> {
    let rows: Vec<(i64, Option<i64>, i64)> = counted(year)
        .select_only()
        .column(volunteer_service::Column::PersonId)
        .column_as(volunteer_service::Column::Minutes.sum(), "minutes")
        .column_as(volunteer_service::Column::Id.count(), "services")
        .filter(volunteer_service::COLUMN.compound_id.eq(compound_id))
        .filter(volunteer_service::Column::PersonId.is_in(people))
        .group_by(volunteer_service::Column::PersonId)
        .into_tuple()
        .all(db)
        .await?;
    let sums = rows.into_iter();
    Ok(sums
        .map(|(person, minutes, services)| (person, (minutes.unwrap_or_default(), services)))
        .collect())
}

/// What the board shows of a compound's volunteers: no names but of those who have said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// People whose hours count.
    pub people: i64,
    /// Their minutes.
    pub minutes: i64,
    /// Who has the most of those who want to be named, and how many minutes.
    pub named: Vec<(String, i64)>,
}

/// The totals of a compound in a year.
///
/// # Errors
/// The database's.
pub async fn totals<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    year: Span,
) -> Result<Totals, Fault> {
    let here = || counted(year).filter(volunteer_service::COLUMN.compound_id.eq(compound_id));
    let person = Expr::col(volunteer_service::Column::PersonId);
    let distinct = Expr::from(Func::count_distinct(person));
    let sums: Option<(i64, Option<i64>)> = here()
        .select_only()
        .column_as(distinct, "people")
        .column_as(volunteer_service::Column::Minutes.sum(), "minutes")
        .into_tuple()
        .one(db)
        .await?;
    let (people, minutes) = sums.unwrap_or_default();
    let minutes = minutes.unwrap_or_default();
    if minutes == 0 {
        return Ok(Totals::default());
    }
    let willing: Vec<i64> = volunteer::Entity::find()
        .select_only()
        .column(volunteer::Column::PersonId)
        .filter(volunteer::COLUMN.compound_id.eq(compound_id))
        .filter(volunteer::COLUMN.state.eq(VolunteerState::Active))
        .filter(volunteer::COLUMN.named.eq(true))
        .filter(volunteer::COLUMN.person_id.is_not_null())
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    let of_willing = of_people(db, compound_id, year, willing.into_iter()).await?;
    let mut most: Vec<(i64, i64)> = of_willing
        .into_iter()
        .map(|(person, (minutes, _))| (person, minutes))
        .collect();
    most.sort_by_key(|(person, minutes)| (std::cmp::Reverse(*minutes), *person));
    most.truncate(NAMED);
    let names = names(db, most.iter().map(|(person, _)| *person)).await?;
    let named = most
        .into_iter()
        .filter_map(|(person, minutes)| Some((names.get(&person)?.clone(), minutes)));
    Ok(Totals {
        people,
        minutes,
        named: named.collect(),
    })
}
