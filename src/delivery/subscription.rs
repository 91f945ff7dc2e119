//! The ledger of what each account accepted to be told: one accept is one message of one template
//! (protocols.md §2.4). Every change is a single statement, so that two instances never spend one
//! accept twice. Called by `send`, and by the faces that hear what people answered.
//!
//! The phone tells an answer (`wx.requestSubscribeMessage`) and so does the platform
//! (`subscribe_msg_popup_event`), in either order, and with no id in common. `ahead` counts how many
//! the phone has told that the platform has not (below zero: the other way round); the second of the
//! two to arrive adds nothing. What is not confirmed within `MEETING` was told by one side only.

use chrono::TimeDelta;
use entity::subscription;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::store::Tx;

/// The two reports of one answer come within so long.
const MEETING: TimeDelta = TimeDelta::minutes(10);
/// More accepts of one template are not counted: nobody is owed so many messages.
const MOST: i32 = 50;

/// What somebody answered about a template, in the platform's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Answer {
    /// One more message.
    Accept,
    /// Not now; what was accepted before stays.
    Reject,
    /// The platform has banned the template.
    Ban,
    /// Left out of the question, since another has the same title.
    Filter,
}

/// Who tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// The phone, through our API.
    Phone,
    /// The platform, by a push.
    Platform,
}

/// Takes down an answer.
///
/// # Errors
/// The database's.
pub async fn note(
    tx: &Tx,
    account_id: i64,
    template: &str,
    answer: Answer,
    teller: Teller,
) -> Result<(), Fault> {
    let one = i32::from(answer == Answer::Accept);
    let step = match teller {
        Teller::Phone => one,
        Teller::Platform => -one,
    };
    let row = subscription::ActiveModel {
        account_id: Set(account_id),
        template: Set(template.to_owned()),
        remaining: Set(one),
        ahead: Set(step),
        answer: Set(<&str>::from(answer).to_owned()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let mut known = OnConflict::columns([
        subscription::Column::AccountId,
        subscription::Column::Template,
    ]);
    known.update_columns([
        subscription::Column::Answer,
        subscription::Column::UpdatedAt,
    ]);
    if answer == Answer::Accept {
        known.value(subscription::Column::Remaining, more(tx, teller));
        known.value(subscription::Column::Ahead, further(tx, step));
    }
    if answer == Answer::Ban {
        known.value(subscription::Column::Remaining, Expr::value(0));
    }
    subscription::Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

fn own(column: subscription::Column) -> Expr {
    Expr::col((subscription::Entity, column))
}

/// Whether the last report is too old to be the other half of this one.
fn stale(tx: &Tx) -> Expr {
    own(subscription::Column::UpdatedAt).lt(tx.now() - MEETING)
}

/// One more, unless the other side has told it already.
fn more(tx: &Tx, teller: Teller) -> Expr {
    let ahead = own(subscription::Column::Ahead);
    let told = match teller {
        Teller::Phone => ahead.lt(0),
        Teller::Platform => ahead.gt(0),
    };
    let remaining = own(subscription::Column::Remaining);
    let told_lately = told.and(stale(tx).not());
    CaseStatement::new()
        .case(
            told_lately.or(remaining.clone().gte(MOST)),
            remaining.clone(),
        )
        .finally(remaining.add(1))
        .into()
}

fn further(tx: &Tx, step: i32) -> Expr {
    CaseStatement::new()
        .case(stale(tx), step)
        .finally(own(subscription::Column::Ahead).add(step))
        .into()
}

/// Takes one accept for a message that goes out now; false when none is left.
///
/// # Errors
/// The database's.
pub async fn take<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
    template: &str,
) -> Result<bool, Fault> {
    let remaining = Expr::col(subscription::Column::Remaining);
    let taken = subscription::Entity::update_many()
        .col_expr(subscription::Column::Remaining, remaining.sub(1))
        .filter(subscription::COLUMN.account_id.eq(account_id))
        .filter(subscription::COLUMN.template.eq(template))
        .filter(subscription::COLUMN.remaining.gt(0))
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Gives one back that the platform has not used: it refused the message for another reason.
///
/// # Errors
/// The database's.
pub async fn give_back<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
    template: &str,
) -> Result<(), Fault> {
    let remaining = Expr::col(subscription::Column::Remaining);
    subscription::Entity::update_many()
        .col_expr(subscription::Column::Remaining, remaining.add(1))
        .filter(subscription::COLUMN.account_id.eq(account_id))
        .filter(subscription::COLUMN.template.eq(template))
        .exec(db)
        .await?;
    Ok(())
}

/// Nothing is left (43101), or the person has switched the template off.
///
/// # Errors
/// The database's.
pub async fn clear<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
    template: &str,
) -> Result<(), Fault> {
    subscription::Entity::update_many()
        .col_expr(subscription::Column::Remaining, Expr::value(0))
        .filter(subscription::COLUMN.account_id.eq(account_id))
        .filter(subscription::COLUMN.template.eq(template))
        .exec(db)
        .await?;
    Ok(())
}

/// Everything that an account has accepted is void: it has left.
///
/// # Errors
/// The database's.
pub async fn clear_all<C: ConnectionTrait>(db: &C, account_id: i64) -> Result<(), Fault> {
    subscription::Entity::update_many()
        .col_expr(subscription::Column::Remaining, Expr::value(0))
        .filter(subscription::COLUMN.account_id.eq(account_id))
        .filter(subscription::COLUMN.remaining.gt(0))
        .exec(db)
        .await?;
    Ok(())
}

/// All that an account has answered.
///
/// # Errors
/// The database's.
pub async fn of_account<C: ConnectionTrait>(
    db: &C,
    account_id: i64,
) -> Result<Vec<subscription::Model>, Fault> {
    Ok(subscription::Entity::find()
        .filter(subscription::COLUMN.account_id.eq(account_id))
        .all(db)
        .await?)
}
