//! Writes the bills of some homes: the bills, their lines, the books, and what of them is paid already by
//! whoever owes them has paid ahead. Part of run.rs, in its transaction.

use std::collections::BTreeMap;

use entity::money::{BillState, EntryKind};
use entity::{advance, bill, bill_line, bill_run};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::fee::advance::pay_open;
use crate::fee::compose::{Line, NewBill};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;
use crate::store::insert::{fresh_ids, insert_chunked};

/// Writes them; the run's mark was moved before, in the same transaction.
pub(super) async fn write(
    tx: &mut Tx,
    run: &bill_run::Model,
    bills: Vec<NewBill>,
) -> Result<(), Fault> {
    let ids = fresh_ids(tx, "bill", bills.len()).await?;
    let (mut rows, mut lines, mut drafts) = (Vec::new(), Vec::new(), Vec::new());
    for (id, bill) in ids.into_iter().zip(bills) {
        drafts.push(draft(tx, run, &bill));
        rows.push(row(tx, run, id, &bill));
        lines.extend(
            bill.lines
                .into_iter()
                .map(|line| line_row(tx, run, id, line)),
        );
    }
    let stored = rows
        .iter()
        .map(|row| bill::ActiveModel::from(row.clone()).reset_all());
    insert_chunked(tx.db(), stored.collect()).await?;
    insert_chunked(tx.db(), lines).await?;
    post(tx, run.started_by, &drafts).await?;
    pay_ahead(tx, run, &rows).await
}

fn row(tx: &Tx, run: &bill_run::Model, id: i64, bill: &NewBill) -> bill::Model {
    bill::Model {
        id,
        compound_id: run.compound_id,
        home_id: bill.home_id,
        payer_id: bill.payer_id,
        month: run.month,
        from_day: bill.from,
        to_day: bill.to,
        due_on: bill.due_on,
        amount: bill.amount(),
        credited: 0,
        paid: 0,
        waived: 0,
        state: BillState::Open,
        settled_at: None,
        created_at: tx.now(),
        updated_at: tx.now(),
    }
}

fn line_row(tx: &Tx, run: &bill_run::Model, bill_id: i64, line: Line) -> bill_line::ActiveModel {
    bill_line::ActiveModel {
        id: NotSet,
        bill_id: Set(bill_id),
        compound_id: Set(run.compound_id),
        fee_item_id: Set(line.item_id),
        fee_charge_id: Set(line.charge_id),
        corrects: Set(None),
        account: Set(line.account.code().to_owned()),
        name: Set(line.name),
        formula: Set(line.formula),
        basis: Set(line.basis),
        amount: Set(line.amount),
        late_to: Set(None),
        sale_id: Set(None),
        created_by: Set(None),
        created_at: Set(tx.now()),
    }
}

/// What the books say of a bill: one entry, whoever makes it.
fn draft(tx: &Tx, run: &bill_run::Model, bill: &NewBill) -> Draft {
    let mut sums: BTreeMap<Account, i64> = BTreeMap::new();
    for line in &bill.lines {
        *sums.entry(line.account).or_default() += line.amount;
    }
    let says = Month::from_number(run.month).map_or_else(String::new, Month::says);
    Draft {
        compound_id: run.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("bill:{}:{}:{}", bill.home_id, run.month, bill.payer_id),
        kind: EntryKind::Bill,
        memo: format!("{says}账单"),
        reverses: None,
        transfers: sums
            .into_iter()
            .map(|(credit, amount)| Transfer {
                debit: Account::Receivable,
                credit,
                amount,
            })
            .collect(),
    }
}

/// Whoever has paid ahead pays at once, what is open longest first.
async fn pay_ahead(tx: &mut Tx, run: &bill_run::Model, rows: &[bill::Model]) -> Result<(), Fault> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(());
    };
    let homes = advance::Entity::find()
        .select_only()
        .column(advance::Column::HomeId)
        .distinct()
        .filter(advance::COLUMN.compound_id.eq(run.compound_id))
        .filter(advance::COLUMN.home_id.gte(first.home_id))
        .filter(advance::COLUMN.home_id.lte(last.home_id))
        .filter(advance::COLUMN.balance.gt(0))
        .into_tuple::<i64>()
        .all(tx.db())
        .await?;
    let day = china(tx.now()).date_naive();
    pay_open(tx, run.started_by, day, homes).await.map(drop)
}
