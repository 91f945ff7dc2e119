//! Finds people within somebody's reach, for the console: by name, phone, home, post. However many people
//! there are, a page costs the same: it is read by key along the index of a name, a phone or a compound.

use std::collections::BTreeSet;

use entity::kinds::RoleKind;
use entity::{person, place, residency, role};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Slice, cursor};
use crate::person::reach::{Part, Reach, not_over};

/// What is looked for; everything is open.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This full name.
    pub name: Option<String>,
    /// Keyed hash of this phone.
    pub phone_index: Option<String>,
    /// At this place or below.
    pub place: Option<place::Model>,
    /// In this post.
    pub role: Option<RoleKind>,
}

/// A page.
#[derive(Debug, Default)]
pub struct Listed {
    /// By key, the oldest first.
    pub items: Vec<person::Model>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Nothing was read: the reach is too wide to be listed without a name, a phone or a place.
    pub too_wide: bool,
}

/// A page of people.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    wanted: &Wanted,
    slice: Slice,
    now: Moment,
) -> Result<Listed, Fault> {
    let after = slice.after();
    let reach = match &wanted.place {
        Some(place) => reach.inside(&place.path),
        None => reach.clone(),
    };
    if reach.is_empty() {
        return Ok(Listed::default());
    }
    let limit = slice.limit + 1;
    let ids = if wanted.name.is_some() || wanted.phone_index.is_some() {
        by_name(db, &reach, wanted, after, limit, now).await?
    } else {
        let Some(parts) = reach.parts(db).await? else {
            return Ok(Listed {
                too_wide: true,
                ..Listed::default()
            });
        };
        match wanted.role {
            Some(role) => by_role(db, &reach, &parts, role, after, limit, now).await?,
            None => by_home(db, &parts, after, limit).await?,
        }
    };
    let full = ids.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let page: Vec<i64> = ids
        .into_iter()
        .take(usize::try_from(slice.limit).unwrap_or(usize::MAX))
        .collect();
    let next = page.last().filter(|_| full).map(|last| cursor(*last));
    let mut items = person::Entity::find()
        .filter(person::COLUMN.id.is_in(page))
        .filter(person::COLUMN.left_at.is_null())
        .all(db)
        .await?;
    items.sort_by_key(|person| person.id);
    Ok(Listed {
        items,
        next,
        too_wide: false,
    })
}

/// Along the index of the name or the phone; that somebody lives or serves in the reach is looked at for
/// each of them.
async fn by_name<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    wanted: &Wanted,
    after: i64,
    limit: u64,
    now: Moment,
) -> Result<BTreeSet<i64>, Fault> {
    let mut query = person::Entity::find()
        .select_only()
        .column(person::Column::Id)
        .filter(person::COLUMN.left_at.is_null())
        .filter(person::COLUMN.id.gt(after))
        .order_by_asc(person::Column::Id)
        .limit(limit);
    if let Some(name) = &wanted.name {
        query = query.filter(person::COLUMN.name.eq(name.as_str()));
    }
    if let Some(index) = &wanted.phone_index {
        query = query.filter(person::COLUMN.phone_index.eq(index.as_str()));
    }
    if let Some(kind) = wanted.role {
        query = query.filter(Expr::exists(serving(Some(reach), Some(kind), now)));
    } else if !reach.is_everywhere() {
        query = query.filter(
            Condition::any()
                .add(Expr::exists(living(reach)))
                .add(Expr::exists(serving(Some(reach), None, now))),
        );
    }
    let ids: Vec<i64> = query.into_tuple().all(db).await?;
    Ok(ids.into_iter().collect())
}

/// A home of the person in the reach.
fn living(reach: &Reach) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(residency::Entity)
        .join(
            JoinType::InnerJoin,
            place::Entity,
            Expr::col((place::Entity, place::Column::Id))
                .equals((residency::Entity, residency::Column::PlaceId)),
        )
        .and_where(
            Expr::col((residency::Entity, residency::Column::PersonId))
                .equals((person::Entity, person::Column::Id)),
        )
        .and_where(Expr::col((residency::Entity, residency::Column::EndedAt)).is_null())
        .cond_where(reach.condition())
        .to_owned()
}

