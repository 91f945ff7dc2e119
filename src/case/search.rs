//! Lists of cases by filters, newest first, within what the actor may see, for the console. However many
//! cases there are, a page costs the same: its keys are found in the index of a compound, of places or of
//! a holder (`part.rs`), which looks at a stretch of so many cases at most, and only the cases of the page
//! are read whole. Where a stretch ends before the page is full the list says so, and goes on from there.

mod part;
mod words;

pub use words::{Said, said};

use std::collections::BTreeMap;
use std::ops::Range;

use entity::kinds::{CaseKind, CaseState, Level};
use entity::{case, place};
use sea_orm::sea_query::{Alias, Expr, Order, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
};

use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::page::{Slice, cursor};
use crate::case::queries::{Found, sees};
use crate::case::search::part::{Part, edge, parts};
use crate::case::shield::{self, Seen};
use crate::case::step::OPEN;

/// By whom a case is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// By nobody.
    Nobody,
    /// By one of these.
    People(Vec<i64>),
}

/// What a list is narrowed to; everything is open.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// In one of these states; empty: any.
    pub states: Vec<CaseState>,
    /// Of this kind.
    pub kind: Option<CaseKind>,
    /// Of this category.
    pub category: Option<String>,
    /// At this level.
    pub level: Option<Level>,
    /// At this place or below.
    pub place: Option<place::Model>,
    /// Held so.
    pub holder: Option<Holder>,
    /// A clock has run out, now or once.
    pub late: bool,
    /// Filed from then on.
    pub from: Option<Moment>,
    /// Filed before.
    pub until: Option<Moment>,
    /// These words stand in what was filed, planned or done.
    pub text: Option<String>,
}

impl Wanted {
    /// Whether nothing but the scope narrows it.
    fn is_wide(&self) -> bool {
        self.states.is_empty()
            && self.kind.is_none()
            && self.category.is_none()
            && self.level.is_none()
            && self.holder.is_none()
            && !self.late
            && self.text.is_none()
    }

    /// What is kept back is not found by what it would answer: neither by a home nor by words that are not
    /// shown.
    fn finds(&self, seen: &Seen) -> bool {
        if !seen.is_hidden() {
            return true;
        }
        let Found { case, place } = &seen.found;
        let there = self
            .place
            .as_ref()
            .is_none_or(|wanted| place.path.starts_with(&wanted.path));
        let said = self.text.as_ref().is_none_or(|text| {
            let simple = fast2s::convert(text);
            let all = [
                Some(case.text.as_str()),
                case.plan.as_deref(),
                case.result.as_deref(),
            ];
            all.into_iter()
                .flatten()
                .any(|words| words.contains(text.as_str()) || words.contains(&simple))
        });
        there && said
    }
}

/// A page.
#[derive(Debug, Default)]
pub struct Listed {
    /// Newest first, as the actor may read them (`shield.rs`).
    pub items: Vec<Found>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// The stretch ended first: there may be more although the page is not full.
    pub cut_short: bool,
}

/// A page of cases.
///
/// # Errors
/// The database's.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
    slice: Slice,
    now: Moment,
) -> Result<Listed, Fault> {
    let most = slice.limit;
    let mut before = slice.before.unwrap_or(i64::MAX);
    if let Some(until) = wanted.until {
        let Some(last) = edge(db, until, Order::Desc).await? else {
            return Ok(Listed::default());
        };
        before = Ord::min(before, last.saturating_add(1));
    }
    let lowest = match wanted.from {
        Some(from) => match edge(db, from, Order::Asc).await? {
            Some(first) => first,
            None => return Ok(Listed::default()),
        },
        None => 0,
    };
    let narrow = narrow(db.get_database_backend(), wanted, now);
    let mut cases: BTreeMap<i64, case::Model> = BTreeMap::new();
    // Below this key some part has not looked yet.
    let mut floor = lowest;
    for part in parts(db, actor, wanted).await? {
        let read = read(db, &part, wanted, &narrow, lowest..before, most + 1).await?;
        floor = Ord::max(floor, read.floor);
        cases.extend(read.cases.into_iter().map(|case| (case.id, case)));
    }
    let short = floor > lowest;
    let found = cases.into_values().rev().filter(|case| case.id >= floor);
    let found: Vec<case::Model> = found.collect();
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let full = found.len() > limit;
    let page: Vec<case::Model> = found.into_iter().take(limit).collect();
    let next = if full {
        page.last().map(|case| case.id)
    } else {
        short.then_some(floor)
    };
    let mut items = with_places(db, page).await?;
    // The parts follow from the roles; this is the last word on each case.
    items.retain(|found| sees(actor, found));
    let seen = shield::all(db, actor, items).await?;
    Ok(Listed {
        items: seen
            .into_iter()
            .filter(|seen| wanted.finds(seen))
            .map(|seen| seen.found)
            .collect(),
        next: next.map(cursor),
        cut_short: short && !full,
    })
}

struct Read {
    cases: Vec<case::Model>,
    floor: i64,
}

/// One part, from its own index: at most a stretch of it, and of that the newest first where each case has to
/// be read itself.
async fn read<C: ConnectionTrait>(
    db: &C,
    part: &Part,
    wanted: &Wanted,
    narrow: &Condition,
    keys: Range<i64>,
    most: u64,
) -> Result<Read, Fault> {
    let near = part.near(db, wanted, &keys).await?;
    let mut cases = match near {
        Some(near) => page(db, part, narrow, &(near..keys.end), most).await?,
        None => Vec::new(),
    };
    // A full page did not come to its end: nothing is missing above its last case.
    let left =
        |cases: &[case::Model]| most.saturating_sub(u64::try_from(cases.len()).unwrap_or(most));
    let rest = keys.start..near.unwrap_or(keys.end);
    let mut floor = keys.start;
    if left(&cases) > 0 && !rest.is_empty() {
        let low = part.floor(db, wanted, &rest, near.is_some()).await?;
        let more = page(db, part, narrow, &(low..rest.end), left(&cases)).await?;
        cases.extend(more);
        if left(&cases) > 0 {
            floor = low;
        }
    }
    Ok(Read { cases, floor })
}

