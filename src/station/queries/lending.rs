//! What stations lend, and who has it: the borrower sees their own, keepers all of theirs.

use std::collections::HashMap;

use entity::kinds::LoanState;
use entity::{station, station_loan, station_thing};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::person::queries::names;
use crate::place::queries::within_reach;
use crate::station::queries::{found, kept};
use crate::store::paging::newest;

/// Things of one station, at most.
pub const MOST_THINGS: u64 = 300;
/// States in which somebody has the thing.
pub const OUT: [LoanState; 2] = [LoanState::Lent, LoanState::Handed];

/// The same answer for a thing that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_thing() -> Fault {
    Fault::not_found("没有找到这件物品。回复“借用”看能借什么。")
}

/// The same for a loan.
#[must_use]
pub fn no_loan(id: i64) -> Fault {
    Fault::not_found(format!("没有找到借用 #{id}。回复“我的驿站”看您借的。"))
}

/// A loan with its thing.
#[derive(Clone, Debug)]
pub struct Loan {
    /// The row.
    pub row: station_loan::Model,
    /// What.
    pub thing: station_thing::Model,
    /// Who has it; for keepers alone.
    pub borrower: Option<String>,
    /// Whether the one who asks keeps the station.
    pub keeps: bool,
}

/// A thing that is offered, whose station the actor may know of.
///
/// # Errors
/// `not_found`.
pub async fn thing<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<station_thing::Model, Fault> {
    let row = station_thing::Entity::find_by_id(id).one(db).await?;
    let row = row.filter(|row| row.removed_at.is_none());
    let row = row.ok_or_else(no_thing)?;
    found(db, actor, row.station_id)
        .await
        .map_err(|fault| fault_of(fault, no_thing))?;
    Ok(row)
}

fn fault_of(fault: Fault, none: impl Fn() -> Fault) -> Fault {
    match fault.is_ours() {
        true => fault,
        false => none(),
    }
}

/// A page of what a station lends, newest first.
///
/// # Errors
/// `not_found` for a station that is not theirs to see; the database's.
pub async fn things<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    station_id: i64,
    slice: Slice,
) -> Result<Page<station_thing::Model>, Fault> {
    found(db, actor, station_id).await?;
    let query = station_thing::Entity::find()
        .filter(station_thing::COLUMN.station_id.eq(station_id))
        .filter(station_thing::COLUMN.removed_at.is_null());
    newest(db, query, station_thing::Column::Id, slice, |row| row.id).await
}

/// What a station has left to lend, by what stands on it; not scoped.
///
/// # Errors
/// The database's.
pub async fn to_lend<C: ConnectionTrait>(
    db: &C,
    station_id: i64,
) -> Result<Vec<station_thing::Model>, Fault> {
    let rows = station_thing::Entity::find()
        .filter(station_thing::COLUMN.station_id.eq(station_id))
        .filter(station_thing::COLUMN.removed_at.is_null())
        .order_by_asc(station_thing::COLUMN.code)
        .limit(MOST_THINGS)
        .all(db)
        .await?;
    let left = rows.into_iter().filter(|row| row.lent < row.quantity);
    Ok(left.collect())
}

/// A loan, if it is the actor's or they keep its station.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn loan<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Loan, Fault> {
    let row = station_loan::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_loan(id))?;
    let own = actor.person_id() == Some(row.borrower_id);
    let keeps = match kept(db, actor, row.station_id).await {
        Ok(_) => true,
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) if own => false,
        Err(_) => return Err(no_loan(id)),
    };
    let mut all = show(db, vec![row], keeps).await?;
    all.pop().ok_or_else(|| no_loan(id))
}

/// Whose loans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The actor's own, those that are out first.
    Mine,
    /// Of a station that the actor keeps, those that are out.
    Out(i64),
    /// Of those the ones whose borrower says that they are back.
    Handed(i64),
    /// Of a station that the actor keeps, those that have ended.
    Ended(i64),
}

