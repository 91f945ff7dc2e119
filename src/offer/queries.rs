//! Reads of the four lists, scoped by who asks: neighbours read what has passed and no resident's name, whose
//! it is their own, staff what they may check. Nobody else learns that there is one.

use std::collections::{BTreeSet, HashMap};

use entity::kinds::{OfferList, OfferState};
use entity::{attachment, offer, organisation, place};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::access::holders::holders;
use crate::access::permit::{Deed, may, roles};
use crate::attachment::queries as attachments;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::page::{Page, Slice};
use crate::moderation::queries::all_shown;
use crate::offer::figure::Figure;
use crate::offer::{PART, is_promise, subject};
use crate::place::queries::{
    by_id as place_by_id, compounds_below, in_own_compounds, within_reach,
};
use crate::store::paging::newest;

/// States in which everybody knows of an item.
pub const PUBLIC: [OfferState; 3] = [OfferState::Open, OfferState::Matched, OfferState::Done];
/// People of an organisation who are told of something, at most.
const MOST_PEOPLE: usize = 5;

/// The same answer for an item that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到清单 #{id}。回复“清单”看大家的清单。"))
}

/// What somebody has to do with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is theirs, or of an organisation that they speak for.
    Owner,
    /// Staff who may check it, or supervise it.
    Checker,
    /// Of the same compound.
    Neighbour,
}

/// An item with its place, and what the one who asks has to do with it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub offer: offer::Model,
    /// A resident's home, else the compound.
    pub place: place::Model,
    /// Of the one who asks.
    pub side: Side,
}

/// An item as somebody may see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row; its words are for those who are more than neighbours.
    pub offer: offer::Model,
    /// The title, as far as it may be read.
    pub title: String,
    /// What else is said, as far as it may be read.
    pub text: String,
    /// The organisation's name, `居民`, or that nobody has claimed it.
    pub by: String,
    /// Of the one who asks.
    pub side: Side,
}

/// By key; not scoped, for composing and for clocks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<offer::Model>, Fault> {
    Ok(offer::Entity::find_by_id(id).one(db).await?)
}

/// Whether somebody speaks for an organisation at the place with this path.
#[must_use]
pub fn speaks_for(actor: &Actor, organisation_id: i64, path: &str) -> bool {
    let able = roles(Deed::PublishOffers);
    actor.grants.iter().any(|grant| {
        grant.organisation_id == Some(organisation_id)
            && able.contains(&grant.role)
            && path.starts_with(&grant.path)
    })
}

/// The organisations for which somebody speaks somewhere.
#[must_use]
pub fn spoken_for(actor: &Actor) -> BTreeSet<i64> {
    let able = roles(Deed::PublishOffers);
    let grants = actor.grants.iter();
    let own = grants.filter(|grant| able.contains(&grant.role));
    own.filter_map(|grant| grant.organisation_id).collect()
}

/// People who speak for an organisation at the place with this path, the nearest first.
///
/// # Errors
/// The database's.
pub async fn speakers<C: ConnectionTrait>(
    db: &C,
    organisation_id: i64,
    path: &str,
    now: Moment,
) -> Result<Vec<i64>, Fault> {
    let held = holders(db, path, roles(Deed::PublishOffers), now).await?;
    let mut people: Vec<i64> = Vec::new();
    for holder in held {
        let own = holder.organisation_id == Some(organisation_id);
        if own && !people.contains(&holder.person_id) {
            people.push(holder.person_id);
        }
    }
    people.truncate(MOST_PEOPLE);
    Ok(people)
}

/// The nearest who supervise what is promised at the place with this path.
///
/// # Errors
/// The database's.
pub async fn supervisors<C: ConnectionTrait>(
    db: &C,
    path: &str,
    now: Moment,
) -> Result<Vec<i64>, Fault> {
    let held = holders(db, path, roles(Deed::SuperviseOffers), now).await?;
    let nearest = held.first().map(|holder| holder.depth);
    let near = held.iter().filter(|holder| Some(holder.depth) == nearest);
    let mut people: Vec<i64> = near.map(|holder| holder.person_id).collect();
    people.dedup();
    people.truncate(MOST_PEOPLE);
    Ok(people)
}

/// Whom to tell of an item: the resident, or who speaks for the organisation; nobody of a project that none
/// has claimed.
///
/// # Errors
/// The database's.
pub async fn owners<C: ConnectionTrait>(
    db: &C,
    row: &offer::Model,
    now: Moment,
) -> Result<Vec<i64>, Fault> {
    match row.organisation_id {
        Some(id) => {
            let place = place_by_id(db, row.place_id).await?;
            let path = place.map(|place| place.path).unwrap_or_default();
            speakers(db, id, &path, now).await
        }
        None if is_promise(row.list) => Ok(Vec::new()),
        None => Ok(vec![row.author_id]),
    }
}

