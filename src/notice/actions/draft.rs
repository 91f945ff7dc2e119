//! A notice is written down before it goes out, with the number of its recipients: what is shown for
//! confirmation is a row, so that confirming twice publishes once.

use std::collections::HashSet;

use entity::kinds::NoticeState;
use entity::{notice, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, line};
use crate::base::threat::kind_notice;
use crate::notice::actions::{again, by_hand, led, not_urgent};
use crate::notice::audience::{Audience, Count, Group, Scope};
use crate::notice::queries::no_such;
use crate::notice::{HOLDS, MOST_BODY, MOST_TITLE, REPEATS};
use crate::place::queries as places;
use crate::store::Tx;

/// Most places of a list.
pub const MOST_PLACES: usize = 200;

/// What somebody wants to tell.
#[derive(Clone, Debug)]
pub struct New {
    /// To which place.
    pub place_id: i64,
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// Goes out at night too.
    pub urgent: bool,
    /// Parts of the place and groups of people; nobody named means whoever lives there.
    pub scope: Scope,
    /// Hours after which whoever has not read it is told again.
    pub repeat_hours: Option<i32>,
    /// The notice whose files it takes along, unless it brings its own.
    pub rewrites: Option<i64>,
}

/// What stands in a new version.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// One line.
    pub title: &'a str,
    /// Plain text.
    pub body: &'a str,
    /// It brings photos or documents of its own, which take the place of those before: then its words may be the same.
    pub files: bool,
}

/// Writes a draft, and counts whom it would reach. What files the notice has that it is written after it has, too,
/// unless it brings its own (`queries::files`).
///
/// # Errors
/// `not_found` for a place where the actor may not publish, and for a notice to be written after that is not theirs to
/// lead; `forbidden` for an urgent one; `invalid` for words that are none or too many, and for a scope that nobody is
/// in; `wrong_step` for one after a draft, which is not kept.
pub async fn draft(tx: &Tx, actor: &Actor, new: New) -> Result<notice::Model, Fault> {
    let author_id = actor.require_person()?;
    let place = target(tx, actor, new.place_id, new.urgent).await?;
    if new
        .repeat_hours
        .is_some_and(|hours| !REPEATS.contains(&hours))
    {
        return Err(Fault::invalid("repeat", "再次提醒请选24、48或72小时。"));
    }
    if let Some(before) = new.rewrites
        && led(tx, actor, before).await?.state == NoticeState::Draft
    {
        return Err(Fault::wrong_step(format!(
            "公告 #{before} 还是草稿，请直接确认或重新写一条。"
        )));
    }
    let (title, body) = (titled(&new.title)?, worded(&new.body)?);
    kind_notice(&title, &body)?;
    let scope = checked(tx, &place, new.scope).await?;
    let count = counted(tx, place.id, &scope).await?;
    let row = notice::ActiveModel {
        compound_id: Set(place.compound_id),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set(title),
        body: Set(body),
        urgent: Set(new.urgent),
        repeat_hours: Set(new.repeat_hours),
        rewrites: Set(new.rewrites),
        version: Set(1),
        ..empty(tx, &scope, count)?
    };
    Ok(notice::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?)
}

/// Writes the draft of a new version: the same people as they are now, other words. What files the version before has
/// it has, too, unless it brings its own (`queries::files`).
///
/// # Errors
/// `not_found` for a notice that is not theirs to lead; `wrong_step` for one that does not hold, has a
/// newer version, or is of what is published; `invalid` for the words.
pub async fn correct(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    words: Words<'_>,
) -> Result<notice::Model, Fault> {
    let author_id = actor.require_person()?;
    let old = led(tx, actor, id).await?;
    by_hand(&old)?;
    if !HOLDS.contains(&old.state) {
        return Err(Fault::wrong_step(format!(
            "公告 #{id} 现在不能更正，请先看它的情况：回复“公告 {id}”。"
        )));
    }
    let place = target(tx, actor, old.place_id, old.urgent).await?;
    let (title, body) = (titled(words.title)?, worded(words.body)?);
    kind_notice(&title, &body)?;
    let same = (title.as_str(), body.as_str()) == (old.title.as_str(), old.body.as_str());
    if same && !words.files {
        return Err(Fault::invalid("body", "内容和原来一样，不用更正。"));
    }
    let scope: Scope = serde_json::from_value(old.scope).map_err(Fault::internal)?;
    let count = counted(tx, place.id, &scope).await?;
    let row = notice::ActiveModel {
        compound_id: Set(old.compound_id),
        place_id: Set(old.place_id),
        author_id: Set(author_id),
        title: Set(title),
        body: Set(body),
        urgent: Set(old.urgent),
        repeat_hours: Set(old.repeat_hours),
        version: Set(old.version.saturating_add(1)),
        corrects: Set(Some(old.id)),
        ..empty(tx, &scope, count)?
    };
    Ok(notice::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?)
}

