//! Reads of activities, scoped by who asks: whoever lives or serves in the compound knows of those that are
//! out, whoever leads there of drafts too, and of who takes part. Nobody else learns that there is one.

use entity::life::{ActivityState, SignupState};
use entity::{activity, activity_signup, attachment, place};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::activity::subject;
use crate::attachment::queries as attachments;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::place::queries::{by_id as place_by_id, in_own_compounds, within_reach};
use crate::store::paging::newest;

/// States in which people of the compound know of it.
const PUBLIC: [ActivityState; 4] = [
    ActivityState::Open,
    ActivityState::Closed,
    ActivityState::Cancelled,
    ActivityState::Held,
];
/// States in which it is still to come, or under way.
const AHEAD: [ActivityState; 2] = [ActivityState::Open, ActivityState::Closed];
/// Sign-ups that hold.
pub const HOLDS: [SignupState; 2] = [SignupState::Taken, SignupState::Waiting];

/// The same answer for an activity that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到活动 #{id}。回复“活动”看有哪些活动。"))
}

/// What somebody has to do with an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// May lead it.
    Leader,
    /// Of the same compound.
    Neighbour,
}

/// An activity with its place, and what the one who asks has to do with it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub activity: activity::Model,
    /// Where it stands.
    pub place: place::Model,
    /// Of the one who asks.
    pub side: Side,
}

/// An activity with the sign-up of the one who asks, if it holds.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row.
    pub activity: activity::Model,
    /// Their own sign-up.
    pub own: Option<activity_signup::Model>,
    /// Of the one who asks.
    pub side: Side,
}

/// Figures of activities that somebody leads, and the list behind each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Figure {
    /// Nobody else knows of it.
    Draft,
    /// To come, or under way.
    Ahead,
    /// Over.
    Over,
}

impl Figure {
    /// As it stands in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ahead => "ahead",
            Self::Over => "over",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Ahead => "进行中",
            Self::Over => "已结束或取消",
        }
    }

    /// The states that it counts.
    #[must_use]
    pub const fn states(self) -> &'static [ActivityState] {
        match self {
            Self::Draft => &[ActivityState::Draft],
            Self::Ahead => &AHEAD,
            Self::Over => &[ActivityState::Held, ActivityState::Cancelled],
        }
    }
}

/// By key; not scoped, for composing and for clocks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<activity::Model>, Fault> {
    Ok(activity::Entity::find_by_id(id).one(db).await?)
}

/// One that everybody with its address may see.
///
/// # Errors
/// The database's.
pub async fn public<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<activity::Model>, Fault> {
    let found = by_id(db, id).await?;
    Ok(found.filter(|row| row.opened_at.is_some() && PUBLIC.contains(&row.state)))
}

/// What the actor has to do with it; none when it is not theirs to see. One that was cancelled before
/// anybody knew of it stays its leaders'.
fn side_of(actor: &Actor, row: &activity::Model, place: &place::Model) -> Option<Side> {
    let known = row.opened_at.is_some() && PUBLIC.contains(&row.state);
    if may(actor, Deed::LeadActivities, &place.path) {
        Some(Side::Leader)
    } else if known && actor.belongs(row.compound_id, &place.path) {
        Some(Side::Neighbour)
    } else {
        None
    }
}

/// One activity, if the actor may know of it.
///
/// # Errors
/// `not_found`, also for a draft and for one of another compound.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = place_by_id(db, row.place_id).await?;
    let place = place.ok_or_else(|| no_such(id))?;
    let side = side_of(actor, &row, &place).ok_or_else(|| no_such(id))?;
    Ok(Found {
        activity: row,
        place,
        side,
    })
}

/// One that the actor may lead.
///
/// # Errors
/// `not_found` for whoever may not know of it, `forbidden` for whoever may not lead it.
pub async fn led<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = found(db, actor, id).await?;
    match found.side {
        Side::Leader => Ok(found),
        Side::Neighbour => Err(Fault::forbidden("您没有这项权限，请找组织活动的人。")),
    }
}

/// One with the actor's own sign-up.
///
/// # Errors
/// As [`found`].
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let found = found(db, actor, id).await?;
    let mut all = with_own(db, actor, vec![(found.activity, found.side)]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// The photos of it, once it has begun or is over: for everybody, by the board.
///
/// # Errors
/// The database's.
pub async fn photos<C: ConnectionTrait>(db: &C, id: i64) -> Result<Vec<attachment::Model>, Fault> {
    attachments::of_subject(db, &subject(id)).await
}

/// Which activities are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// To come, or under way.
    Ahead,
    /// Held.
    Held,
    /// Those in which one has a place or waits for one.
    Mine,
    /// Those that one leads, by figure.
    Led(Figure),
}

