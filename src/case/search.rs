//! Lists of cases by filters, newest first, within what the actor may see, for the console. However many
//! cases there are, a page costs the same: its keys are found in the index of a compound, of places or of
//! a holder (`part.rs`), which looks at a stretch of so many cases at most, and only the cases of the page
//! are read whole. Where a stretch ends before a page behind the first is full a longer one is looked at, as
//! long as there is time (`pace.rs`); where that ends first the list says so, and goes on from there.

mod pace;
mod part;
mod words;

pub use words::{Said, said};

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

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
use crate::case::search::pace::{Pace, STRETCH};
use crate::case::search::part::{Part, edge, parts};
use crate::case::shield::{self, Seen};
use crate::case::step::OPEN;

/// How long a page is looked for by a real clock. With what it takes to show it that is a page in less than
/// 200 ms.
const BUDGET: Duration = Duration::from_millis(120);

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
    /// The time ended first: there may be more although the page is not full.
    pub cut_short: bool,
}

/// A page of cases. The first one looks through one stretch: opening a list costs the same however many cases
/// there are; the pages behind it go on until they are full or their time is over.
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
    let budget = match slice.before {
        Some(_) => BUDGET,
        None => Duration::ZERO,
    };
    list_within(db, actor, wanted, slice, now, budget).await
}

/// The same with another time for looking: a file may take longer than a page. One stretch is looked at
/// whatever the time is.
///
/// # Errors
/// The database's.
pub async fn list_within<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
    slice: Slice,
    now: Moment,
    budget: Duration,
) -> Result<Listed, Fault> {
    let mut pace = Pace::new(budget);
    let Some(keys) = keys(db, wanted, slice).await? else {
        return Ok(Listed::default());
    };
    let narrow = narrow(db.get_database_backend(), wanted, now);
    let parts = parts(db, actor, wanted).await?;
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let mut items: Vec<Found> = Vec::new();
    // From this key on nothing is missing.
    let mut floor = keys.end;
    while let Some(length) = pace.next_length() {
        let seen = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let look = Look {
            keys: keys.start..floor,
            length,
            most: slice.limit.saturating_sub(seen).saturating_add(1),
        };
        let read = look_at(db, &parts, wanted, &narrow, &look).await?;
        floor = read.floor;
        items.extend(readable(db, actor, wanted, read.cases).await?);
        if items.len() > limit || floor <= keys.start {
            break;
        }
    }
    let full = items.len() > limit;
    items.truncate(limit);
    let next = if full {
        items.last().map(|found| found.case.id)
    } else {
        (floor > keys.start).then_some(floor)
    };
    Ok(Listed {
        items,
        cut_short: !full && next.is_some(),
        next: next.map(cursor),
    })
}

/// The keys among which there may be cases of the page; none where there are no cases of such a time.
async fn keys<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    slice: Slice,
) -> Result<Option<Range<i64>>, Fault> {
    let mut before = slice.before.unwrap_or(i64::MAX);
    if let Some(until) = wanted.until {
        let Some(last) = edge(db, until, Order::Desc).await? else {
            return Ok(None);
        };
        before = Ord::min(before, last.saturating_add(1));
    }
    let lowest = match wanted.from {
        Some(from) => edge(db, from, Order::Asc).await?,
        None => Some(0),
    };
    Ok(lowest.map(|lowest| lowest..before))
}

/// The cases as the actor may read them, without those that are not for them to find.
async fn readable<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    wanted: &Wanted,
    cases: Vec<case::Model>,
) -> Result<Vec<Found>, Fault> {
    let mut found = with_places(db, cases).await?;
    // The parts follow from the roles; this is the last word on each case.
    found.retain(|found| sees(actor, found));
    let seen = shield::all(db, actor, found).await?;
    let found = seen.into_iter().filter(|seen| wanted.finds(seen));
    Ok(found.map(|seen| seen.found).collect())
}

/// How far one look goes.
struct Look {
    /// Among these keys, from the last on.
    keys: Range<i64>,
    /// So many cases are looked at in each part.
    length: u64,
    /// So many are wanted.
    most: u64,
}

struct Read {
    cases: Vec<case::Model>,
    floor: i64,
}

/// One look at all parts: what they have in common, newest first, down to where one of them ended.
async fn look_at<C: ConnectionTrait>(
    db: &C,
    parts: &[Part],
    wanted: &Wanted,
    narrow: &Condition,
    look: &Look,
) -> Result<Read, Fault> {
    let mut cases: BTreeMap<i64, case::Model> = BTreeMap::new();
    // Below this key some part has not looked yet.
    let mut floor = look.keys.start;
    for part in parts {
        let read = read(db, part, wanted, narrow, look).await?;
        floor = Ord::max(floor, read.floor);
        cases.extend(read.cases.into_iter().map(|case| (case.id, case)));
    }
    let most = usize::try_from(look.most).unwrap_or(usize::MAX);
    let found = cases.into_values().rev().filter(|case| case.id >= floor);
    let found: Vec<case::Model> = found.take(most).collect();
    if found.len() == most {
        floor = found.last().map_or(floor, |case| case.id);
    }
    Ok(Read {
        cases: found,
        floor,
    })
}

/// One part, from its own index: at most a stretch of it, and of the first the newest first where each case
/// has to be read itself.
async fn read<C: ConnectionTrait>(
    db: &C,
    part: &Part,
    wanted: &Wanted,
    narrow: &Condition,
    look: &Look,
) -> Result<Read, Fault> {
    let (keys, most) = (&look.keys, look.most);
    let near = if look.length == STRETCH {
        part.near(db, wanted, keys).await?
    } else {
        None
    };
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
        let low = part
            .floor(db, wanted, &rest, look.length, near.is_some())
            .await?;
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
