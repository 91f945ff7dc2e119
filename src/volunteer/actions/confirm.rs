//! What whoever leads does with hours: confirms them as counted, enters them, refuses them. Nobody does it for
//! themselves.

use chrono::TimeDelta;
use entity::kinds::ActorKind;
use entity::life::{ServiceState, VolunteerTaskState};
use entity::{volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::access::Actor;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::delivery::cards;
use crate::reminder;
use crate::store::Tx;
use crate::volunteer::actions::{
    clash, clashes, compare_and_set, given, locked, note, store_taken,
};
use crate::volunteer::hours::Span;
use crate::volunteer::queries::{active, led, parts, service_of};
use crate::volunteer::remind::{self, Telling};
use crate::volunteer::service_says;
use crate::volunteer::step::{Act, By, after, holds};
use crate::volunteer::{MOST_REASON, subject};

/// Services that are confirmed at once, at most.
const MOST: u64 = 500;
/// So long before and after a task hours may be entered for it: people come early, and clean up later.
const ABOUT: TimeDelta = TimeDelta::days(1);

fn none() -> Fault {
    Fault::not_found("没有找到这条志愿服务记录。")
}

/// A service of a task that the actor leads and has no part in.
async fn service(
    tx: &Tx,
    actor: &Actor,
    id: i64,
) -> Result<(volunteer_task::Model, volunteer_service::Model), Fault> {
    let by = actor.require_person()?;
    let row = volunteer_service::Entity::find_by_id(id)
        .one(tx.db())
        .await?;
    let row = row.ok_or_else(none)?;
    let found = led(tx.db(), actor, row.task_id).await;
    let found = found.map_err(|fault| match fault.code {
        Code::NotFound => none(),
        _ => fault,
    })?;
    if row.person_id == Some(by) {
        return Err(own());
    }
    Ok((found.task, row))
}

fn own() -> Fault {
    Fault::forbidden("自己的时长要由别人来确认。")
}

fn next(row: &volunteer_service::Model, act: Act) -> Result<ServiceState, Fault> {
    after(Some(row.state), act, By::Leader).ok_or_else(|| {
        Fault::wrong_step(format!(
            "这条记录现在是“{}”，不能这样操作。",
            service_says(row.state)
        ))
    })
}

/// Confirms the hours as they were counted.
///
/// # Errors
/// `not_found` for a service of another compound, `forbidden` for whoever may not lead and for one's own,
/// `wrong_step` when it has not ended or was decided.
pub async fn confirm(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
) -> Result<volunteer_service::Model, Fault> {
    let (task, row) = service(tx, actor, id).await?;
    let state = next(&row, Act::Confirm)?;
    let row = decide(tx, actor, &task, row, state).await?;
    cards::moved(tx, &subject(task.id), Some(task.compound_id)).await?;
    Ok(row)
}

async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    task: &volunteer_task::Model,
    row: volunteer_service::Model,
    state: ServiceState,
) -> Result<volunteer_service::Model, Fault> {
    let change = volunteer_service::ActiveModel {
        state: Set(state),
        decided_by: Set(actor.person_id()),
        decided_at: Set(Some(tx.now())),
        reason: Set(None),
        ..Default::default()
    };
    compare_and_set(tx, &row, change).await?;
    let detail = json!({ "service": row.id, "minutes": row.minutes });
    note(
        tx,
        actor,
        ActorKind::Staff,
        task,
        "volunteer.confirm",
        Some(detail),
    );
    tell(tx, task, &row, Telling::Confirmed).await?;
    Ok(volunteer_service::Model { state, ..row })
}

/// Confirms all of a task that have ended, but for one's own; says how many there were.
///
/// # Errors
/// `not_found`, `forbidden` for whoever may not lead it.
pub async fn confirm_all(tx: &mut Tx, actor: &Actor, task_id: i64) -> Result<usize, Fault> {
    let by = actor.require_person()?;
    let task = led(tx.db(), actor, task_id).await?.task;
    let mut count = 0;
    for part in parts(tx.db(), &[task_id], MOST).await? {
        let row = part.service;
        if row.state == ServiceState::Ended && row.person_id != Some(by) {
            decide(tx, actor, &task, row, ServiceState::Confirmed).await?;
            count += 1;
        }
    }
    if count > 0 {
        cards::moved(tx, &subject(task.id), Some(task.compound_id)).await?;
    }
    Ok(count)
}

