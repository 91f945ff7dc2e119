//! Reads of volunteers, their tasks and their hours, scoped by who asks: whoever lives or serves in the compound
//! sees its tasks, whoever leads there who takes part; hours are one's own, and of those who lead.

use std::collections::HashMap;

use entity::life::{ServiceState, VolunteerState, VolunteerTaskState};
use entity::{place, volunteer, volunteer_service, volunteer_task};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::person::queries::names;
use crate::place::queries::{by_id as place_by_id, in_own_compounds, within_reach};
use crate::store::paging::newest;

/// The same answer for a task that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!(
        "没有找到志愿任务 #{id}。回复“志愿服务”看有哪些任务。"
    ))
}

/// What somebody has to do with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// May lead it.
    Leader,
    /// Of the same compound.
    Neighbour,
}

/// A task with what the one who asks has to do with it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub task: volunteer_task::Model,
    /// Where it stands.
    pub place: place::Model,
    /// Of the one who asks.
    pub side: Side,
}

/// A task with the asker's own part in it, whatever has become of that.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row.
    pub task: volunteer_task::Model,
    /// Their own part.
    pub own: Option<volunteer_service::Model>,
    /// Of the one who asks.
    pub side: Side,
}

/// By key; not scoped, for composing and for clocks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<volunteer_task::Model>, Fault> {
    Ok(volunteer_task::Entity::find_by_id(id).one(db).await?)
}

fn side_of(actor: &Actor, task: &volunteer_task::Model, place: &place::Model) -> Option<Side> {
    if may(actor, Deed::LeadActivities, &place.path) {
        Some(Side::Leader)
    } else if actor.belongs(task.compound_id, &place.path) {
        Some(Side::Neighbour)
    } else {
        None
    }
}

/// One task, if the actor may know of it.
///
/// # Errors
/// `not_found`, also for one of another compound.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let task = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = place_by_id(db, task.place_id).await?;
    let place = place.ok_or_else(|| no_such(id))?;
    let side = side_of(actor, &task, &place).ok_or_else(|| no_such(id))?;
    Ok(Found { task, place, side })
}

/// One that the actor may lead.
///
/// # Errors
/// `not_found` for whoever may not know of it, `forbidden` for whoever may not lead it.
pub async fn led<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(db, actor, id).await?;
    match found.side {
        Side::Leader => Ok(found),
        Side::Neighbour => Err(Fault::forbidden("您没有这项权限，请找组织任务的人。")),
    }
}

/// One with the actor's own part in it.
///
/// # Errors
/// As [`found`].
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let found = found(db, actor, id).await?;
    let mut all = with_own(db, actor, vec![(found.task, found.side)]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// Which tasks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Not over yet, where one belongs.
    Open,
    /// Those that one has a part in.
    Mine,
    /// Those that one leads.
    Led,
    /// Those of them that stand in a compound.
    LedIn(i64),
}

/// A page of tasks, the newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing, or who leads nowhere; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    now: Moment,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person = actor.require_person()?;
    let condition = match which {
        Which::Open => Condition::all()
            .add(in_own_compounds(volunteer_task::Column::CompoundId, actor))
            .add(volunteer_task::COLUMN.state.eq(VolunteerTaskState::Open))
            .add(volunteer_task::COLUMN.ends_at.gt(now)),
        Which::Mine => {
            let taken = Query::select()
                .column(volunteer_service::Column::TaskId)
                .from(volunteer_service::Entity)
                .and_where(volunteer_service::Column::PersonId.eq(person))
                .and_where(volunteer_service::Column::State.ne(ServiceState::Left))
                .to_owned();
            Condition::all().add(volunteer_task::Column::Id.in_subquery(taken))
        }
        Which::Led => led_by(actor)?,
        Which::LedIn(compound_id) => Condition::all()
            .add(volunteer_task::COLUMN.compound_id.eq(compound_id))
            .add(led_by(actor)?),
    };
    let query = volunteer_task::Entity::find().filter(condition);
    let page = newest(db, query, volunteer_task::Column::Id, slice, |row| row.id).await?;
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let sided = page.items.into_iter().filter_map(|row| {
        let place = places.iter().find(|place| place.id == row.place_id)?;
        let side = side_of(actor, &row, place)?;
        Some((row, side))
    });
    Ok(Page {
        items: with_own(db, actor, sided.collect()).await?,
        next: page.next,
    })
}

