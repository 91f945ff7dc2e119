//! Reads of the handbook: what residents see comes from the shelf ([`super::library`]), what editors see from the
//! tables, scoped by where they may write.

use std::collections::HashSet;

use entity::kinds::{ArticleState, QuestionState};
use entity::{account, handbook_article, handbook_question, handbook_version, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::handbook::index::tells;
use crate::handbook::library::{Reach, Shelf, shelf};
use crate::handbook::sure;
use crate::place::ids;
use crate::place::queries::{by_id as place_by_id, compound_by_id, within_reach};
use crate::store::paging::newest;

/// Versions that a page shows.
const VERSIONS: u64 = 50;
/// The path under which everything lies.
const EVERYWHERE: &str = "/";

/// The same answer for an article that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("手册里没有第{id}篇。回复“手册”看有哪些。"))
}

/// The same for a question.
#[must_use]
pub fn no_question(id: i64) -> Fault {
    Fault::not_found(format!("没有找到问题 #{id}。"))
}

/// Places that somebody belongs to, and all above: of their homes and posts.
#[must_use]
pub fn reach(actor: &Actor) -> Reach {
    let homes = actor.homes.iter().map(|home| home.path.as_str());
    let posts = actor.grants.iter().map(|grant| grant.path.as_str());
    Reach(homes.chain(posts).flat_map(ids).collect())
}

/// The same for everybody in a place.
#[must_use]
pub fn reach_of(place: &place::Model) -> Reach {
    Reach(ids(&place.path).into_iter().collect())
}

/// The compound that somebody speaks for: of their home, of their post, or the one whose code was scanned.
///
/// # Errors
/// The database's.
pub async fn compound_of<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    account: Option<&account::Model>,
) -> Result<Option<place::Model>, Fault> {
    let home = actor.homes.first().map(|home| home.compound_id);
    let post = || actor.grants.iter().find_map(|grant| grant.compound_id);
    let scanned = || account.and_then(|account| account.compound_id);
    match home.or_else(post).or_else(scanned) {
        Some(id) => compound_by_id(db, id).await,
        None => Ok(None),
    }
}

/// What a question has found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The article that answers it for sure.
    pub sure: Option<handbook_article::Model>,
    /// Those that are near, best first; the sure one is not among them.
    pub near: Vec<handbook_article::Model>,
}

/// Asks the handbook.
///
/// # Errors
/// The database's.
pub async fn ask<C: ConnectionTrait>(
    app: &App,
    db: &C,
    reach: &Reach,
    question: &str,
    most: usize,
) -> Result<Found, Fault> {
    let shelf = shelf(app, db).await?;
    Ok(look(&shelf, &shelf.readable(reach), question, most))
}

/// The same on a shelf, without I/O.
#[must_use]
pub fn look(shelf: &Shelf, readable: &HashSet<i64>, question: &str, most: usize) -> Found {
    let hits = shelf.ask(readable, question);
    let get = |id: i64| shelf.get(readable, id).cloned();
    let sure = sure::sure(&hits).filter(|_| tells(question)).and_then(get);
    let named = sure.as_ref().map(|row| row.id);
    let near = sure::near(&hits, most.saturating_add(1));
    Found {
        near: near
            .filter(|id| Some(*id) != named)
            .take(most)
            .filter_map(get)
            .collect(),
        sure,
    }
}

/// One article, as somebody of these places reads it.
///
/// # Errors
/// `not_found`, also for one that is not published or not theirs.
pub async fn readable<C: ConnectionTrait>(
    app: &App,
    db: &C,
    reach: &Reach,
    id: i64,
) -> Result<handbook_article::Model, Fault> {
    let shelf = shelf(app, db).await?;
    let found = shelf.get(&shelf.readable(reach), id).cloned();
    found.ok_or_else(|| no_such(id))
}

