//! Notices and the doors that they are carried to: which ones whoever goes there sees, how a notice stands
//! building by building, and who has not read it.

use std::collections::HashMap;

use entity::kinds::VisitState;
use entity::{account, notice, notice_recipient, person, place, visit};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::notice::queries::{led, no_such};
use crate::notice::{OUT, subject};
use crate::place::queries::within_reach;
use crate::store::paging::newest;

/// The condition that a notice is carried to doors where the actor goes: it is out, and of one of their
/// compounds, or for somebody in one of their buildings, however far above them its place lies. None for whoever
/// goes to none.
pub(super) fn carried(actor: &Actor) -> Option<Condition> {
    use notice_recipient::Column;
    let there = within_reach(Column::BuildingId, actor, Deed::MakeVisits)?;
    let told = Query::select()
        .expr(Expr::val(1))
        .from(notice_recipient::Entity)
        .and_where(
            Expr::col((notice_recipient::Entity, Column::NoticeId))
                .equals((notice::Entity, notice::Column::Id)),
        )
        .cond_where(there)
        .to_owned();
    let mut ways = Condition::any().add(Expr::exists(told));
    let compounds = visited_compounds(actor);
    if !compounds.is_empty() {
        ways = ways.add(notice::COLUMN.compound_id.is_in(compounds));
    }
    let out = Condition::all().add(notice::COLUMN.state.is_in(OUT));
    Some(out.add(ways))
}

/// Compounds in which the actor goes to doors.
fn visited_compounds(actor: &Actor) -> Vec<i64> {
    let able = roles(Deed::MakeVisits);
    let grants = actor.grants.iter();
    grants
        .filter(|grant| able.contains(&grant.role))
        .filter_map(|grant| grant.compound_id)
        .collect()
}

/// One as the console shows it: whether the actor leads it, or only goes to doors there.
///
/// # Errors
/// `not_found` for one that is neither.
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(notice::Model, bool), Fault> {
    match led(db, actor, id).await {
        Ok(row) => return Ok((row, true)),
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) => {}
    }
    let carried = carried(actor).ok_or_else(|| no_such(id))?;
    let row = notice::Entity::find_by_id(id)
        .filter(carried)
        .one(db)
        .await?;
    row.map(|row| (row, false)).ok_or_else(|| no_such(id))
}

/// Whether the actor may read the names of a building, or of those who live in none: who leads the notice, or
/// goes to its doors.
#[must_use]
pub fn lists(actor: &Actor, place: Option<&place::Model>, leads: bool) -> bool {
    leads || place.is_some_and(|place| may(actor, Deed::MakeVisits, &place.path))
}

/// A building's part of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Building {
    /// The building; none for those who live in none.
    pub place: Option<place::Model>,
    /// Recipients there.
    pub people: i64,
    /// Have read it.
    pub read: i64,
    /// Have acknowledged it.
    pub acknowledged: i64,
}

#[derive(FromQueryResult)]
struct ByBuilding {
    building_id: Option<i64>,
    people: i64,
    read: i64,
    acknowledged: i64,
}

/// The same building by building, in the order of their codes.
///
/// # Errors
/// The database's.
pub async fn buildings<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<Building>, Fault> {
    let counts = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT building_id, COUNT(*) AS people, COUNT(read_at) AS read, \
         COUNT(acknowledged_at) AS acknowledged \
         FROM notice_recipient WHERE notice_id = $1 GROUP BY building_id",
        [id.into()],
    );
    let counts = ByBuilding::find_by_statement(counts).all(db).await?;
    let ids: Vec<i64> = counts.iter().filter_map(|one| one.building_id).collect();
    let places = if ids.is_empty() {
        Vec::new()
    } else {
        let found = place::Entity::find().filter(place::COLUMN.id.is_in(ids));
        found.all(db).await?
    };
    let mut places: HashMap<i64, place::Model> =
        places.into_iter().map(|place| (place.id, place)).collect();
    let mut all: Vec<Building> = counts
        .into_iter()
        .map(|one| Building {
            place: one.building_id.and_then(|id| places.remove(&id)),
            people: one.people,
            read: one.read,
            acknowledged: one.acknowledged,
        })
        .collect();
    all.sort_by_key(|one| {
        let code = one.place.as_ref().map(|place| place.code.clone());
        (code.is_none(), code.as_ref().map_or(0, String::len), code)
    });
    Ok(all)
}

