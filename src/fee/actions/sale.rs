//! Homes that were sold within a month that was billed (过户). Noted by the clock, or by whoever writes the sale
//! down, once for each month; nothing happens to a bill before a person has looked at it and said so. Then what is
//! the new owner's leaves the bill of the one before by credit lines, and stands on a bill of their own.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use entity::money::{BillState, EntryKind, SaleState};
use entity::{bill, bill_line, bill_sale, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::credit::take_off;
use super::{MOST_NOTE, kept, record, worded};
use crate::access::Actor;
use crate::base::clock::{Moment, china};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::fee::advance::pay_open;
use crate::fee::bill::{lock_home, raise};
use crate::fee::remind;
use crate::fee::sale::{Billed, Give, Plan, Take, plan};
use crate::fee::sales::{billed, by_id, of_sale, sold};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;
use crate::store::insert::fresh_ids;

/// Days that a new owner has at least to pay what was moved to them.
const TO_PAY: Days = Days::new(15);

/// Notes what is to be corrected of homes that were sold, and asks whoever keeps the fees to look at it; how many
/// are new.
///
/// # Errors
/// The database's.
pub async fn note(tx: &mut Tx, homes: &BTreeMap<i64, Month>) -> Result<u64, Fault> {
    let mut count = 0;
    for one in billed(tx.db(), homes).await? {
        let plan = plan(&one);
        supersede(tx, &one, plan.as_ref()).await?;
        let Some(plan) = plan else { continue };
        if let Some((row, before)) = put_down(tx, &one, &plan).await? {
            remind::ask_about_sale(tx, &row, before).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// The same for one home, whose sale was just written down.
///
/// # Errors
/// The database's.
pub async fn note_home(tx: &mut Tx, home_id: i64) -> Result<u64, Fault> {
    let homes = sold(tx.db(), Some(home_id), tx.now()).await?;
    note(tx, &homes).await
}

/// What was asked about other days of a month is no question any more: the last day was typed anew. Should it come back,
/// it is asked again.
async fn supersede(tx: &Tx, one: &Billed, plan: Option<&Plan>) -> Result<(), Fault> {
    let mut change = bill_sale::Entity::update_many()
        .set(bill_sale::ActiveModel {
            state: Set(SaleState::Done),
            decided_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(bill_sale::COLUMN.home_id.eq(one.home_id))
        .filter(bill_sale::COLUMN.month.eq(one.month.number()))
        .filter(bill_sale::COLUMN.state.eq(SaleState::Waiting));
    if let Some(plan) = plan {
        change = change.filter(bill_sale::COLUMN.owners.ne(plan.owners.as_str()));
    }
    change.exec(tx.db()).await?;
    Ok(())
}

/// The row, if it is new or has something to be done again, and when it was done before.
async fn put_down(
    tx: &Tx,
    one: &Billed,
    plan: &Plan,
) -> Result<Option<(bill_sale::Model, Option<Moment>)>, Fault> {
    let find = || {
        bill_sale::Entity::find()
            .filter(bill_sale::COLUMN.home_id.eq(one.home_id))
            .filter(bill_sale::COLUMN.month.eq(one.month.number()))
            .filter(bill_sale::COLUMN.owners.eq(plan.owners.as_str()))
    };
    if let Some(known) = find().one(tx.db()).await? {
        // What was corrected once, and then undone by another sale, is to be corrected again.
        let before = known.decided_at;
        let again = bill_sale::Model {
            state: SaleState::Waiting,
            amount: plan.amount(),
            decided_by: None,
            decided_at: None,
            ..known
        };
        let done = become_so(tx, &again, SaleState::Done).await?;
        return Ok(done.then_some((again, before)));
    }
    let row = bill_sale::ActiveModel {
        compound_id: Set(one.compound_id),
        home_id: Set(one.home_id),
        month: Set(one.month.number()),
        owners: Set(plan.owners.clone()),
        state: Set(SaleState::Waiting),
        amount: Set(plan.amount()),
        note: Set(String::new()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let key = [
        bill_sale::Column::HomeId,
        bill_sale::Column::Month,
        bill_sale::Column::Owners,
    ];
    bill_sale::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx.db())
        .await?;
    Ok(find().one(tx.db()).await?.map(|row| (row, None)))
}

/// Stores a decision, if nobody else has decided.
async fn become_so(tx: &Tx, next: &bill_sale::Model, from: SaleState) -> Result<bool, Fault> {
    let done = bill_sale::Entity::update_many()
        .set(bill_sale::ActiveModel {
            state: Set(next.state),
            amount: Set(next.amount),
            note: Set(next.note.clone()),
            decided_by: Set(next.decided_by),
            decided_at: Set(next.decided_at),
            ..Default::default()
        })
        .filter(bill_sale::COLUMN.id.eq(next.id))
        .filter(bill_sale::COLUMN.state.eq(from))
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

/// A sale that waits, if the fees are kept by the actor.
async fn waits(tx: &Tx, actor: &Actor, id: i64) -> Result<bill_sale::Model, Fault> {
    let none = || Fault::not_found("没有找到这次过户。");
    let row = by_id(tx.db(), id).await?.ok_or_else(none)?;
    let compound = place::Entity::find_by_id(row.compound_id)
        .one(tx.db())
        .await?;
    kept(actor, compound)?;
    match row.state {
        SaleState::Waiting => Ok(row),
        SaleState::Done | SaleState::Dropped => Err(changed()),
    }
}

fn changed() -> Fault {
    let words = "这次过户已经处理过，或者业主登记、账单刚刚有变动。请看过现在的金额再办。";
    Fault::new(Code::Conflict, words)
}

/// Says that nothing is to be corrected, for a reason.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep the compound's fees; `invalid` without a reason; `conflict` when
/// somebody has decided.
pub async fn leave(tx: &mut Tx, actor: &Actor, id: i64, note: &str) -> Result<(), Fault> {
    let row = waits(tx, actor, id).await?;
    let asks = "请写为什么不更正，例如：双方已经自己结清。";
    let next = bill_sale::Model {
        state: SaleState::Dropped,
        note: worded("note", note, MOST_NOTE, asks)?,
        decided_by: actor.person_id(),
        decided_at: Some(tx.now()),
        ..row
    };
    if !become_so(tx, &next, SaleState::Waiting).await? {
        return Err(changed());
    }
    tell(tx, actor, &next, "bill.sale-left");
    Ok(())
}

/// Corrects the bills: as much as `seen` fen go over, which is what the person has looked at.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep the compound's fees; `conflict` when it was decided, or is not
/// what was seen any more.
pub async fn correct(tx: &mut Tx, actor: &Actor, id: i64, seen: i64) -> Result<(), Fault> {
    let row = waits(tx, actor, id).await?;
    let found = of_sale(tx.db(), &row).await?.ok_or_else(changed)?;
    let keys: Vec<i64> = found.bills.iter().map(|bill| bill.id).collect();
    let mut bills = lock_home(tx, row.home_id, &keys).await?;
    // As it is now that nobody else can change it.
    let found = of_sale(tx.db(), &row).await?.ok_or_else(changed)?;
    let plan = plan(&found).ok_or_else(changed)?;
    if plan.owners != row.owners || plan.amount() != seen {
        return Err(changed());
    }
    let next = bill_sale::Model {
        state: SaleState::Done,
        amount: plan.amount(),
        decided_by: actor.person_id(),
        decided_at: Some(tx.now()),
        ..row
    };
    if !become_so(tx, &next, SaleState::Waiting).await? {
        return Err(changed());
    }
    for take in &plan.takes {
        take_one(tx, actor, &next, (&found, take), &mut bills).await?;
    }
    let mut by_payer: BTreeMap<i64, Vec<&Give>> = BTreeMap::new();
    for give in &plan.gives {
        by_payer.entry(give.payer_id).or_default().push(give);
    }
    for (payer_id, gives) in by_payer {
        let own = bills
            .iter()
            .find(|bill| bill.month == next.month && bill.payer_id == payer_id);
        give_to(
            tx,
            actor,
            &next,
            (&found, &plan),
            (payer_id, own, gives.as_slice()),
        )
        .await?;
    }
    let day = china(tx.now()).date_naive();
    pay_open(tx, actor.person_id(), day, [next.home_id]).await?;
    tell(tx, actor, &next, "bill.sale");
    Ok(())
}

fn tell(tx: &Tx, actor: &Actor, row: &bill_sale::Model, action: &str) {
    let month = Month::from_number(row.month).map(|month| month.to_string());
    let detail = json!({
        "place": row.home_id,
        "month": month,
        "amount": Fen(row.amount).to_string(),
    });
    let subject = format!("sale:{}", row.id);
    record(tx, actor, action, subject, row.compound_id, detail);
}

/// A credit line on the bill of whoever owned the home before.
async fn take_one(
    tx: &mut Tx,
    actor: &Actor,
    sale: &bill_sale::Model,
    (found, take): (&Billed, &Take),
    bills: &mut [bill::Model],
) -> Result<(), Fault> {
    let line = line_of(found, take.line_id)?;
    let bill = bills
        .iter_mut()
        .find(|bill| bill.id == take.bill_id)
        .ok_or_else(changed)?;
    let row = bill_line::ActiveModel {
        bill_id: Set(line.bill_id),
        compound_id: Set(line.compound_id),
        fee_item_id: Set(line.fee_item_id),
        corrects: Set(Some(line.id)),
        account: Set(line.account.clone()),
        name: Set(line.name.clone()),
        formula: Set(format!(
            "更正：原{}元，减{}元",
            Fen(line.amount),
            Fen(take.amount)
        )),
        basis: Set("房屋过户，按各自的天数分".to_owned()),
        amount: Set(-take.amount),
        sale_id: Set(Some(sale.id)),
        created_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = bill_line::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    *bill = take_off(tx, actor, bill, (line, &stored)).await?;
    Ok(())
}

fn line_of(found: &Billed, id: i64) -> Result<&bill_line::Model, Fault> {
    let line = found.lines.iter().find(|line| line.id == id);
    line.ok_or_else(changed)
}

/// The lines on the bill of whoever owns it for these days: on their own, or on a new one; and the books.
async fn give_to(
    tx: &mut Tx,
    actor: &Actor,
    sale: &bill_sale::Model,
    (found, plan): (&Billed, &Plan),
    (payer_id, own, gives): (i64, Option<&bill::Model>, &[&Give]),
) -> Result<(), Fault> {
    let sum: i64 = gives.iter().map(|give| give.amount).sum();
    let (bill_id, cause) = match own {
        Some(bill) => {
            // Nobody pays late what was not asked for before.
            let today = china(tx.now()).date_naive();
            let due = today
                .checked_add_days(TO_PAY)
                .map(|day| day.max(bill.due_on));
            raise(tx, bill, sum, due).await?;
            (
                bill.id,
                format!(
                    "sale:{}:{payer_id}:{}",
                    sale.id,
                    tx.now().timestamp_millis()
                ),
            )
        }
        None => {
            let id = new_bill(tx, (found, plan), payer_id, sum).await?;
            let cause = format!("bill:{}:{}:{payer_id}", sale.home_id, sale.month);
            (id, cause)
        }
    };
    let mut transfers = Vec::new();
    for give in gives {
        let like = line_of(found, give.like)?;
        let account = Account::parse(&like.account)
            .ok_or_else(|| Fault::internal("a line of a bill names no account of the books"))?;
        transfers.push(Transfer {
            debit: Account::Receivable,
            credit: account,
            amount: give.amount,
        });
        let row = bill_line::ActiveModel {
            bill_id: Set(bill_id),
            compound_id: Set(like.compound_id),
            fee_item_id: Set(like.fee_item_id),
            account: Set(like.account.clone()),
            name: Set(like.name.clone()),
            formula: Set(format!(
                "{}；其中{}= {}元",
                like.formula,
                give.days,
                Fen(give.amount)
            )),
            basis: Set(like.basis.clone()),
            amount: Set(give.amount),
            sale_id: Set(Some(sale.id)),
            created_by: Set(actor.person_id()),
            created_at: Set(tx.now()),
            ..Default::default()
        };
        bill_line::Entity::insert(row)
            .exec_without_returning(tx.db())
            .await?;
    }
    let draft = Draft {
        compound_id: sale.compound_id,
        day: china(tx.now()).date_naive(),
        cause,
        kind: EntryKind::Bill,
        memo: format!("{}账单，房屋过户", found.month.says()),
        reverses: None,
        transfers,
    };
    post(tx, actor.person_id(), &[draft]).await.map(drop)
}

/// A bill of the days for which somebody owns the home; they have some days to pay it.
async fn new_bill(
    tx: &Tx,
    (found, plan): (&Billed, &Plan),
    payer_id: i64,
    amount: i64,
) -> Result<i64, Fault> {
    let part = plan.parts.iter().find(|part| part.payer_id == payer_id);
    let part = part.ok_or_else(changed)?;
    let today: NaiveDate = china(tx.now()).date_naive();
    let due = found.bills.iter().map(|bill| bill.due_on).max();
    let id = fresh_ids(tx, "bill", 1).await?.into_iter().next();
    let id = id.ok_or_else(|| Fault::internal("no key for a bill"))?;
    let row = bill::ActiveModel {
        id: Set(id),
        compound_id: Set(found.compound_id),
        home_id: Set(found.home_id),
        payer_id: Set(payer_id),
        month: Set(found.month.number()),
        from_day: Set(part.from),
        to_day: Set(part.to),
        due_on: Set(due.max(today.checked_add_days(TO_PAY)).unwrap_or(today)),
        amount: Set(amount),
        credited: Set(0),
        paid: Set(0),
        waived: Set(0),
        state: Set(BillState::Open),
        settled_at: Set(None),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    bill::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    Ok(id)
}
