//! Letting a draft go out, which can be undone for a few seconds, and taking back what is out.

use chrono::TimeDelta;
use entity::kinds::NoticeState;
use entity::{notice, person};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::access::Actor;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::notice::actions::{again, by_hand, close_visits, draft, led, record, require};
use crate::notice::audience::{Audience, Scope};
use crate::notice::{HOLDS, THROTTLE, UNDO, remind, subject};
use crate::reminder::{cancel, enqueue};
use crate::store::Tx;

/// Lets one's own draft go out: counted once more, then a few seconds in which it can be undone.
///
/// # Errors
/// `not_found` for a draft that is not theirs, or where they may not publish any more; `forbidden` for an
/// urgent one; `conflict` when it is out already; `too_many` for the second ordinary one within an hour, with
/// when it may go; `wrong_step` for a correction of what does not hold any more.
pub async fn publish(tx: &mut Tx, actor: &Actor, id: i64) -> Result<notice::Model, Fault> {
    let row = draft::own(tx, actor, id).await?;
    require(tx, actor, &row).await?;
    // Two at once of one author come one after the other.
    person::Entity::find_by_id(row.author_id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    // The second finds it published, not that it comes too soon after itself.
    let row = draft::own(tx, actor, id).await?;
    match row.corrects {
        Some(old) => still_holds(tx, old).await?,
        None if row.urgent => {}
        None => not_too_soon(tx, &row).await?,
    }
    let scope: Scope = serde_json::from_value(row.scope.clone()).map_err(Fault::internal)?;
    let count = Audience::of(tx.db(), row.place_id, &scope, tx.now())
        .await?
        .count(tx.db())
        .await?;
    let go_at = tx.now() + UNDO;
    let changed = notice::Entity::update_many()
        .set(notice::ActiveModel {
            state: Set(NoticeState::Undoable),
            counted: Set(count.people),
            reachable: Set(count.reachable),
            published_at: Set(Some(tx.now())),
            go_at: Set(Some(go_at)),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(id))
        .filter(notice::COLUMN.state.eq(NoticeState::Draft))
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::new(
            Code::Conflict,
            format!("公告 #{id} 已经确认过，不用再发。"),
        ));
    }
    let detail = json!({ "people": count.people, "urgent": row.urgent, "version": row.version });
    let action = if row.corrects.is_some() {
        "notice.correct"
    } else {
        "notice.publish"
    };
    record(tx, actor, &row, action, detail);
    enqueue(tx, vec![remind::begin(&row, go_at)]).await?;
    again(tx, id).await
}

/// What a correction is to take the place of: it holds, and nobody else is correcting it.
async fn still_holds(tx: &Tx, old: i64) -> Result<(), Fault> {
    let gone = || {
        Fault::wrong_step(format!(
            "公告 #{old} 已经撤回或有了新的一版，请先看现在的内容再更正。"
        ))
    };
    let row = notice::Entity::find_by_id(old)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    row.filter(|row| HOLDS.contains(&row.state))
        .ok_or_else(gone)?;
    let other = notice::Entity::find()
        .filter(notice::COLUMN.corrects.eq(old))
        .filter(
            notice::COLUMN
                .state
                .is_not_in([NoticeState::Draft, NoticeState::Undone]),
        )
        .one(tx.db())
        .await?;
    match other {
        None => Ok(()),
        Some(_) => Err(gone()),
    }
}

