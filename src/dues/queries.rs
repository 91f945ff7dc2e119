//! Reads of dues: how a compound asks, which bills are to be asked for now, and what was done.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use entity::kinds::{CaseState, HomeRelation};
use entity::money::{BillState, DueEvent, PaymentState};
use entity::{
    bill, bill_dispute, case, delivery, due_notice, fee_policy, payment, reminder, residency,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::dues::remind::key;
use crate::fee::bill::left;

/// Keys that one statement names.
const LOOK: usize = 2_000;
/// Cases in which the answer has been given: what they dispute may be asked for again.
const ANSWERED: [CaseState; 4] = [
    CaseState::Finished,
    CaseState::Reviewed,
    CaseState::Withdrawn,
    CaseState::Merged,
];

/// How a compound asks, if that was ever set.
///
/// # Errors
/// The database's.
pub async fn policy<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Option<fee_policy::Model>, Fault> {
    Ok(fee_policy::Entity::find_by_id(compound_id).one(db).await?)
}

/// Bills as they are to be treated now.
#[derive(Clone, Debug, Default)]
pub struct Sorted {
    /// The payer is to be asked for these.
    pub asked: Vec<bill::Model>,
    /// The home is somebody else's by now: nobody is asked in the chat.
    pub moved: Vec<bill::Model>,
}

/// Which of these bills of a compound are to be asked for now: what is left of, what is not being paid at
/// this moment and what nobody disputes; and of whoever owns the home still.
///
/// # Errors
/// The database's.
pub async fn sort<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    bills: Vec<bill::Model>,
    now: Moment,
) -> Result<Sorted, Fault> {
    let mut bills = bills;
    bills.retain(|bill| bill.compound_id == compound_id && bill.payer_id != 0);
    bills.retain(|bill| bill.state == BillState::Open && left(bill) > 0);
    if bills.is_empty() {
        return Ok(Sorted::default());
    }
    let paying = paying(db, compound_id, now).await?;
    let mut sorted = Sorted::default();
    for part in bills.chunks(LOOK) {
        let part = sort_part(db, part.to_vec(), &paying).await?;
        sorted.asked.extend(part.asked);
        sorted.moved.extend(part.moved);
    }
    Ok(sorted)
}

async fn sort_part<C: ConnectionTrait>(
    db: &C,
    mut bills: Vec<bill::Model>,
    paying: &[Order],
) -> Result<Sorted, Fault> {
    let disputed = disputed(db, &bills).await?;
    bills.retain(|bill| !disputed.contains(&bill.id));
    bills.retain(|bill| !paying.iter().any(|order| order.holds(bill)));
    let homes: HashSet<i64> = bills.iter().map(|bill| bill.home_id).collect();
    let owners: HashSet<(i64, i64)> = residency::Entity::find()
        .filter(residency::COLUMN.place_id.is_in(homes))
        .filter(residency::COLUMN.relation.eq(HomeRelation::Owner))
        .filter(residency::COLUMN.ended_at.is_null())
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.place_id, row.person_id))
        .collect();
    let theirs = |bill: &bill::Model| owners.contains(&(bill.home_id, bill.payer_id));
    let (asked, moved) = bills.into_iter().partition(theirs);
    Ok(Sorted { asked, moved })
}

/// Those of the bills about which a case is open.
async fn disputed<C: ConnectionTrait>(
    db: &C,
    bills: &[bill::Model],
) -> Result<HashSet<i64>, Fault> {
    let rows = bill_dispute::Entity::find()
        .filter(
            bill_dispute::COLUMN
                .bill_id
                .is_in(bills.iter().map(|bill| bill.id)),
        )
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let open: HashSet<i64> = case::Entity::find()
        .select_only()
        .column(case::Column::Id)
        .filter(case::COLUMN.id.is_in(rows.iter().map(|row| row.case_id)))
        .filter(case::Column::State.is_not_in(ANSWERED))
        .into_tuple::<i64>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let of_open = rows.iter().filter(|row| open.contains(&row.case_id));
    Ok(of_open.map(|row| row.bill_id).collect())
}

/// An order that can still be paid.
struct Order {
    home_id: i64,
    /// Keys of the bills that it is for; none: the home's oldest.
    bills: Vec<i64>,
}

impl Order {
    fn holds(&self, bill: &bill::Model) -> bool {
        let meant = self.bills.is_empty() || self.bills.contains(&bill.id);
        self.home_id == bill.home_id && meant
    }
}