/// Changes for whom a draft is: one place, everybody who lives there.
///
/// # Errors
/// `not_found` for a draft or a place that is not theirs; `wrong_step` when it is no draft any more.
pub async fn rescope(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    place_id: i64,
) -> Result<notice::Model, Fault> {
    let row = led(tx, actor, id).await?;
    if row.corrects.is_some() {
        return Err(Fault::wrong_step("更正发给原来的范围，不能改。"));
    }
    let place = target(tx, actor, place_id, row.urgent).await?;
    let scope = Scope {
        places: Vec::new(),
        who: vec![Group::Residents],
    };
    let count = counted(tx, place.id, &scope).await?;
    let changed = notice::Entity::update_many()
        .set(notice::ActiveModel {
            compound_id: Set(place.compound_id),
            place_id: Set(place.id),
            scope: Set(serde_json::to_value(&scope).map_err(Fault::internal)?),
            counted: Set(count.people),
            reachable: Set(count.reachable),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(id))
        .filter(notice::COLUMN.state.eq(NoticeState::Draft))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::wrong_step(format!(
            "公告 #{id} 已经发出，范围不能再改。"
        )));
    }
    again(tx, id).await
}

fn empty(tx: &Tx, scope: &Scope, count: Count) -> Result<notice::ActiveModel, Fault> {
    Ok(notice::ActiveModel {
        state: Set(NoticeState::Draft),
        scope: Set(serde_json::to_value(scope).map_err(Fault::internal)?),
        counted: Set(count.people),
        reachable: Set(count.reachable),
        round: Set(0),
        told_to: Set(0),
        created_at: Set(tx.now()),
        ..Default::default()
    })
}

/// The place, if the actor may publish there.
///
/// # Errors
/// `not_found` where they may not, `forbidden` for an urgent one of somebody who may publish none.
pub async fn target(
    tx: &Tx,
    actor: &Actor,
    place_id: i64,
    urgent: bool,
) -> Result<place::Model, Fault> {
    let place = places::by_id(tx.db(), place_id).await?;
    let place = place
        .filter(|place| may(actor, Deed::PublishNotices, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个地点，或者您不能在那里发公告。"))?;
    if urgent && !may(actor, Deed::PublishUrgently, &place.path) {
        return Err(not_urgent());
    }
    Ok(place)
}

/// The scope with its list inside of the place, each part once.
async fn checked(tx: &Tx, place: &place::Model, mut scope: Scope) -> Result<Scope, Fault> {
    if scope.who.is_empty() {
        scope.who.push(Group::Residents);
    }
    let mut seen = HashSet::new();
    scope.who.retain(|group| seen.insert(*group));
    scope.places.sort_unstable();
    scope.places.dedup();
    if scope.places.len() > MOST_PLACES {
        let words = format!("名单最多{MOST_PLACES}行，请分几次发，或选整栋。");
        return Err(Fault::invalid("list", words));
    }
    for id in &scope.places {
        let part = places::by_id(tx.db(), *id).await?;
        if part.is_none_or(|part| !part.path.starts_with(&place.path)) {
            return Err(Fault::invalid(
                "list",
                "名单里有不在这个地点的房号，请核对。",
            ));
        }
    }
    Ok(scope)
}

async fn counted(tx: &Tx, place_id: i64, scope: &Scope) -> Result<Count, Fault> {
    let count = Audience::of(tx.db(), place_id, scope, tx.now())
        .await?
        .count(tx.db())
        .await?;
    if count.people == 0 {
        return Err(Fault::invalid(
            "place",
            "这个范围里还没有登记或绑定的人，没有可以通知的人。",
        ));
    }
    Ok(count)
}

fn titled(typed: &str) -> Result<String, Fault> {
    let title = line(typed);
    match title.chars().count() {
        0 => Err(Fault::invalid("title", "请写标题。")),
        count if count > MOST_TITLE => Err(Fault::invalid(
            "title",
            format!("标题最多{MOST_TITLE}字，现在是{count}字，请写短一点。"),
        )),
        _ => Ok(title),
    }
}

fn worded(typed: &str) -> Result<String, Fault> {
    let body = clean(typed);
    match body.chars().count() {
        0 => Err(Fault::invalid("body", "请写正文。")),
        count if count > MOST_BODY => Err(Fault::invalid(
            "body",
            format!("正文最多{MOST_BODY}字，现在是{count}字，请写短一点，或分几条发。"),
        )),
        _ => Ok(body),
    }
}

/// A draft of the actor's own.
///
/// # Errors
/// `not_found` for any other; `conflict` for one that is a draft no more.
pub(super) async fn own(tx: &Tx, actor: &Actor, id: i64) -> Result<notice::Model, Fault> {
    let author_id = actor.require_person()?;
    let row = notice::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row
        .filter(|row| row.author_id == author_id)
        .ok_or_else(|| no_such(id))?;
    if row.state != NoticeState::Draft {
        return Err(Fault::new(
            Code::Conflict,
            format!("公告 #{id} 已经确认过，不用再发。回复“广播进度 {id}”看进度。"),
        ));
    }
    Ok(row)
}
