//! What whoever comes does: 报名 取消报名 提前提醒; and how those who wait are moved up. All of it under a lock
//! of the activity's row: the line is one, on however many instances.

use entity::kinds::ActorKind;
use entity::life::{ActivityState, SignupState};
use entity::{activity, activity_signup};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::activity::actions::gone::{theirs, those_here};
use crate::activity::actions::{cards_moved, locked, record};
use crate::activity::line::{place_in_line, signup_of};
use crate::activity::queries::found;
use crate::activity::remind::{self, Telling};
use crate::activity::seats::{Seat, free, move_up, seat};
use crate::activity::step::is_ahead;
use crate::activity::times::hour_before;
use crate::activity::{MOST_SIZE, MOST_WAITING};
use crate::base::fault::{Code, Fault};
use crate::reminder;
use crate::store::Tx;

/// People of the line that are looked at at once.
const LINE: u64 = 500;

/// What became of a sign-up.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The activity as it is now.
    pub activity: activity::Model,
    /// The sign-up.
    pub signup: activity_signup::Model,
    /// At which place of the line they wait, from 1; none when they have a place.
    pub waits_at: Option<u64>,
}

/// What became of a sign-up that was taken back.
#[derive(Clone, Debug)]
pub struct Gone {
    /// The activity as it is now.
    pub activity: activity::Model,
    /// Whether somebody who waited has a place now.
    pub moved_up: bool,
}

/// Signs the actor up with so many people, themselves included; where there is no place for all of them they
/// wait. Whoever is signed up changes how many they are: fewer at once, more where there is room and nobody
/// waits, and in the line for more at its end.
///
/// # Errors
/// `not_found` for an activity of another compound or a draft; `invalid` for a number that is none; `wrong_step`
/// when nobody signs up any more, or nothing would change; `conflict` when there is no room.
pub async fn join(tx: &mut Tx, actor: &Actor, id: i64, size: i32) -> Result<Joined, Fault> {
    let person = actor.require_person()?;
    found(tx.db(), actor, id).await?;
    if !(1..=MOST_SIZE).contains(&size) {
        return Err(Fault::invalid(
            "size",
            format!("一次可以报1到{MOST_SIZE}人（连您自己），例如：报名 {id} 3"),
        ));
    }
    let mut row = locked(tx, id).await?;
    still_open(tx, &row)?;
    let own = signup_of(tx.db(), id, person).await?;
    let signup = match own {
        Some(own) if own.state == SignupState::Taken => resize(tx, &mut row, &own, size)?,
        Some(own) if own.state == SignupState::Waiting && own.size == size => {
            let at = place_in_line(tx.db(), &own).await?;
            return Err(Fault::wrong_step(format!(
                "您已经在活动 #{id} 的候补第{at}位，有名额马上告诉您。不等了回复“取消报名 {id}”。"
            )));
        }
        Some(own) if own.state == SignupState::Waiting => wait_for(tx, &mut row, &own, size),
        own => enter(tx, &mut row, own, person, size)?,
    };
    let signup = keep(tx, signup).await?;
    store(tx, &row).await?;
    record(tx, actor, ActorKind::Resident, &row, "activity.join");
    // Whoever needs fewer places leaves room for others, or fits themselves.
    let moved = advance(tx, &mut row).await?;
    let id = signup.id;
    let signup = moved
        .into_iter()
        .find(|moved| moved.id == id)
        .unwrap_or(signup);
    let waits_at = match signup.state {
        SignupState::Waiting => Some(place_in_line(tx.db(), &signup).await?),
        _ => None,
    };
    Ok(Joined {
        activity: row,
        signup,
        waits_at,
    })
}

/// Whether people sign up now; why not, in a kind sentence.
fn still_open(tx: &Tx, row: &activity::Model) -> Result<(), Fault> {
    let id = row.id;
    let says = match row.state {
        ActivityState::Cancelled => format!("活动 #{id} 已取消，不用报名了。回复“活动”看别的。"),
        ActivityState::Held => format!("活动 #{id} 已经结束，下次请早点来。回复“活动”看别的。"),
        _ if row.ends_at <= tx.now() => {
            format!("活动 #{id} 已经结束，下次请早点来。回复“活动”看别的。")
        }
        ActivityState::Draft => format!("活动 #{id} 还没有发布，发布后才能报名。"),
        ActivityState::Open if row.closes_at > tx.now() => return Ok(()),
        ActivityState::Open | ActivityState::Closed => {
            format!("活动 #{id} 报名已截止。想来可以问问组织的人，或回复“活动”看别的。")
        }
    };
    Err(Fault::wrong_step(says))
}

