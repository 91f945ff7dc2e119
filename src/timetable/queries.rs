//! Reads of timetables, scoped by who asks: those of the places in which somebody lives or serves, and those
//! that they may change. Nobody else learns that there is one.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::kinds::{PlaceKind, TimetableState};
use entity::{place, timetable, timetable_reader};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::base::text::fold;
use crate::notice::audience::{Audience, Group, Scope};
use crate::place::ids;
use crate::place::queries::{by_id as place_by_id, names_of, short_name, within_reach};
use crate::store::paging::newest;
use crate::timetable::rule::Rule;

/// Timetables of a person that are looked through for a name.
const NAMED: u64 = 100;
/// Timetables that a board shows.
const ON_BOARD: u64 = 50;

/// The same answer for a timetable that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到日程 #{id}。回复“日程”看小区有哪些。"))
}

/// A timetable as somebody sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row.
    pub timetable: timetable::Model,
    /// Of which place, as people call it.
    pub place: String,
    /// `每天 07:00`; empty when the rule cannot be read.
    pub when: String,
    /// Whether they asked to be told.
    pub reads: bool,
}

/// Which timetables are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that ring where one lives or serves.
    Mine,
    /// Of those the ones that one did not ask to be told of.
    Unread,
    /// Those that one asked to be told of, where one lives or serves; stopped ones, too.
    Read,
    /// Those that one may change.
    Kept,
}

/// Places in which somebody lives or serves, and all above.
fn around(actor: &Actor) -> BTreeSet<i64> {
    let homes = actor.homes.iter().map(|home| home.path.as_str());
    let posts = actor.grants.iter().map(|grant| grant.path.as_str());
    homes.chain(posts).flat_map(ids).collect()
}

/// By key; not scoped, for composing.
///
/// # Errors
/// The database's.
pub async fn by_ids<C: ConnectionTrait>(
    db: &C,
    ids: &[i64],
) -> Result<Vec<timetable::Model>, Fault> {
    Ok(timetable::Entity::find()
        .filter(timetable::COLUMN.id.is_in(ids.iter().copied()))
        .order_by_asc(timetable::COLUMN.id)
        .all(db)
        .await?)
}

/// A page of timetables, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing, or who may change none; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person_id = actor.require_person()?;
    let near = || Condition::all().add(timetable::COLUMN.place_id.is_in(around(actor)));
    let rings = || near().add(timetable::Column::State.eq(TimetableState::Active));
    let condition = match which {
        Which::Mine => rings(),
        Which::Unread => rings().add(timetable::Column::Id.not_in_subquery(read_of(person_id))),
        Which::Read => near().add(timetable::Column::Id.in_subquery(read_of(person_id))),
        Which::Kept => within_reach(timetable::Column::PlaceId, actor, Deed::SetTimetables)
            .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?,
    };
    let query = timetable::Entity::find().filter(condition);
    let page = newest(db, query, timetable::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, person_id, page.items).await?,
        next: page.next,
    })
}

/// Keys of those that somebody asked to be told of.
fn read_of(person_id: i64) -> SelectStatement {
    Query::select()
        .column(timetable_reader::Column::TimetableId)
        .from(timetable_reader::Entity)
        .and_where(timetable_reader::Column::PersonId.eq(person_id))
        .to_owned()
}

async fn show<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    rows: Vec<timetable::Model>,
) -> Result<Vec<Seen>, Fault> {
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .all(db)
        .await?;
    let names = names_of(db, &places).await?;
    let names: HashMap<i64, String> = places.iter().map(|place| place.id).zip(names).collect();
    let reads: Vec<i64> = timetable_reader::Entity::find()
        .select_only()
        .column(timetable_reader::Column::TimetableId)
        .filter(timetable_reader::COLUMN.person_id.eq(person_id))
        .into_tuple()
        .all(db)
        .await?;
    let reads: HashSet<i64> = reads.into_iter().collect();
    let seen = rows.into_iter().map(|row| Seen {
        place: names.get(&row.place_id).cloned().unwrap_or_default(),
        when: rule_of(&row).map(|rule| rule.says()).unwrap_or_default(),
        reads: reads.contains(&row.id),
        timetable: row,
    });
    Ok(seen.collect())
}

/// Its rule; none when it cannot be read.
#[must_use]
pub fn rule_of(row: &timetable::Model) -> Option<Rule> {
    serde_json::from_value(row.rule.clone()).ok()
}