/// What the actor has to do with an item; none when it is not theirs to see.
fn side_of(actor: &Actor, row: &offer::Model, place: &place::Model) -> Option<Side> {
    let person = actor.person_id()?;
    let own = match row.organisation_id {
        Some(id) => speaks_for(actor, id, &place.path),
        None => !is_promise(row.list) && row.author_id == person,
    };
    if own {
        Some(Side::Owner)
    } else if may(actor, Deed::CheckOffers, &place.path)
        // What residents write is read by whoever checks it, and by nobody else before it has passed.
        || is_promise(row.list) && may(actor, Deed::SuperviseOffers, &place.path)
    {
        Some(Side::Checker)
    } else if PUBLIC.contains(&row.state) && actor.belongs(row.compound_id, &place.path) {
        Some(Side::Neighbour)
    } else {
        None
    }
}

/// One item, if the actor may know of it.
///
/// # Errors
/// `not_found`, also when it is somebody else's or of another compound.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = place_by_id(db, row.place_id).await?;
    let place = place.ok_or_else(|| no_such(id))?;
    let side = side_of(actor, &row, &place).ok_or_else(|| no_such(id))?;
    Ok(Found {
        offer: row,
        place,
        side,
    })
}

/// One item, as far as the actor may see it.
///
/// # Errors
/// As [`found`].
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let row = found(db, actor, id).await?.offer;
    let mut all = show(db, actor, vec![row]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// Whether a need was met by what the actor offers: they may read what was said of it.
///
/// # Errors
/// The database's.
pub async fn has_helped<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    need: &offer::Model,
) -> Result<bool, Fault> {
    let resource = need.tied_id.filter(|_| need.state == OfferState::Done);
    let Some(resource) = resource else {
        return Ok(false);
    };
    match found(db, actor, resource).await {
        Ok(resource) => Ok(resource.side == Side::Owner),
        Err(fault) if fault.code == Code::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// The photos of what was done in the round that counts; for those who are more than neighbours.
///
/// # Errors
/// The database's.
pub async fn photos<C: ConnectionTrait>(
    db: &C,
    seen: &Seen,
) -> Result<Vec<attachment::Model>, Fault> {
    if seen.side == Side::Neighbour {
        return Ok(Vec::new());
    }
    let mut all = attachments::of_subject(db, &subject(seen.offer.id)).await?;
    all.retain(|photo| photo.round == Some(seen.offer.round));
    Ok(all)
}

/// Which items are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Of a list, those that neighbours see and that are not over.
    Open(OfferList),
    /// Of a list, those that were closed off.
    Closed(OfferList),
    /// One's own, and those of the organisations that one speaks for.
    Mine,
    /// Those that one may check and nobody has read.
    Waiting,
    /// Of a compound, by figure, for whoever works there.
    Of(i64, Figure),
}

/// A page of items, newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing, or who may check nowhere; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person = actor.require_person()?;
    let condition = match which {
        Which::Open(list) => here(actor)
            .add(offer::COLUMN.list.eq(list))
            .add(offer::COLUMN.state.eq(OfferState::Open)),
        Which::Closed(list) => here(actor)
            .add(offer::COLUMN.list.eq(list))
            .add(offer::COLUMN.state.eq(OfferState::Done)),
        Which::Mine => mine(actor, person),
        Which::Waiting => reach(actor, Deed::CheckOffers)?.add(Figure::Raised.condition()),
        Which::Of(compound_id, figure) => of_figure(actor, compound_id, figure)?,
    };
    let query = offer::Entity::find().filter(condition);
    let page = newest(db, query, offer::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, actor, page.items).await?,
        next: page.next,
    })
}

/// Items of the compounds where somebody lives or serves, or that lie below where they serve.
fn here(actor: &Actor) -> Condition {
    Condition::all().add(in_own_compounds(offer::Column::CompoundId, actor))
}

fn mine(actor: &Actor, person: i64) -> Condition {
    let written = Condition::all()
        .add(offer::COLUMN.author_id.eq(person))
        .add(offer::COLUMN.organisation_id.is_null());
    // Of an organisation that works in many compounds, those in which one speaks for it.
    let grants = actor.grants.iter();
    let spoken = grants.filter(|grant| roles(Deed::PublishOffers).contains(&grant.role));
    spoken.fold(Condition::any().add(written), |all, grant| {
        let Some(organisation_id) = grant.organisation_id else {
            return all;
        };
        let own = Condition::all().add(offer::COLUMN.organisation_id.eq(organisation_id));
        if grant.path == "/" {
            return all.add(own);
        }
        let below = Query::select()
            .column(place::Column::Id)
            .from(place::Entity)
            .cond_where(compounds_below(&grant.path))
            .to_owned();
        all.add(own.add(offer::Column::CompoundId.in_subquery(below)))
    })
}

