//! Telling all who have signed up, some at a time: each part is a transaction, and the clock of the next
//! part is stored in it. Killed in between, another instance goes on there; nobody is told twice, since
//! each message has its key.

use entity::activity_signup;
use entity::life::SignupState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::activity::actions::gone::give_back;
use crate::activity::actions::join::advance;
use crate::activity::actions::locked;
use crate::activity::queries::{HOLDS, by_id};
use crate::activity::remind::{self, Telling};
use crate::base::fault::{Code, Fault};
use crate::reminder;
use crate::store::Tx;

/// People of one part.
const PART: u64 = 200;

/// What is told to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fan {
    /// Of which activity.
    pub id: i64,
    /// What.
    pub what: Telling,
    /// Of which moment or version it is true: [`remind::stamp`].
    pub stamp: i64,
    /// Sign-ups up to this key have been told.
    pub after: i64,
}

/// Whether a part was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was.
    Told,
    /// It is no longer true.
    Stale,
}

/// Tells the next part of those whom it concerns.
///
/// # Errors
/// The database's.
pub async fn fan(tx: &mut Tx, fan: Fan) -> Result<Step, Fault> {
    let row = by_id(tx.db(), fan.id).await?;
    let row = row.filter(|row| remind::holds(row, fan.what, fan.stamp));
    let Some(row) = row else {
        return Ok(Step::Stale);
    };
    // Whoever waits is told what becomes of it, but not that it is about to begin.
    let states: &[SignupState] = match fan.what {
        Telling::Changed | Telling::Cancelled => &HOLDS,
        _ => &[SignupState::Taken],
    };
    let mut query = activity_signup::Entity::find()
        .filter(activity_signup::COLUMN.activity_id.eq(fan.id))
        .filter(activity_signup::COLUMN.id.gt(fan.after))
        .filter(activity_signup::COLUMN.state.is_in(states.iter().copied()))
        .filter(activity_signup::COLUMN.person_id.is_not_null());
    if fan.what == Telling::Hour {
        query = query.filter(activity_signup::COLUMN.hour_before.eq(true));
    }
    let part = query
        .order_by_asc(activity_signup::COLUMN.id)
        .limit(PART)
        .all(tx.db())
        .await?;
    let mut items: Vec<reminder::NewReminder> = part
        .iter()
        .filter_map(|signup| {
            let person = signup.person_id?;
            Some(remind::told(&row, fan.what, fan.stamp, person, tx.now()))
        })
        .collect();
    let full = u64::try_from(part.len()).is_ok_and(|count| count == PART);
    if let Some(last) = part.last().filter(|_| full) {
        let next = Fan {
            after: last.id,
            ..fan
        };
        items.push(remind::fan_on(&row, next, tx.now()));
    }
    if fan.after == 0 && matches!(fan.what, Telling::Eve | Telling::Hour) {
        // Who has moved out is told nothing, and their place is somebody else's.
        items.push(remind::fill(&row, tx.now()));
    }
    reminder::enqueue(tx, items).await?;
    Ok(Step::Told)
}

/// Gives the places back of those who have moved out, and moves up whoever waits and has room: after more places, after
/// the end of the sign-up, after somebody was forgotten, the evening and an hour before.
///
/// # Errors
/// The database's.
pub async fn fill(tx: &mut Tx, id: i64) -> Result<(), Fault> {
    match locked(tx, id).await {
        Ok(mut row) => {
            give_back(tx, &mut row).await?;
            advance(tx, &mut row).await.map(drop)
        }
        Err(fault) if fault.code == Code::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}
