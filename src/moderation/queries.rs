//! Reads of moderation: what others may see, and what waits for a person. Any noun may use them.

use entity::kinds::ModerationState;
use entity::{moderation, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};

/// The same answer for one that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!(
        "没有找到待审核的内容 #{id}。回复“审核”看还有哪些。"
    ))
}

/// What others may see of a part: what was handed in last, once it has passed. None until then.
///
/// # Errors
/// The database's.
pub async fn shown<C: ConnectionTrait>(
    db: &C,
    subject: &str,
    part: &str,
) -> Result<Option<String>, Fault> {
    let last = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(subject))
        .filter(moderation::COLUMN.part.eq(part))
        .order_by_desc(moderation::COLUMN.id)
        .one(db)
        .await?;
    let passed = last.filter(|row| row.state == ModerationState::Passed);
    Ok(passed.map(|row| row.content))
}

/// By key, for clocks and for composing: not scoped, never for a person's question.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<(moderation::Model, place::Model)>, Fault> {
    let Some(row) = moderation::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let place = place::Entity::find_by_id(row.place_id).one(db).await?;
    Ok(place.map(|place| (row, place)))
}

/// One on which the actor may decide.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn to_decide<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<moderation::Model, Fault> {
    let (row, place) = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    if may(actor, Deed::Moderate, &place.path) {
        Ok(row)
    } else {
        Err(no_such(id))
    }
}

/// A page of what is undecided where the actor may decide, newest first; what the platform still
/// looks at is among it, and a person's word may come before the platform's. A page may be short.
///
/// # Errors
/// The database's; `forbidden` for somebody who may decide nowhere.
pub async fn waiting<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<moderation::Model>, Fault> {
    let mut scope = Condition::any();
    let mut anywhere = false;
    for grant in &actor.grants {
        if !roles(Deed::Moderate).contains(&grant.role) {
            continue;
        }
        anywhere = true;
        scope = match grant.compound_id {
            Some(id) => scope.add(moderation::COLUMN.compound_id.eq(id)),
            // Over several compounds: their ids are not in the grant, the paths decide below.
            None => scope.add(moderation::COLUMN.id.gt(0)),
        };
    }
    if !anywhere {
        return Err(Fault::forbidden("您没有这项权限。"));
    }
    let mut query = moderation::Entity::find()
        .filter(scope)
        .filter(moderation::COLUMN.state.eq(ModerationState::Pending))
        .order_by_desc(moderation::COLUMN.id)
        .limit(slice.limit + 1);
    if let Some(before) = slice.before {
        query = query.filter(moderation::COLUMN.id.lt(before));
    }
    let page = slice.cut(query.all(db).await?, |row| row.id);
    let places = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(page.items.iter().map(|row| row.place_id)),
        )
        .all(db)
        .await?;
    let theirs = |row: &moderation::Model| {
        places
            .iter()
            .find(|place| place.id == row.place_id)
            .is_some_and(|place| may(actor, Deed::Moderate, &place.path))
    };
    Ok(Page {
        items: page.items.into_iter().filter(theirs).collect(),
        next: page.next,
    })
}
