//! The plan of a compound's day: who is asked for which bills. Part of [`super`].

use std::collections::{BTreeMap, HashSet};

use entity::money::{BillState, DueEvent, DueResult};
use entity::{bill, reminder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Mark, Noted, PLAN, note, to_one};
use crate::app::App;
use crate::base::fault::Fault;
use crate::dues::queries::{self, Sorted, noted, policy};
use crate::dues::rule::{Rhythm, Slot, by_day, slot};
use crate::person::queries as people;
use crate::reminder::{Verdict, enqueue};
use crate::store::Tx;

/// People of one part.
const PART: u64 = 300;

/// One part: their messages, what is written down, and the clock of the next part, in one transaction.
pub(super) async fn plan(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    let Some(mark) = Mark::of(row, now) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(now).await?;
    let rhythm = policy(tx.db(), mark.compound_id).await?;
    let rhythm = rhythm.map_or_else(Rhythm::default, |row| Rhythm::from(&row));
    if !rhythm.asks() {
        return Ok(Verdict::Drop);
    }
    let payers = payers(&tx, mark, &rhythm).await?;
    let Some(last) = payers.last().copied() else {
        return Ok(Verdict::Done);
    };
    let due = due(&tx, mark, &rhythm, payers).await?;
    let slots: BTreeMap<i64, Slot> = due.iter().map(|(bill, slot)| (bill.id, *slot)).collect();
    let bills = due.into_iter().map(|(bill, _)| bill).collect();
    let Sorted { asked, moved } = queries::sort(tx.db(), mark.compound_id, bills, now).await?;
    let mut theirs: BTreeMap<i64, Vec<(i64, Slot)>> = BTreeMap::new();
    let mut notes = Vec::new();
    let slot_of = |bill: &bill::Model| slots.get(&bill.id).copied();
    let everybody: HashSet<i64> = asked.iter().map(|bill| bill.payer_id).collect();
    let everybody: Vec<i64> = everybody.into_iter().collect();
    let reached = people::with_account(tx.db(), &everybody).await?;
    for bill in &asked {
        let Some(slot) = slot_of(bill) else { continue };
        notes.push(Noted::planned(bill, slot, mark.day));
        if reached.contains(&bill.payer_id) {
            let own = theirs.entry(bill.payer_id).or_default();
            own.push((bill.id, slot));
        } else {
            // Nothing could carry it, so that nothing has to try.
            let none = DueResult::Unreachable;
            notes.push(Noted::ended(bill, slot, mark.day, none));
        }
    }
    for bill in &moved {
        let Some(slot) = slot_of(bill) else { continue };
        notes.push(Noted::planned(bill, slot, mark.day));
        notes.push(Noted::ended(bill, slot, mark.day, DueResult::Moved));
    }
    note(&tx, notes).await?;
    let at = by_day(now);
    let mut clocks: Vec<_> = theirs
        .iter()
        .flat_map(|(person, bills)| to_one(mark, *person, bills, at))
        .collect();
    let next = Mark {
        after: last,
        ..mark
    };
    clocks.push(next.clock(PLAN, now));
    enqueue(&mut tx, clocks).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// The next people who owe something that may be asked for.
async fn payers(tx: &Tx, mark: Mark, rhythm: &Rhythm) -> Result<Vec<i64>, Fault> {
    Ok(bill::Entity::find()
        .select_only()
        .column(bill::Column::PayerId)
        .distinct()
        .filter(bill::COLUMN.compound_id.eq(mark.compound_id))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .filter(bill::COLUMN.due_on.lte(rhythm.reaches(mark.day)))
        .filter(bill::COLUMN.payer_id.gt(mark.after))
        .order_by_asc(bill::Column::PayerId)
        .limit(PART)
        .into_tuple::<i64>()
        .all(tx.db())
        .await?)
}

/// Their bills of which a reminder is due that nobody has planned yet.
async fn due(
    tx: &Tx,
    mark: Mark,
    rhythm: &Rhythm,
    payers: Vec<i64>,
) -> Result<Vec<(bill::Model, Slot)>, Fault> {
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.compound_id.eq(mark.compound_id))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .filter(bill::COLUMN.due_on.lte(rhythm.reaches(mark.day)))
        .filter(bill::COLUMN.payer_id.is_in(payers))
        .order_by_asc(bill::COLUMN.month)
        .order_by_asc(bill::COLUMN.id)
        .all(tx.db())
        .await?;
    let known = noted(tx.db(), &bills, DueEvent::Planned).await?;
    let open = bills.into_iter().filter_map(|bill| {
        let slot = slot(rhythm, bill.due_on, mark.day)?;
        let before = known.get(&bill.id).map(Vec::as_slice).unwrap_or_default();
        let done = before.iter().any(|row| row.slot == slot.name());
        (!done).then_some((bill, slot))
    });
    Ok(open.collect())
}
