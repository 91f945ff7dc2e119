//! What happens while an expense is shown to everybody: objections, each a case; and what the clocks do: end
//! the publications, let lapse what nobody touches.

use chrono::TimeDelta;
use entity::money::{ExpenseAct, ExpenseState};
use entity::{expense, expense_objection};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use serde_json::json;

use super::{Done, keep, lead, locked_row, plain};
use crate::access::Actor;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::expense::no_such;
use crate::expense::queries::{self, Found};
use crate::expense::step::waits;
use crate::store::Tx;

/// An expense to which somebody who sees it may object now.
///
/// # Errors
/// `not_found`; `wrong_step` when it is not published before paying.
pub async fn objectable(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let seen = queries::visible(tx.db(), actor, id).await?;
    lead(&seen.expense, ExpenseAct::Object, false).map_err(|_| {
        Fault::wrong_step(format!(
            "支出 #{id} 不在事前公示，不能提异议。有疑问可以回复“投诉”加您的话。"
        ))
    })?;
    Ok(seen)
}

/// Notes that a case stands for an objection: while it is open the publication does not end.
///
/// # Errors
/// As [`objectable`]; `conflict`.
pub async fn object(tx: &mut Tx, actor: &Actor, id: i64, case_id: i64) -> Result<(), Fault> {
    let row = locked_row(tx, id).await?.ok_or_else(|| no_such(id))?;
    let found = objectable(tx, actor, row.id).await?;
    let objection = expense_objection::ActiveModel {
        id: NotSet,
        expense_id: Set(id),
        compound_id: Set(row.compound_id),
        round: Set(row.round),
        case_id: Set(case_id),
        created_at: Set(tx.now()),
    };
    expense_objection::Entity::insert(objection)
        .exec_without_returning(tx.db())
        .await?;
    // Who it was stays with the case, which may be anonymous.
    let done = Done::by(ExpenseAct::Object, None).saying(Some(format!("诉求 #{case_id}")));
    let next = found.expense.clone();
    let detail = json!({ "case": case_id });
    keep(tx, actor, &found, next, done, detail).await.map(drop)
}

/// What a clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocked {
    /// It did what it was for.
    Done,
    /// The expense stands otherwise by now.
    Over,
    /// Not yet; look again then.
    Later(Moment),
}

/// Hours after which it is looked again whether objections are answered.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

/// Ends the first publication of a round, once its days are over and no objection is open.
///
/// # Errors
/// The database's; `conflict`.
pub async fn end_before(tx: &mut Tx, id: i64, round: i32) -> Result<Clocked, Fault> {
    let Some(found) = clocked(tx, id, round, ExpenseState::Publishing).await? else {
        return Ok(Clocked::Over);
    };
    let now = tx.now();
    if let Some(until) = found.expense.publish_until
        && until > now
    {
        return Ok(Clocked::Later(until));
    }
    let objections = queries::objections(tx.db(), &found.expense).await?;
    if objections.iter().any(|(_, open)| *open) {
        return Ok(Clocked::Later(now + LOOK_AGAIN));
    }
    by_clock(tx, &found, ExpenseAct::Published).await
}

/// Ends the second publication.
///
/// # Errors
/// The database's; `conflict`.
pub async fn end_after(tx: &mut Tx, id: i64, round: i32) -> Result<Clocked, Fault> {
    let Some(found) = clocked(tx, id, round, ExpenseState::Paid).await? else {
        return Ok(Clocked::Over);
    };
    match found.expense.after_until {
        Some(until) if until > tx.now() => Ok(Clocked::Later(until)),
        _ => by_clock(tx, &found, ExpenseAct::Close).await,
    }
}

/// Lets an expense lapse that has waited for too long; none when it is not so long yet, with what it is.
///
/// # Errors
/// The database's; `conflict`.
pub async fn expire(tx: &mut Tx, id: i64) -> Result<Option<Found>, Fault> {
    let Some(row) = locked_row(tx, id).await? else {
        return Ok(None);
    };
    let found = queries::whole(tx.db(), row).await?;
    if !waits(found.expense.state) {
        return Ok(None);
    }
    let most = TimeDelta::days(i64::from(found.rules.expire_days));
    if found.expense.moved_at + most > tx.now() {
        return Ok(Some(found));
    }
    by_clock(tx, &found, ExpenseAct::Expire).await?;
    Ok(None)
}

async fn clocked(
    tx: &Tx,
    id: i64,
    round: i32,
    state: ExpenseState,
) -> Result<Option<Found>, Fault> {
    let row = locked_row(tx, id).await?;
    match row.filter(|row| row.state == state && row.round == round) {
        Some(row) => queries::whole(tx.db(), row).await.map(Some),
        None => Ok(None),
    }
}

async fn by_clock(tx: &mut Tx, found: &Found, act: ExpenseAct) -> Result<Clocked, Fault> {
    let state = lead(&found.expense, act, false)?;
    let next = expense::Model {
        state,
        ..found.expense.clone()
    };
    let detail = plain(&next);
    let done = Done::by(act, None);
    keep(tx, &Actor::system(), found, next, done, detail).await?;
    Ok(Clocked::Done)
}
