//! The parts of which a list consists, each read from an index of its own, and how far one look at a part
//! goes. Part of `search.rs`.

use std::ops::Range;

use entity::kinds::{CaseState, PlaceKind, RoleKind};
use entity::{case, place};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::queries::sum_of_key;
use crate::case::search::Wanted;
use crate::place::ids;
use crate::place::queries::{below, compounds_below};

/// Cases that are looked at first where each has to be read itself.
const NEAR: u64 = 1_000;
/// How much further each look at several compounds goes than the one before.
const WIDER: i64 = 8;
/// Compounds that are looked up one by one; more of them are a good share of all cases.
const FEW: u64 = 300;
/// Cases read at both ends of a period: keys follow time, but for transactions at the same moment.
const EDGE: u64 = 500;

/// States in which a case lies with its holder, or did a few days ago: not the whole past of somebody.
const LYING: &[CaseState] = &[
    CaseState::Raised,
    CaseState::Assigned,
    CaseState::Accepted,
    CaseState::Arrived,
    CaseState::Paused,
    CaseState::Finished,
    CaseState::ReopenRequested,
];

/// By which index a part of the list is read.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// By key: all cases there are.
    Everything,
    /// By key: so many compounds below a path that one look at each of them would be too much.
    Many(String),
    /// By compound: a few below a path.
    Few(String),
    /// By compound: one.
    Compound(i64),
    /// By compound: below a path inside of it.
    Below(i64, String),
    /// By holder.
    Held(i64),
}

impl Part {
    /// What makes a case one of this part, with one of these keys. A sum with nothing keeps the database
    /// from an index that would lead through all cases, where another one leads to these.
    pub(super) fn driver(&self, keys: &Range<i64>) -> Condition {
        let all = match self {
            Self::Held(_) => between(sum_of_key(), keys),
            _ => between(key(), keys),
        };
        let compound = || Expr::col((case::Entity, case::Column::CompoundId));
        match self {
            Self::Everything => all,
            Self::Many(path) => {
                all.add(compound().add(0).in_subquery(ids_of(compounds_below(path))))
            }
            Self::Few(path) => all.add(compound().in_subquery(ids_of(compounds_below(path)))),
            Self::Compound(id) => all.add(compound().eq(*id)),
            Self::Below(id, path) => all
                .add(compound().eq(*id))
                .add(case::COLUMN.place_id.in_subquery(ids_of(below(path)))),
            Self::Held(person) => all
                .add(case::COLUMN.holder_id.eq(*person))
                .add(case::COLUMN.state.is_in(LYING.iter().copied())),
        }
    }

    /// By what it is put in order; by a sum where its index is not in the order of keys.
    pub(super) fn order(&self) -> Expr {
        match self {
            Self::Few(_) | Self::Held(_) => sum_of_key(),
            _ => key(),
        }
    }

    /// The lowest key that a look at so many cases comes to, of which the newest have been looked at already
    /// when `near_seen`.
    pub(super) async fn floor<C: ConnectionTrait>(
        &self,
        db: &C,
        wanted: &Wanted,
        keys: &Range<i64>,
        length: u64,
        near_seen: bool,
    ) -> Result<i64, Fault> {
        let seen = if near_seen { NEAR } else { 0 };
        let length = Ord::max(length.saturating_sub(seen), 1);
        match self {
            // Without a filter every case that is looked at is on the page.
            Self::Everything | Self::Compound(_) if wanted.is_wide() => Ok(keys.start),
            Self::Everything | Self::Many(_) => stretch(db, &Self::Everything, keys, length).await,
            Self::Few(_) => reach(db, self, keys, length).await,
            Self::Compound(id) | Self::Below(id, _) => {
                stretch(db, &Self::Compound(*id), keys, length).await
            }
            Self::Held(_) => Ok(keys.start),
        }
    }

    /// The lowest key of the newest cases, at which a look comes first that has to read each case itself:
    /// mostly they fill the page. None where that is not worth a statement more.
    pub(super) async fn near<C: ConnectionTrait>(
        &self,
        db: &C,
        wanted: &Wanted,
        keys: &Range<i64>,
    ) -> Result<Option<i64>, Fault> {
        let along = match self {
            _ if !(wanted.late || wanted.text.is_some()) => return Ok(None),
            Self::Everything | Self::Many(_) => &Self::Everything,
            Self::Compound(_) => self,
            Self::Few(_) | Self::Below(..) | Self::Held(_) => return Ok(None),
        };
        stretch(db, along, keys, NEAR).await.map(Some)
    }

    /// The keys of its cases.
    fn keys(&self, keys: &Range<i64>) -> SelectStatement {
        Query::select()
            .column(case::Column::Id)
            .from(case::Entity)
            .cond_where(self.driver(keys))
            .to_owned()
    }
}

fn key() -> Expr {
    Expr::col((case::Entity, case::Column::Id))
}

fn between(key: Expr, keys: &Range<i64>) -> Condition {
    Condition::all()
        .add(key.clone().gte(keys.start))
        .add(key.lt(keys.end))
}

fn ids_of(places: Condition) -> SelectStatement {
    Query::select()
        .column(place::Column::Id)
        .from(place::Entity)
        .cond_where(places)
        .to_owned()
}

/// Where a stretch of so many cases ends: the lowest key when there are no more cases than that.
async fn stretch<C: ConnectionTrait>(
    db: &C,
    along: &Part,
    keys: &Range<i64>,
    length: u64,
) -> Result<i64, Fault> {
    let last = along
        .keys(keys)
        .order_by_expr(along.order(), Order::Desc)
        .offset(length - 1)
        .limit(1)
        .to_owned();
    let found = db.query_one(&last).await?;
    Ok(match found {
        Some(row) => row.try_get("", "id")?,
        None => keys.start,
    })
}

