//! Reads of mediations, scoped by who asks: the mediator reads all of it, a party its own side, nobody
//! else learns that there is one.

use entity::{case, mediation, mediation_party, mediation_session};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::{category, kind_says};
use crate::mediation::actions::leads;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::store::paging::newest;

/// The same answer for a mediation that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到调解 #{id}。回复“我的调解”看您的调解。"))
}

/// A mediation as somebody may see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row.
    pub mediation: mediation::Model,
    /// What it is about, in general words: `纠纷·噪音`.
    pub about: String,
    /// Who mediates.
    pub mediator: String,
    /// The next meeting, or the last one.
    pub session: Option<mediation_session::Model>,
    /// Every party with its name, for the mediator; for a party itself alone.
    pub parties: Vec<(String, mediation_party::Model)>,
    /// How many parties there are.
    pub party_count: usize,
    /// How many have agreed to the text.
    pub agreed_count: usize,
    /// The words of the case, for the mediator.
    pub case_text: Option<String>,
    /// Whether the one who asks leads it.
    pub leads: bool,
}

/// By key; not scoped, for composing.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<mediation::Model>, Fault> {
    Ok(mediation::Entity::find_by_id(id).one(db).await?)
}

/// The mediation of a case that was opened last; not scoped: the caller says who may see the case.
///
/// # Errors
/// The database's.
pub async fn last_of_case<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
) -> Result<Option<mediation::Model>, Fault> {
    Ok(mediation::Entity::find()
        .filter(mediation::COLUMN.case_id.eq(case_id))
        .order_by_desc(mediation::COLUMN.id)
        .one(db)
        .await?)
}

/// All meetings that were called, the last first; for whoever may see the mediation.
///
/// # Errors
/// The database's.
pub async fn sessions<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Vec<mediation_session::Model>, Fault> {
    Ok(mediation_session::Entity::find()
        .filter(mediation_session::COLUMN.mediation_id.eq(id))
        .order_by_desc(mediation_session::COLUMN.id)
        .limit(MOST_SESSIONS)
        .all(db)
        .await?)
}

/// Meetings that are shown.
const MOST_SESSIONS: u64 = 50;

/// The parties, in the order in which they were named.
///
/// # Errors
/// The database's.
pub async fn parties<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Vec<mediation_party::Model>, Fault> {
    Ok(mediation_party::Entity::find()
        .filter(mediation_party::COLUMN.mediation_id.eq(id))
        .order_by_asc(mediation_party::COLUMN.id)
        .all(db)
        .await?)
}

/// The meeting that was called last and is not off.
///
/// # Errors
/// The database's.
pub async fn session_of<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<mediation_session::Model>, Fault> {
    Ok(mediation_session::Entity::find()
        .filter(mediation_session::COLUMN.mediation_id.eq(id))
        .filter(mediation_session::COLUMN.cancelled_at.is_null())
        .order_by_desc(mediation_session::COLUMN.id)
        .one(db)
        .await?)
}

/// What a mediation is about, in words that give nobody away.
///
/// # Errors
/// The database's.
pub async fn about<C: ConnectionTrait>(db: &C, row: &mediation::Model) -> Result<String, Fault> {
    let case = case::Entity::find_by_id(row.case_id).one(db).await?;
    Ok(case.map_or_else(String::new, |case| {
        let says = case.category.as_deref().and_then(category::says);
        let says = says.map(|says| format!("·{says}")).unwrap_or_default();
        format!("{}{says}", kind_says(case.kind))
    }))
}

/// One mediation, as far as the actor may see it.
///
/// # Errors
/// `not_found` for whoever neither leads it nor is a party.
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    show(db, actor, row).await?.ok_or_else(|| no_such(id))
}

async fn show<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    row: mediation::Model,
) -> Result<Option<Seen>, Fault> {
    let all = parties(db, row.id).await?;
    let place = places::by_id(db, row.place_id).await?;
    let leads = place.is_some_and(|place| leads(actor, &row, &place));
    let own = |party: &mediation_party::Model| Some(party.person_id) == actor.person_id();
    if !leads && !all.iter().any(own) {
        return Ok(None);
    }
    let (party_count, agreed_count) = (
        all.len(),
        all.iter()
            .filter(|party| party.agrees == Some(true))
            .count(),
    );
    let mut shown = Vec::new();
    for party in all.into_iter().filter(|party| leads || own(party)) {
        let person = people::by_id(db, party.person_id).await?;
        shown.push((person.map(|person| person.name).unwrap_or_default(), party));
    }
    let case_text = match leads {
        true => case::Entity::find_by_id(row.case_id)
            .one(db)
            .await?
            .map(|case| case.text),
        false => None,
    };
    let mediator = people::by_id(db, row.mediator_id).await?;
    Ok(Some(Seen {
        about: about(db, &row).await?,
        session: session_of(db, row.id).await?,
        mediator: mediator.map(|person| person.name).unwrap_or_default(),
        parties: shown,
        party_count,
        agreed_count,
        case_text,
        leads,
        mediation: row,
    }))
}

/// Mediations that the actor leads or is a party of, newest first.
///
/// # Errors
/// `forbidden` for somebody who is not bound; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person = actor.require_person()?;
    let theirs = mediation_party::Entity::find()
        .select_only()
        .column(mediation_party::Column::MediationId)
        .filter(mediation_party::COLUMN.person_id.eq(person));
    let theirs = sea_orm::QueryTrait::into_query(theirs);
    let query = mediation::Entity::find().filter(
        Condition::any()
            .add(mediation::COLUMN.mediator_id.eq(person))
            .add(mediation::Column::Id.in_subquery(theirs)),
    );
    let page = newest(db, query, mediation::Column::Id, slice, |row| row.id).await?;
    let mut items = Vec::new();
    for row in page.items {
        items.extend(show(db, actor, row).await?);
    }
    Ok(Page {
        items,
        next: page.next,
    })
}

/// Whether a meeting is still to come.
#[must_use]
pub fn is_ahead(session: &mediation_session::Model, now: Moment) -> bool {
    session.cancelled_at.is_none() && session.at > now
}