/// A page of activities, the newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing, or who leads nowhere; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person = actor.require_person()?;
    let here = || Condition::all().add(in_own_compounds(activity::Column::CompoundId, actor));
    let condition = match which {
        Which::Ahead => here().add(activity::COLUMN.state.is_in(AHEAD)),
        Which::Held => here().add(activity::COLUMN.state.eq(ActivityState::Held)),
        Which::Mine => Condition::all().add(activity::Column::Id.in_subquery(joined(person))),
        Which::Led(figure) => led_by(actor)?.add(counted(figure)),
    };
    let query = activity::Entity::find().filter(condition);
    let page = newest(db, query, activity::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: with_sides(db, actor, page.items).await?,
        next: page.next,
    })
}

fn joined(person: i64) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(activity_signup::Column::ActivityId)
        .from(activity_signup::Entity)
        .and_where(activity_signup::Column::PersonId.eq(person))
        .and_where(activity_signup::Column::State.is_in(HOLDS))
        .to_owned()
}

/// What is to come where somebody belongs, the next first.
///
/// # Errors
/// The database's.
pub async fn next<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
    most: u64,
) -> Result<Vec<Seen>, Fault> {
    let rows = activity::Entity::find()
        .filter(in_own_compounds(activity::Column::CompoundId, actor))
        .filter(activity::COLUMN.state.is_in(AHEAD))
        .filter(activity::COLUMN.ends_at.gt(now))
        .order_by_asc(activity::COLUMN.starts_at)
        .order_by_asc(activity::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    with_sides(db, actor, rows).await
}

/// What somebody has signed up for and is still to come, the next first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing; the database's.
pub async fn mine<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    now: Moment,
    most: u64,
) -> Result<Vec<Seen>, Fault> {
    let person = actor.require_person()?;
    let rows = activity::Entity::find()
        .filter(activity::Column::Id.in_subquery(joined(person)))
        .filter(activity::COLUMN.state.is_in(AHEAD))
        .filter(activity::COLUMN.ends_at.gt(now))
        .order_by_asc(activity::COLUMN.starts_at)
        .order_by_asc(activity::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    with_sides(db, actor, rows).await
}

/// Activities that somebody may lead.
fn led_by(actor: &Actor) -> Result<Condition, Fault> {
    let here = within_reach(activity::Column::PlaceId, actor, Deed::LeadActivities)
        .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    Ok(Condition::all().add(here))
}

fn counted(figure: Figure) -> Condition {
    let states = figure.states().iter().copied();
    Condition::all().add(activity::COLUMN.state.is_in(states))
}

/// How many there are of a figure where the actor leads.
///
/// # Errors
/// `forbidden` for whoever leads nowhere; the database's.
pub async fn count<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    figure: Figure,
) -> Result<u64, Fault> {
    let condition = led_by(actor)?.add(counted(figure));
    let count = activity::Entity::find().filter(condition).count(db);
    Ok(count.await?)
}

/// Of a compound those for which people sign up, the next first: for everybody.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    now: Moment,
    most: u64,
) -> Result<Vec<activity::Model>, Fault> {
    Ok(activity::Entity::find()
        .filter(activity::COLUMN.compound_id.eq(compound_id))
        .filter(activity::COLUMN.state.eq(ActivityState::Open))
        .filter(activity::COLUMN.closes_at.gt(now))
        .order_by_asc(activity::COLUMN.starts_at)
        .limit(most)
        .all(db)
        .await?)
}

/// Of a compound those that were held, the newest first: for everybody.
///
/// # Errors
/// The database's.
pub async fn held_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<activity::Model>, Fault> {
    Ok(activity::Entity::find()
        .filter(activity::COLUMN.compound_id.eq(compound_id))
        .filter(activity::COLUMN.state.eq(ActivityState::Held))
        .filter(activity::COLUMN.opened_at.is_not_null())
        .order_by_desc(activity::COLUMN.starts_at)
        .order_by_desc(activity::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Rows as the actor may see them; those that are not theirs to see are left out.
async fn with_sides<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<activity::Model>,
) -> Result<Vec<Seen>, Fault> {
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .all(db)
        .await?;
    let sided = rows.into_iter().filter_map(|row| {
        let place = places.iter().find(|place| place.id == row.place_id)?;
        let side = side_of(actor, &row, place)?;
        Some((row, side))
    });
    with_own(db, actor, sided.collect()).await
}

async fn with_own<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<(activity::Model, Side)>,
) -> Result<Vec<Seen>, Fault> {
    let own = match actor.person_id() {
        None => Vec::new(),
        Some(person) => {
            let ids = rows.iter().map(|(row, _)| row.id);
            activity_signup::Entity::find()
                .filter(activity_signup::COLUMN.person_id.eq(person))
                .filter(activity_signup::COLUMN.activity_id.is_in(ids))
                .filter(activity_signup::COLUMN.state.is_in(HOLDS))
                .all(db)
                .await?
        }
    };
    let seen = rows.into_iter().map(|(row, side)| Seen {
        own: own.iter().find(|own| own.activity_id == row.id).cloned(),
        activity: row,
        side,
    });
    Ok(seen.collect())
}
