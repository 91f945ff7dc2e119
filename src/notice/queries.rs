//! Reads of notices: one's own as a recipient, those that somebody leads, and how far one has come.

use std::collections::HashMap;

use entity::kinds::{NoticeState, ReminderState, VisitState};
use entity::{notice, notice_recipient, person, place, visit};
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::notice::actions::send::told_key;
use crate::notice::audience::{Group, Scope};
use crate::notice::{HOLDS, OUT, subject};
use crate::place::queries::{self as places, within_reach};

/// The same for what is not there and what is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到公告 #{id}，回复“公告”看您收到的公告。"))
}

/// By key: not scoped, the caller asks whose it is.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<notice::Model>, Fault> {
    Ok(notice::Entity::find_by_id(id).one(db).await?)
}

/// One that the actor may lead: of a place where they publish, and no draft of somebody else.
///
/// # Errors
/// `not_found` for any other.
pub async fn led<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<notice::Model, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = places::by_id(db, row.place_id).await?;
    let own = actor.person_id() == Some(row.author_id);
    let theirs = place.is_some_and(|place| may(actor, Deed::PublishNotices, &place.path));
    if theirs && (own || row.state != NoticeState::Draft) {
        Ok(row)
    } else {
        Err(no_such(id))
    }
}

/// One that is out, to a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The notice.
    pub notice: notice::Model,
    /// Their part in it.
    pub own: notice_recipient::Model,
}

/// One that somebody has got.
///
/// # Errors
/// `not_found` for whoever is no recipient, and for one that is not out.
pub async fn received<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    id: i64,
) -> Result<Received, Fault> {
    let found = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(id))
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?;
    let row = by_id(db, id).await?.filter(|row| OUT.contains(&row.state));
    match (row, found) {
        (Some(notice), Some(own)) => Ok(Received { notice, own }),
        _ => Err(no_such(id)),
    }
}

/// Those that somebody has got, newest first; of several versions the newest alone.
///
/// # Errors
/// The database's.
pub async fn inbox<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    slice: Slice,
) -> Result<Page<Received>, Fault> {
    let shown = Query::select()
        .column(notice::Column::Id)
        .from(notice::Entity)
        .and_where(notice::Column::State.is_in(OUT))
        .and_where(notice::Column::State.ne(NoticeState::Corrected))
        .to_owned();
    let mut query = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::Column::NoticeId.in_subquery(shown))
        .order_by_desc(notice_recipient::Column::NoticeId);
    if let Some(before) = slice.before {
        query = query.filter(notice_recipient::COLUMN.notice_id.lt(before));
    }
    let own = query.limit(slice.limit + 1).all(db).await?;
    let rows = notice::Entity::find()
        .filter(notice::COLUMN.id.is_in(own.iter().map(|own| own.notice_id)))
        .all(db)
        .await?;
    let mut rows: HashMap<i64, notice::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let items = own
        .into_iter()
        .filter_map(|own| {
            rows.remove(&own.notice_id)
                .map(|notice| Received { notice, own })
        })
        .collect();
    Ok(slice.cut(items, |one: &Received| one.notice.id))
}

/// The newest that somebody has got and not acknowledged.
///
/// # Errors
/// The database's.
pub async fn unacknowledged<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Option<notice::Model>, Fault> {
    let row = notice::Entity::find()
        .join(
            JoinType::InnerJoin,
            notice::Entity::belongs_to(notice_recipient::Entity)
                .from(notice::Column::Id)
                .to(notice_recipient::Column::NoticeId)
                .into(),
        )
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::COLUMN.acknowledged_at.is_null())
        .filter(notice::COLUMN.state.is_in(HOLDS))
        .order_by_desc(notice::Column::Id)
        .limit(1)
        .one(db)
        .await?;
    Ok(row)
}

/// Those of the places where the actor publishes; for whoever goes to doors also those of their compounds
/// that are out. Newest first; drafts are their author's alone.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<notice::Model>, Fault> {
    let mut reach = Condition::any();
    if let Some(publishes) = within_reach(notice::Column::PlaceId, actor, Deed::PublishNotices) {
        let shown = Condition::any()
            .add(notice::COLUMN.state.ne(NoticeState::Draft))
            .add(notice::Column::AuthorId.eq(actor.person_id()));
        reach = reach.add(Condition::all().add(publishes).add(shown));
    }
    reach = reach.add(
        Condition::all()
            .add(notice::COLUMN.compound_id.is_in(visited_compounds(actor)))
            .add(notice::COLUMN.state.is_in(OUT)),
    );
    let mut query = notice::Entity::find()
        .filter(reach)
        .order_by_desc(notice::Column::Id);
    if let Some(before) = slice.before {
        query = query.filter(notice::COLUMN.id.lt(before));
    }
    let rows = query.limit(slice.limit + 1).all(db).await?;
    Ok(slice.cut(rows, |row| row.id))
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
    let row = by_id(db, id).await?;
    let mine = visited_compounds(actor);
    row.filter(|row| OUT.contains(&row.state))
        .filter(|row| row.compound_id.is_some_and(|id| mine.contains(&id)))
        .map(|row| (row, false))
        .ok_or_else(|| no_such(id))
}

/// How far a notice has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Recipients.
    pub people: i64,
    /// Those whom a channel may reach.
    pub reachable: i64,
    /// Have read it.
    pub read: i64,
    /// Have acknowledged it.
    pub acknowledged: i64,
    /// Messages of this round that a platform took, or that are told at the door.
    pub sent: i64,
    /// Messages that wait or are under way.
    pub waiting: i64,
    /// Messages that could not be sent.
    pub failed: i64,
    /// Messages that were no longer needed, or not wanted.
    pub dropped: i64,
}

