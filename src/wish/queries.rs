//! Reads of wishes, scoped by who asks: neighbours read what has passed and nobody's name, the asker and
//! the claimer their own, staff what they may check. Nobody else learns that there is one.

use std::collections::{BTreeSet, HashMap};

use entity::kinds::{PlaceKind, WishState};
use entity::{attachment, person, place, wish, wish_step};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::access::holders::path_ids;
use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::moderation::queries::all_shown;
use crate::person::words::veiled;
use crate::place::queries::{by_id as place_by_id, in_own_compounds, short_name, within_reach};
use crate::store::paging::newest;
use crate::wish::step::Act;
use crate::wish::{PART, subject};

/// States in which neighbours know of a wish.
const PUBLIC: [WishState; 4] = [
    WishState::Open,
    WishState::Claimed,
    WishState::Fulfilled,
    WishState::Thanked,
];

/// The same answer for a wish that is not there and for one that is not theirs to see.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到心愿 #{id}。回复“心愿”看大家的心愿。"))
}

/// What somebody has to do with a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is theirs.
    Asker,
    /// They have it, or have fulfilled it.
    Claimer,
    /// Staff who may check it.
    Checker,
    /// Of the same compound.
    Neighbour,
}

/// A wish with its place, and what the one who asks has to do with it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The row.
    pub wish: wish::Model,
    /// Where the asker lives.
    pub place: place::Model,
    /// Of the one who asks.
    pub side: Side,
}

/// A wish as somebody may see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row; its words are for those who are more than neighbours.
    pub wish: wish::Model,
    /// The words, as far as they may be read.
    pub text: String,
    /// `王**，3栋`
    pub asker: String,
    /// Of the one who asks.
    pub side: Side,
}

/// A figure of wishes, and the list behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Figure {
    /// Nobody has read it yet.
    Raised,
    /// To be claimed.
    Open,
    /// Somebody has it.
    Claimed,
    /// Done, thanked for or not.
    Fulfilled,
    /// All that ended otherwise.
    Ended,
}

impl Figure {
    /// As it stands in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Fulfilled => "fulfilled",
            Self::Ended => "ended",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Raised => "待审核",
            Self::Open => "待认领",
            Self::Claimed => "已认领",
            Self::Fulfilled => "已实现",
            Self::Ended => "未通过或撤下",
        }
    }

    /// The states that it counts.
    #[must_use]
    pub const fn states(self) -> &'static [WishState] {
        match self {
            Self::Raised => &[WishState::Raised],
            Self::Open => &[WishState::Open],
            Self::Claimed => &[WishState::Claimed],
            Self::Fulfilled => &[WishState::Fulfilled, WishState::Thanked],
            Self::Ended => &[WishState::Refused, WishState::Withdrawn, WishState::Removed],
        }
    }
}

/// By key; not scoped, for composing and for clocks.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<wish::Model>, Fault> {
    Ok(wish::Entity::find_by_id(id).one(db).await?)
}

/// Whether somebody has it, or has fulfilled it.
const fn has_claimer(state: WishState) -> bool {
    matches!(
        state,
        WishState::Claimed | WishState::Fulfilled | WishState::Thanked
    )
}

/// What the actor has to do with a wish; none when it is not theirs to see.
fn side_of(actor: &Actor, row: &wish::Model, place: &place::Model) -> Option<Side> {
    let person = actor.person_id()?;
    if row.asker_id == person {
        Some(Side::Asker)
    } else if has_claimer(row.state) && row.claimer_id == Some(person) {
        Some(Side::Claimer)
    } else if may(actor, Deed::CheckWishes, &place.path) {
        Some(Side::Checker)
    } else if PUBLIC.contains(&row.state) && actor.belongs(row.compound_id, &place.path) {
        Some(Side::Neighbour)
    } else {
        None
    }
}

/// One wish, if the actor may know of it.
///
/// # Errors
/// `not_found`, also when it is somebody else's or of another compound.
pub async fn found<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = place_by_id(db, row.place_id).await?;
    let place = place.ok_or_else(|| no_such(id))?;
    let side = side_of(actor, &row, &place).ok_or_else(|| no_such(id))?;
    Ok(Found {
        wish: row,
        place,
        side,
    })
}