/// Enters the hours of a volunteer of the compound, or others than were counted; they count at once.
///
/// # Errors
/// `not_found` for a task or a volunteer of another compound; `forbidden` for whoever may not lead and for oneself;
/// `invalid` for less than a minute, more than a day, for the future, and for another time than that of the task;
/// `wrong_step` for one that was called off; `conflict` when it overlaps.
pub async fn record(
    tx: &mut Tx,
    actor: &Actor,
    task_id: i64,
    volunteer_id: i64,
    span: Span,
) -> Result<volunteer_service::Model, Fault> {
    let by = actor.require_person()?;
    let task = led(tx.db(), actor, task_id).await?.task;
    let member = active(tx.db(), volunteer_id).await?;
    let member = member.filter(|member| member.compound_id == task.compound_id);
    let person = member
        .and_then(|member| member.person_id)
        .ok_or_else(|| Fault::not_found("没有找到这位志愿者，请先请本人回复“志愿报名”。"))?;
    if person == by {
        return Err(own());
    }
    let minutes = span
        .minutes()
        .ok_or_else(|| Fault::invalid("until", "时长至少1分钟、最多24小时，结束要在开始之后。"))?;
    if span.until > tx.now() {
        return Err(Fault::invalid("until", "结束时间还没有到，做完了再登记。"));
    }
    let mut task = locked(tx, task.id).await?;
    is_of_task(&task, span)?;
    let old = service_of(tx.db(), task_id, person).await?;
    let except = old.as_ref().map(|old| old.id);
    if let Some(other) = clash(tx, person, span, except).await? {
        return Err(clashes(&other));
    }
    if !holds(old.as_ref().map(|old| old.state)) {
        // Whoever came without a word was needed after all.
        task.taken = task.taken.saturating_add(1);
        store_taken(tx, &task).await?;
    }
    let entered = volunteer_service::ActiveModel {
        state: Set(ServiceState::Confirmed),
        in_at: Set(Some(span.from)),
        out_at: Set(Some(span.until)),
        minutes: Set(Some(minutes)),
        decided_by: Set(Some(by)),
        decided_at: Set(Some(tx.now())),
        reason: Set(None),
        ..Default::default()
    };
    let row = enter(tx, &task, person, old, entered).await?;
    let detail = json!({ "service": row.id, "minutes": minutes });
    note(
        tx,
        actor,
        ActorKind::Staff,
        &task,
        "volunteer.record",
        Some(detail),
    );
    tell(tx, &task, &row, Telling::Confirmed).await?;
    cards::moved(tx, &subject(task.id), Some(task.compound_id)).await?;
    Ok(row)
}

/// Stores entered hours: over what was counted, or as a service of its own.
async fn enter(
    tx: &Tx,
    task: &volunteer_task::Model,
    person: i64,
    old: Option<volunteer_service::Model>,
    entered: volunteer_service::ActiveModel,
) -> Result<volunteer_service::Model, Fault> {
    match old {
        Some(old) => compare_and_set(tx, &old, entered).await?,
        None => {
            let row = volunteer_service::ActiveModel {
                task_id: Set(task.id),
                compound_id: Set(task.compound_id),
                person_id: Set(Some(person)),
                version: Set(0),
                created_at: Set(tx.now()),
                updated_at: Set(tx.now()),
                ..entered
            };
            volunteer_service::Entity::insert(row)
                .exec_without_returning(tx.db())
                .await?;
        }
    }
    let row = service_of(tx.db(), task.id, person).await?;
    row.ok_or_else(none)
}

/// Whether hours may be those of a task: it took place, and they lie about its time. What is entered for a task of
/// another month is a mistake, or worse.
fn is_of_task(task: &volunteer_task::Model, span: Span) -> Result<(), Fault> {
    if task.state == VolunteerTaskState::Cancelled {
        return Err(Fault::wrong_step(format!(
            "志愿任务 #{} 已经取消，不能登记时长。要补记请另发一个任务。",
            task.id
        )));
    }
    let (from, until) = (task.starts_at - ABOUT, task.ends_at + ABOUT);
    if span.from < from || span.until > until {
        let says = format!(
            "时间要在任务前后一天以内（{}到{}）。别的时间请另发一个任务再登记。",
            say(from),
            say(until)
        );
        return Err(Fault::invalid("from", says));
    }
    Ok(())
}

/// The hours do not count, for a reason that the volunteer is told.
///
/// # Errors
/// As [`confirm`]; `invalid` without a reason.
pub async fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<volunteer_service::Model, Fault> {
    let (task, row) = service(tx, actor, id).await?;
    let state = next(&row, Act::Refuse)?;
    let reason = given("reason", reason, MOST_REASON, "当天没有到场")?;
    let mut task = locked(tx, task.id).await?;
    let change = volunteer_service::ActiveModel {
        state: Set(state),
        decided_by: Set(actor.person_id()),
        decided_at: Set(Some(tx.now())),
        reason: Set(Some(reason.clone())),
        ..Default::default()
    };
    compare_and_set(tx, &row, change).await?;
    task.taken = task.taken.saturating_sub(1).max(0);
    store_taken(tx, &task).await?;
    let detail = json!({ "service": row.id });
    note(
        tx,
        actor,
        ActorKind::Staff,
        &task,
        "volunteer.refuse",
        Some(detail),
    );
    tell(tx, &task, &row, Telling::Refused).await?;
    cards::moved(tx, &subject(task.id), Some(task.compound_id)).await?;
    Ok(volunteer_service::Model {
        state,
        reason: Some(reason),
        ..row
    })
}

/// Tells whose service it is.
async fn tell(
    tx: &mut Tx,
    task: &volunteer_task::Model,
    row: &volunteer_service::Model,
    what: Telling,
) -> Result<(), Fault> {
    let Some(person) = row.person_id else {
        return Ok(());
    };
    // The version that the change has made; nobody is told the same twice.
    let stamp = i64::from(row.version) + 1;
    let told = remind::told(task, what, stamp, person, tx.now());
    reminder::enqueue(tx, vec![told]).await
}
