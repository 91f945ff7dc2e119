//! Reads of visits: the list of one holder, where a role of theirs still lets them go there.

use std::collections::HashMap;

use entity::kinds::VisitState;
use entity::{person, place, visit};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::place::queries::{self as places, within_reach};
use crate::store::paging::newest;

/// A visit as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The row.
    pub visit: visit::Model,
    /// Which door: `桂园小区 3-2-501`.
    pub place: String,
    /// Who is to be told.
    pub name: String,
}

/// Why somebody is told at the door: `11月30日 9:00起收不到微信`. What they have got and not read has a kind that says
/// so.
#[must_use]
pub fn why(row: &visit::Model) -> String {
    match row.kind.ends_with(".unread") {
        true => "还没有读到这条消息".to_owned(),
        false => format!("{}起收不到微信", say(row.created_at)),
    }
}

/// What waits for the actor; none when they may go nowhere.
fn open(actor: &Actor) -> Option<Select<visit::Entity>> {
    let here = within_reach(visit::Column::PlaceId, actor, Deed::MakeVisits)?;
    let holder_id = actor.person_id()?;
    let query = visit::Entity::find()
        .filter(visit::COLUMN.holder_id.eq(holder_id))
        .filter(visit::COLUMN.state.eq(VisitState::Open))
        .filter(visit::COLUMN.done_at.is_null())
        .filter(here);
    Some(query)
}

/// How many wait for the actor.
///
/// # Errors
/// The database's.
pub async fn count<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    Ok(match open(actor) {
        Some(query) => query.count(db).await?,
        None => 0,
    })
}

/// Those that wait for the actor, the longest waiting first.
///
/// # Errors
/// The database's.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<Seen>, Fault> {
    let Some(query) = open(actor) else {
        return Ok(Vec::new());
    };
    let rows = query
        .order_by_asc(visit::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    seen(db, rows).await
}

/// The same by pages, newest first.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let Some(query) = open(actor) else {
        return Ok(Page::empty());
    };
    let page = newest(db, query, visit::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: seen(db, page.items).await?,
        next: page.next,
    })
}

/// One of the actor's, waiting or made, where they may go; to anybody else it does not exist.
///
/// # Errors
/// `not_found`; the database's.
pub async fn own<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let unknown = || Fault::not_found("没有找到这次上门，回复“上门”看名单。");
    let person = actor.require_person()?;
    let row = visit::Entity::find_by_id(id).one(db).await?;
    let mine = |row: &visit::Model| row.holder_id == Some(person) || row.done_by == Some(person);
    let row = row.filter(mine).ok_or_else(unknown)?;
    let door = places::by_id(db, row.place_id).await?.ok_or_else(unknown)?;
    if !may(actor, Deed::MakeVisits, &door.path) {
        return Err(unknown());
    }
    seen(db, vec![row]).await?.pop().ok_or_else(unknown)
}

async fn seen<C: ConnectionTrait>(db: &C, rows: Vec<visit::Model>) -> Result<Vec<Seen>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .all(db)
        .await?;
    let people: HashMap<i64, String> = people.into_iter().map(|row| (row.id, row.name)).collect();
    let doors = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(rows.iter().flat_map(|row| [row.place_id, row.compound_id])),
        )
        .all(db)
        .await?;
    let doors: HashMap<i64, place::Model> = doors.into_iter().map(|row| (row.id, row)).collect();
    let says = |row: &visit::Model| {
        let door = doors.get(&row.place_id).map(places::short_name);
        let compound = doors.get(&row.compound_id).map(|place| place.name.as_str());
        let names = [compound, door.filter(|_| row.place_id != row.compound_id)];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    Ok(rows
        .into_iter()
        .map(|row| Seen {
            place: says(&row),
            name: people.get(&row.person_id).cloned().unwrap_or_default(),
            visit: row,
        })
        .collect())
}
