//! Reading the trail, newest first, within what the actor's roles cover. It is never counted and never
//! read as a whole: a page is read by key from one index and looks at a stretch of so many rows at most;
//! where a stretch ends before the page is full the list says so and goes on from there. Used by the
//! console.

use entity::kinds::{ActorKind, PlaceKind};
use entity::{audit, place};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Slice, cursor};
use chrono::TimeDelta;

/// Rows that one stretch looks at.
const STRETCH: u64 = 20_000;
/// Keys follow time but for transactions that run at once: so far on both sides the time itself decides.
const ASKEW: TimeDelta = TimeDelta::hours(1);

/// The part of the trail, or of anything else that belongs to compounds, that a deed lets somebody see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Everything,
    /// What belongs to these compounds.
    Compounds(Vec<i64>),
}

impl Scope {
    /// What somebody may see by a deed, cut down to what lies at or below a place.
    ///
    /// # Errors
    /// The database's.
    pub async fn of<C: ConnectionTrait>(
        db: &C,
        actor: &Actor,
        deed: Deed,
        within: Option<&place::Model>,
    ) -> Result<Self, Fault> {
        let able = roles(deed);
        let grants = actor.grants.iter();
        let mut tops: Vec<&str> = grants
            .filter(|grant| able.contains(&grant.role))
            .map(|grant| grant.path.as_str())
            .collect();
        if let Some(place) = within {
            let inside = |path: &str| place.path.starts_with(path);
            let cut = |path: &'_ str| inside(path).then_some(place.path.as_str());
            tops = tops
                .into_iter()
                .filter_map(|path| {
                    cut(path).or_else(|| path.starts_with(&place.path).then_some(path))
                })
                .collect();
        } else if tops.contains(&"/") {
            return Ok(Self::Everything);
        }
        tops.sort_unstable();
        tops.dedup_by(|inner, outer| inner.starts_with(*outer));
        let mut any = Condition::any();
        for path in tops {
            // `0` is the character behind the slash.
            let end = format!("{}0", path.strip_suffix('/').unwrap_or(path));
            any = any.add(
                Condition::all()
                    .add(place::COLUMN.path.gte(path))
                    .add(place::COLUMN.path.lt(end)),
            );
        }
        if any.is_empty() {
            return Ok(Self::Compounds(Vec::new()));
        }
        let compounds = place::Entity::find()
            .select_only()
            .column(place::Column::Id)
            .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
            .filter(any)
            .into_tuple()
            .all(db)
            .await?;
        Ok(Self::Compounds(compounds))
    }

    /// The condition on a column that names the compound.
    #[must_use]
    pub fn on<C: ColumnTrait>(&self, column: C) -> Condition {
        match self {
            Self::Everything => Condition::all(),
            Self::Compounds(ids) => Condition::all().add(column.is_in(ids.iter().copied())),
        }
    }
}

/// What a list is narrowed to; everything is open.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// By one of these people, in office.
    pub people: Option<Vec<i64>>,
    /// One of these actions; empty: any.
    pub actions: Vec<&'static str>,
    /// Of this record: `case:12`.
    pub subject: Option<String>,
    /// At this place or below.
    pub place: Option<place::Model>,
    /// From then on.
    pub from: Option<Moment>,
    /// Before.
    pub until: Option<Moment>,
}

/// A page.
#[derive(Debug, Default)]
pub struct Listed {
    /// Newest first.
    pub items: Vec<audit::Model>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// The stretch ended first: there may be more although the page is not full.
    pub cut_short: bool,
}

/// A page of the trail.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
    slice: Slice,
) -> Result<Listed, Fault> {
    let scope = Scope::of(db, actor, Deed::SeeAudit, wanted.place.as_ref()).await?;
    let mut end = slice.before.unwrap_or(i64::MAX);
    if let Some(until) = wanted.until {
        end = Ord::min(end, key_at(db, until + ASKEW).await?);
    }
    let mut start = match wanted.from {
        Some(from) => key_at(db, from - ASKEW).await?,
        None => 0,
    };
    let lowest = start;
    if let Some(low) = stretch(db, along(wanted, &scope), start..end).await? {
        start = low;
    }
    let mut items = audit::Entity::find()
        .filter(seen(&scope, actor, wanted.place.is_none()))
        .filter(narrow(wanted))
        .filter(audit::COLUMN.id.gte(start))
        .filter(audit::COLUMN.id.lt(end))
        .order_by_desc(audit::COLUMN.id)
        .limit(slice.limit + 1)
        .all(db)
        .await?;
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let full = items.len() > limit;
    items.truncate(limit);
    let short = start > lowest;
    let next = if full {
        items.last().map(|row| row.id)
    } else {
        short.then_some(start)
    };
    Ok(Listed {
        items,
        next: next.map(cursor),
        cut_short: short && !full,
    })
}

