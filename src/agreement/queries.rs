//! Reads of agreements: those of a compound, for everybody, with what each organisation has taken on this year.

use chrono::NaiveDate;
use entity::{agreement, organisation, place};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::agreement::rule::{Term, year_of};
use crate::base::fault::Fault;
use crate::offer::chart::claimed;
use crate::place::queries as places;

/// Agreements of a compound that are listed.
const MOST: u64 = 200;

/// An agreement with whose it is, and how far its duty of the year is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The row.
    pub agreement: agreement::Model,
    /// The organisation's name.
    pub name: String,
    /// Projects that it has taken on this calendar year.
    pub claimed: i64,
    /// Whether it holds today.
    pub holds: bool,
}

impl Standing {
    /// Whether it has still to take something on this year.
    #[must_use]
    pub const fn owes(&self) -> bool {
        self.holds && self.claimed == 0
    }
}

/// When an agreement holds.
#[must_use]
pub const fn term(row: &agreement::Model) -> Term {
    Term {
        from: row.from_on,
        to: row.to_on,
    }
}

/// By key; not scoped, for composing.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<agreement::Model>, Fault> {
    Ok(agreement::Entity::find_by_id(id).one(db).await?)
}

/// One that the actor keeps, with its compound.
///
/// # Errors
/// `not_found`, also for one of another compound.
pub async fn kept<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(agreement::Model, place::Model), Fault> {
    let none = || Fault::not_found("没有找到这份共建协议。");
    let row = by_id(db, id).await?.ok_or_else(none)?;
    let compound = places::by_id(db, row.compound_id).await?.ok_or_else(none)?;
    if may(actor, Deed::KeepAgreements, &compound.path) {
        Ok((row, compound))
    } else {
        Err(none())
    }
}

/// Those of a compound, what holds first, and among these who has not taken anything on: for everybody.
///
/// # Errors
/// The database's.
pub async fn of_compound<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    today: NaiveDate,
) -> Result<Vec<Standing>, Fault> {
    let rows = agreement::Entity::find()
        .filter(agreement::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(agreement::COLUMN.to_on)
        .order_by_asc(agreement::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let names = organisation::Entity::find()
        .filter(
            organisation::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.organisation_id)),
        )
        .all(db)
        .await?;
    let (from, until) = year_of(today);
    let counts = claimed(db, compound_id, from, until).await?;
    let mut all: Vec<Standing> = rows
        .into_iter()
        .map(|row| {
            let name = names.iter().find(|one| one.id == row.organisation_id);
            Standing {
                name: name.map(|one| one.name.clone()).unwrap_or_default(),
                claimed: counts.get(&row.organisation_id).copied().unwrap_or(0),
                holds: term(&row).holds(today),
                agreement: row,
            }
        })
        .collect();
    all.sort_by_key(|one| (!one.holds, !one.owes()));
    Ok(all)
}

/// Agreements that hold on a day, behind a key, by key; over all compounds, for the clock.
///
/// # Errors
/// The database's.
pub async fn in_force<C: ConnectionTrait>(
    db: &C,
    today: NaiveDate,
    after: i64,
    most: u64,
) -> Result<Vec<agreement::Model>, Fault> {
    Ok(agreement::Entity::find()
        .filter(agreement::COLUMN.id.gt(after))
        .filter(agreement::COLUMN.to_on.gte(today))
        .filter(agreement::COLUMN.from_on.lte(today))
        .order_by_asc(agreement::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Whether the organisation of an agreement has taken on something there this year.
///
/// # Errors
/// The database's.
pub async fn has_claimed<C: ConnectionTrait>(
    db: &C,
    row: &agreement::Model,
    today: NaiveDate,
) -> Result<bool, Fault> {
    let (from, until) = year_of(today);
    let counts = claimed(db, row.compound_id, from, until).await?;
    Ok(counts.get(&row.organisation_id).copied().unwrap_or(0) > 0)
}