/// Somebody who is not in the line comes into it.
fn enter(
    tx: &Tx,
    row: &mut activity::Model,
    own: Option<activity_signup::Model>,
    person: i64,
    size: i32,
) -> Result<activity_signup::ActiveModel, Fault> {
    let state = match seat(free(row.places, row.taken), row.waiting, size) {
        Seat::Taken => {
            row.taken = row.taken.saturating_add(size);
            SignupState::Taken
        }
        Seat::Waiting if row.waiting.saturating_add(size) > MOST_WAITING => {
            return Err(Fault::new(
                Code::Conflict,
                format!(
                    "活动 #{} 名额和候补都满了，谢谢您！回复“活动”看别的。",
                    row.id
                ),
            ));
        }
        Seat::Waiting => {
            row.waiting = row.waiting.saturating_add(size);
            SignupState::Waiting
        }
    };
    row.ticket += 1;
    let entered = activity_signup::ActiveModel {
        activity_id: Set(row.id),
        compound_id: Set(row.compound_id),
        person_id: Set(Some(person)),
        size: Set(size),
        ticket: Set(row.ticket),
        state: Set(state),
        hour_before: Set(false),
        checked_at: Set(None),
        checked_by: Set(None),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(match own {
        // Has been in it before.
        Some(own) => activity_signup::ActiveModel {
            id: Set(own.id),
            ..entered
        },
        None => activity_signup::ActiveModel {
            created_at: Set(tx.now()),
            ..entered
        },
    })
}

/// Somebody who has a place comes with more or fewer.
fn resize(
    tx: &Tx,
    row: &mut activity::Model,
    own: &activity_signup::Model,
    size: i32,
) -> Result<activity_signup::ActiveModel, Fault> {
    let id = row.id;
    let more = size - own.size;
    if more == 0 {
        return Err(Fault::wrong_step(format!(
            "您已经报了活动 #{id}（{}人），不用再报。要改人数回复“报名 {id} 人数”，不去了回复“取消报名 {id}”。",
            own.size
        )));
    }
    if more > 0 && seat(free(row.places, row.taken), row.waiting, more) == Seat::Waiting {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "活动 #{id} 的名额不够加{more}人，您原来报的{}人不变。",
                own.size
            ),
        ));
    }
    row.taken = row.taken.saturating_add(more);
    Ok(activity_signup::ActiveModel {
        id: Set(own.id),
        size: Set(size),
        updated_at: Set(tx.now()),
        ..Default::default()
    })
}

