//! Reads of talents and requests. Everybody of a compound learns which kinds are offered and how many; each their
//! own talents and requests, and what they are asked. Staff sees who offers what, never what somebody asked for.

use std::collections::BTreeMap;

use entity::kinds::{HelpAnswer, HelpState, TalentKind, TalentState};
use entity::{help_ask, help_request, person, talent};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::store::paging::newest;
use crate::talent::step::{self, Contact};

/// Rows of one compound that are counted.
const MOST: u64 = 5_000;

/// The same answer for a talent that is not there and for one that is not theirs.
#[must_use]
pub fn no_such_talent(id: i64) -> Fault {
    Fault::not_found(format!("没有找到特长 #{id}。回复“我的特长”查看。"))
}

/// The same answer for a request that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!(
        "没有找到帮忙 #{id}。找别人帮忙的回复“我的帮手”，请您帮忙的回复“帮手任务”。"
    ))
}

/// A request by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<help_request::Model>, Fault> {
    Ok(help_request::Entity::find_by_id(id).one(db).await?)
}

/// A talent by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn talent_by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<talent::Model>, Fault> {
    Ok(talent::Entity::find_by_id(id).one(db).await?)
}

/// The actor's own talent.
///
/// # Errors
/// `not_found`.
pub async fn own_talent<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<talent::Model, Fault> {
    let row = talent_by_id(db, id).await?;
    row.filter(|row| Some(row.person_id) == actor.person_id())
        .ok_or_else(|| no_such_talent(id))
}

/// The actor's talents that are offered, oldest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing; the database's.
pub async fn own_talents<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
) -> Result<Vec<talent::Model>, Fault> {
    let person = actor.require_person()?;
    Ok(talent::Entity::find()
        .filter(talent::COLUMN.person_id.eq(person))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .order_by_asc(talent::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?)
}

/// What came of the last time that somebody was asked for a request; none who was never asked.
///
/// # Errors
/// The database's.
pub async fn answer_of<C: ConnectionTrait>(
    db: &C,
    request_id: i64,
    person_id: i64,
) -> Result<Option<HelpAnswer>, Fault> {
    let own = Query::select()
        .column(talent::Column::Id)
        .from(talent::Entity)
        .and_where(talent::Column::PersonId.eq(person_id))
        .to_owned();
    let asked = help_ask::Entity::find()
        .filter(help_ask::COLUMN.request_id.eq(request_id))
        .filter(help_ask::Column::TalentId.in_subquery(own))
        .order_by_desc(help_ask::COLUMN.id)
        .one(db)
        .await?;
    Ok(asked.map(|asked| asked.answer))
}

/// How many of each kind are offered in a compound, without those of one person.
///
/// # Errors
/// The database's.
pub async fn offered<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    without: Option<i64>,
) -> Result<Vec<(TalentKind, usize)>, Fault> {
    let mut query = talent::Entity::find()
        .select_only()
        .column(talent::Column::Kind)
        .filter(talent::COLUMN.compound_id.eq(compound_id))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .limit(MOST);
    if let Some(person) = without {
        query = query.filter(talent::COLUMN.person_id.ne(person));
    }
    let kinds: Vec<TalentKind> = query.into_tuple().all(db).await?;
    let each = <TalentKind as sea_orm::Iterable>::iter();
    let counts = each.map(|kind| (kind, kinds.iter().filter(|one| **one == kind).count()));
    Ok(counts.filter(|(_, count)| *count > 0).collect())
}

/// What somebody has to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// They ask.
    Asker,
    /// They are asked, or have said yes.
    Talent,
}

/// A request, and what the one who asks has to do with it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub row: help_request::Model,
    /// Of the one who asks.
    pub side: Side,
}

