//! Who came: by the code at the door, or written down by whoever leads.

use entity::kinds::ActorKind;
use entity::life::{ActivityState, SignupState};
use entity::{activity, activity_signup};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::activity::actions::join::{not_in, store};
use crate::activity::actions::{locked, record};
use crate::activity::line::signup_of;
use crate::activity::queries::{found, led, no_such};
use crate::activity::times::is_door_open;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::store::Tx;

/// Whether people come in now; why not, in a kind sentence.
fn at_the_door(tx: &Tx, row: &activity::Model) -> Result<(), Fault> {
    let id = row.id;
    let off = matches!(row.state, ActivityState::Draft | ActivityState::Cancelled);
    if off {
        return Err(Fault::wrong_step(format!("活动 #{id} 已取消，不用签到。")));
    }
    if is_door_open(row.starts_at, row.ends_at, tx.now()) {
        return Ok(());
    }
    Err(Fault::wrong_step(match row.starts_at > tx.now() {
        true => format!(
            "活动 #{id} {}开始，开始前1小时内再扫码签到。",
            say(row.starts_at)
        ),
        false => format!("活动 #{id} 已经结束，不能再签到，要补记请找组织的人。"),
    }))
}

/// The actor comes in by the code at the door, which the caller has checked.
///
/// # Errors
/// `not_found` for an activity of another compound and for whoever is not signed up; `wrong_step` too early, too
/// late, twice, or without a place.
pub async fn check_in(tx: &mut Tx, actor: &Actor, id: i64) -> Result<activity::Model, Fault> {
    let person = actor.require_person()?;
    let row = found(tx.db(), actor, id).await?.activity;
    at_the_door(tx, &row)?;
    let own = signup_of(tx.db(), id, person).await?;
    let own = own
        .filter(|own| own.state != SignupState::Left)
        .ok_or_else(|| not_in(id))?;
    if own.state == SignupState::Waiting {
        return Err(Fault::wrong_step(format!(
            "您在活动 #{id} 的候补名单里，还没有名额。请到现场找组织的人，有空位可以请他给您签到。"
        )));
    }
    write_down(tx, &own, None).await?;
    record(tx, actor, ActorKind::Resident, &row, "activity.check-in");
    Ok(row)
}

/// Whoever leads writes down that somebody came, also somebody who waited: whoever stands at the door
/// decides, whatever the number of places is.
///
/// # Errors
/// `not_found`, also for a sign-up of another activity; `forbidden`; `wrong_step` too early, twice, or when it is
/// off.
pub async fn check_in_by_hand(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    signup_id: i64,
) -> Result<activity::Model, Fault> {
    let by = actor.require_person()?;
    led(tx.db(), actor, id).await?;
    let mut row = locked(tx, id).await?;
    let off = matches!(row.state, ActivityState::Draft | ActivityState::Cancelled);
    // Afterwards a list on paper is written down.
    if off || row.ends_at > tx.now() {
        at_the_door(tx, &row)?;
    }
    let signup = activity_signup::Entity::find_by_id(signup_id)
        .filter(activity_signup::COLUMN.activity_id.eq(id))
        .one(tx.db())
        .await?;
    let signup = signup
        .filter(|signup| signup.state != SignupState::Left)
        .ok_or_else(|| no_such(id))?;
    write_down(tx, &signup, Some(by)).await?;
    if signup.state == SignupState::Waiting {
        row.taken = row.taken.saturating_add(signup.size);
        row.waiting = row.waiting.saturating_sub(signup.size).max(0);
        store(tx, &row).await?;
    }
    record(tx, actor, ActorKind::Staff, &row, "activity.check-in");
    Ok(row)
}

/// Once for each sign-up, who scans and who writes down at the same moment included.
async fn write_down(
    tx: &Tx,
    signup: &activity_signup::Model,
    by: Option<i64>,
) -> Result<(), Fault> {
    let done = activity_signup::Entity::update_many()
        .set(activity_signup::ActiveModel {
            state: Set(SignupState::Taken),
            checked_at: Set(Some(tx.now())),
            checked_by: Set(by),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(activity_signup::COLUMN.id.eq(signup.id))
        .filter(activity_signup::COLUMN.state.eq(signup.state))
        .filter(activity_signup::COLUMN.checked_at.is_null())
        .exec(tx.db())
        .await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(Fault::wrong_step(format!(
        "活动 #{} 已经签过到了，不用再签。",
        signup.activity_id
    )))
}
