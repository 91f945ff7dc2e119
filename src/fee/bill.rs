//! A bill that grows: paid, credited, waived. For the actions of `fee` and of the noun `payment`.

use chrono::NaiveDate;
use entity::money::BillState;
use entity::{bill, bill_line};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::fault::{Code, Fault};
use crate::store::Tx;

/// By how much a bill grows, in fen; below 0 takes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// What payments brought.
    pub paid: i64,
    /// What credit lines took off.
    pub credited: i64,
    /// What is not asked for any longer.
    pub waived: i64,
}

/// What is left to pay, in fen.
#[must_use]
pub const fn left(bill: &bill::Model) -> i64 {
    bill.amount - bill.credited - bill.paid - bill.waived
}

/// The bill with this growth; settled once nothing is left. None where it would be paid, credited or
/// waived below zero, or beyond its amount.
#[must_use]
pub fn grown(bill: &bill::Model, by: Growth) -> Option<bill::Model> {
    let mut next = bill.clone();
    next.paid = bill.paid.checked_add(by.paid)?;
    next.credited = bill.credited.checked_add(by.credited)?;
    next.waived = bill.waived.checked_add(by.waived)?;
    let left = left(&next);
    if left < 0 || next.paid < 0 || next.credited < 0 || next.waived < 0 {
        return None;
    }
    next.state = match left {
        0 => BillState::Settled,
        _ => BillState::Open,
    };
    Some(next)
}

/// What may still be credited of a line, in fen: what earlier credits left of it, and no more than was not waived.
#[must_use]
pub fn creditable_among(
    bill: &bill::Model,
    line: &bill_line::Model,
    lines: &[bill_line::Model],
) -> i64 {
    let credits = lines.iter().filter(|row| row.corrects == Some(line.id));
    let credited: i64 = credits.map(|row| row.amount).sum();
    let of_bill = bill.amount - bill.credited - bill.waived;
    (line.amount + credited).min(of_bill).max(0)
}

/// What is open of a home, and these, locked by key: the order in which everybody locks them.
///
/// # Errors
/// The database's.
pub async fn lock_home(tx: &Tx, home_id: i64, also: &[i64]) -> Result<Vec<bill::Model>, Fault> {
    let wanted = Condition::any()
        .add(bill::COLUMN.state.eq(BillState::Open))
        .add(bill::COLUMN.id.is_in(also.iter().copied()));
    let rows = bill::Entity::find()
        .filter(bill::COLUMN.home_id.eq(home_id))
        .filter(wanted)
        .order_by_asc(bill::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    Ok(rows)
}

/// Stores that, if the bill is still as it was seen.
///
/// # Errors
/// `conflict` when somebody was first, or it would leave its bounds.
pub async fn grow(tx: &Tx, seen: &bill::Model, by: Growth) -> Result<bill::Model, Fault> {
    let next = grown(seen, by).ok_or_else(taken)?;
    let settled_at = match (next.state, seen.settled_at) {
        (BillState::Open, _) => None,
        (BillState::Settled, Some(at)) => Some(at),
        (BillState::Settled, None) => Some(tx.now()),
    };
    let change = bill::ActiveModel {
        paid: Set(next.paid),
        credited: Set(next.credited),
        waived: Set(next.waived),
        state: Set(next.state),
        settled_at: Set(settled_at),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let changed = bill::Entity::update_many()
        .set(change)
        .filter(bill::COLUMN.id.eq(seen.id))
        .filter(bill::COLUMN.amount.eq(seen.amount))
        .filter(bill::COLUMN.paid.eq(seen.paid))
        .filter(bill::COLUMN.credited.eq(seen.credited))
        .filter(bill::COLUMN.waived.eq(seen.waived))
        .exec_with_returning(tx.db())
        .await?;
    changed.into_iter().next().ok_or_else(taken)
}

/// Stores that a bill asks for more, if it is still as it was seen; one that was settled is open again. With a day it
/// is due on that one. The caller writes the line and the books.
///
/// # Errors
/// `conflict` when somebody was first.
pub async fn raise(
    tx: &Tx,
    seen: &bill::Model,
    more: i64,
    due_on: Option<NaiveDate>,
) -> Result<(), Fault> {
    let change = bill::ActiveModel {
        due_on: due_on.map_or(NotSet, Set),
        amount: Set(seen.amount.checked_add(more).ok_or_else(taken)?),
        state: Set(BillState::Open),
        settled_at: Set(None),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let changed = bill::Entity::update_many()
        .set(change)
        .filter(bill::COLUMN.id.eq(seen.id))
        .filter(bill::COLUMN.amount.eq(seen.amount))
        .filter(bill::COLUMN.paid.eq(seen.paid))
        .filter(bill::COLUMN.credited.eq(seen.credited))
        .filter(bill::COLUMN.waived.eq(seen.waived))
        .exec(tx.db())
        .await?;
    match changed.rows_affected {
        1 => Ok(()),
        _ => Err(taken()),
    }
}

fn taken() -> Fault {
    Fault::new(Code::Conflict, "这张账单刚刚有变动，请看过现在的金额再办。")
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, Utc};

    use super::*;

    fn bill() -> bill::Model {
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let now = chrono::DateTime::<Utc>::UNIX_EPOCH;
        bill::Model {
            id: 1,
            compound_id: 1,
            home_id: 2,
            payer_id: 3,
            month: 202_611,
            from_day: day,
            to_day: day,
            due_on: day,
            amount: 10_000,
            credited: 0,
            paid: 0,
            waived: 0,
            state: BillState::Open,
            settled_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_bill_is_settled_when_nothing_is_left_and_never_goes_beyond() {
        let paid = |paid| Growth {
            paid,
            ..Growth::default()
        };
        let half = grown(&bill(), paid(6_000)).unwrap();
        assert_eq!((left(&half), half.state), (4_000, BillState::Open));
        assert_eq!(grown(&half, paid(4_001)), None);
        assert_eq!(grown(&half, paid(-6_001)), None);
        assert_eq!(grown(&half, paid(i64::MAX)), None);
        let by = Growth {
            paid: 1_000,
            credited: 2_000,
            waived: 1_000,
        };
        assert_eq!(grown(&half, by).unwrap().state, BillState::Settled);
    }
}
