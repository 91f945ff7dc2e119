//! Reads of places. Any noun may use them.

use std::collections::{BTreeSet, HashMap};

use entity::kinds::{Level, PlaceKind};
use entity::place;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::permit::{Deed, roles};
use crate::access::{Actor, local_code};
use crate::base::fault::Fault;
use crate::base::text::fold;
use crate::place::{code, ids, level_of, tree};
use crate::store::names::names;

/// By key.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<place::Model>, Fault> {
    Ok(place::Entity::find_by_id(id).one(db).await?)
}

/// By full code, however it is typed.
///
/// # Errors
/// The database's.
pub async fn by_code<C: ConnectionTrait>(
    db: &C,
    full_code: &str,
) -> Result<Option<place::Model>, Fault> {
    let row = place::Entity::find()
        .filter(place::COLUMN.code.eq(code::normal(full_code)))
        .one(db)
        .await?;
    Ok(row)
}

/// A compound by its key; none for any other place.
///
/// # Errors
/// The database's.
pub async fn compound_by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<place::Model>, Fault> {
    let found = by_id(db, id).await?;
    Ok(found.filter(|place| place.kind == PlaceKind::Compound))
}

/// A compound by its code, however it is typed; none for any other place.
///
/// # Errors
/// The database's.
pub async fn compound_by_code<C: ConnectionTrait>(
    db: &C,
    code: &str,
) -> Result<Option<place::Model>, Fault> {
    let found = by_code(db, code).await?;
    Ok(found.filter(|place| place.kind == PlaceKind::Compound))
}

/// A home, unit or building of a compound by what people type: `3-2-501`, `3栋2单元501`, `3栋`.
///
/// # Errors
/// The database's.
pub async fn by_local_code<C: ConnectionTrait>(
    db: &C,
    compound: &place::Model,
    typed: &str,
) -> Result<Option<place::Model>, Fault> {
    let as_written = code::full(&compound.code, &code::normal(typed));
    let as_meant = code::full(&compound.code, &code::typed(typed));
    let rows = place::Entity::find()
        .filter(place::COLUMN.code.is_in([as_written.clone(), as_meant]))
        .all(db)
        .await?;
    let exact = rows.iter().position(|row| row.code == as_written);
    Ok(rows.into_iter().nth(exact.unwrap_or(0)))
}

/// The same for many at once, in their order.
///
/// # Errors
/// The database's.
pub async fn by_local_codes<C: ConnectionTrait>(
    db: &C,
    compound: &place::Model,
    typed: &[&str],
) -> Result<Vec<Option<place::Model>>, Fault> {
    let forms: Vec<[String; 2]> = typed
        .iter()
        .map(|typed| {
            [code::normal(typed), code::typed(typed)].map(|code| code::full(&compound.code, &code))
        })
        .collect();
    let rows = place::Entity::find()
        .filter(place::COLUMN.code.is_in(forms.iter().flatten().cloned()))
        .all(db)
        .await?;
    let find = |code: &String| rows.iter().find(|row| row.code == *code).cloned();
    let found = forms.iter().map(|[as_written, as_meant]| {
        let written = find(as_written);
        written.or_else(|| find(as_meant))
    });
    Ok(found.collect())
}

/// The compound a place lies in; itself for a compound.
///
/// # Errors
/// The database's.
pub async fn compound_of<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
) -> Result<Option<place::Model>, Fault> {
    match place.compound_id {
        Some(id) if id == place.id => Ok(Some(place.clone())),
        Some(id) => by_id(db, id).await,
        None => Ok(None),
    }
}

/// The compound that somebody is at home in: that of their first home, or else of their first post in one.
///
/// # Errors
/// The database's.
pub async fn own_compound<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
) -> Result<Option<place::Model>, Fault> {
    let home = actor.homes.first().map(|home| home.compound_id);
    let post = actor.grants.iter().find_map(|grant| grant.compound_id);
    match home.or(post) {
        Some(id) => by_id(db, id).await,
        None => Ok(None),
    }
}

