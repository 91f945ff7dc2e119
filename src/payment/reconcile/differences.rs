//! Differences of a day: what is open, what came of the others, and saying what one was. Called by `store` and by
//! the console.

use chrono::{Days, NaiveDate};
use entity::money::ReconState;
use entity::{fee_policy, recon_difference, reconciliation};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use super::clock::DAYS_BACK;
use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::page::{Page, Slice};
use crate::base::redact::hide_numbers;
use crate::base::text::clean;
use crate::place::queries as places;
use crate::store::Tx;

/// Most characters of what somebody writes who solves a difference.
const MOST_NOTE: usize = 200;

/// What is open of a day, in the order in which it was found.
///
/// # Errors
/// The database's.
pub async fn open_of<C: ConnectionTrait>(
    db: &C,
    reconciliation_id: i64,
) -> Result<Vec<recon_difference::Model>, Fault> {
    let rows = recon_difference::Entity::find()
        .filter(
            recon_difference::COLUMN
                .reconciliation_id
                .eq(reconciliation_id),
        )
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .order_by_asc(recon_difference::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}

/// What was solved, by people and by itself, the newest first; `here` says of which compounds.
///
/// # Errors
/// The database's.
pub async fn solved<C: ConnectionTrait>(
    db: &C,
    here: Condition,
    slice: Slice,
) -> Result<Page<recon_difference::Model>, Fault> {
    let mut query = recon_difference::Entity::find()
        .filter(here)
        .filter(recon_difference::COLUMN.solved_at.is_not_null());
    if let Some(before) = slice.before {
        query = query.filter(recon_difference::COLUMN.id.lt(before));
    }
    let rows = query
        .order_by_desc(recon_difference::Column::Id)
        .limit(slice.limit + 1)
        .all(db)
        .await?;
    Ok(slice.cut(rows, |row| row.id))
}

/// The first of these days, both included, that the clock has still to compare for the receiving account of a
/// compound: what the platform kept and sent to the bank on it is not booked yet.
///
/// # Errors
/// The database's.
pub async fn still_to_come<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    (from, to): (NaiveDate, NaiveDate),
    now: Moment,
) -> Result<Option<NaiveDate>, Fault> {
    let policy = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.compound_id.eq(compound_id))
        .one(db)
        .await?;
    let Some(merchant) = policy.and_then(|policy| policy.merchant) else {
        return Ok(None);
    };
    let oldest = china(now)
        .date_naive()
        .checked_sub_days(Days::new(DAYS_BACK));
    let from = oldest.map_or(from, |oldest| oldest.max(from));
    let done: Vec<NaiveDate> = reconciliation::Entity::find()
        .select_only()
        .column(reconciliation::Column::Day)
        .filter(reconciliation::COLUMN.merchant.eq(merchant))
        .filter(reconciliation::COLUMN.day.gte(from))
        .filter(reconciliation::COLUMN.state.ne(ReconState::Waiting))
        .into_tuple()
        .all(db)
        .await?;
    let mut days = from.iter_days().take_while(|day| *day <= to);
    Ok(days.find(|day| !done.contains(day)))
}

/// Closes one that is open; false when it was closed before.
pub(super) async fn close(tx: &Tx, id: i64, by: Option<i64>, note: &str) -> Result<bool, Fault> {
    let done = recon_difference::Entity::update_many()
        .set(recon_difference::ActiveModel {
            solved_at: Set(Some(tx.now())),
            solved_by: Set(by),
            note: Set(Some(note.to_owned())),
            ..Default::default()
        })
        .filter(recon_difference::COLUMN.id.eq(id))
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Opens one again that had closed by itself.
pub(super) async fn reopen(tx: &Tx, id: i64) -> Result<(), Fault> {
    recon_difference::Entity::update_many()
        .set(recon_difference::ActiveModel {
            solved_at: Set(None),
            note: Set(None),
            ..Default::default()
        })
        .filter(recon_difference::COLUMN.id.eq(id))
        .filter(recon_difference::COLUMN.solved_by.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Somebody has looked into a difference and says what it was. The sums of the day differ as before, and its
/// state says so.
///
/// # Errors
/// `not_found` for what is not theirs, `invalid` without words, `conflict` when it was solved already.
pub async fn solve(tx: &mut Tx, actor: &Actor, id: i64, note: &str) -> Result<(), Fault> {
    let none = || Fault::not_found("没有找到这条对账差异。");
    let row = recon_difference::Entity::find_by_id(id)
        .one(tx.db())
        .await?
        .ok_or_else(none)?;
    let place = match row.compound_id {
        Some(id) => places::by_id(tx.db(), id).await?,
        None => None,
    };
    let place = place
        .filter(|place| may(actor, Deed::KeepMoney, &place.path))
        .ok_or_else(none)?;
    let note = hide_numbers(&clean(note));
    let count = note.chars().count();
    if count == 0 || count > MOST_NOTE {
        return Err(Fault::invalid(
            "note",
            format!("请写明查清了什么，最多{MOST_NOTE}字。"),
        ));
    }
    if !close(tx, id, actor.person_id(), &note).await? {
        return Err(Fault::new(Code::Conflict, "这条差异刚刚已经处理过了。"));
    }
    if open_of(tx.db(), row.reconciliation_id).await?.is_empty() {
        let day = reconciliation::ActiveModel {
            id: Set(row.reconciliation_id),
            state: Set(ReconState::Explained),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        reconciliation::Entity::update(day).exec(tx.db()).await?;
    }
    let entry = audit::Entry {
        action: "payment.reconcile",
        subject: format!("difference:{id}"),
        compound_id: Some(place.id),
        detail: Some(json!({ "of": row.kind.to_value() })),
    };
    audit::record(tx, actor, entry);
    Ok(())
}