/// One wish, as far as the actor may see it.
///
/// # Errors
/// As [`found`].
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let row = found(db, actor, id).await?.wish;
    let mut all = show(db, actor, vec![row]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// In which round a wish is: how often it was claimed. Photos of what was done belong to one.
///
/// # Errors
/// The database's.
pub async fn round<C: ConnectionTrait>(db: &C, id: i64) -> Result<i32, Fault> {
    let claims = wish_step::Entity::find()
        .filter(wish_step::COLUMN.wish_id.eq(id))
        .filter(wish_step::COLUMN.action.eq(Act::Claim.name()))
        .count(db)
        .await?;
    Ok(i32::try_from(claims).unwrap_or(i32::MAX))
}

/// The photos of what was done by whoever has it now or has fulfilled it, oldest first; what somebody sent who
/// has given it back is not among them. Not scoped.
///
/// # Errors
/// The database's.
pub async fn photos_of<C: ConnectionTrait>(
    db: &C,
    row: &wish::Model,
) -> Result<Vec<attachment::Model>, Fault> {
    if !has_claimer(row.state) {
        return Ok(Vec::new());
    }
    let mut all = attachments::of_subject(db, &subject(row.id)).await?;
    if !all.is_empty() {
        let round = round(db, row.id).await?;
        all.retain(|photo| photo.round == Some(round));
    }
    Ok(all)
}

/// The same for those who are more than neighbours.
///
/// # Errors
/// The database's.
pub async fn photos<C: ConnectionTrait>(
    db: &C,
    seen: &Seen,
) -> Result<Vec<attachment::Model>, Fault> {
    match seen.side {
        Side::Neighbour => Ok(Vec::new()),
        _ => photos_of(db, &seen.wish).await,
    }
}

/// Which wishes are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that a neighbour may claim.
    Open,
    /// One's own.
    Mine,
    /// Those that one has or had.
    Claimed,
    /// Those that one may check, by figure.
    Checked(Figure),
}

/// A page of wishes, newest first.
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
        Which::Open => here(actor).add(wish::COLUMN.state.eq(WishState::Open)),
        Which::Mine => Condition::all().add(wish::COLUMN.asker_id.eq(person)),
        Which::Claimed => Condition::all()
            .add(wish::COLUMN.claimer_id.eq(person))
            .add(wish::COLUMN.state.is_in(PUBLIC)),
        Which::Checked(figure) => reach(actor)?.add(counted(figure)),
    };
    let query = wish::Entity::find().filter(condition);
    let page = newest(db, query, wish::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, actor, page.items).await?,
        next: page.next,
    })
}

/// Wishes of the compounds where somebody lives or serves, or that lie below where they serve.
fn here(actor: &Actor) -> Condition {
    Condition::all().add(in_own_compounds(wish::Column::CompoundId, actor))
}

/// Wishes that somebody may check.
fn reach(actor: &Actor) -> Result<Condition, Fault> {
    let here = within_reach(wish::Column::PlaceId, actor, Deed::CheckWishes)
        .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    Ok(Condition::all().add(here))
}

fn counted(figure: Figure) -> Condition {
    let states = figure.states().iter().copied();
    Condition::all().add(wish::COLUMN.state.is_in(states))
}

/// How many there are of a figure where the actor may check.
///
/// # Errors
/// `forbidden` for whoever may check nowhere; the database's.
pub async fn count<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    figure: Figure,
) -> Result<u64, Fault> {
    let condition = reach(actor)?.add(counted(figure));
    let count = wish::Entity::find().filter(condition).count(db);
    Ok(count.await?)
}

/// How many wait to be read where the actor may check; none for whoever may check nowhere.
///
/// # Errors
/// The database's.
pub async fn count_waiting<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    match reach(actor) {
        Ok(_) => count(db, actor, Figure::Raised).await,
        Err(_) => Ok(0),
    }
}