/// The compounds that somebody has to do with: those of their homes and posts, those below where they serve, and
/// one beside, such as the one whose code they have scanned; by code.
///
/// # Errors
/// The database's.
pub async fn own_compounds<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    beside: Option<i64>,
    most: u64,
) -> Result<Vec<place::Model>, Fault> {
    let mut own = own_ids(actor);
    own.extend(beside);
    let mut theirs = Condition::any();
    if !own.is_empty() {
        theirs = theirs.add(place::COLUMN.id.is_in(own));
    }
    let above = actor.grants.iter();
    for grant in above.filter(|grant| grant.compound_id.is_none()) {
        theirs = theirs.add(compounds_below(&grant.path));
    }
    if theirs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = place::Entity::find()
        .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
        .filter(theirs)
        .order_by_asc(place::COLUMN.code)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Keys of the compounds of somebody's homes and posts.
fn own_ids(actor: &Actor) -> BTreeSet<i64> {
    let homes = actor.homes.iter().map(|home| home.compound_id);
    let posts = actor.grants.iter().filter_map(|grant| grant.compound_id);
    homes.chain(posts).collect()
}

/// The condition that the compound in a column is one where somebody lives or serves, or lies below where they
/// serve: what [`Actor::belongs`] says of one.
#[must_use]
pub fn in_own_compounds(column: impl ColumnTrait, actor: &Actor) -> Condition {
    let above = actor.grants.iter();
    let above = above.filter(|grant| grant.compound_id.is_none());
    let begin = Condition::any().add(column.is_in(own_ids(actor)));
    above.fold(begin, |all, grant| {
        let below = Query::select()
            .column(place::Column::Id)
            .from(place::Entity)
            .cond_where(compounds_below(&grant.path))
            .to_owned();
        all.add(column.in_subquery(below))
    })
}

/// The places on a path from the top down, the place itself last.
///
/// # Errors
/// The database's.
pub async fn on_path<C: ConnectionTrait>(db: &C, path: &str) -> Result<Vec<place::Model>, Fault> {
    let mut rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids(path)))
        .all(db)
        .await?;
    rows.sort_by_key(|row| row.path.len());
    Ok(rows)
}

/// The place on a path that stands for a level: the compound, the community, the street; for the
/// department the nearest above the street. None when the tree has none there.
///
/// # Errors
/// The database's.
pub async fn at_level<C: ConnectionTrait>(
    db: &C,
    path: &str,
    level: Level,
) -> Result<Option<place::Model>, Fault> {
    let wanted = |place: &place::Model| match level {
        Level::Compound => place.kind == PlaceKind::Compound,
        _ => level_of(place.kind) == level,
    };
    Ok(on_path(db, path).await?.into_iter().rfind(wanted))
}

/// All compounds, or as many as asked for, by code.
///
/// # Errors
/// The database's.
pub async fn compounds<C: ConnectionTrait>(db: &C, most: u64) -> Result<Vec<place::Model>, Fault> {
    let rows = place::Entity::find()
        .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
        .order_by_asc(place::COLUMN.code)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows)
}

/// Compounds that a typed word may mean: by code, by name, by name without its last word
/// (`桂园` for `桂园小区`).
///
/// # Errors
/// The database's.
pub async fn compounds_named<C: ConnectionTrait>(
    db: &C,
    word: &str,
) -> Result<Vec<place::Model>, Fault> {
    let folded = fold(word);
    if folded.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(place) = compound_by_code(db, word).await? {
        return Ok(vec![place]);
    }
    let all = place::Entity::find()
        .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
        .order_by_asc(place::COLUMN.code)
        .all(db)
        .await?;
    let (exact, begins): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(|place| fold(&place.name).starts_with(&folded))
        .partition(|place| fold(&place.name) == folded);
    Ok(if exact.is_empty() { begins } else { exact })
}

/// Everything below a place, itself included.
pub fn below(path: &str) -> Condition {
    Condition::all()
        .add(place::COLUMN.path.gte(path))
        .add(place::COLUMN.path.lt(tree::end_of(path)))
}