/// One that somebody may ask to be told of, or may change.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing; `not_found` for all others' ones.
pub async fn seen<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
    now: Moment,
) -> Result<Seen, Fault> {
    let person_id = actor.require_person()?;
    let row = timetable::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_such(id))?;
    let near = around(actor).contains(&row.place_id) && belongs(db, &row, person_id, now).await?;
    if !near {
        kept(db, actor, id).await?;
    }
    let mut all = show(db, person_id, vec![row]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// One that the actor may change.
///
/// # Errors
/// `not_found`, also for one that they may not.
pub async fn kept<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<timetable::Model, Fault> {
    let row = timetable::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_such(id))?;
    let place = place_by_id(db, row.place_id).await?;
    let place = place.filter(|place| may(actor, Deed::SetTimetables, &place.path));
    place.map(|_| row).ok_or_else(|| no_such(id))
}

/// Whether somebody lives or serves in its place at that moment: asked before each message.
///
/// # Errors
/// The database's.
pub async fn belongs<C: ConnectionTrait>(
    db: &C,
    row: &timetable::Model,
    person_id: i64,
    now: Moment,
) -> Result<bool, Fault> {
    let scope = Scope {
        places: Vec::new(),
        who: vec![
            Group::Residents,
            Group::Stewards,
            Group::Committee,
            Group::Property,
            Group::Community,
        ],
    };
    let audience = Audience::of(db, row.place_id, &scope, now).await?;
    Ok(!audience.among(db, &[person_id]).await?.is_empty())
}

/// Of these timetables those that somebody asked to be told of.
///
/// # Errors
/// The database's.
pub async fn read_by<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    ids: &[i64],
) -> Result<Vec<i64>, Fault> {
    Ok(timetable_reader::Entity::find()
        .select_only()
        .column(timetable_reader::Column::TimetableId)
        .filter(timetable_reader::COLUMN.person_id.eq(person_id))
        .filter(
            timetable_reader::COLUMN
                .timetable_id
                .is_in(ids.iter().copied()),
        )
        .into_tuple()
        .all(db)
        .await?)
}

/// How many asked to be told of it.
///
/// # Errors
/// The database's.
pub async fn readers<C: ConnectionTrait>(db: &C, id: i64) -> Result<u64, Fault> {
    let count = timetable_reader::Entity::find()
        .filter(timetable_reader::COLUMN.timetable_id.eq(id))
        .count(db);
    Ok(count.await?)
}

/// A timetable as everybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// One line.
    pub title: String,
    /// Of which place, if not of the compound itself: `3栋`, `银河街道`.
    pub place: Option<String>,
    /// `每天 07:00`
    pub when: String,
    /// When it rings next.
    pub next: Moment,
}

/// What rings in a compound: its own, those of the places above it and of those in it that are no homes, the next
/// first: for everybody.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    compound: &place::Model,
    now: Moment,
) -> Result<Vec<Shown>, Fault> {
    // By places, which the index begins with; one of a single home is nobody else's.
    let within = Query::select()
        .column(place::Column::Id)
        .from(place::Entity)
        .and_where(place::Column::CompoundId.eq(compound.id))
        .and_where(place::Column::Kind.ne(PlaceKind::Home))
        .to_owned();
    let here = Condition::any()
        .add(timetable::Column::PlaceId.in_subquery(within))
        .add(timetable::COLUMN.place_id.is_in(ids(&compound.path)));
    let rows = timetable::Entity::find()
        .filter(here)
        .filter(timetable::Column::State.eq(TimetableState::Active))
        .order_by_desc(timetable::COLUMN.id)
        .limit(ON_BOARD)
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .filter(place::COLUMN.kind.ne(PlaceKind::Home))
        .all(db)
        .await?;
    let one = |row: timetable::Model| {
        let place = places.iter().find(|place| place.id == row.place_id)?;
        let rule = rule_of(&row)?;
        Some(Shown {
            place: (place.id != compound.id).then(|| short_name(place).to_owned()),
            when: rule.says(),
            next: rule.first_after(now)?,
            title: row.title,
        })
    };
    let mut all: Vec<Shown> = rows.into_iter().filter_map(one).collect();
    all.sort_by(|one, other| (one.next, &one.title).cmp(&(other.next, &other.title)));
    Ok(all)
}

/// Those of somebody's places whose name has something of what was typed.
///
/// # Errors
/// As [`page`].
pub async fn named<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    typed: &str,
) -> Result<Vec<Seen>, Fault> {
    let wanted = fold(typed);
    if wanted.chars().count() < 2 {
        return Ok(Vec::new());
    }
    let slice = Slice::first(NAMED);
    let mut found = page(db, actor, Which::Mine, slice).await?.items;
    found.retain(|seen| {
        let title = fold(&seen.timetable.title);
        title.contains(&wanted) || wanted.contains(&title)
    });
    Ok(found)
}