/// One ordinary notice an hour: people read what is rare.
async fn not_too_soon(tx: &Tx, row: &notice::Model) -> Result<(), Fault> {
    let since = tx.now() - THROTTLE;
    let last = notice::Entity::find()
        .filter(notice::COLUMN.author_id.eq(row.author_id))
        .filter(notice::COLUMN.published_at.gt(since))
        .filter(notice::COLUMN.urgent.eq(false))
        .filter(notice::COLUMN.corrects.is_null())
        .filter(notice::COLUMN.about.is_null())
        .filter(
            notice::COLUMN
                .state
                .is_not_in([NoticeState::Draft, NoticeState::Undone]),
        )
        .order_by_desc(notice::COLUMN.published_at)
        .limit(1)
        .one(tx.db())
        .await?;
    let Some(at) = last.and_then(|last| last.published_at) else {
        return Ok(());
    };
    let free = at + THROTTLE;
    let wait = u32::try_from((free - tx.now()).num_seconds().max(1)).unwrap_or(u32::MAX);
    let mut fault = Fault::too_many(wait);
    fault.detail = format!(
        "普通公告一小时最多发一条，这一条{}以后可以发。草稿 #{} 给您留着，到时回复“确认发布 {}”。",
        say(free + TimeDelta::seconds(59)),
        row.id,
        row.id
    )
    .into();
    Err(fault)
}

/// Takes a notice back. Before it has begun to go out nobody has got it; after that whoever has not been told is
/// not told any more, by no visit either, and a tombstone stays.
///
/// # Errors
/// `not_found` for one that is not theirs to lead; `forbidden` for an urgent one of somebody who may publish
/// none; `wrong_step` when there is nothing to take back, and for one of what is published.
pub async fn recall(tx: &mut Tx, actor: &Actor, id: i64) -> Result<notice::Model, Fault> {
    let row = led(tx, actor, id).await?;
    require(tx, actor, &row).await?;
    by_hand(&row)?;
    let action = match take_back(tx, &row, actor.person_id(), "公告已撤回，不用上门").await?
    {
        Some(NoticeState::Undone) => "notice.undo",
        Some(_) => "notice.recall",
        None => {
            return Err(Fault::wrong_step(match row.state {
                NoticeState::Recalled => format!("公告 #{id} 已经撤回了。"),
                NoticeState::Undone => format!("公告 #{id} 已经撤销，没有发出。"),
                NoticeState::Corrected => {
                    format!("公告 #{id} 已经有新的一版，请撤回新的一版。")
                }
                _ => format!("公告 #{id} 还没有发出，不用撤回。"),
            }));
        }
    };
    record(tx, actor, &row, action, json!({}));
    again(tx, id).await
}

/// Takes a notice back, whoever has it done, and says how it ended: undone where nobody has heard of it, even a little
/// late, recalled where it was out; none where it stands no more. `why` is for whoever was to go to a door.
pub(in crate::notice) async fn take_back(
    tx: &mut Tx,
    row: &notice::Model,
    by: Option<i64>,
    why: &str,
) -> Result<Option<NoticeState>, Fault> {
    let unsent = Condition::all().add(notice::COLUMN.state.eq(NoticeState::Undoable));
    if change(tx, by, row.id, NoticeState::Undone, unsent).await? {
        cancel(tx, &subject(row.id), &[remind::BEGIN]).await?;
        return Ok(Some(NoticeState::Undone));
    }
    let out = Condition::all().add(notice::COLUMN.state.is_in(HOLDS));
    if !change(tx, by, row.id, NoticeState::Recalled, out).await? {
        return Ok(None);
    }
    cancel(tx, &subject(row.id), remind::ALL).await?;
    close_visits(tx, row.id, why).await?;
    let told = remind::groups_told(row, remind::RECALLED, tx.now());
    enqueue(tx, told.into_iter().collect()).await?;
    Ok(Some(NoticeState::Recalled))
}

async fn change(
    tx: &Tx,
    by: Option<i64>,
    id: i64,
    to: NoticeState,
    from: Condition,
) -> Result<bool, Fault> {
    let changed = notice::Entity::update_many()
        .set(notice::ActiveModel {
            state: Set(to),
            recalled_at: Set(Some(tx.now())),
            recalled_by: Set(by),
            ..Default::default()
        })
        .filter(notice::COLUMN.id.eq(id))
        .filter(from)
        .exec(tx.db())
        .await?;
    Ok(changed.rows_affected == 1)
}
