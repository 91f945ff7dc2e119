//! Reads of cases, each scoped by what the actor may see: a case of somebody else is not there.

mod help;
mod near;

pub use help::{Helper, helped_by, helper, helpers};
pub use near::{near, near_all};

use entity::kinds::{CaseState, PlaceKind};
use entity::{case, case_event, person, place};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::holders::path_ids;
use crate::access::permit::{Deed, may, roles};
use crate::access::{Actor, local_code};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::behalf::NAMELESS;
use crate::case::step::OPEN;
use crate::case::{BOARD, subject};
use crate::moderation::queries as moderation;
use crate::place::queries::{self as places, within_reach};

/// A case and where it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The case.
    pub case: case::Model,
    /// The place it is about.
    pub place: place::Model,
}

/// Puts a few cases in the order of their keys. As a sum, so that the database finds them by their own index:
/// by the key itself it would go through all cases in their order, hoping to find enough of them soon.
#[must_use]
pub fn sum_of_key() -> Expr {
    Expr::col((case::Entity, case::Column::Id)).add(0)
}

/// The same answer for a case that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到诉求 #{id}。回复“进度”看您的诉求。"))
}

/// A case that the actor may see: their own, one they hold, are asked for or help with, or one in the
/// reach of their roles.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn visible<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    if sees(actor, &found) || may_help(db, actor, &found).await? {
        Ok(found)
    } else {
        Err(no_such(id))
    }
}

/// Whether the actor may see it without being among its helpers.
#[must_use]
pub fn sees(actor: &Actor, found: &Found) -> bool {
    let person = actor.person_id();
    person.is_some()
        && (person == Some(found.case.reporter_id)
            || holds(actor, found)
            || asked(actor, found)
            || may(actor, Deed::SeeCases, &found.place.path))
}

/// Whether the actor helps, or is invited to, and may still work there.
async fn may_help<C: ConnectionTrait>(db: &C, actor: &Actor, found: &Found) -> Result<bool, Fault> {
    let Some(person) = actor.person_id() else {
        return Ok(false);
    };
    if !may(actor, Deed::WorkCases, &found.place.path) {
        return Ok(false);
    }
    let helper = helper(db, found.case.id, person).await?;
    Ok(helper.is_some_and(|helper| helper.left_at.is_none()))
}

/// Whether the actor is asked to take the case over, or to decide whether it is opened again, and may
/// still work there.
#[must_use]
pub fn asked(actor: &Actor, found: &Found) -> bool {
    actor.person_id().is_some()
        && actor.person_id() == found.case.asked_id
        && may(actor, Deed::WorkCases, &found.place.path)
}

/// Whether the case lies with the actor, who may still work there: with the role the work ends, too.
#[must_use]
pub fn holds(actor: &Actor, found: &Found) -> bool {
    actor.person_id().is_some()
        && actor.person_id() == found.case.holder_id
        && may(actor, Deed::WorkCases, &found.place.path)
}

/// A case with its place, for clocks and for composing: not scoped, never for a person's question.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<Found>, Fault> {
    let Some(case) = case::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let place = place::Entity::find_by_id(case.place_id).one(db).await?;
    Ok(place.map(|place| Found { case, place }))
}

/// The person's own cases, newest first; `open` leaves out what is over.
///
/// # Errors
/// The database's.
pub async fn mine<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    states: Option<&[CaseState]>,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let mut query = case::Entity::find()
        .filter(case::COLUMN.reporter_id.eq(person_id))
        .order_by_desc(case::COLUMN.id)
        .limit(most);
    if let Some(states) = states {
        query = query.filter(case::COLUMN.state.is_in(states.iter().copied()));
    }
    Ok(query.all(db).await?)
}

/// A page of the person's own cases.
///
/// # Errors
/// The database's.
pub async fn page_of_mine<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let own = case::COLUMN.reporter_id.eq(person_id).into();
    let key = Expr::col((case::Entity, case::Column::Id));
    page(db, own, key, slice).await
}

/// A page of what lies with the actor or asks for their answer; it may be short where a role has ended.
///
/// # Errors
/// The database's; `forbidden` for somebody who is not bound.
pub async fn page_of_tasks<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let person = actor.require_person()?;
    let held = Condition::all()
        .add(case::COLUMN.holder_id.eq(person))
        .add(case::COLUMN.state.is_in(OPEN.iter().copied()));
    let condition = Condition::any()
        .add(held)
        .add(case::COLUMN.asked_id.eq(person));
    let page = page(db, condition, sum_of_key(), slice).await?;
    Ok(Page {
        items: within(db, actor, &[Deed::WorkCases], page.items).await?,
        next: page.next,
    })
}