impl Progress {
    /// Messages whose end is known, in hundredths of those whom a channel may reach.
    #[must_use]
    pub fn percent(&self) -> i64 {
        let done = self.sent + self.failed + self.dropped;
        match self.sent + self.waiting + self.failed + self.dropped {
            0 => 0,
            all => (done * 100 / all.max(1)).clamp(0, 100),
        }
    }
}

#[derive(FromQueryResult)]
struct Counts {
    people: i64,
    reachable: i64,
    read: i64,
    acknowledged: i64,
}

#[derive(FromQueryResult)]
struct Told {
    state: String,
    many: i64,
}

/// How far it has come; before it is out, what was counted.
///
/// # Errors
/// The database's.
pub async fn progress<C: ConnectionTrait>(db: &C, row: &notice::Model) -> Result<Progress, Fault> {
    if !OUT.contains(&row.state) {
        return Ok(Progress {
            people: row.counted,
            reachable: row.reachable,
            ..Progress::default()
        });
    }
    let backend = db.get_database_backend();
    let counts = Statement::from_sql_and_values(
        backend,
        "SELECT COUNT(*) AS people, COUNT(CASE WHEN reachable THEN 1 END) AS reachable, \
         COUNT(read_at) AS read, COUNT(acknowledged_at) AS acknowledged \
         FROM notice_recipient WHERE notice_id = $1",
        [row.id.into()],
    );
    let counts = Counts::find_by_statement(counts).one(db).await?;
    let told = Statement::from_sql_and_values(
        backend,
        "SELECT told.state AS state, COUNT(*) AS many FROM notice_recipient AS own \
         JOIN reminder AS told ON told.dedupe_key = $1 || CAST(own.person_id AS text) \
         WHERE own.notice_id = $2 GROUP BY told.state",
        [told_key(row).into(), row.id.into()],
    );
    let mut progress = Progress::default();
    for told in Told::find_by_statement(told).all(db).await? {
        match ReminderState::try_from_value(&told.state) {
            Ok(ReminderState::Sent) => progress.sent = told.many,
            Ok(ReminderState::Failed) => progress.failed = told.many,
            Ok(ReminderState::Cancelled) => progress.dropped = told.many,
            _ => progress.waiting += told.many,
        }
    }
    if let Some(counts) = counts {
        progress.people = counts.people;
        progress.reachable = counts.reachable;
        progress.read = counts.read;
        progress.acknowledged = counts.acknowledged;
    }
    Ok(progress)
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
    let ids = counts.iter().filter_map(|one| one.building_id);
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
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
    /// Whether a channel may reach them.
    pub reachable: bool,
    /// Told at the door since, or on somebody's list to be.
    pub visit: Option<VisitState>,
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
    let of = match building {
        Some(building) => notice_recipient::COLUMN.building_id.eq(building),
        None => notice_recipient::COLUMN.building_id.is_null(),
    };
    let rows = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(id))
        .filter(of)
        .filter(notice_recipient::COLUMN.read_at.is_null())
        .order_by_asc(notice_recipient::Column::HomeId)
        .order_by_asc(notice_recipient::Column::PersonId)
        .limit(most)
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
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
        .filter(
            visit::COLUMN
                .person_id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .order_by_asc(visit::Column::Id)
        .all(db)
        .await?;
    let visits: HashMap<i64, VisitState> = visits
        .into_iter()
        .map(|row| (row.person_id, row.state))
        .collect();
    let mut all: Vec<Unread> = rows
        .into_iter()
        .filter_map(|row| {
            Some(Unread {
                person_id: row.person_id,
                name: people.get(&row.person_id)?.clone(),
                place: homes.get(&row.home_id)?.clone(),
                reachable: row.reachable,
                visit: visits.get(&row.person_id).copied(),
            })
        })
        .collect();
    all.sort_by(|one, other| one.place.code.cmp(&other.place.code));
    Ok(all)
}

/// The newest that hold and are for everybody of a compound: what its board may show.
///
/// # Errors
/// The database's.
pub async fn of_compound<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<notice::Model>, Fault> {
    let mut rows = notice::Entity::find()
        .filter(notice::COLUMN.compound_id.eq(compound_id))
        .filter(notice::COLUMN.place_id.eq(compound_id))
        .filter(notice::COLUMN.state.is_in(HOLDS))
        .order_by_desc(notice::Column::Id)
        // Some of them are for a group alone.
        .limit(most * 4)
        .all(db)
        .await?;
    rows.retain(is_for_everybody);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Whether it is for whoever lives at its place, and not for a list or a group.
#[must_use]
pub fn is_for_everybody(row: &notice::Model) -> bool {
    let scope: Option<Scope> = serde_json::from_value(row.scope.clone()).ok();
    scope.is_some_and(|scope| scope.places.is_empty() && scope.who.contains(&Group::Residents))
}

/// The version that has taken its place, if it is out.
///
/// # Errors
/// The database's.
pub async fn newer<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<notice::Model>, Fault> {
    let row = notice::Entity::find()
        .filter(notice::COLUMN.corrects.eq(id))
        .filter(notice::COLUMN.state.is_in(OUT))
        .order_by_desc(notice::Column::Id)
        .one(db)
        .await?;
    Ok(row)
}
