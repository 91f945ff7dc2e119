//! A task of volunteers: made by whoever leads, by itself or at an activity, changed, called off.

use chrono::TimeDelta;
use entity::kinds::{ActorKind, PlaceKind};
use entity::life::{ActivityState, ServiceState, VolunteerTaskState};
use entity::{volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::activity::queries as activities;
use crate::activity::step::is_ahead;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::place::queries as places;
use crate::reminder;
use crate::store::Tx;
use crate::volunteer::actions::{given, locked, note};
use crate::volunteer::queries::led;
use crate::volunteer::remind::{self, Telling};
use crate::volunteer::{MOST_REASON, MOST_TITLE, MOST_WANTED};

/// A task is at most so long.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// It begins at most so long from now, or began at most so long ago: what was done without a task is written down
/// afterwards.
const FARTHEST: TimeDelta = TimeDelta::days(366);
const LATEST: TimeDelta = TimeDelta::days(60);

/// A task as whoever leads describes it.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// One line.
    pub title: String,
    /// Where.
    pub venue: String,
    /// It begins.
    pub starts_at: Moment,
    /// It is over.
    pub ends_at: Moment,
    /// How many are needed.
    pub wanted: i32,
}

impl NewTask {
    /// As it is kept, before anybody knows of it.
    ///
    /// # Errors
    /// `invalid`, naming the field and what to write.
    pub fn check(mut self, tx: &Tx) -> Result<Self, Fault> {
        self.title = given("title", &self.title, MOST_TITLE, "楼道大扫除")?;
        self.venue = given("venue", &self.venue, MOST_TITLE, "3栋门口")?;
        let now = tx.now();
        if self.starts_at - now > FARTHEST || now - self.starts_at > LATEST {
            return Err(Fault::invalid(
                "starts_at",
                "开始时间请写在一年之内，补记的不早于60天前。",
            ));
        }
        if self.ends_at <= self.starts_at || self.ends_at - self.starts_at > LONGEST {
            return Err(Fault::invalid(
                "ends_at",
                "结束时间要在开始时间之后，最长7天。",
            ));
        }
        if !(1..=MOST_WANTED).contains(&self.wanted) {
            return Err(Fault::invalid(
                "wanted",
                format!("需要的人数请写1到{MOST_WANTED}。"),
            ));
        }
        Ok(self)
    }
}

/// Makes a task, at a compound or a part of one, or at an activity, whose place and time it has then.
///
/// # Errors
/// `not_found` for a place or an activity where the actor may not lead; `wrong_step` for an activity that is over;
/// `invalid` for words, times and numbers that make no sense.
pub async fn post(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    activity_id: Option<i64>,
    mut new: NewTask,
) -> Result<volunteer_task::Model, Fault> {
    let author_id = actor.require_person()?;
    let mut at = place_id;
    if let Some(id) = activity_id {
        let found = activities::led(tx.db(), actor, id).await?;
        let row = found.activity;
        if !is_ahead(row.state) {
            return Err(Fault::wrong_step(format!(
                "活动 #{id} 还没有发布或已经结束，不能招志愿者。"
            )));
        }
        at = row.place_id;
        new.starts_at = row.starts_at;
        new.ends_at = row.ends_at;
        new.venue = row.venue;
    }
    let none = || Fault::not_found("没有找到这个地点，请写编号，例如 GY 或 GY/3。");
    let place = places::by_id(tx.db(), at).await?.ok_or_else(none)?;
    if !may(actor, Deed::LeadActivities, &place.path) {
        return Err(none());
    }
    let compound_id = place
        .compound_id
        .filter(|_| place.kind != PlaceKind::Home)
        .ok_or_else(|| {
            Fault::invalid(
                "place",
                "任务要选一个小区，或者小区里的楼栋，例如 GY 或 GY/3。",
            )
        })?;
    let new = new.check(tx)?;
    let row = volunteer_task::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(place.id),
        author_id: Set(author_id),
        activity_id: Set(activity_id),
        title: Set(new.title),
        venue: Set(new.venue),
        starts_at: Set(new.starts_at),
        ends_at: Set(new.ends_at),
        wanted: Set(new.wanted),
        taken: Set(0),
        state: Set(VolunteerTaskState::Open),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = volunteer_task::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    note(tx, actor, ActorKind::Staff, &row, "volunteer.task", None);
    Ok(row)
}

