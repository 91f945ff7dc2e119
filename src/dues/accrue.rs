//! The late fees of the months that are over: one line on the bill, one entry in the books, once. Only
//! where the compound has agreed one with its owners, and only for days after somebody was reminded after
//! the due day.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use entity::money::{BillState, DueEvent, DueResult, EntryKind};
use entity::{bill, bill_line, due_notice, reminder};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::dues::late::{LateFee, SoFar, days, late_fee};
use crate::dues::queries::{Sorted, noted, policy, sort};
use crate::dues::remind::{LATE, Mark};
use crate::dues::rule::Slot;
use crate::fee::bill::{left, raise};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::reminder::{Verdict, enqueue};
use crate::store::Tx;

/// Bills of one transaction.
const PART: u64 = 200;

/// One part of a compound's overdue bills.
pub(super) async fn accrue(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    let Some(mark) = Mark::of(row, now) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(now).await?;
    let Some(policy) = policy(tx.db(), mark.compound_id).await? else {
        return Ok(Verdict::Drop);
    };
    let agreed = (policy.late_from, policy.late_basis.clone());
    let (Some(from), Some(basis)) = agreed else {
        return Ok(Verdict::Drop);
    };
    let to = Month::of(mark.day).before().last();
    let all = overdue(&tx, mark, to).await?;
    let Some(last) = all.last().map(|bill| bill.id) else {
        return Ok(Verdict::Done);
    };
    let Sorted { asked, moved } = sort(tx.db(), mark.compound_id, all, now).await?;
    let mut bills: Vec<bill::Model> = asked.into_iter().chain(moved).collect();
    // Locks go in the order of keys.
    bills.sort_by_key(|bill| bill.id);
    let told = noted(tx.db(), &bills, DueEvent::Ended).await?;
    let lines = lines_of(&tx, &bills).await?;
    for bill in &bills {
        let own = lines.get(&bill.id).map(Vec::as_slice).unwrap_or_default();
        let told = told.get(&bill.id).map(Vec::as_slice).unwrap_or_default();
        let Some(told) = told_on(told) else { continue };
        let so_far = SoFar::of(own);
        let eve = from.checked_sub_days(Days::new(1)).unwrap_or(from);
        let reasons = [bill.due_on, told, eve];
        let behind: Vec<NaiveDate> = reasons.into_iter().chain(so_far.to).collect();
        let Some((first, last)) = days(&behind, to) else {
            continue;
        };
        let count = last.signed_duration_since(first).num_days() + 1;
        if let Some(fee) = late_fee(left(bill), so_far.charged, policy.late_daily, count) {
            charge(&mut tx, bill, &fee, (first, last), &basis).await?;
        }
    }
    let next = Mark {
        after: last,
        ..mark
    };
    enqueue(&mut tx, vec![next.clock(LATE, now)]).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// The next bills that were overdue at the end of the last month.
async fn overdue(tx: &Tx, mark: Mark, to: NaiveDate) -> Result<Vec<bill::Model>, Fault> {
    Ok(bill::Entity::find()
        .filter(bill::COLUMN.compound_id.eq(mark.compound_id))
        .filter(bill::COLUMN.state.eq(BillState::Open))
        .filter(bill::COLUMN.due_on.lt(to))
        .filter(bill::COLUMN.id.gt(mark.after))
        .order_by_asc(bill::COLUMN.id)
        .limit(PART)
        .all(tx.db())
        .await?)
}

async fn lines_of(
    tx: &Tx,
    bills: &[bill::Model],
) -> Result<HashMap<i64, Vec<bill_line::Model>>, Fault> {
    let rows = bill_line::Entity::find()
        .filter(
            bill_line::COLUMN
                .bill_id
                .is_in(bills.iter().map(|bill| bill.id)),
        )
        .all(tx.db())
        .await?;
    let mut all: HashMap<i64, Vec<bill_line::Model>> = HashMap::new();
    for row in rows {
        all.entry(row.bill_id).or_default().push(row);
    }
    Ok(all)
}

/// The day on which the payer was first reminded after the due day, by a channel that took it.
fn told_on(ended: &[due_notice::Model]) -> Option<NaiveDate> {
    let reached = |row: &&due_notice::Model| {
        matches!(row.result, Some(DueResult::Sent | DueResult::Delivered))
            && Slot::parse(&row.slot).is_some_and(Slot::is_after)
    };
    let days = ended.iter().filter(reached);
    days.map(|row| china(row.created_at).date_naive()).min()
}

/// The line, the bill that asks for more, and the books: the unique key of bill and day lets only one through.
async fn charge(
    tx: &mut Tx,
    bill: &bill::Model,
    fee: &LateFee,
    (first, last): (NaiveDate, NaiveDate),
    basis: &str,
) -> Result<(), Fault> {
    raise(tx, bill, fee.amount, None).await?;
    let line = bill_line::ActiveModel {
        id: NotSet,
        bill_id: Set(bill.id),
        compound_id: Set(bill.compound_id),
        fee_item_id: Set(None),
        fee_charge_id: Set(None),
        corrects: Set(None),
        account: Set(Account::IncomeOther.code().to_owned()),
        name: Set("逾期违约金".to_owned()),
        formula: Set(format!("{first}至{last}：{}", fee.formula)),
        basis: Set(basis.to_owned()),
        amount: Set(fee.amount),
        late_to: Set(Some(last)),
        sale_id: Set(None),
        created_by: Set(None),
        created_at: Set(tx.now()),
    };
    bill_line::Entity::insert(line)
        .exec_without_returning(tx.db())
        .await?;
    let draft = Draft {
        compound_id: bill.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("late:{}:{last}", bill.id),
        kind: EntryKind::Bill,
        memo: format!("账单 {} 的逾期违约金 {}元", bill.id, Fen(fee.amount)),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Receivable,
            credit: Account::IncomeOther,
            amount: fee.amount,
        }],
    };
    post(tx, None, &[draft]).await?;
    Ok(())
}
