//! Whoever has moved out and still has a place: they may give it back, and where they do not it is given back for
//! them. That is looked at when somebody is about to be moved up, when the sign-up ends, and the evening and an hour
//! before it begins; until then whoever binds their home anew, with another phone, has lost nothing.

use entity::kinds::ActorKind;
use entity::life::SignupState;
use entity::{activity, activity_signup};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::activity::actions::join::store;
use crate::activity::actions::{cards_moved, record};
use crate::activity::line::signup_of;
use crate::activity::queries::{by_id, found};
use crate::activity::step::is_ahead;
use crate::base::fault::{Code, Fault};
use crate::person::queries::{Serving, still_here};
use crate::store::Tx;

/// The activity, for whoever gives something of theirs back: also for whoever may not know of it any more and is
/// still signed up.
///
/// # Errors
/// As [`found`].
pub(super) async fn theirs(
    tx: &Tx,
    actor: &Actor,
    id: i64,
    person: i64,
) -> Result<activity::Model, Fault> {
    let fault = match found(tx.db(), actor, id).await {
        Ok(found) => return Ok(found.activity),
        Err(fault) if fault.code == Code::NotFound => fault,
        Err(fault) => return Err(fault),
    };
    let own = signup_of(tx.db(), id, person).await?;
    match own.is_some_and(|own| own.state != SignupState::Left) {
        true => by_id(tx.db(), id).await?.ok_or(fault),
        false => Err(fault),
    }
}

/// Gives the places back of all who have moved out and have not come; the row is locked.
pub(super) async fn give_back(tx: &mut Tx, row: &mut activity::Model) -> Result<(), Fault> {
    if !is_ahead(row.state) || row.starts_at <= tx.now() {
        return Ok(());
    }
    let taken = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(row.id))
        .filter(activity_signup::COLUMN.state.eq(SignupState::Taken))
        .filter(activity_signup::COLUMN.person_id.is_not_null())
        .filter(activity_signup::COLUMN.checked_at.is_null())
        .all(tx.db())
        .await?;
    those_here(tx, row, taken).await.map(drop)
}

/// Those of the sign-ups whose people still belong to the compound; those of the others end. The row is locked.
pub(super) async fn those_here(
    tx: &mut Tx,
    row: &mut activity::Model,
    signups: Vec<activity_signup::Model>,
) -> Result<Vec<activity_signup::Model>, Fault> {
    let people: Vec<i64> = signups.iter().filter_map(|one| one.person_id).collect();
    let serving = Serving::Above(row.place_id);
    let here = still_here(tx.db(), row.compound_id, serving, &people, tx.now()).await?;
    let stays = |one: &activity_signup::Model| one.person_id.is_none_or(|id| here.contains(&id));
    let (rest, gone): (Vec<_>, Vec<_>) = signups.into_iter().partition(stays);
    let mut freed = false;
    for one in gone {
        let left = activity_signup::Entity::update_many()
            .set(activity_signup::ActiveModel {
                state: Set(SignupState::Left),
                hour_before: Set(false),
                updated_at: Set(tx.now()),
                ..Default::default()
            })
            .filter(activity_signup::COLUMN.id.eq(one.id))
            .filter(activity_signup::COLUMN.state.eq(one.state))
            // Who comes in at this moment has come.
            .filter(activity_signup::COLUMN.checked_at.is_null())
            .exec(tx.db())
            .await?;
        if left.rows_affected != 1 {
            continue;
        }
        match one.state {
            SignupState::Taken => row.taken = row.taken.saturating_sub(one.size).max(0),
            _ => row.waiting = row.waiting.saturating_sub(one.size).max(0),
        }
        freed = true;
    }
    if freed {
        store(tx, row).await?;
        let system = Actor::system();
        record(tx, &system, ActorKind::System, row, "activity.leave");
        cards_moved(tx, row).await?;
    }
    Ok(rest)
}