/// Keys of everything below a place, itself included, for a condition on a column that names places.
#[must_use]
pub fn ids_below(path: &str) -> SelectStatement {
    Query::select()
        .column(place::Column::Id)
        .from(place::Entity)
        .cond_where(below(path))
        .to_owned()
}

/// The condition that the place in a column is one where the actor may do it; none when they may
/// nowhere. The database has to ask it before it cuts a list: what is left out afterwards leaves a
/// page short, or empty.
#[must_use]
pub fn within_reach(column: impl ColumnTrait, actor: &Actor, deed: Deed) -> Option<Condition> {
    let able = roles(deed);
    let mut paths: Vec<&str> = actor
        .grants
        .iter()
        .filter(|grant| able.contains(&grant.role))
        .map(|grant| grant.path.as_str())
        .collect();
    paths.sort_unstable();
    // One inside another is in it already.
    paths.dedup_by(|inner, outer| inner.starts_with(*outer));
    match paths.as_slice() {
        [] => None,
        ["/"] => Some(Condition::all()),
        some => {
            let anywhere = some
                .iter()
                .fold(Condition::any(), |all, path| all.add(below(path)));
            let places = Query::select()
                .column(place::Column::Id)
                .from(place::Entity)
                .cond_where(anywhere)
                .to_owned();
            Some(column.in_subquery(places).into())
        }
    }
}

/// The same where they may do one of several.
#[must_use]
pub fn within_any_reach(
    column: impl ColumnTrait,
    actor: &Actor,
    deeds: &[Deed],
) -> Option<Condition> {
    let each = deeds
        .iter()
        .filter_map(|deed| within_reach(column, actor, *deed));
    each.reduce(|all, more| match all.is_empty() || more.is_empty() {
        // Everywhere; an empty part of «any» would be left out of it.
        true => Condition::all(),
        false => Condition::any().add(all).add(more),
    })
}

/// The compounds below a place, itself included. The kind stands in the statement itself: there is an index
/// of compounds alone, which SQLite takes for nothing else.
pub fn compounds_below(path: &str) -> Condition {
    below(path).add(Expr::cust(r#""place"."kind" = 'compound'"#))
}

/// A place's own name; empty when it is none.
///
/// # Errors
/// The database's.
pub async fn own_name<C: ConnectionTrait>(db: &C, id: i64) -> Result<String, Fault> {
    let place = by_id(db, id).await?;
    Ok(place.map(|place| place.name).unwrap_or_default())
}

/// Places' own names, by their keys.
///
/// # Errors
/// The database's.
pub async fn own_names<C: ConnectionTrait>(
    db: &C,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, String>, Fault> {
    names::<place::Entity, C>(db, (place::Column::Id, place::Column::Name), ids).await
}

/// What people call a place: `桂园小区 3-2-501`, `桂园小区`.
///
/// # Errors
/// The database's.
pub async fn name_of<C: ConnectionTrait>(db: &C, place: &place::Model) -> Result<String, Fault> {
    let compound = compound_of(db, place).await?;
    Ok(match compound {
        Some(compound) if compound.id != place.id => {
            format!("{} {}", compound.name, short_name(place))
        }
        _ => place.name.clone(),
    })
}

/// What people call several places, by one statement; in their order.
///
/// # Errors
/// The database's.
pub async fn names_of<C: ConnectionTrait>(
    db: &C,
    all: &[place::Model],
) -> Result<Vec<String>, Fault> {
    let ids = all.iter().filter_map(|place| place.compound_id);
    let compounds = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let name = |place: &place::Model| {
        let own = match place.kind {
            PlaceKind::Unit => local_code(&place.code),
            _ => short_name(place),
        };
        let compound = compounds
            .iter()
            .find(|one| Some(one.id) == place.compound_id && one.id != place.id);
        match compound {
            Some(compound) => format!("{} {own}", compound.name),
            None => place.name.clone(),
        }
    };
    Ok(all.iter().map(name).collect())
}

/// What people call a place inside its compound: a home by its number, anything else by its name.
#[must_use]
pub fn short_name(place: &place::Model) -> &str {
    match place.kind {
        PlaceKind::Home => local_code(&place.code),
        _ => &place.name,
    }
}