/// Somebody who has not read a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Who.
    pub person_id: i64,
    /// Name.
    pub name: String,
    /// Their home or post.
    pub place: place::Model,
    /// Whether a channel may reach them now: whoever has bound an account since is no more without one.
    pub reachable: bool,
    /// Whether one could when it went out: they have had a message.
    pub told: bool,
    /// Told at the door since, or on somebody's list to be.
    pub visit: Option<VisitState>,
}

/// Recipients who have not read it and have not left: of one building, or of no building.
fn waiting(id: i64, building: Option<i64>) -> Select<notice_recipient::Entity> {
    let of = match building {
        Some(building) => notice_recipient::COLUMN.building_id.eq(building),
        None => notice_recipient::COLUMN.building_id.is_null(),
    };
    let here = Query::select()
        .column(person::Column::Id)
        .from(person::Entity)
        .and_where(person::Column::LeftAt.is_null())
        .to_owned();
    notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(id))
        .filter(of)
        .filter(notice_recipient::COLUMN.read_at.is_null())
        .filter(notice_recipient::Column::PersonId.in_subquery(here))
}

/// Who has not read it: of one building, or of no building, by home.
///
/// # Errors
/// The database's.
pub async fn unread<C: ConnectionTrait>(
    db: &C,
    id: i64,
    building: Option<i64>,
    most: u64,
) -> Result<Vec<Unread>, Fault> {
    let rows = waiting(id, building)
        .order_by_asc(notice_recipient::Column::HomeId)
        .order_by_asc(notice_recipient::Column::PersonId)
        .limit(most)
        .all(db)
        .await?;
    let mut all = described(db, id, rows).await?;
    all.sort_by(|one, other| one.place.code.cmp(&other.place.code));
    Ok(all)
}

/// The same page by page, who was written down last first.
///
/// # Errors
/// The database's.
pub async fn unread_page<C: ConnectionTrait>(
    db: &C,
    id: i64,
    building: Option<i64>,
    slice: Slice,
) -> Result<Page<Unread>, Fault> {
    let query = waiting(id, building);
    let page = newest(db, query, notice_recipient::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: described(db, id, page.items).await?,
        next: page.next,
    })
}

/// Those of the people whom a channel may reach now.
async fn with_account<C: ConnectionTrait>(db: &C, people: &[i64]) -> Result<Vec<i64>, Fault> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let followed = account::Entity::find()
        .filter(account::COLUMN.person_id.is_in(people.iter().copied()))
        .filter(account::COLUMN.followed.eq(true))
        .all(db)
        .await?;
    let members = person::Entity::find()
        .filter(person::COLUMN.id.is_in(people.iter().copied()))
        .filter(person::COLUMN.wecom_userid.is_not_null())
        .all(db)
        .await?;
    let members = members.into_iter().map(|row| row.id);
    let followed = followed.into_iter().filter_map(|row| row.person_id);
    Ok(followed.chain(members).collect())
}

/// Recipients with their names, homes and visits, in their order.
async fn described<C: ConnectionTrait>(
    db: &C,
    id: i64,
    rows: Vec<notice_recipient::Model>,
) -> Result<Vec<Unread>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let who: Vec<i64> = rows.iter().map(|row| row.person_id).collect();
    let unreached = rows.iter().filter(|row| !row.reachable);
    let unreached: Vec<i64> = unreached.map(|row| row.person_id).collect();
    let people = person::Entity::find()
        .filter(person::COLUMN.id.is_in(who.iter().copied()))
        .all(db)
        .await?;
    let people: HashMap<i64, String> = people.into_iter().map(|row| (row.id, row.name)).collect();
    let homes = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.home_id)))
        .all(db)
        .await?;
    let homes: HashMap<i64, place::Model> = homes.into_iter().map(|row| (row.id, row)).collect();
    let visits = visit::Entity::find()
        .filter(visit::COLUMN.subject.eq(subject(id)))
        .filter(visit::COLUMN.person_id.is_in(who))
        .order_by_asc(visit::Column::Id)
        .all(db)
        .await?;
    let visits: HashMap<i64, VisitState> = visits
        .into_iter()
        .map(|row| (row.person_id, row.state))
        .collect();
    let with = with_account(db, &unreached).await?;
    let all = rows.into_iter().filter_map(|row| {
        Some(Unread {
            person_id: row.person_id,
            name: people.get(&row.person_id)?.clone(),
            place: homes.get(&row.home_id)?.clone(),
            reachable: row.reachable || with.contains(&row.person_id),
            told: row.reachable,
            visit: visits.get(&row.person_id).copied(),
        })
    });
    Ok(all.collect())
}