/// Somebody who waits needs more or fewer places: for more they wait at the end of the line.
fn wait_for(
    tx: &Tx,
    row: &mut activity::Model,
    own: &activity_signup::Model,
    size: i32,
) -> activity_signup::ActiveModel {
    row.waiting = row.waiting.saturating_add(size - own.size);
    let mut change = activity_signup::ActiveModel {
        id: Set(own.id),
        size: Set(size),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    if size > own.size {
        row.ticket += 1;
        change.ticket = Set(row.ticket);
    }
    change
}

/// Stores a sign-up that is there already, or is not.
async fn keep(
    tx: &Tx,
    signup: activity_signup::ActiveModel,
) -> Result<activity_signup::Model, Fault> {
    Ok(match signup.id.is_set() {
        true => signup.update(tx.db()).await?,
        false => {
            activity_signup::Entity::insert(signup)
                .exec_with_returning(tx.db())
                .await?
        }
    })
}

/// Stores what the sign-ups have made of the activity's numbers; its row is locked.
pub(super) async fn store(tx: &Tx, row: &activity::Model) -> Result<(), Fault> {
    let change = activity::ActiveModel {
        id: Set(row.id),
        taken: Set(row.taken),
        waiting: Set(row.waiting),
        ticket: Set(row.ticket),
        ..Default::default()
    };
    activity::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes the actor's sign-up back, also that of whoever has moved out; whoever waits is moved up.
///
/// # Errors
/// `not_found`, also for whoever is not signed up; `wrong_step` once it has begun or is off.
pub async fn leave(tx: &mut Tx, actor: &Actor, id: i64) -> Result<Gone, Fault> {
    let person = actor.require_person()?;
    theirs(tx, actor, id, person).await?;
    let mut row = locked(tx, id).await?;
    let own = signup_of(tx.db(), id, person).await?;
    let own = own
        .filter(|own| own.state != SignupState::Left)
        .ok_or_else(|| not_in(id))?;
    if !is_ahead(row.state) || row.starts_at <= tx.now() {
        let why = match row.state {
            ActivityState::Cancelled => "已经取消了，不用再退",
            _ => "已经开始，不用再退",
        };
        return Err(Fault::wrong_step(format!("活动 #{id} {why}。")));
    }
    match own.state {
        SignupState::Taken => row.taken = row.taken.saturating_sub(own.size).max(0),
        _ => row.waiting = row.waiting.saturating_sub(own.size).max(0),
    }
    let change = activity_signup::ActiveModel {
        id: Set(own.id),
        state: Set(SignupState::Left),
        hour_before: Set(false),
        checked_at: Set(None),
        checked_by: Set(None),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    keep(tx, change).await?;
    store(tx, &row).await?;
    record(tx, actor, ActorKind::Resident, &row, "activity.leave");
    cards_moved(tx, &row).await?;
    let moved = advance(tx, &mut row).await?;
    Ok(Gone {
        activity: row,
        moved_up: !moved.is_empty(),
    })
}

/// The same for whoever is not signed up.
pub(super) fn not_in(id: i64) -> Fault {
    Fault::not_found(format!(
        "您没有报名活动 #{id}。要报名回复“报名 {id}”，看自己报的回复“我的活动”。"
    ))
}

/// Whether the actor is told an hour before, too. Whoever has moved out is told nothing any more, and may say that
/// they do not want it.
///
/// # Errors
/// `not_found`, also for whoever has no place in it; `wrong_step` when it is less than an hour away.
pub async fn want_hour(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    wants: bool,
) -> Result<activity::Model, Fault> {
    let person = actor.require_person()?;
    let row = match wants {
        true => found(tx.db(), actor, id).await?.activity,
        false => theirs(tx, actor, id, person).await?,
    };
    let own = signup_of(tx.db(), id, person).await?;
    let own = own
        .filter(|own| own.state == SignupState::Taken)
        .ok_or_else(|| not_in(id))?;
    if !is_ahead(row.state) || hour_before(row.starts_at) <= tx.now() {
        return Err(Fault::wrong_step(format!(
            "活动 #{id} 马上开始或已经结束，不用再提醒了。"
        )));
    }
    let change = activity_signup::ActiveModel {
        id: Set(own.id),
        hour_before: Set(wants),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    keep(tx, change).await?;
    record(tx, actor, ActorKind::Resident, &row, "activity.remind");
    Ok(row)
}

/// Moves up whoever waits and has room now, and tells them; the row is locked. Gives those who were. Whoever has
/// moved out is not among them.
pub(super) async fn advance(
    tx: &mut Tx,
    row: &mut activity::Model,
) -> Result<Vec<activity_signup::Model>, Fault> {
    // Whoever is not there when it begins finds no place any more.
    let over = !is_ahead(row.state) || row.starts_at <= tx.now();
    if over || row.waiting == 0 || free(row.places, row.taken) == Some(0) {
        return Ok(Vec::new());
    }
    let line = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(row.id))
        .filter(activity_signup::COLUMN.state.eq(SignupState::Waiting))
        .order_by_asc(activity_signup::COLUMN.ticket)
        .limit(LINE)
        .all(tx.db())
        .await?;
    let line = those_here(tx, row, line).await?;
    let closed = row.state == ActivityState::Closed || row.closes_at <= tx.now();
    let sizes: Vec<(i64, i32)> = line.iter().map(|one| (one.id, one.size)).collect();
    let up = move_up(free(row.places, row.taken), &sizes, closed);
    if up.is_empty() {
        return Ok(Vec::new());
    }
    activity_signup::Entity::update_many()
        .set(activity_signup::ActiveModel {
            state: Set(SignupState::Taken),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(activity_signup::Column::Id.is_in(up.iter().copied()))
        .filter(activity_signup::COLUMN.state.eq(SignupState::Waiting))
        .exec(tx.db())
        .await?;
    let mut moved: Vec<activity_signup::Model> = Vec::new();
    for mut one in line.into_iter().filter(|one| up.contains(&one.id)) {
        one.state = SignupState::Taken;
        row.taken = row.taken.saturating_add(one.size);
        row.waiting = row.waiting.saturating_sub(one.size).max(0);
        moved.push(one);
    }
    store(tx, row).await?;
    record(
        tx,
        &Actor::system(),
        ActorKind::System,
        row,
        "activity.move-up",
    );
    let told = moved.iter().filter_map(|one| {
        let person = one.person_id?;
        Some(remind::told(
            row,
            Telling::MovedUp,
            one.ticket,
            person,
            tx.now(),
        ))
    });
    let told: Vec<reminder::NewReminder> = told.collect();
    reminder::enqueue(tx, told).await?;
    Ok(moved)
}