/// One request, for whoever asks or is asked now, or has said yes.
///
/// # Errors
/// `not_found`, also for somebody who was asked before.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let person = actor.require_person()?;
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    if row.asker_id == person {
        return Ok(Found {
            row,
            side: Side::Asker,
        });
    }
    let theirs = talent_of(db, &row).await?;
    let theirs = theirs.is_some_and(|talent| talent.person_id == person);
    match theirs && matches!(row.state, HelpState::Asking | HelpState::Accepted) {
        true => Ok(Found {
            row,
            side: Side::Talent,
        }),
        false => Err(no_such(id)),
    }
}

/// The talent that a request was taken to, if any; not scoped.
///
/// # Errors
/// The database's.
pub async fn talent_of<C: ConnectionTrait>(
    db: &C,
    row: &help_request::Model,
) -> Result<Option<talent::Model>, Fault> {
    match row.talent_id {
        Some(id) => talent_by_id(db, id).await,
        None => Ok(None),
    }
}

/// Whether the two of a request may be told at this moment how to reach each other.
///
/// # Errors
/// The database's.
pub async fn contact<C: ConnectionTrait>(
    db: &C,
    row: &help_request::Model,
    now: Moment,
) -> Result<Contact, Fault> {
    let talent = talent_of(db, row).await?;
    let offered = talent.map(|talent| talent.state);
    Ok(step::contact(row.state, row.ended_at, offered, now))
}

/// Which requests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One's own.
    Mine,
    /// Those that one is asked for now, or has said yes to.
    Asked,
}

/// A page of requests, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<help_request::Model>, Fault> {
    let person = actor.require_person()?;
    let wanted = match which {
        Which::Mine => Condition::all().add(help_request::COLUMN.asker_id.eq(person)),
        Which::Asked => {
            let own: Vec<i64> = talent::Entity::find()
                .select_only()
                .column(talent::Column::Id)
                .filter(talent::COLUMN.person_id.eq(person))
                .into_tuple()
                .all(db)
                .await?;
            Condition::all()
                .add(help_request::COLUMN.talent_id.is_in(own))
                .add(
                    help_request::COLUMN
                        .state
                        .is_in([HelpState::Asking, HelpState::Accepted]),
                )
        }
    };
    let query = help_request::Entity::find().filter(wanted);
    newest(db, query, help_request::Column::Id, slice, |row| row.id).await
}

/// Who offers what in a compound, for staff: newest first, with the name.
///
/// # Errors
/// The database's.
pub async fn offered_by<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    slice: Slice,
) -> Result<Page<(talent::Model, String)>, Fault> {
    let query = talent::Entity::find()
        .filter(talent::COLUMN.compound_id.eq(compound_id))
        .filter(talent::COLUMN.state.eq(TalentState::Offered));
    let page = newest(db, query, talent::Column::Id, slice, |row| row.id).await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.person_id)),
        )
        .all(db)
        .await?;
    let with = page.items.into_iter().map(|row| {
        let name = people.iter().find(|one| one.id == row.person_id);
        let name = name.map(|one| one.name.clone()).unwrap_or_default();
        (row, name)
    });
    Ok(Page {
        items: with.collect(),
        next: page.next,
    })
}

/// How many requests of a compound there are of each state, and how the talents answered.
///
/// # Errors
/// The database's.
pub async fn figures<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<(BTreeMap<&'static str, usize>, usize, usize), Fault> {
    let states: Vec<HelpState> = help_request::Entity::find()
        .select_only()
        .column(help_request::Column::State)
        .filter(help_request::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(help_request::COLUMN.id)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    let mut counts = BTreeMap::new();
    for state in states {
        *counts.entry(super::state_says(state)).or_default() += 1;
    }
    let answers: Vec<HelpAnswer> = help_ask::Entity::find()
        .select_only()
        .column(help_ask::Column::Answer)
        .filter(help_ask::COLUMN.compound_id.eq(compound_id))
        .order_by_desc(help_ask::COLUMN.id)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    let yes = answers.iter().filter(|one| **one == HelpAnswer::Accepted);
    Ok((counts, answers.len(), yes.count()))
}
