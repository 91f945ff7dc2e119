//! Making, changing and stopping a timetable: whoever may at its place, by compare-and-set on its version.
//! When it rings next follows from its rule in the same transaction.

use entity::kinds::TimetableState;
use entity::timetable;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, line};
use crate::place::queries as places;
use crate::reminder;
use crate::store::Tx;
use crate::timetable::actions::record;
use crate::timetable::queries::{kept, no_such};
use crate::timetable::rule::Rule;
use crate::timetable::{MOST_OF_A_PLACE, MOST_TEXT, MOST_TITLE, remind, state_says};

/// What a timetable says.
#[derive(Clone, Debug)]
pub struct Draft {
    /// One line.
    pub title: String,
    /// What is told besides; may be empty.
    pub text: String,
    /// When.
    pub rule: Rule,
}

/// Which timetable is changed, and the version that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Key.
    pub id: i64,
    /// Version.
    pub version: i32,
}

/// Makes one at a place; it rings from its next time on, and nobody is told who does not ask.
///
/// # Errors
/// `not_found` for a place where the actor may not; `invalid` for words or a rule that cannot be, and for a
/// rule that never comes; `wrong_step` when the place has too many.
pub async fn make(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    draft: Draft,
) -> Result<timetable::Model, Fault> {
    let author_id = actor.require_person()?;
    let place = places::by_id(tx.db(), place_id).await?;
    let place = place
        .filter(|place| may(actor, Deed::SetTimetables, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个地点，或者您不能在那里设日程。"))?;
    let draft = worded(draft)?;
    let next = first(&draft.rule, tx.now())?;
    let known = timetable::Entity::find()
        .filter(timetable::COLUMN.place_id.eq(place.id))
        .count(tx.db())
        .await?;
    if known >= MOST_OF_A_PLACE {
        return Err(Fault::wrong_step(format!(
            "一个地点最多{MOST_OF_A_PLACE}个日程，请改一个不用的。"
        )));
    }
    let row = timetable::ActiveModel {
        compound_id: Set(place.compound_id),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set(draft.title),
        text: Set(draft.text),
        rule: Set(serde_json::to_value(&draft.rule).map_err(Fault::internal)?),
        state: Set(TimetableState::Active),
        next_at: Set(Some(next)),
        version: Set(1),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = timetable::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let detail = json!({ "version": row.version });
    record(tx, actor, &row, "timetable.make", Some(detail));
    reminder::enqueue(tx, vec![remind::ring(&row, next)]).await?;
    Ok(row)
}

/// Changes one: the next time is already the new rule's.
///
/// # Errors
/// `not_found` for one that the actor may not change; `invalid` as [`make`]; `conflict` when somebody was
/// first.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    seen: Seen,
    draft: Draft,
) -> Result<timetable::Model, Fault> {
    let was = kept(tx.db(), actor, seen.id).await?;
    let draft = worded(draft)?;
    let next = first(&draft.rule, tx.now())?;
    let change = timetable::ActiveModel {
        title: Set(draft.title),
        text: Set(draft.text),
        rule: Set(serde_json::to_value(&draft.rule).map_err(Fault::internal)?),
        next_at: Set((was.state == TimetableState::Active).then_some(next)),
        ..Default::default()
    };
    store(tx, actor, seen, change, "timetable.change").await
}

/// Lets it ring no more, or again.
///
/// # Errors
/// As [`change`]; `wrong_step` when it is so already.
pub async fn switch(
    tx: &mut Tx,
    actor: &Actor,
    seen: Seen,
    active: bool,
) -> Result<timetable::Model, Fault> {
    let was = kept(tx.db(), actor, seen.id).await?;
    let (state, next, action) = if active {
        let rule: Rule = serde_json::from_value(was.rule).map_err(Fault::internal)?;
        let next = first(&rule, tx.now())?;
        (TimetableState::Active, Some(next), "timetable.start")
    } else {
        (TimetableState::Stopped, None, "timetable.stop")
    };
    if was.state == state {
        let words = state_says(state);
        return Err(Fault::wrong_step(format!(
            "日程 #{} 现在就是“{words}”。",
            was.id
        )));
    }
    let change = timetable::ActiveModel {
        state: Set(state),
        next_at: Set(next),
        ..Default::default()
    };
    store(tx, actor, seen, change, action).await
}

async fn store(
    tx: &mut Tx,
    actor: &Actor,
    seen: Seen,
    mut change: timetable::ActiveModel,
    action: &str,
) -> Result<timetable::Model, Fault> {
    change.version = Set(seen.version.saturating_add(1));
    change.updated_at = Set(tx.now());
    let changed = timetable::Entity::update_many()
        .set(change)
        .filter(timetable::COLUMN.id.eq(seen.id))
        .filter(timetable::COLUMN.version.eq(seen.version))
        .exec(tx.db())
        .await?;
    if changed.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            "刚刚被别人改过，请看过现在的情况再改。",
        ));
    }
    let row = timetable::Entity::find_by_id(seen.id)
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(seen.id))?;
    let detail = json!({ "version": row.version });
    record(tx, actor, &row, action, Some(detail));
    let next = row.next_at.map(|next| remind::ring(&row, next));
    reminder::enqueue(tx, next.into_iter().collect()).await?;
    Ok(row)
}

fn first(rule: &Rule, now: Moment) -> Result<Moment, Fault> {
    rule.first_after(now).ok_or_else(|| {
        Fault::invalid(
            "until",
            "按这个规则以后一次也轮不到，请检查日期、结束日和除外的日期。",
        )
    })
}

fn worded(draft: Draft) -> Result<Draft, Fault> {
    let title = line(&draft.title);
    let length = title.chars().count();
    if !(2..=MOST_TITLE).contains(&length) {
        return Err(Fault::invalid(
            "title",
            format!("请写名称，2到{MOST_TITLE}个字，例如：厨余垃圾投放。"),
        ));
    }
    let text = clean(&draft.text);
    if text.chars().count() > MOST_TEXT {
        return Err(Fault::invalid(
            "text",
            format!("提醒的内容最多{MOST_TEXT}字。"),
        ));
    }
    for (field, words) in [("title", &title), ("text", &text)] {
        if hide_numbers(words) != *words {
            return Err(Fault::invalid(
                field,
                "会反复发给很多人，请不要写手机号、证件号这样的长号码。",
            ));
        }
    }
    Ok(Draft {
        title,
        text,
        rule: draft.rule.checked()?,
    })
}