/// What a role covers; what belongs to no compound is seen by whoever answers for everything, and by
/// whoever did it.
fn seen(scope: &Scope, actor: &Actor, own: bool) -> Condition {
    let covered = scope.on(audit::Column::CompoundId);
    if *scope == Scope::Everything || !own {
        return covered;
    }
    let mine = Condition::all()
        .add(audit::COLUMN.actor_id.eq(actor.person_id()))
        .add(audit::COLUMN.actor_kind.eq(ActorKind::Staff));
    Condition::any().add(covered).add(mine)
}

/// The index that a stretch is measured along.
fn along(wanted: &Wanted, scope: &Scope) -> Condition {
    if let Some(subject) = &wanted.subject {
        return Condition::all().add(audit::COLUMN.subject.eq(subject.as_str()));
    }
    if let Some([person]) = wanted.people.as_deref() {
        return Condition::all().add(audit::COLUMN.actor_id.eq(*person));
    }
    match (scope, &wanted.place) {
        (Scope::Compounds(ids), Some(_)) if ids.len() == 1 => scope.on(audit::Column::CompoundId),
        _ => Condition::all(),
    }
}

fn narrow(wanted: &Wanted) -> Condition {
    let mut all = Condition::all();
    if let Some(people) = &wanted.people {
        // What somebody does at home is theirs: asked for by name, only the office answers.
        all = all
            .add(audit::COLUMN.actor_id.is_in(people.iter().copied()))
            .add(audit::COLUMN.actor_kind.eq(ActorKind::Staff));
    }
    if !wanted.actions.is_empty() {
        all = all.add(audit::COLUMN.action.is_in(wanted.actions.iter().copied()));
    }
    if let Some(subject) = &wanted.subject {
        all = all.add(audit::COLUMN.subject.eq(subject.as_str()));
    }
    if let Some(from) = wanted.from {
        all = all.add(audit::COLUMN.at.gte(from));
    }
    if let Some(until) = wanted.until {
        all = all.add(audit::COLUMN.at.lt(until));
    }
    all
}

/// Where a stretch ends; none when there are no more rows than that.
async fn stretch<C: ConnectionTrait>(
    db: &C,
    along: Condition,
    keys: std::ops::Range<i64>,
) -> Result<Option<i64>, Fault> {
    let id = || Expr::col(("part", audit::Column::Id));
    let inner = Query::select()
        .column(audit::Column::Id)
        .from(audit::Entity)
        .cond_where(along)
        .and_where(audit::COLUMN.id.lt(keys.end))
        .and_where(audit::COLUMN.id.gte(keys.start))
        .order_by(audit::Column::Id, Order::Desc)
        .limit(STRETCH)
        .to_owned();
    let outer = Query::select()
        .expr_as(id().min(), "low")
        .expr_as(id().count(), "count")
        .from_subquery(inner, "part")
        .to_owned();
    let Some(row) = db.query_one(&outer).await? else {
        return Ok(None);
    };
    let count: i64 = row.try_get("", "count")?;
    let low: Option<i64> = row.try_get("", "low")?;
    let full = u64::try_from(count).unwrap_or(0) >= STRETCH;
    Ok(low.filter(|_| full))
}

/// The first key at or after a moment, found by halving: keys follow time, and an index by time would be
/// paid for by everything that anybody does.
async fn key_at<C: ConnectionTrait>(db: &C, at: Moment) -> Result<i64, Fault> {
    let end = |order| {
        audit::Entity::find()
            .select_only()
            .column(audit::Column::Id)
            .order_by(audit::Column::Id, order)
            .limit(1)
            .into_tuple::<i64>()
            .one(db)
    };
    let (Some(mut low), Some(high)) = (end(Order::Asc).await?, end(Order::Desc).await?) else {
        return Ok(0);
    };
    let mut high = high.saturating_add(1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = audit::Entity::find()
            .select_only()
            .columns([audit::Column::Id, audit::Column::At])
            .filter(audit::COLUMN.id.gte(middle))
            .order_by_asc(audit::COLUMN.id)
            .limit(1)
            .into_tuple::<(i64, Moment)>()
            .one(db)
            .await?;
        match found {
            Some((id, then)) if then < at => low = id.saturating_add(1),
            _ => high = middle,
        }
    }
    Ok(low)
}
