//! Reads of cases, each scoped by what the actor may see: a case of somebody else is not there.

use entity::kinds::{CaseState, PlaceKind};
use entity::{case, case_event, person, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::holders::path_ids;
use crate::access::permit::{Deed, may};
use crate::access::{Actor, local_code};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::case::step::OPEN;
use crate::case::{BOARD, subject};
use crate::moderation::queries as moderation;

/// A case and where it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The case.
    pub case: case::Model,
    /// The place it is about.
    pub place: place::Model,
}

/// The same answer for a case that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到诉求 #{id}。回复“进度”看您的诉求。"))
}

/// A case that the actor may see: their own, one they hold, or one in the reach of their roles.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn visible<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    if sees(actor, &found) {
        Ok(found)
    } else {
        Err(no_such(id))
    }
}

/// Whether the actor may see it.
#[must_use]
pub fn sees(actor: &Actor, found: &Found) -> bool {
    let person = actor.person_id();
    person.is_some()
        && (person == Some(found.case.reporter_id)
            || holds(actor, found)
            || may(actor, Deed::SeeCases, &found.place.path))
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
    page(db, case::COLUMN.reporter_id.eq(person_id).into(), slice).await
}

/// A page of what lies with the actor; it may be short where a role has ended.
///
/// # Errors
/// The database's; `forbidden` for somebody who is not bound.
pub async fn page_of_tasks<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let condition = Condition::all()
        .add(case::COLUMN.holder_id.eq(actor.require_person()?))
        .add(case::COLUMN.state.is_in(OPEN.iter().copied()));
    let page = page(db, condition, slice).await?;
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

async fn page<C: ConnectionTrait>(
    db: &C,
    condition: Condition,
    slice: Slice,
) -> Result<Page<case::Model>, Fault> {
    let mut query = case::Entity::find()
        .filter(condition)
        .order_by_desc(case::COLUMN.id)
        .limit(slice.limit + 1);
    if let Some(before) = slice.before {
        query = query.filter(case::COLUMN.id.lt(before));
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
        .order_by_asc(case::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    within(db, actor, &[Deed::WorkCases], cases).await
}

/// Cases that nobody has, in the places where the actor may give work out or take it.
///
/// # Errors
/// The database's.
pub async fn unheld<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let compounds: Vec<i64> = actor
        .grants
        .iter()
        .filter_map(|grant| grant.compound_id)
        .collect();
    let everywhere = actor.grants.iter().any(|grant| grant.compound_id.is_none());
    if compounds.is_empty() && !everywhere {
        return Ok(Vec::new());
    }
    let mut query = case::Entity::find()
        .filter(case::COLUMN.state.eq(CaseState::Raised))
        .order_by_asc(case::COLUMN.id)
        .limit(200);
    if !everywhere {
        query = query.filter(case::COLUMN.compound_id.is_in(compounds));
    }
    let deeds = [Deed::WorkCases, Deed::DispatchCases];
    let mut cases = within(db, actor, &deeds, query.all(db).await?).await?;
    cases.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(cases)
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

/// Names of people of the compound that stand in a text: they are hidden before it is published.
///
/// # Errors
/// The database's.
pub async fn names_in<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    text: &str,
) -> Result<Vec<String>, Fault> {
    use entity::{residency, role};
    use sea_orm::sea_query::{Expr, Query};
    let lives = Query::select()
        .column(residency::Column::PersonId)
        .from(residency::Entity)
        .and_where(residency::COLUMN.compound_id.eq(compound_id))
        .to_owned();
    let works = Query::select()
        .column(role::Column::PersonId)
        .from(role::Entity)
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
        .filter(
            Condition::any()
                .add(person::COLUMN.id.in_subquery(lives))
                .add(person::COLUMN.id.in_subquery(works)),
        )
        .filter(stands_in_text)
        .into_tuple::<String>()
        .all(db)
        .await?)
}