/// A post of the person in the reach.
fn serving(reach: Option<&Reach>, kind: Option<RoleKind>, now: Moment) -> SelectStatement {
    let mut query = Query::select()
        .expr(Expr::val(1))
        .from(role::Entity)
        .join(
            JoinType::LeftJoin,
            place::Entity,
            Expr::col((place::Entity, place::Column::Id))
                .equals((role::Entity, role::Column::PlaceId)),
        )
        .and_where(
            Expr::col((role::Entity, role::Column::PersonId))
                .equals((person::Entity, person::Column::Id)),
        )
        .cond_where(not_over(now))
        .to_owned();
    if let Some(kind) = kind {
        query.and_where(role::COLUMN.role.eq(kind));
    }
    if let Some(reach) = reach.filter(|reach| !reach.is_everywhere()) {
        query.cond_where(reach.condition());
    }
    query
}

/// Along the homes of each compound.
async fn by_home<C: ConnectionTrait>(
    db: &C,
    parts: &[Part],
    after: i64,
    limit: u64,
) -> Result<BTreeSet<i64>, Fault> {
    let to_place: RelationDef = residency::Entity::belongs_to(place::Entity)
        .from(residency::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let mut found = BTreeSet::new();
    for part in parts {
        let mut query = residency::Entity::find()
            .select_only()
            .column(residency::Column::PersonId)
            .distinct()
            .filter(residency::COLUMN.compound_id.eq(part.compound_id))
            .filter(residency::COLUMN.person_id.gt(after))
            .filter(residency::COLUMN.ended_at.is_null())
            .order_by_asc(residency::Column::PersonId)
            .limit(limit);
        if let Some(path) = &part.below {
            query = query
                .join(JoinType::InnerJoin, to_place.clone())
                .filter(Reach::over(vec![path.clone()]).condition());
        }
        let ids: Vec<i64> = query.into_tuple().all(db).await?;
        found.extend(ids);
    }
    Ok(first(found, limit))
}

/// Along the posts of each compound, and those above the compounds.
async fn by_role<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    parts: &[Part],
    kind: RoleKind,
    after: i64,
    limit: u64,
    now: Moment,
) -> Result<BTreeSet<i64>, Fault> {
    let to_place: RelationDef = role::Entity::belongs_to(place::Entity)
        .from(role::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let posts = || {
        role::Entity::find()
            .select_only()
            .column(role::Column::PersonId)
            .distinct()
            .filter(role::COLUMN.role.eq(kind))
            .filter(role::COLUMN.person_id.gt(after))
            .filter(not_over(now))
            .order_by_asc(role::Column::PersonId)
            .limit(limit)
    };
    let mut found = BTreeSet::new();
    for part in parts {
        let mut query = posts().filter(role::COLUMN.compound_id.eq(part.compound_id));
        if let Some(path) = &part.below {
            query = query
                .join(JoinType::InnerJoin, to_place.clone())
                .filter(Reach::over(vec![path.clone()]).condition());
        }
        let ids: Vec<i64> = query.into_tuple().all(db).await?;
        found.extend(ids);
    }
    let mut above = posts().filter(role::COLUMN.compound_id.is_null());
    if !reach.is_everywhere() {
        above = above
            .join(JoinType::InnerJoin, to_place)
            .filter(reach.condition());
    }
    let ids: Vec<i64> = above.into_tuple().all(db).await?;
    found.extend(ids);
    Ok(first(found, limit))
}

/// The lowest keys: behind them some part may have more.
fn first(found: BTreeSet<i64>, limit: u64) -> BTreeSet<i64> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    found.into_iter().take(limit).collect()
}