/// A page of a part, newest first. The inner statement finds the keys, since what it asks for stands in the
/// index; the outer one reads the cases of the page.
async fn page<C: ConnectionTrait>(
    db: &C,
    part: &Part,
    narrow: &Condition,
    keys: &Range<i64>,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let inner = Query::select()
        .column(case::Column::Id)
        .from(case::Entity)
        .cond_where(part.driver(keys))
        .cond_where(narrow.clone())
        .order_by_expr(part.order(), Order::Desc)
        .limit(most)
        .to_owned();
    // Around it, since a list with a limit cannot be searched everywhere.
    let page = Query::select()
        .column(case::Column::Id)
        .from_subquery(inner, Alias::new("page"))
        .to_owned();
    Ok(case::Entity::find()
        .filter(case::COLUMN.id.in_subquery(page))
        .order_by_desc(case::COLUMN.id)
        .all(db)
        .await?)
}

/// The filters that no index serves.
fn narrow(backend: DbBackend, wanted: &Wanted, now: Moment) -> Condition {
    let mut all = Condition::all();
    if !wanted.states.is_empty() {
        all = all.add(case::COLUMN.state.is_in(wanted.states.iter().copied()));
    }
    if let Some(kind) = wanted.kind {
        all = all.add(case::COLUMN.kind.eq(kind));
    }
    if let Some(category) = &wanted.category {
        all = all.add(case::COLUMN.category.eq(category.as_str()));
    }
    if let Some(level) = wanted.level {
        all = all.add(case::COLUMN.level.eq(level));
    }
    match &wanted.holder {
        None => {}
        Some(Holder::Nobody) => all = all.add(case::COLUMN.holder_id.is_null()),
        Some(Holder::People(ids)) => {
            all = all.add(case::COLUMN.holder_id.is_in(ids.iter().copied()));
        }
    }
    if wanted.late {
        all = all.add(late(now));
    }
    if let Some(from) = wanted.from {
        all = all.add(case::COLUMN.created_at.gte(from));
    }
    if let Some(until) = wanted.until {
        all = all.add(case::COLUMN.created_at.lt(until));
    }
    if let Some(text) = &wanted.text {
        let mut any = Condition::any();
        let simple = fast2s::convert(text);
        let mut words = vec![text.as_str()];
        if simple != *text {
            words.push(&simple);
        }
        for word in words {
            for column in ["text", "plan", "result"] {
                any = any.add(stands_in(backend, column, word));
            }
        }
        all = all.add(any);
    }
    all
}

/// Without patterns: what is typed means itself.
fn stands_in(backend: DbBackend, column: &str, word: &str) -> Expr {
    let sql = match backend {
        DbBackend::Postgres => format!(r#"strpos("cases"."{column}", $1) > 0"#),
        _ => format!(r#"instr("cases"."{column}", ?) > 0"#),
    };
    Expr::cust_with_values(sql, [word])
}

/// A clock ran out once, or has run out by now.
fn late(now: Moment) -> Condition {
    let runs: Vec<CaseState> = OPEN
        .iter()
        .copied()
        .filter(|state| *state != CaseState::Paused)
        .collect();
    Condition::any()
        .add(case::COLUMN.accept_late.eq(true))
        .add(case::COLUMN.arrive_late.eq(true))
        .add(case::COLUMN.plan_late.eq(true))
        .add(case::COLUMN.finish_late.eq(true))
        .add(case::COLUMN.silent_later.eq(true))
        .add(
            Condition::all()
                .add(case::COLUMN.state.eq(CaseState::Assigned))
                .add(case::COLUMN.accept_due_at.lt(now)),
        )
        .add(
            Condition::all()
                .add(case::COLUMN.state.eq(CaseState::Accepted))
                .add(case::COLUMN.arrive_due_at.lt(now)),
        )
        .add(
            Condition::all().add(case::COLUMN.state.is_in(runs)).add(
                Condition::any()
                    .add(case::COLUMN.finish_due_at.lt(now))
                    .add(case::COLUMN.plan_due_at.lt(now)),
            ),
        )
}

/// Cases with where they are, in their order.
///
/// # Errors
/// The database's.
pub(super) async fn with_places<C: ConnectionTrait>(
    db: &C,
    cases: Vec<case::Model>,
) -> Result<Vec<Found>, Fault> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let ids = cases.iter().map(|case| case.place_id);
    let places = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let found = cases.into_iter().filter_map(|case| {
        let place = places.iter().find(|place| place.id == case.place_id)?;
        Some(Found {
            place: place.clone(),
            case,
        })
    });
    Ok(found.collect())
}

/// Those of the cases that the actor may see, as they may read them.
///
/// # Errors
/// The database's.
pub async fn among<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    cases: Vec<case::Model>,
) -> Result<Vec<Found>, Fault> {
    let mut all = with_places(db, cases).await?;
    all.retain(|found| sees(actor, found));
    let seen = shield::all(db, actor, all).await?;
    Ok(seen.into_iter().map(|seen| seen.found).collect())
}
