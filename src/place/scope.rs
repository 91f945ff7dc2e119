//! A place with what lies below it, as figures speak of it, and which of them somebody may look at. Any
//! noun and any face may use it.

use entity::kinds::PlaceKind;
use entity::place;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::place::queries;

/// Places that have figures: nothing nearer than a building.
const COUNTED: [PlaceKind; 7] = [
    PlaceKind::City,
    PlaceKind::District,
    PlaceKind::Street,
    PlaceKind::Community,
    PlaceKind::Compound,
    PlaceKind::Zone,
    PlaceKind::Building,
];
/// Places below that are offered.
const MOST_AROUND: u64 = 300;

/// A place and what lies below it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The place: a building, or anything above.
    pub place: place::Model,
    /// Its compounds by code; none inside a compound.
    pub compounds: Vec<place::Model>,
}

impl Scope {
    /// Of a place. Not scoped by an actor: for what is public, and behind [`visible`].
    ///
    /// # Errors
    /// The database's.
    pub async fn of<C: ConnectionTrait>(db: &C, place: place::Model) -> Result<Self, Fault> {
        let compounds = if place.compound_id.is_some() {
            Vec::new()
        } else {
            place::Entity::find()
                .filter(queries::compounds_below(&place.path))
                .order_by_asc(place::COLUMN.code)
                .all(db)
                .await?
        };
        Ok(Self { place, compounds })
    }
}

/// The places whose figures the actor may see by a deed, the largest first.
///
/// # Errors
/// The database's.
pub async fn own<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
) -> Result<Vec<place::Model>, Fault> {
    let able = roles(deed);
    let grants = || {
        actor
            .grants
            .iter()
            .filter(|grant| able.contains(&grant.role))
    };
    let everywhere = grants().any(|grant| grant.place_id.is_none());
    let mut query = place::Entity::find().filter(place::COLUMN.kind.is_in(COUNTED));
    query = if everywhere {
        query.filter(place::COLUMN.parent_id.is_null())
    } else {
        query.filter(
            place::COLUMN
                .id
                .is_in(grants().filter_map(|grant| grant.place_id)),
        )
    };
    let mut found = query.all(db).await?;
    found.sort_by(|a, b| (a.kind, &a.code).cmp(&(b.kind, &b.code)));
    Ok(found)
}

/// A place whose figures the actor may see by a deed.
///
/// # Errors
/// `not_found`, also when it is not theirs.
pub async fn visible<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    code: &str,
) -> Result<Scope, Fault> {
    let found = queries::by_code(db, code).await?;
    let found =
        found.filter(|place| COUNTED.contains(&place.kind) && may(actor, deed, &place.path));
    match found {
        Some(place) => Scope::of(db, place).await,
        None => Err(Fault::not_found("没有找到这个地点的数据。")),
    }
}

/// Where somebody may look from a place: what lies above it, itself and what lies directly below it, as
/// far as the actor may see the figures there; from the top.
///
/// # Errors
/// The database's.
pub async fn around<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    place: &place::Model,
) -> Result<Vec<place::Model>, Fault> {
    let mut found = queries::on_path(db, &place.path).await?;
    let below = place::Entity::find()
        .filter(place::COLUMN.parent_id.eq(place.id))
        .order_by_asc(place::COLUMN.code)
        .limit(MOST_AROUND)
        .all(db)
        .await?;
    found.extend(below);
    found.retain(|place| COUNTED.contains(&place.kind) && may(actor, deed, &place.path));
    Ok(found)
}

/// What somebody may choose from: their own places and those around the one that they look at, the largest
/// first.
///
/// # Errors
/// The database's.
pub async fn choices<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deed: Deed,
    place: &place::Model,
) -> Result<Vec<place::Model>, Fault> {
    let mut places = own(db, actor, deed).await?;
    for place in around(db, actor, deed, place).await? {
        if !places.iter().any(|known| known.id == place.id) {
            places.push(place);
        }
    }
    places.sort_by(|a, b| (a.kind, &a.code).cmp(&(b.kind, &b.code)));
    Ok(places)
}