/// How many there are of a figure in a compound: for everybody.
///
/// # Errors
/// The database's.
pub async fn count_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    figure: Figure,
) -> Result<u64, Fault> {
    let count = wish::Entity::find()
        .filter(wish::COLUMN.compound_id.eq(compound_id))
        .filter(counted(figure))
        .count(db);
    Ok(count.await?)
}

/// The words of what is open in a compound, newest first, each with its number: for everybody, with nobody's name.
///
/// # Errors
/// The database's.
pub async fn open_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    slice: Slice,
) -> Result<Page<(i64, String)>, Fault> {
    let query = wish::Entity::find()
        .filter(wish::COLUMN.compound_id.eq(compound_id))
        .filter(wish::COLUMN.state.eq(WishState::Open));
    let page = newest(db, query, wish::Column::Id, slice, |row| row.id).await?;
    let subjects = page.items.iter().map(|row| subject(row.id)).collect();
    let mut words = all_shown(db, subjects, PART).await?;
    let open = page
        .items
        .iter()
        .filter_map(|row| Some((row.id, words.remove(&subject(row.id))?)));
    Ok(Page {
        items: open.collect(),
        next: page.next,
    })
}

/// Rows as the actor may see them; those that are not theirs to see are left out.
async fn show<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    rows: Vec<wish::Model>,
) -> Result<Vec<Seen>, Fault> {
    let homes = place::Entity::find()
        .filter(place::COLUMN.id.is_in(rows.iter().map(|row| row.place_id)))
        .all(db)
        .await?;
    let homes: HashMap<i64, place::Model> =
        homes.into_iter().map(|place| (place.id, place)).collect();
    let buildings = buildings(db, homes.values()).await?;
    let askers = person::Entity::find()
        .filter(person::COLUMN.id.is_in(rows.iter().map(|row| row.asker_id)))
        .all(db)
        .await?;
    let subjects = rows.iter().map(|row| subject(row.id)).collect();
    let mut words = all_shown(db, subjects, PART).await?;
    let mut all = Vec::new();
    for row in rows {
        let Some(home) = homes.get(&row.place_id) else {
            continue;
        };
        let Some(side) = side_of(actor, &row, home) else {
            continue;
        };
        let name = askers.iter().find(|person| person.id == row.asker_id);
        let name = name.map_or_else(String::new, |person| veiled(&person.name));
        let text = match side {
            Side::Neighbour => words.remove(&subject(row.id)).unwrap_or_default(),
            _ => row.text.clone(),
        };
        all.push(Seen {
            asker: match buildings.get(&home.id) {
                Some(building) => format!("{name}，{building}"),
                None => name,
            },
            wish: row,
            text,
            side,
        });
    }
    Ok(all)
}

/// The building of each home: nothing nearer is said of who wishes.
async fn buildings<'p, C: ConnectionTrait>(
    db: &C,
    homes: impl Iterator<Item = &'p place::Model> + Clone,
) -> Result<HashMap<i64, String>, Fault> {
    let above: BTreeSet<i64> = homes
        .clone()
        .flat_map(|home| path_ids(&home.path))
        .collect();
    let found = place::Entity::find()
        .filter(place::COLUMN.id.is_in(above))
        .filter(place::COLUMN.kind.eq(PlaceKind::Building))
        .all(db)
        .await?;
    let of = |home: &place::Model| {
        let building = found
            .iter()
            .find(|building| home.path.starts_with(building.path.as_str()))?;
        Some((home.id, short_name(building).to_owned()))
    };
    Ok(homes.filter_map(of).collect())
}

/// The building of one home, `3栋`; empty where there is none around it.
///
/// # Errors
/// The database's.
pub async fn building_of<C: ConnectionTrait>(db: &C, place_id: i64) -> Result<String, Fault> {
    let Some(home) = place_by_id(db, place_id).await? else {
        return Ok(String::new());
    };
    let mut found = buildings(db, std::iter::once(&home)).await?;
    let building = found.remove(&home.id);
    Ok(building.unwrap_or_default())
}