/// A page of loans, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing or does not keep the station, `not_found` for a station
/// that is not theirs to see; the database's.
pub async fn loans<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    whose: Whose,
    slice: Slice,
) -> Result<Page<Loan>, Fault> {
    let person = actor.require_person()?;
    let query = station_loan::Entity::find();
    let (query, keeps) = match whose {
        Whose::Mine => (
            query.filter(station_loan::COLUMN.borrower_id.eq(person)),
            false,
        ),
        Whose::Out(id) | Whose::Handed(id) | Whose::Ended(id) => {
            kept(db, actor, id).await?;
            let query = query.filter(station_loan::COLUMN.station_id.eq(id));
            let query = match whose {
                Whose::Ended(_) => query.filter(station_loan::COLUMN.ended_at.is_not_null()),
                Whose::Handed(_) => query.filter(station_loan::COLUMN.state.eq(LoanState::Handed)),
                _ => query.filter(station_loan::COLUMN.state.is_in(OUT)),
            };
            (query, true)
        }
    };
    let page = newest(db, query, station_loan::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, page.items, keeps).await?,
        next: page.next,
    })
}

/// What the actor has, oldest first.
///
/// # Errors
/// The database's.
pub async fn has<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    states: &[LoanState],
    most: u64,
) -> Result<Vec<Loan>, Fault> {
    let rows = station_loan::Entity::find()
        .filter(station_loan::COLUMN.borrower_id.eq(actor.require_person()?))
        .filter(station_loan::COLUMN.state.is_in(states.iter().copied()))
        .order_by_asc(station_loan::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    show(db, rows, false).await
}

/// How many loans want something of the actor as a keeper: handed back and not looked at yet, or not back in time.
/// None for whoever keeps no station.
///
/// # Errors
/// The database's.
pub async fn count_to_see<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
) -> Result<u64, Fault> {
    let Some(here) = within_reach(station::Column::PlaceId, actor, Deed::KeepStations) else {
        return Ok(0);
    };
    let stations = Query::select()
        .column(station::Column::Id)
        .from(station::Entity)
        .cond_where(here)
        .and_where(station::Column::RemovedAt.is_null())
        .to_owned();
    let late = Condition::all()
        .add(station_loan::COLUMN.state.eq(LoanState::Lent))
        .add(station_loan::COLUMN.due_at.lt(now));
    let wanted = Condition::any()
        .add(station_loan::COLUMN.state.eq(LoanState::Handed))
        .add(late);
    let count = station_loan::Entity::find()
        .filter(station_loan::Column::StationId.in_subquery(stations))
        .filter(station_loan::COLUMN.state.is_in(OUT))
        .filter(wanted)
        .count(db);
    Ok(count.await?)
}

/// How many things of a station are out.
///
/// # Errors
/// The database's.
pub async fn count_out<C: ConnectionTrait>(db: &C, station_id: i64) -> Result<u64, Fault> {
    let count = station_loan::Entity::find()
        .filter(station_loan::COLUMN.station_id.eq(station_id))
        .filter(station_loan::COLUMN.state.is_in(OUT))
        .count(db);
    Ok(count.await?)
}

async fn show<C: ConnectionTrait>(
    db: &C,
    rows: Vec<station_loan::Model>,
    keeps: bool,
) -> Result<Vec<Loan>, Fault> {
    let things = station_thing::Entity::find()
        .filter(
            station_thing::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.thing_id)),
        )
        .all(db)
        .await?;
    let things: HashMap<i64, station_thing::Model> =
        things.into_iter().map(|thing| (thing.id, thing)).collect();
    let names = match keeps {
        true => names(db, rows.iter().map(|row| row.borrower_id)).await?,
        false => HashMap::new(),
    };
    let one = |row: station_loan::Model| {
        Some(Loan {
            thing: things.get(&row.thing_id)?.clone(),
            borrower: names.get(&row.borrower_id).cloned(),
            keeps,
            row,
        })
    };
    Ok(rows.into_iter().filter_map(one).collect())
}