/// The same for several compounds, whose keys come from their index one compound after the other: the
/// widest range of keys in which there are no more cases than a stretch.
async fn reach<C: ConnectionTrait>(
    db: &C,
    few: &Part,
    keys: &Range<i64>,
    length: u64,
) -> Result<i64, Fault> {
    if fits(db, few, keys, length).await? {
        return Ok(keys.start);
    }
    let newest = Part::Everything
        .keys(keys)
        .order_by_expr(key(), Order::Desc)
        .limit(1)
        .to_owned();
    let Some(newest) = ends(db, newest).await? else {
        return Ok(keys.start);
    };
    let mut width = i64::try_from(length).unwrap_or(i64::MAX);
    // So many keys cannot be more cases.
    let mut floor = newest.high.saturating_sub(width) + 1;
    loop {
        width = width.saturating_mul(WIDER);
        let lower = newest.high.saturating_sub(width) + 1;
        if lower <= keys.start || !fits(db, few, &(lower..keys.end), length).await? {
            return Ok(Ord::max(floor, keys.start));
        }
        floor = lower;
    }
}

/// Whether no more cases of this part have such keys than a look goes through.
async fn fits<C: ConnectionTrait>(
    db: &C,
    few: &Part,
    keys: &Range<i64>,
    length: u64,
) -> Result<bool, Fault> {
    let inner = few.keys(keys).limit(length.saturating_add(1)).to_owned();
    let found = ends(db, inner).await?;
    Ok(found.is_none_or(|ends| u64::try_from(ends.count).unwrap_or(0) <= length))
}

#[derive(FromQueryResult)]
struct Ends {
    low: i64,
    high: i64,
    count: i64,
}

/// Lowest and highest key of an inner list of keys, and how many there are; none of an empty one.
async fn ends<C: ConnectionTrait>(db: &C, inner: SelectStatement) -> Result<Option<Ends>, Fault> {
    let id = || Expr::col((Alias::new("part"), case::Column::Id));
    let outer = Query::select()
        .expr_as(id().min(), "low")
        .expr_as(id().max(), "high")
        .expr_as(id().count(), "count")
        .from_subquery(inner, "part")
        .to_owned();
    let row = db.query_one(&outer).await?;
    let Some(row) = row else { return Ok(None) };
    let count: i64 = row.try_get("", "count")?;
    if count == 0 {
        return Ok(None);
    }
    Ok(Some(Ends::from_query_result(&row, "")?))
}

/// The outermost key on this side of a moment; none when no case lies there.
pub(super) async fn edge<C: ConnectionTrait>(
    db: &C,
    at: Moment,
    order: Order,
) -> Result<Option<i64>, Fault> {
    let late = order == Order::Asc;
    let side = if late {
        case::COLUMN.created_at.gte(at)
    } else {
        case::COLUMN.created_at.lt(at)
    };
    let inner = Query::select()
        .column(case::Column::Id)
        .from(case::Entity)
        .and_where(side)
        .order_by(case::Column::CreatedAt, order)
        .limit(EDGE)
        .to_owned();
    let found = ends(db, inner).await?;
    Ok(found.map(|ends| if late { ends.low } else { ends.high }))
}

/// The parts of the tree that the actor sees, cut down to the place that is asked for, and what lies
/// with the actor.
pub(super) async fn parts<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
) -> Result<Vec<Part>, Fault> {
    let seen: Vec<&str> = paths(actor, roles(Deed::SeeCases));
    let mut tops: Vec<&str> = match &wanted.place {
        None => seen,
        Some(place) => seen
            .into_iter()
            .filter_map(|path| {
                if place.path.starts_with(path) {
                    Some(place.path.as_str())
                } else {
                    path.starts_with(&place.path).then_some(path)
                }
            })
            .collect(),
    };
    tops.sort_unstable();
    // One inside another is in it already.
    tops.dedup_by(|inner, outer| inner.starts_with(*outer));
    let mut parts = Vec::new();
    for path in tops {
        if path == "/" {
            return Ok(vec![Part::Everything]);
        }
        parts.extend(part_of(db, path).await?);
    }
    if let Some(person) = actor.person_id()
        && wanted.place.is_none()
    {
        parts.push(Part::Held(person));
    }
    Ok(parts)
}

fn paths<'a>(actor: &'a Actor, able: &[RoleKind]) -> Vec<&'a str> {
    let grants = actor.grants.iter();
    let able = grants.filter(|grant| able.contains(&grant.role));
    able.map(|grant| grant.path.as_str()).collect()
}

/// None where there is no compound: every case lies in one.
async fn part_of<C: ConnectionTrait>(db: &C, path: &str) -> Result<Option<Part>, Fault> {
    let compounds: Vec<i64> = place::Entity::find()
        .select_only()
        .column(place::Column::Id)
        .filter(compounds_below(path))
        .limit(FEW + 1)
        .into_tuple()
        .all(db)
        .await?;
    Ok(match compounds.as_slice() {
        [] => {
            let around: Option<i64> = place::Entity::find()
                .select_only()
                .column(place::Column::Id)
                .filter(place::COLUMN.id.is_in(ids(path)))
                .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
                .into_tuple()
                .one(db)
                .await?;
            around.map(|compound| Part::Below(compound, path.to_owned()))
        }
        [one] => Some(Part::Compound(*one)),
        few if u64::try_from(few.len()).unwrap_or(u64::MAX) <= FEW => {
            Some(Part::Few(path.to_owned()))
        }
        _ => Some(Part::Many(path.to_owned())),
    })
}