/// Those of the cases at whose place the actor may do one of the deeds.
async fn within<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    deeds: &[Deed],
    cases: Vec<case::Model>,
) -> Result<Vec<case::Model>, Fault> {
    if cases.is_empty() {
        return Ok(cases);
    }
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(cases.iter().map(|case| case.place_id)),
        )
        .all(db)
        .await?;
    let theirs = |case: &case::Model| {
        places
            .iter()
            .find(|place| place.id == case.place_id)
            .is_some_and(|place| deeds.iter().any(|deed| may(actor, *deed, &place.path)))
    };
    Ok(cases.into_iter().filter(theirs).collect())
}

/// A page of the cases for which the condition holds, newest first by their key or a sum of it.
async fn page<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
    key: Expr,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let mut query = case::Entity::find()
        .filter(condition)
        .order_by_desc(key.clone())
        .limit(slice.limit + 1);
    if let Some(before) = slice.before {
        query = query.filter(key.lt(before));
    }
    Ok(slice.cut(query.all(db).await?, |case| case.id))
}

/// What lies with the actor and is in one of these states, oldest first.
///
/// # Errors
/// The database's.
pub async fn held<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    states: &[CaseState],
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let Some(person_id) = actor.person_id() else {
        return Ok(Vec::new());
    };
    let cases = case::Entity::find()
        .filter(case::COLUMN.holder_id.eq(person_id))
        .filter(case::COLUMN.state.is_in(states.iter().copied()))
        .order_by_asc(sum_of_key())
        .limit(most)
        .all(db)
        .await?;
    within(db, actor, &[Deed::WorkCases], cases).await
}

/// What the actor is asked to take over or to open again, oldest first.
///
/// # Errors
/// The database's.
pub async fn asked_of<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let Some(person_id) = actor.person_id() else {
        return Ok(Vec::new());
    };
    let cases = case::Entity::find()
        .filter(case::COLUMN.asked_id.eq(person_id))
        .order_by_asc(sum_of_key())
        .limit(most)
        .all(db)
        .await?;
    within(db, actor, &[Deed::WorkCases], cases).await
}

/// Cases that nobody has and the actor could take: where they may both see cases and work on them,
/// oldest first.
///
/// # Errors
/// The database's.
pub async fn unheld<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let here = |deed| within_reach(case::Column::PlaceId, actor, deed);
    let (Some(seen), Some(worked)) = (here(Deed::SeeCases), here(Deed::WorkCases)) else {
        return Ok(Vec::new());
    };
    // By compounds first: that is what the index of these cases begins with.
    let mut compounds = Condition::any();
    let able = roles(Deed::WorkCases);
    for grant in actor
        .grants
        .iter()
        .filter(|grant| able.contains(&grant.role))
    {
        compounds = compounds.add(match grant.compound_id {
            Some(compound) => case::COLUMN.compound_id.eq(compound),
            None => case::COLUMN.compound_id.in_subquery(
                Query::select()
                    .column(place::Column::Id)
                    .from(place::Entity)
                    .cond_where(places::compounds_below(&grant.path))
                    .to_owned(),
            ),
        });
    }
    Ok(case::Entity::find()
        // In the statement itself: there is an index of these alone.
        .filter(Expr::cust(r#""cases"."state" = 'raised'"#))
        .filter(compounds)
        .filter(seen)
        .filter(worked)
        .order_by_asc(sum_of_key())
        .limit(most)
        .all(db)
        .await?)
}

/// What other residents may read of a finished case: its public text, once that has passed. None
/// until then; what people filed is never shown to others.
///
/// # Errors
/// The database's.
pub async fn on_board<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<Option<String>, Fault> {
    if !matches!(case.state, CaseState::Finished | CaseState::Reviewed) {
        return Ok(None);
    }
    moderation::shown(db, &subject(case.id), BOARD).await
}

/// Finished cases of whose words for the board the last ones, by this person, were refused.
///
/// # Errors
/// The database's.
pub async fn refused_on_board<C: ConnectionTrait>(
    db: &C,
    author_id: i64,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let subjects = moderation::refused(db, author_id, BOARD, most).await?;
    let ids = subjects
        .iter()
        .filter_map(|subject| subject.strip_prefix("case:")?.parse().ok());
    let ids: Vec<i64> = ids.collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(case::Entity::find()
        .filter(case::COLUMN.id.is_in(ids))
        .filter(
            case::COLUMN
                .state
                .is_in([CaseState::Finished, CaseState::Reviewed]),
        )
        .order_by_asc(case::COLUMN.id)
        .all(db)
        .await?)
}

/// The history of a case, oldest first.
///
/// # Errors
/// The database's.
pub async fn events<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
) -> Result<Vec<case_event::Model>, Fault> {
    Ok(case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case_id))
        .order_by_asc(case_event::COLUMN.id)
        .all(db)
        .await?)
}

