//! What a volunteer does with a task: 领任务 退任务 开始服务 结束服务.

use chrono::TimeDelta;
use entity::kinds::ActorKind;
use entity::life::{ServiceState, VolunteerState, VolunteerTaskState};
use entity::{volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::access::Actor;
use crate::activity::times::is_door_open;
use crate::base::clock::say;
use crate::base::fault::{Code, Fault};
use crate::reminder;
use crate::store::Tx;
use crate::volunteer::actions::gone::{give_back_of_gone, theirs};
use crate::volunteer::actions::{clash, clashes, compare_and_set, locked, note, store_taken};
use crate::volunteer::hours::Span;
use crate::volunteer::queries::{found, member, service_of};
use crate::volunteer::remind;
use crate::volunteer::service_says;
use crate::volunteer::step::{Act, By, after};

/// Minutes after the end of a task at which whoever has not ended is asked.
const ASKED_AFTER: TimeDelta = TimeDelta::minutes(15);

/// The state after what a volunteer does.
fn next(id: i64, state: Option<ServiceState>, act: Act) -> Result<ServiceState, Fault> {
    after(state, act, By::Volunteer).ok_or_else(|| {
        let says = match (state, act) {
            (None | Some(ServiceState::Left), _) => {
                format!("您还没有领志愿任务 #{id}，先回复“领任务 {id}”。")
            }
            (Some(ServiceState::Taken), Act::End) => {
                format!("志愿任务 #{id} 还没有开始，到了先回复“开始服务 {id}”。")
            }
            (Some(ServiceState::Taken), _) => {
                format!("您已经领了志愿任务 #{id}，到时候回复“开始服务 {id}”。")
            }
            (Some(state), _) => format!(
                "您在志愿任务 #{id} 的记录是“{}”，不用再这样操作。回复“我的志愿”查看。",
                service_says(state)
            ),
        };
        Fault::wrong_step(says)
    })
}

/// Takes a task, as far as there are places: those of whoever has moved out are free.
///
/// # Errors
/// `not_found` for a task of another compound; `forbidden` for whoever is no volunteer there; `conflict` when all
/// places are taken; `wrong_step` when it is over or called off, or they have it.
pub async fn take(tx: &mut Tx, actor: &Actor, id: i64) -> Result<volunteer_task::Model, Fault> {
    let person = actor.require_person()?;
    let task = found(tx.db(), actor, id).await?.task;
    let own = member(tx.db(), task.compound_id, person).await?;
    if own.is_none_or(|own| own.state != VolunteerState::Active) {
        return Err(Fault::forbidden(
            "领任务要先成为志愿者，回复“志愿报名”就可以，不用填表。",
        ));
    }
    let mut task = locked(tx, id).await?;
    if task.state == VolunteerTaskState::Cancelled || task.ends_at <= tx.now() {
        return Err(Fault::wrong_step(format!(
            "志愿任务 #{id} 已取消或已经结束。回复“志愿服务”看别的。"
        )));
    }
    let own = service_of(tx.db(), id, person).await?;
    let state = next(id, own.as_ref().map(|own| own.state), Act::Take)?;
    if task.taken >= task.wanted {
        give_back_of_gone(tx, &mut task).await?;
    }
    if task.taken >= task.wanted {
        return Err(Fault::new(
            Code::Conflict,
            format!("志愿任务 #{id} 人已经够了，谢谢您！回复“志愿服务”看别的。"),
        ));
    }
    match own {
        Some(own) => {
            let change = volunteer_service::ActiveModel {
                state: Set(state),
                ..Default::default()
            };
            compare_and_set(tx, &own, change).await?;
        }
        None => {
            let row = volunteer_service::ActiveModel {
                task_id: Set(id),
                compound_id: Set(task.compound_id),
                person_id: Set(Some(person)),
                state: Set(state),
                version: Set(0),
                created_at: Set(tx.now()),
                updated_at: Set(tx.now()),
                ..Default::default()
            };
            volunteer_service::Entity::insert(row)
                .exec_without_returning(tx.db())
                .await?;
        }
    }
    task.taken = task.taken.saturating_add(1);
    store_taken(tx, &task).await?;
    let kind = ActorKind::Resident;
    note(tx, actor, kind, &task, "volunteer.take", None);
    let evening = remind::evening(&task, person, tx.now());
    reminder::enqueue(tx, evening.into_iter().collect()).await?;
    Ok(task)
}

/// Gives a task back that has not begun for them; whoever has moved out does so, too.
///
/// # Errors
/// `not_found`, `wrong_step` when they do not have it, or have begun.
pub async fn give_back(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
) -> Result<volunteer_task::Model, Fault> {
    let person = actor.require_person()?;
    theirs(tx, actor, id, person).await?;
    let mut task = locked(tx, id).await?;
    let own = service_of(tx.db(), id, person).await?;
    let state = next(id, own.as_ref().map(|own| own.state), Act::Drop)?;
    if let Some(own) = own {
        let change = volunteer_service::ActiveModel {
            state: Set(state),
            ..Default::default()
        };
        compare_and_set(tx, &own, change).await?;
        task.taken = task.taken.saturating_sub(1).max(0);
        store_taken(tx, &task).await?;
    }
    let kind = ActorKind::Resident;
    note(tx, actor, kind, &task, "volunteer.drop", None);
    Ok(task)
}

/// Begins: the time counts from now.
///
/// # Errors
/// `not_found`; `wrong_step` when they do not have it, too early or too late; `conflict` while they serve
/// elsewhere.
pub async fn begin(tx: &mut Tx, actor: &Actor, id: i64) -> Result<volunteer_task::Model, Fault> {
    let person = actor.require_person()?;
    let task = found(tx.db(), actor, id).await?.task;
    let own = service_of(tx.db(), id, person).await?;
    let state = next(id, own.as_ref().map(|own| own.state), Act::Begin)?;
    if task.state == VolunteerTaskState::Cancelled {
        return Err(Fault::wrong_step(format!(
            "志愿任务 #{id} 已取消，不用来了。"
        )));
    }
    if !is_door_open(task.starts_at, task.ends_at, tx.now()) {
        return Err(Fault::wrong_step(format!(
            "志愿任务 #{id} 是{}开始，前后1小时内才能打卡；补记请找组织的人。",
            say(task.starts_at)
        )));
    }
    let now = Span {
        from: tx.now(),
        until: tx.now() + TimeDelta::milliseconds(1),
    };
    let except = own.as_ref().map(|own| own.id);
    if let Some(other) = clash(tx, person, now, except).await? {
        return Err(clashes(&other));
    }
    if let Some(own) = own {
        let change = volunteer_service::ActiveModel {
            state: Set(state),
            in_at: Set(Some(tx.now())),
            out_at: Set(None),
            minutes: Set(None),
            ..Default::default()
        };
        compare_and_set(tx, &own, change).await?;
        let asked = remind::ask_end(&task, &own, person, task.ends_at + ASKED_AFTER);
        reminder::enqueue(tx, vec![asked]).await?;
    }
    let kind = ActorKind::Resident;
    note(tx, actor, kind, &task, "volunteer.begin", None);
    Ok(task)
}

/// Ends: whoever leads is asked to confirm the minutes, which it gives. Whoever has moved out since they began ends,
/// too: the hours are theirs, and they serve nowhere else before.
///
/// # Errors
/// `not_found`; `wrong_step` when they have not begun, or it was less than a minute or more than a day; `conflict` when it
/// overlaps with other hours of theirs.
pub async fn end(tx: &mut Tx, actor: &Actor, id: i64) -> Result<i32, Fault> {
    let person = actor.require_person()?;
    let task = theirs(tx, actor, id, person).await?;
    let own = service_of(tx.db(), id, person).await?;
    let state = next(id, own.as_ref().map(|own| own.state), Act::End)?;
    let begun = own.and_then(|own| Some((own.in_at?, own)));
    let Some((from, own)) = begun else {
        return Err(Fault::wrong_step(format!(
            "志愿任务 #{id} 没有开始的记录，请找组织的人补记。"
        )));
    };
    let span = Span {
        from,
        until: tx.now(),
    };
    let minutes = span.minutes().ok_or_else(|| {
        Fault::wrong_step(match span.until - span.from < TimeDelta::minutes(1) {
            true => format!("刚刚开始，做完了再回复“结束服务 {id}”。"),
            false => "已经超过24小时，请找组织的人登记时长。".to_owned(),
        })
    })?;
    if let Some(other) = clash(tx, person, span, Some(own.id)).await? {
        return Err(clashes(&other));
    }
    let change = volunteer_service::ActiveModel {
        state: Set(state),
        out_at: Set(Some(span.until)),
        minutes: Set(Some(minutes)),
        ..Default::default()
    };
    compare_and_set(tx, &own, change).await?;
    let kind = ActorKind::Resident;
    let detail = serde_json::json!({ "minutes": minutes });
    note(tx, actor, kind, &task, "volunteer.end", Some(detail));
    let asked = remind::ask_confirm(&task, &own, tx.now());
    reminder::enqueue(tx, vec![asked]).await?;
    Ok(minutes)
}
