//! What stands of somebody in activities and in the service of volunteers: sign-ups and hours stay as numbers and
//! no longer say whose they were; what is still to come is taken back. Used by erasure and by retention.

use entity::life::{ActivityState, ServiceState, SignupState, VolunteerState};
use entity::{activity, activity_signup, volunteer, volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::activity::remind::fill;
use crate::activity::step::is_ahead;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::reminder;
use crate::store::Tx;

/// A sign-up of nobody.
fn nobodys() -> activity_signup::ActiveModel {
    activity_signup::ActiveModel {
        person_id: Set(None),
        ..Default::default()
    }
}

/// A service of nobody.
fn unowned() -> volunteer_service::ActiveModel {
    volunteer_service::ActiveModel {
        person_id: Set(None),
        reason: Set(None),
        ..Default::default()
    }
}

/// A volunteer who is nobody.
fn gone() -> volunteer::ActiveModel {
    volunteer::ActiveModel {
        person_id: Set(None),
        unit: Set(None),
        named: Set(false),
        state: Set(VolunteerState::Left),
        ..Default::default()
    }
}

/// Lets go of every trace of a person in activities and service. Whoever waits for the places that become free is
/// moved up.
///
/// # Errors
/// The database's.
pub(super) async fn let_go(tx: &mut Tx, person: i64) -> Result<(), Fault> {
    let signups = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.person_id.eq(person))
        .filter(activity_signup::COLUMN.state.ne(SignupState::Left))
        .all(tx.db())
        .await?;
    for signup in &signups {
        give_up_place(tx, signup.id, signup.activity_id).await?;
    }
    activity_signup::Entity::update_many()
        .set(nobodys())
        .filter(activity_signup::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    let services = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.person_id.eq(person))
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Taken))
        .all(tx.db())
        .await?;
    for service in &services {
        give_up_task(tx, service.id, service.task_id).await?;
    }
    volunteer_service::Entity::update_many()
        .set(unowned())
        .filter(volunteer_service::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    volunteer::Entity::update_many()
        .set(gone())
        .filter(volunteer::COLUMN.person_id.eq(person))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// A place in an activity that has not begun is free again. The sign-up is what it is under the activity's lock:
/// it may have been moved up, or taken back, since it was found.
async fn give_up_place(tx: &mut Tx, signup: i64, activity: i64) -> Result<(), Fault> {
    let row = activity::Entity::find_by_id(activity)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    let signup = activity_signup::Entity::find_by_id(signup)
        .one(tx.db())
        .await?;
    let row = row.filter(|row| is_ahead(row.state) && row.starts_at > tx.now());
    let signup = signup.filter(|signup| signup.state != SignupState::Left);
    let (Some(row), Some(signup)) = (row, signup) else {
        return Ok(());
    };
    let change = match signup.state {
        SignupState::Taken => activity::ActiveModel {
            id: Set(row.id),
            taken: Set(row.taken.saturating_sub(signup.size).max(0)),
            ..Default::default()
        },
        _ => activity::ActiveModel {
            id: Set(row.id),
            waiting: Set(row.waiting.saturating_sub(signup.size).max(0)),
            ..Default::default()
        },
    };
    activity::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    let left = activity_signup::ActiveModel {
        id: Set(signup.id),
        state: Set(SignupState::Left),
        ..Default::default()
    };
    activity_signup::Entity::update(left)
        .exec_without_returning(tx.db())
        .await?;
    let clock = fill(&row, tx.now());
    reminder::enqueue(tx, vec![clock]).await
}

/// A task that they have taken and not begun wants somebody else.
async fn give_up_task(tx: &Tx, service: i64, task: i64) -> Result<(), Fault> {
    let task = volunteer_task::Entity::find_by_id(task)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    // As it is under the task's lock: it may have been given back, or begun, since it was found.
    let service = volunteer_service::Entity::find_by_id(service)
        .one(tx.db())
        .await?;
    let service = service.filter(|service| service.state == ServiceState::Taken);
    let (Some(task), Some(service)) = (task, service) else {
        return Ok(());
    };
    let change = volunteer_task::ActiveModel {
        id: Set(task.id),
        taken: Set(task.taken.saturating_sub(1).max(0)),
        ..Default::default()
    };
    volunteer_task::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    let left = volunteer_service::ActiveModel {
        id: Set(service.id),
        state: Set(ServiceState::Left),
        ..Default::default()
    };
    volunteer_service::Entity::update(left)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Whether anything may have served its time.
///
/// # Errors
/// The database's.
pub(super) async fn has_any<C: ConnectionTrait>(db: &C) -> Result<bool, Fault> {
    let over = activity::Entity::find().filter(activity::COLUMN.ended_at.is_not_null());
    let served = volunteer_service::Entity::find();
    let left = volunteer::Entity::find().filter(volunteer::COLUMN.state.eq(VolunteerState::Left));
    Ok(over.one(db).await?.is_some()
        || served.one(db).await?.is_some()
        || left.one(db).await?.is_some())
}

/// Some of the sign-ups of activities that were over by then; says how many.
///
/// # Errors
/// The database's.
pub(super) async fn signups(app: &App, until: Moment, most: u64) -> Result<u64, Fault> {
    let over = Query::select()
        .column(activity::Column::Id)
        .from(activity::Entity)
        .and_where(activity::Column::EndedAt.lt(until))
        .and_where(activity::Column::State.is_in([ActivityState::Held, ActivityState::Cancelled]))
        .to_owned();
    let ids: Vec<i64> = activity_signup::Entity::find()
        .select_only()
        .column(activity_signup::Column::Id)
        .filter(activity_signup::Column::ActivityId.in_subquery(over))
        .filter(activity_signup::COLUMN.person_id.is_not_null())
        .limit(most)
        .into_tuple()
        .all(app.store.read())
        .await?;
    let done = activity_signup::Entity::update_many()
        .set(nobodys())
        .filter(activity_signup::Column::Id.is_in(ids))
        .exec(app.store.write())
        .await?;
    Ok(done.rows_affected)
}

/// Some of the services, and of those who are no volunteers any more, that did not change since then; says how
/// many.
///
/// # Errors
/// The database's.
pub(super) async fn services(app: &App, until: Moment, most: u64) -> Result<u64, Fault> {
    let db = app.store.read();
    let ids: Vec<i64> = volunteer_service::Entity::find()
        .select_only()
        .column(volunteer_service::Column::Id)
        .filter(volunteer_service::COLUMN.updated_at.lt(until))
        .filter(volunteer_service::COLUMN.person_id.is_not_null())
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    let served = volunteer_service::Entity::update_many()
        .set(unowned())
        .filter(volunteer_service::Column::Id.is_in(ids))
        .exec(app.store.write())
        .await?;
    let ids: Vec<i64> = volunteer::Entity::find()
        .select_only()
        .column(volunteer::Column::Id)
        .filter(volunteer::COLUMN.state.eq(VolunteerState::Left))
        .filter(volunteer::COLUMN.updated_at.lt(until))
        .filter(volunteer::COLUMN.person_id.is_not_null())
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    let left = volunteer::Entity::update_many()
        .set(gone())
        .filter(volunteer::Column::Id.is_in(ids))
        .exec(app.store.write())
        .await?;
    Ok(served.rows_affected + left.rows_affected)
}