/// A page of what somebody of these places reads, in the order of the handbook: places' own first, then as
/// they were written.
///
/// # Errors
/// The database's.
pub async fn contents<C: ConnectionTrait>(
    app: &App,
    db: &C,
    reach: &Reach,
) -> Result<Vec<handbook_article::Model>, Fault> {
    let shelf = shelf(app, db).await?;
    let readable = shelf.readable(reach);
    let mut all: Vec<handbook_article::Model> = readable
        .iter()
        .filter_map(|id| shelf.get(&readable, *id).cloned())
        .collect();
    all.sort_by_key(|row| (row.place_id.is_none(), row.id));
    Ok(all)
}

/// One that the actor may write; none means that its place is everywhere.
///
/// # Errors
/// `not_found`, also for one that they may not.
pub async fn kept<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<handbook_article::Model, Fault> {
    let row = handbook_article::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_such(id))?;
    match may_write(db, actor, row.place_id).await? {
        true => Ok(row),
        false => Err(no_such(id)),
    }
}

/// Whether the actor writes the articles of a place; of none: of all.
///
/// # Errors
/// The database's.
pub async fn may_write<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    place_id: Option<i64>,
) -> Result<bool, Fault> {
    let Some(place_id) = place_id else {
        return Ok(may(actor, Deed::WriteHandbook, EVERYWHERE));
    };
    let place = place_by_id(db, place_id).await?;
    Ok(place.is_some_and(|place| may(actor, Deed::WriteHandbook, &place.path)))
}

/// A page of the articles that the actor may write, and of those for all, newest first.
///
/// # Errors
/// `forbidden` for whoever may write nowhere; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<handbook_article::Model>, Fault> {
    let own = within_reach(
        handbook_article::Column::PlaceId,
        actor,
        Deed::WriteHandbook,
    )
    .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    let for_all = Condition::all()
        .add(handbook_article::COLUMN.place_id.is_null())
        .add(handbook_article::COLUMN.state.eq(ArticleState::Published));
    let query = handbook_article::Entity::find().filter(Condition::any().add(own).add(for_all));
    newest(db, query, handbook_article::Column::Id, slice, |row| row.id).await
}

/// One that an editor reads: one that they may write, or a published one for all.
///
/// # Errors
/// `not_found` for all others.
pub async fn read_by_editor<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<handbook_article::Model, Fault> {
    let row = handbook_article::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_such(id))?;
    let for_all = row.place_id.is_none() && row.state == ArticleState::Published;
    match for_all || may_write(db, actor, row.place_id).await? {
        true => Ok(row),
        false => Err(no_such(id)),
    }
}

/// The versions of an article, newest first, the latest of them.
///
/// # Errors
/// The database's.
pub async fn versions<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Vec<handbook_version::Model>, Fault> {
    Ok(handbook_version::Entity::find()
        .filter(handbook_version::COLUMN.article_id.eq(id))
        .order_by_desc(handbook_version::COLUMN.version)
        .limit(VERSIONS)
        .all(db)
        .await?)
}

/// Questions that the handbook could not answer, of the compounds in which the actor writes, newest first.
///
/// # Errors
/// `forbidden` for whoever may write nowhere; the database's.
pub async fn questions<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    state: QuestionState,
    slice: Slice,
) -> Result<Page<handbook_question::Model>, Fault> {
    let own = within_reach(
        handbook_question::Column::CompoundId,
        actor,
        Deed::WriteHandbook,
    )
    .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    let query = handbook_question::Entity::find()
        .filter(own)
        .filter(handbook_question::COLUMN.state.eq(state));
    let key = handbook_question::Column::Id;
    newest(db, query, key, slice, |row| row.id).await
}

/// A question of a compound in which the actor writes, with the compound.
///
/// # Errors
/// `not_found`, also for those of others.
pub async fn question<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(handbook_question::Model, place::Model), Fault> {
    let row = handbook_question::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| no_question(id))?;
    let place = compound_by_id(db, row.compound_id).await?;
    let place = place.filter(|place| may(actor, Deed::WriteHandbook, &place.path));
    place
        .map(|place| (row, place))
        .ok_or_else(|| no_question(id))
}