/// The condition that a task stands where the actor leads.
fn led_by(actor: &Actor) -> Result<Condition, Fault> {
    let here = within_reach(volunteer_task::Column::PlaceId, actor, Deed::LeadActivities);
    here.ok_or_else(|| Fault::forbidden("您没有这项权限。"))
}

/// How many hours of others wait to be confirmed by the actor; none for whoever leads nowhere.
///
/// # Errors
/// The database's.
pub async fn count_unconfirmed<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    let (Some(own), Ok(led)) = (actor.person_id(), led_by(actor)) else {
        return Ok(0);
    };
    let tasks = Query::select()
        .column(volunteer_task::Column::Id)
        .from(volunteer_task::Entity)
        .cond_where(led)
        .to_owned();
    let count = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Ended))
        .filter(
            Condition::any()
                .add(volunteer_service::COLUMN.person_id.ne(own))
                .add(volunteer_service::COLUMN.person_id.is_null()),
        )
        .filter(volunteer_service::Column::TaskId.in_subquery(tasks))
        .count(db);
    Ok(count.await?)
}

async fn with_own<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<(volunteer_task::Model, Side)>,
) -> Result<Vec<Seen>, Fault> {
    let own = match actor.person_id() {
        None => Vec::new(),
        Some(person) => {
            volunteer_service::Entity::find()
                .filter(volunteer_service::COLUMN.person_id.eq(person))
                .filter(
                    volunteer_service::COLUMN
                        .task_id
                        .is_in(rows.iter().map(|(row, _)| row.id)),
                )
                .all(db)
                .await?
        }
    };
    let seen = rows.into_iter().map(|(task, side)| Seen {
        own: own.iter().find(|own| own.task_id == task.id).cloned(),
        task,
        side,
    });
    Ok(seen.collect())
}

/// Somebody's part in a task, whatever has become of it.
///
/// # Errors
/// The database's.
pub async fn service_of<C: ConnectionTrait>(
    db: &C,
    task_id: i64,
    person_id: i64,
) -> Result<Option<volunteer_service::Model>, Fault> {
    Ok(volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.task_id.eq(task_id))
        .filter(volunteer_service::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?)
}

/// Somebody's part in a task with their name, for those who lead.
#[derive(Clone, Debug)]
pub struct Part {
    /// The row.
    pub service: volunteer_service::Model,
    /// As the roster has it.
    pub name: String,
}

/// Who has a part in these tasks, the first to take it first.
///
/// # Errors
/// The database's.
pub async fn parts<C: ConnectionTrait>(
    db: &C,
    tasks: &[i64],
    most: u64,
) -> Result<Vec<Part>, Fault> {
    let rows = volunteer_service::Entity::find()
        .filter(
            volunteer_service::COLUMN
                .task_id
                .is_in(tasks.iter().copied()),
        )
        .filter(volunteer_service::COLUMN.state.ne(ServiceState::Left))
        .order_by_asc(volunteer_service::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    named(db, rows).await
}

/// Those of them that wait to be confirmed, likewise.
///
/// # Errors
/// The database's.
pub async fn unconfirmed<C: ConnectionTrait>(
    db: &C,
    tasks: &[i64],
    most: u64,
) -> Result<Vec<Part>, Fault> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let these = tasks.iter().copied();
    let rows = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.task_id.is_in(these))
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Ended))
        .order_by_asc(volunteer_service::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    named(db, rows).await
}