/// Items at places where somebody may do it.
fn reach(actor: &Actor, deed: Deed) -> Result<Condition, Fault> {
    let here = within_reach(offer::Column::PlaceId, actor, deed)
        .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    Ok(Condition::all().add(here))
}

/// Items that somebody checks, and promises that they supervise.
fn inner(actor: &Actor) -> Result<Condition, Fault> {
    let promises = [OfferList::Service, OfferList::Responsibility];
    let checked = reach(actor, Deed::CheckOffers);
    let supervised = reach(actor, Deed::SuperviseOffers)
        .map(|here| here.add(offer::COLUMN.list.is_in(promises)));
    Ok(match (checked, supervised) {
        (Ok(checked), Ok(supervised)) => Condition::any().add(checked).add(supervised),
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => one,
        (Err(fault), Err(_)) => return Err(fault),
    })
}

fn of_figure(actor: &Actor, compound_id: i64, figure: Figure) -> Result<Condition, Fault> {
    let base = if figure.is_inner() {
        inner(actor)?
    } else {
        here(actor)
    };
    Ok(Condition::all()
        .add(base)
        .add(offer::COLUMN.compound_id.eq(compound_id))
        .add(figure.condition()))
}

/// How many there are of a figure in a compound, as far as the actor may see them; none where they may not.
///
/// # Errors
/// The database's.
pub async fn count<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    compound_id: i64,
    figure: Figure,
) -> Result<Option<u64>, Fault> {
    let Ok(condition) = of_figure(actor, compound_id, figure) else {
        return Ok(None);
    };
    let count = offer::Entity::find().filter(condition).count(db);
    Ok(Some(count.await?))
}

/// How many wait to be read where the actor may check; none for whoever may check nowhere.
///
/// # Errors
/// The database's.
pub async fn count_waiting<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    let Ok(here) = reach(actor, Deed::CheckOffers) else {
        return Ok(0);
    };
    let raised = here.add(Figure::Raised.condition());
    Ok(offer::Entity::find().filter(raised).count(db).await?)
}

/// Rows as the actor may see them; those that are not theirs to see are left out.
async fn show<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<offer::Model>,
) -> Result<Vec<Seen>, Fault> {
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .all(db)
        .await?;
    let places: HashMap<i64, place::Model> =
        places.into_iter().map(|place| (place.id, place)).collect();
    let names = names(db, &rows).await?;
    let mut words = shown(db, &rows).await?;
    let mut all = Vec::new();
    for row in rows {
        let Some(place) = places.get(&row.place_id) else {
            continue;
        };
        let Some(side) = side_of(actor, &row, place) else {
            continue;
        };
        let (title, text) = match side {
            Side::Neighbour => words.remove(&row.id).unwrap_or_default(),
            _ => (row.title.clone(), row.text.clone()),
        };
        all.push(Seen {
            by: by(&names, &row),
            title,
            text,
            offer: row,
            side,
        });
    }
    Ok(all)
}

/// Names of the organisations of these rows.
pub(super) async fn names<C: ConnectionTrait>(
    db: &C,
    rows: &[offer::Model],
) -> Result<HashMap<i64, String>, Fault> {
    let ids: BTreeSet<i64> = rows.iter().filter_map(|row| row.organisation_id).collect();
    let found = organisation::Entity::find()
        .filter(organisation::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    Ok(found.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Whose it is, as everybody may read it.
pub(super) fn by(names: &HashMap<i64, String>, row: &offer::Model) -> String {
    match row.organisation_id {
        Some(id) => names.get(&id).cloned().unwrap_or_default(),
        None if is_promise(row.list) => "待认领".to_owned(),
        None => "居民".to_owned(),
    }
}

/// Title and text of these rows, as everybody may read them; those that nobody may read are not among them.
pub(super) async fn shown<C: ConnectionTrait>(
    db: &C,
    rows: &[offer::Model],
) -> Result<HashMap<i64, (String, String)>, Fault> {
    let subjects = rows.iter().map(|row| subject(row.id)).collect();
    let mut words = all_shown(db, subjects, PART).await?;
    let mut all = HashMap::new();
    for row in rows {
        if let Some(content) = words.remove(&subject(row.id)) {
            let (title, text) = content.split_once('\n').unwrap_or((&content, ""));
            all.insert(row.id, (title.to_owned(), text.to_owned()));
        }
    }
    Ok(all)
}