async fn paying<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    now: Moment,
) -> Result<Vec<Order>, Fault> {
    let rows = payment::Entity::find()
        .filter(payment::COLUMN.compound_id.eq(compound_id))
        .filter(
            payment::COLUMN
                .state
                .is_in([PaymentState::Created, PaymentState::Open]),
        )
        .filter(payment::COLUMN.expires_at.gt(now))
        .all(db)
        .await?;
    let order = |row: payment::Model| {
        let bills = row.bills.as_array().map(Vec::as_slice).unwrap_or_default();
        Order {
            home_id: row.home_id,
            bills: bills.iter().filter_map(serde_json::Value::as_i64).collect(),
        }
    };
    Ok(rows.into_iter().map(order).collect())
}

/// What was done about a bill, in its order.
///
/// # Errors
/// The database's.
pub async fn of_bill<C: ConnectionTrait>(
    db: &C,
    bill_id: i64,
) -> Result<Vec<due_notice::Model>, Fault> {
    Ok(due_notice::Entity::find()
        .filter(due_notice::COLUMN.bill_id.eq(bill_id))
        .order_by_asc(due_notice::COLUMN.id)
        .all(db)
        .await?)
}

/// What was done in a compound for reminders of these days, both included, in its order.
///
/// # Errors
/// The database's.
pub async fn of_days<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    (from, to): (NaiveDate, NaiveDate),
    most: u64,
) -> Result<Vec<due_notice::Model>, Fault> {
    Ok(due_notice::Entity::find()
        .filter(due_notice::COLUMN.compound_id.eq(compound_id))
        .filter(due_notice::COLUMN.day.gte(from))
        .filter(due_notice::COLUMN.day.lte(to))
        .order_by_asc(due_notice::COLUMN.day)
        .order_by_asc(due_notice::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// The attempts of a day's reminder to somebody, the oldest first: what came of it before that is
/// written down for good.
///
/// # Errors
/// The database's.
pub async fn attempts<C: ConnectionTrait>(
    db: &C,
    notice: &due_notice::Model,
) -> Result<Vec<delivery::Model>, Fault> {
    let row = reminder_of(db, &key(notice.compound_id, notice.person_id, notice.day)).await?;
    match row {
        Some(row) => deliveries(db, row.id).await,
        None => Ok(Vec::new()),
    }
}

pub(super) async fn reminder_of<C: ConnectionTrait>(
    db: &C,
    key: &str,
) -> Result<Option<reminder::Model>, Fault> {
    Ok(reminder::Entity::find()
        .filter(reminder::COLUMN.dedupe_key.eq(key))
        .one(db)
        .await?)
}

pub(super) async fn deliveries<C: ConnectionTrait>(
    db: &C,
    reminder_id: i64,
) -> Result<Vec<delivery::Model>, Fault> {
    Ok(delivery::Entity::find()
        .filter(delivery::COLUMN.reminder_id.eq(reminder_id))
        .order_by_asc(delivery::COLUMN.id)
        .all(db)
        .await?)
}

/// Bills by their keys, by month.
pub(super) async fn bills<C: ConnectionTrait>(
    db: &C,
    ids: &[i64],
) -> Result<Vec<bill::Model>, Fault> {
    let mut all = Vec::with_capacity(ids.len());
    for part in ids.chunks(LOOK) {
        let rows = bill::Entity::find()
            .filter(bill::COLUMN.id.is_in(part.iter().copied()))
            .all(db)
            .await?;
        all.extend(rows);
    }
    all.sort_by_key(|bill| (bill.month, bill.id));
    Ok(all)
}

/// What was written down about bills with one kind of event, by the bill.
pub(super) async fn noted<C: ConnectionTrait>(
    db: &C,
    bills: &[bill::Model],
    event: DueEvent,
) -> Result<HashMap<i64, Vec<due_notice::Model>>, Fault> {
    let mut all: HashMap<i64, Vec<due_notice::Model>> = HashMap::new();
    for part in bills.chunks(LOOK) {
        let rows = due_notice::Entity::find()
            .filter(
                due_notice::COLUMN
                    .bill_id
                    .is_in(part.iter().map(|bill| bill.id)),
            )
            .filter(due_notice::COLUMN.event.eq(event))
            .order_by_asc(due_notice::COLUMN.id)
            .all(db)
            .await?;
        for row in rows {
            all.entry(row.bill_id).or_default().push(row);
        }
    }
    Ok(all)
}