/// Parts with the names of those whose they are.
async fn named<C: ConnectionTrait>(
    db: &C,
    rows: Vec<volunteer_service::Model>,
) -> Result<Vec<Part>, Fault> {
    let names = names(db, rows.iter().filter_map(|row| row.person_id)).await?;
    let parts = rows.into_iter().map(|service| Part {
        name: service
            .person_id
            .and_then(|person| names.get(&person).cloned())
            .unwrap_or_default(),
        service,
    });
    Ok(parts.collect())
}

/// Somebody as a volunteer of a compound, whether they still are one or not.
///
/// # Errors
/// The database's.
pub async fn member<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    person_id: i64,
) -> Result<Option<volunteer::Model>, Fault> {
    Ok(volunteer::Entity::find()
        .filter(volunteer::COLUMN.compound_id.eq(compound_id))
        .filter(volunteer::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?)
}

/// Where somebody is a volunteer now, the first compound first.
///
/// # Errors
/// The database's.
pub async fn memberships<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<volunteer::Model>, Fault> {
    Ok(volunteer::Entity::find()
        .filter(volunteer::COLUMN.person_id.eq(person_id))
        .filter(volunteer::COLUMN.state.eq(VolunteerState::Active))
        .order_by_asc(volunteer::COLUMN.id)
        .all(db)
        .await?)
}

/// A volunteer of a compound, by key, if they still are one.
///
/// # Errors
/// The database's.
pub async fn active<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<volunteer::Model>, Fault> {
    let found = volunteer::Entity::find_by_id(id).one(db).await?;
    Ok(found.filter(|row| row.state == VolunteerState::Active && row.person_id.is_some()))
}

/// A volunteer with their name.
#[derive(Clone, Debug)]
pub struct Member {
    /// The row.
    pub volunteer: volunteer::Model,
    /// As the roster has it.
    pub name: String,
}

/// The volunteers of a compound, the newest first.
///
/// # Errors
/// The database's.
pub async fn members<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    slice: Slice,
) -> Result<Page<Member>, Fault> {
    let query = volunteer::Entity::find()
        .filter(volunteer::COLUMN.compound_id.eq(compound_id))
        .filter(volunteer::COLUMN.state.eq(VolunteerState::Active))
        .filter(volunteer::COLUMN.person_id.is_not_null());
    let page = newest(db, query, volunteer::Column::Id, slice, |row| row.id).await?;
    let people = page.items.iter().filter_map(|row| row.person_id);
    let names: HashMap<i64, String> = names(db, people).await?;
    let member = |volunteer: volunteer::Model| Member {
        name: volunteer
            .person_id
            .and_then(|person| names.get(&person).cloned())
            .unwrap_or_default(),
        volunteer,
    };
    Ok(Page {
        items: page.items.into_iter().map(member).collect(),
        next: page.next,
    })
}

/// What volunteers of a compound are wanted for, the next first: for everybody.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    now: Moment,
    most: u64,
) -> Result<Vec<volunteer_task::Model>, Fault> {
    Ok(volunteer_task::Entity::find()
        .filter(volunteer_task::COLUMN.compound_id.eq(compound_id))
        .filter(volunteer_task::COLUMN.state.eq(VolunteerTaskState::Open))
        .filter(volunteer_task::COLUMN.ends_at.gt(now))
        .order_by_asc(volunteer_task::COLUMN.starts_at)
        .order_by_asc(volunteer_task::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// How many volunteers a compound has, and how many of them are members who have reported.
///
/// # Errors
/// The database's.
pub async fn count<C: ConnectionTrait>(db: &C, compound_id: i64) -> Result<(u64, u64), Fault> {
    let all = || {
        volunteer::Entity::find()
            .filter(volunteer::COLUMN.compound_id.eq(compound_id))
            .filter(volunteer::COLUMN.state.eq(VolunteerState::Active))
    };
    let members = all().filter(volunteer::COLUMN.party.eq(true));
    Ok((all().count(db).await?, members.count(db).await?))
}