/// Changes a task; whoever has taken it is told of another time or place. One at an activity keeps the
/// activity's.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_step` when it was called off, `invalid` as [`post`], also for fewer people than
/// have taken it.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    new: NewTask,
) -> Result<volunteer_task::Model, Fault> {
    led(tx.db(), actor, id).await?;
    let was = still(locked(tx, id).await?)?;
    let mut new = new.check(tx)?;
    if was.activity_id.is_some() {
        new.starts_at = was.starts_at;
        new.ends_at = was.ends_at;
        new.venue.clone_from(&was.venue);
    }
    if new.wanted < was.taken {
        return Err(Fault::invalid(
            "wanted",
            format!("已经有{}人领了，需要的人数不能比这少。", was.taken),
        ));
    }
    let moved =
        new.starts_at != was.starts_at || new.ends_at != was.ends_at || new.venue != was.venue;
    let change = volunteer_task::ActiveModel {
        id: Set(id),
        title: Set(new.title),
        venue: Set(new.venue),
        starts_at: Set(new.starts_at),
        ends_at: Set(new.ends_at),
        wanted: Set(new.wanted),
        version: Set(was.version + 1),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = change.update(tx.db()).await?;
    note(tx, actor, ActorKind::Staff, &row, "volunteer.change", None);
    if moved {
        tell_all(tx, &row, Telling::Changed).await?;
    }
    Ok(row)
}

/// One that was not called off.
fn still(row: volunteer_task::Model) -> Result<volunteer_task::Model, Fault> {
    match row.state {
        VolunteerTaskState::Open => Ok(row),
        VolunteerTaskState::Cancelled => Err(Fault::wrong_step(format!(
            "志愿任务 #{} 已取消，不能再改。",
            row.id
        ))),
    }
}

/// Calls a task off, for a reason that whoever has taken it is told. What was served already still counts.
///
/// # Errors
/// As [`change`]; `invalid` without a reason.
pub async fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<volunteer_task::Model, Fault> {
    led(tx.db(), actor, id).await?;
    let was = still(locked(tx, id).await?)?;
    let reason = given("reason", reason, MOST_REASON, "下雨，改天再做")?;
    let row = call_off(tx, &was, reason).await?;
    note(tx, actor, ActorKind::Staff, &row, "volunteer.cancel", None);
    Ok(row)
}

async fn call_off(
    tx: &mut Tx,
    was: &volunteer_task::Model,
    reason: String,
) -> Result<volunteer_task::Model, Fault> {
    let change = volunteer_task::ActiveModel {
        id: Set(was.id),
        state: Set(VolunteerTaskState::Cancelled),
        reason: Set(Some(reason)),
        version: Set(was.version + 1),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = change.update(tx.db()).await?;
    tell_all(tx, &row, Telling::Cancelled).await?;
    Ok(row)
}

/// Tells whoever has taken it and not begun; of another time they are reminded the evening before, too. They are at
/// most as many as a task needs.
async fn tell_all(tx: &mut Tx, row: &volunteer_task::Model, what: Telling) -> Result<(), Fault> {
    let taken = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.task_id.eq(row.id))
        .filter(volunteer_service::COLUMN.state.eq(ServiceState::Taken))
        .filter(volunteer_service::COLUMN.person_id.is_not_null())
        .all(tx.db())
        .await?;
    let mut items = Vec::new();
    for service in &taken {
        let Some(person) = service.person_id else {
            continue;
        };
        items.push(remind::told(
            row,
            what,
            row.version.into(),
            person,
            tx.now(),
        ));
        if what == Telling::Changed {
            items.extend(remind::evening(row, person, tx.now()));
        }
    }
    reminder::enqueue(tx, items).await
}

/// The tasks at an activity follow it: another time or place, or called off with it.
///
/// # Errors
/// The database's.
pub async fn follow(tx: &mut Tx, activity_id: i64) -> Result<(), Fault> {
    let Some(activity) = activities::by_id(tx.db(), activity_id).await? else {
        return Ok(());
    };
    let tasks = volunteer_task::Entity::find()
        .filter(volunteer_task::COLUMN.activity_id.eq(activity_id))
        .filter(volunteer_task::COLUMN.state.eq(VolunteerTaskState::Open))
        .all(tx.db())
        .await?;
    for task in tasks {
        let was = match locked(tx, task.id).await.and_then(still) {
            Ok(was) => was,
            Err(fault) if matches!(fault.code, Code::NotFound | Code::WrongStep) => continue,
            Err(fault) => return Err(fault),
        };
        if activity.state == ActivityState::Cancelled {
            let reason = activity.reason.clone();
            let reason = reason.unwrap_or_else(|| "活动取消了".to_owned());
            let row = call_off(tx, &was, reason).await?;
            let by = Actor::system();
            note(tx, &by, ActorKind::System, &row, "volunteer.cancel", None);
            continue;
        }
        let same = was.starts_at == activity.starts_at
            && was.ends_at == activity.ends_at
            && was.venue == activity.venue;
        if same {
            continue;
        }
        let change = volunteer_task::ActiveModel {
            id: Set(was.id),
            venue: Set(activity.venue.clone()),
            starts_at: Set(activity.starts_at),
            ends_at: Set(activity.ends_at),
            version: Set(was.version + 1),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        let row = change.update(tx.db()).await?;
        let by = Actor::system();
        note(tx, &by, ActorKind::System, &row, "volunteer.change", None);
        tell_all(tx, &row, Telling::Changed).await?;
    }
    Ok(())
}