/// Somebody's name; empty when there is nobody.
///
/// # Errors
/// The database's.
pub async fn name_of<C: ConnectionTrait>(db: &C, person: Option<i64>) -> Result<String, Fault> {
    let Some(id) = person else {
        return Ok(String::new());
    };
    let person = person::Entity::find_by_id(id).one(db).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}

/// Who reported, as whoever works on it reads it: the name; who asked, when the roster does not know
/// them; nobody for a case without a name. And who wrote it down.
///
/// # Errors
/// The database's.
pub async fn reporter_says<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
) -> Result<String, Fault> {
    let who = match (case.anonymous, &case.asker) {
        (true, _) => NAMELESS.to_owned(),
        (false, Some(asker)) => asker.clone(),
        (false, None) if case.filed_by_id == Some(case.reporter_id) => "未留姓名的居民".to_owned(),
        (false, None) => name_of(db, Some(case.reporter_id)).await?,
    };
    Ok(match case.filed_by_id {
        Some(by) => format!("{who}（{}代报）", name_of(db, Some(by)).await?),
        None => who,
    })
}

/// How staff read a place: `桂园小区 3-2-501`.
///
/// # Errors
/// The database's.
pub async fn place_says<C: ConnectionTrait>(db: &C, place: &place::Model) -> Result<String, Fault> {
    let compound = match place.compound_id {
        Some(id) if id != place.id => place::Entity::find_by_id(id).one(db).await?,
        _ => None,
    };
    let own = match place.kind {
        PlaceKind::Home | PlaceKind::Unit => local_code(&place.code),
        _ => place.name.as_str(),
    };
    Ok(match compound {
        Some(compound) if !own.starts_with(&compound.name) => format!("{} {own}", compound.name),
        _ => own.to_owned(),
    })
}

/// What may be published of a place: compound and building, nothing nearer.
///
/// # Errors
/// The database's.
pub async fn building_says<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
) -> Result<String, Fault> {
    let mut above = place::Entity::find()
        .filter(place::COLUMN.id.is_in(path_ids(&place.path)))
        .filter(
            place::COLUMN
                .kind
                .is_in([PlaceKind::Compound, PlaceKind::Building]),
        )
        .all(db)
        .await?;
    above.sort_by_key(|place| place.path.len());
    Ok(above.iter().fold(String::new(), |said, place| {
        place.name.strip_prefix(said.as_str()).map_or_else(
            || format!("{said}{}", place.name),
            |rest| format!("{said}{rest}"),
        )
    }))
}

/// Names that stand in a text, of people who live in the compound, or hold or held a role there or
/// above it: they are hidden before it is published.
///
/// # Errors
/// The database's.
pub async fn names_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    text: &str,
) -> Result<Vec<String>, Fault> {
    use entity::{residency, role};
    use sea_orm::sea_query::UnionType;
    let above = place::Entity::find_by_id(compound_id).one(db).await?;
    let above = above.map_or_else(Vec::new, |place| path_ids(&place.path));
    let works = Query::select()
        .column(role::Column::PersonId)
        .from(role::Entity)
        .cond_where(
            Condition::any()
                .add(role::COLUMN.compound_id.eq(compound_id))
                .add(role::COLUMN.place_id.is_in(above))
                .add(role::COLUMN.place_id.is_null()),
        )
        .to_owned();
    // One list of keys: of two joined by «or» a database reads through everybody it knows.
    let here = Query::select()
        .column(residency::Column::PersonId)
        .from(residency::Entity)
        .and_where(residency::COLUMN.compound_id.eq(compound_id))
        .union(UnionType::Distinct, works)
        .to_owned();
    let stands_in_text = Expr::cust_with_values(
        match db.get_database_backend() {
            sea_orm::DbBackend::Postgres => "strpos($1, \"person\".\"name\") > 0",
            _ => "instr(?, \"person\".\"name\") > 0",
        },
        [text],
    );
    Ok(person::Entity::find()
        .select_only()
        .column(person::Column::Name)
        .filter(person::COLUMN.id.in_subquery(here))
        .filter(stands_in_text)
        .into_tuple::<String>()
        .all(db)
        .await?)
}
