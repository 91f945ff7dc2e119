//! Whoever has moved out and still has a part in a task: they may give it back and end it, and where they do not, their
//! place is free as soon as somebody else wants it.

use entity::kinds::ActorKind;
use entity::life::ServiceState;
use entity::{volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::person::queries::{Serving, still_here};
use crate::store::Tx;
use crate::volunteer::actions::{compare_and_set, note};
use crate::volunteer::queries::{by_id, found, service_of};

/// The task, for whoever gives it back or ends it: also for whoever may not know of it any more and still has a part
/// in it.
///
/// # Errors
/// As [`found`].
pub(super) async fn theirs(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    person: i64,
) -> Result<volunteer_task::Model, Fault> {
    let fault = match found(tx.db(), actor, id).await {
        Ok(found) => return Ok(found.task),
        Err(fault) if fault.code == Code::NotFound => fault,
        Err(fault) => return Err(fault),
    };
    let own = service_of(tx.db(), id, person).await?;
    match own.is_some_and(|own| own.state != ServiceState::Left) {
        true => by_id(tx.db(), id).await?.ok_or(fault),
        false => Err(fault),
    }
}

/// Gives the task back for all who have moved out and not begun; its row is locked, and stored by the caller.
pub(super) async fn give_back_of_gone(
    tx: &Tx,
    task: &mut volunteer_task::Model,
) -> Result<(), Fault> {
    let taken = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.task_id.eq(task.id))
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Taken))
        .filter(volunteer_service::COLUMN.person_id.is_not_null())
        .all(tx.db())
        .await?;
    let people: Vec<i64> = taken.iter().filter_map(|one| one.person_id).collect();
    let serving = Serving::Above(task.place_id);
    let here = still_here(tx.db(), task.compound_id, serving, &people, tx.now()).await?;
    let stays = |one: &volunteer_service::Model| one.person_id.is_none_or(|id| here.contains(&id));
    for one in taken.into_iter().filter(|one| !stays(one)) {
        let left = volunteer_service::ActiveModel {
            state: Set(ServiceState::Left),
            ..Default::default()
        };
        match compare_and_set(tx, &one, left).await {
            Ok(()) => task.taken = task.taken.saturating_sub(1).max(0),
            // Begins at this moment.
            Err(fault) if fault.code == Code::Conflict => continue,
            Err(fault) => return Err(fault),
        }
        let system = Actor::system();
        note(tx, &system, ActorKind::System, task, "volunteer.drop", None);
    }
    Ok(())
}
