//! Corrections: a credit line takes back what a line asked too much for. Nothing is edited. What was paid already
//! beyond what is left of the bill is kept for whoever owed it (预存), and pays what else they owe for the home.

use entity::money::EntryKind;
use entity::{bill, bill_line, payment_part, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::entries::AGAIN;
use super::{MOST_NOTE, kept, record, worded};
use crate::access::Actor;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::fee::advance::{give, pay_open};
use crate::fee::bill::{Growth, creditable_among, grow, left, lock_home};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;

/// Credits an amount of a line, for a reason that the bill prints.
///
/// # Errors
/// `not_found` and `forbidden` for who does not keep the compound's fees; `invalid` for an amount that is
/// not above 0 or more than is left of the line, or without a reason; `conflict` when the bill has changed.
pub async fn credit(
    tx: &mut Tx,
    actor: &Actor,
    line_id: i64,
    amount: i64,
    reason: &str,
) -> Result<bill_line::Model, Fault> {
    let none = || Fault::not_found("没有找到这一项，请刷新后再看。");
    let line = bill_line::Entity::find_by_id(line_id).one(tx.db()).await?;
    let line = line.ok_or_else(none)?;
    let compound = place::Entity::find_by_id(line.compound_id)
        .one(tx.db())
        .await?;
    kept(actor, compound)?;
    let bill = locked_bill(tx, line.bill_id).await?.ok_or_else(none)?;
    let reason = worded(
        "reason",
        reason,
        MOST_NOTE,
        "请写更正的原因，账单上会看到。",
    )?;
    let rest = creditable(tx.db(), &bill, &line).await?;
    if amount <= 0 {
        return Err(Fault::invalid("amount", "请写要减的金额，例如 20.00。"));
    }
    if amount > rest {
        return Err(Fault::invalid(
            "amount",
            format!("这一项最多还能减{}元。", Fen(rest)),
        ));
    }
    once(tx, actor, &line, amount).await?;
    let stored = insert(tx, actor, &line, amount, reason).await?;
    take_off(tx, actor, &bill, (&line, &stored)).await?;
    let day = china(tx.now()).date_naive();
    pay_open(tx, actor.person_id(), day, [bill.home_id]).await?;
    let detail = json!({ "line": line.id, "amount": Fen(amount).to_string() });
    let subject = format!("bill:{}", bill.id);
    record(tx, actor, "bill.credit", subject, bill.compound_id, detail);
    Ok(stored)
}

/// A bill, locked with what else is open of its home: what becomes free pays these.
async fn locked_bill(tx: &Tx, id: i64) -> Result<Option<bill::Model>, Fault> {
    let Some(seen) = bill::Entity::find_by_id(id).one(tx.db()).await? else {
        return Ok(None);
    };
    let all = lock_home(tx, seen.home_id, &[seen.id]).await?;
    Ok(all.into_iter().find(|bill| bill.id == id))
}

/// Takes a credit line off its bill, and books it. What was paid beyond what is left is kept for whoever owed it.
/// Gives the bill as it is then.
pub(super) async fn take_off(
    tx: &mut Tx,
    actor: &Actor,
    bill: &bill::Model,
    (line, stored): (&bill_line::Model, &bill_line::Model),
) -> Result<bill::Model, Fault> {
    let amount = -stored.amount;
    let over = amount.saturating_sub(left(bill)).max(0);
    take_back(tx, bill, over).await?;
    give(tx, bill.compound_id, bill.home_id, bill.payer_id, over).await?;
    let by = Growth {
        credited: amount,
        paid: -over,
        waived: 0,
    };
    let next = grow(tx, bill, by).await?;
    book(tx, actor, line, stored, over).await?;
    Ok(next)
}

/// Refuses what was decided on an older look at the bill: `seen` fen were credited then. So the form that is sent
/// twice credits once.
///
/// # Errors
/// `conflict`; `not_found`.
pub async fn still(tx: &Tx, bill_id: i64, seen: i64) -> Result<(), Fault> {
    let bill = locked_bill(tx, bill_id)
        .await?
        .ok_or_else(|| Fault::not_found("没有找到这张账单。"))?;
    if bill.credited == seen {
        return Ok(());
    }
    let words = "这张账单刚刚更正过，这次没有再减。请核对下面的金额，还要减再提交。";
    Err(Fault::new(Code::Conflict, words))
}

/// What may still be credited of a line: what earlier credits left of it, and no more than was not waived.
///
/// # Errors
/// The database's.
pub async fn creditable<C: ConnectionTrait>(
    db: &C,
    bill: &bill::Model,
    line: &bill_line::Model,
) -> Result<i64, Fault> {
    let credits = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(line.bill_id))
        .filter(bill_line::COLUMN.corrects.eq(line.id))
        .all(db)
        .await?;
    Ok(creditable_among(bill, line, &credits))
}

/// Refuses what the same person has taken off the same line a moment ago.
async fn once(tx: &Tx, actor: &Actor, line: &bill_line::Model, amount: i64) -> Result<(), Fault> {
    let Some(by) = actor.person_id() else {
        return Ok(());
    };
    let same = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(line.bill_id))
        .filter(bill_line::COLUMN.corrects.eq(line.id))
        .filter(bill_line::COLUMN.amount.eq(-amount))
        .filter(bill_line::COLUMN.created_by.eq(by))
        .filter(bill_line::COLUMN.created_at.gt(tx.now() - AGAIN))
        .one(tx.db())
        .await?;
    match same {
        None => Ok(()),
        Some(_) => Err(Fault::wrong_step(
            "刚刚已经更正过同样的一笔，没有再减。确实要再减，请过两分钟再办。",
        )),
    }
}

async fn insert(
    tx: &Tx,
    actor: &Actor,
    line: &bill_line::Model,
    amount: i64,
    reason: String,
) -> Result<bill_line::Model, Fault> {
    let row = bill_line::ActiveModel {
        bill_id: Set(line.bill_id),
        compound_id: Set(line.compound_id),
        fee_item_id: Set(line.fee_item_id),
        fee_charge_id: Set(None),
        corrects: Set(Some(line.id)),
        account: Set(line.account.clone()),
        name: Set(line.name.clone()),
        formula: Set(format!(
            "更正：原{}元，减{}元",
            Fen(line.amount),
            Fen(amount)
        )),
        basis: Set(reason),
        amount: Set(-amount),
        created_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let stored = bill_line::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    Ok(stored)
}

/// Takes parts of payments off a bill, the latest first, and keeps them for whoever owed it.
async fn take_back(tx: &Tx, bill: &bill::Model, over: i64) -> Result<(), Fault> {
    if over == 0 {
        return Ok(());
    }
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.bill_id.eq(bill.id))
        .order_by_desc(payment_part::COLUMN.payment_id)
        .all(tx.db())
        .await?;
    let mut sums: Vec<(i64, i64)> = Vec::new();
    for part in parts {
        match sums.last_mut() {
            Some((id, sum)) if *id == part.payment_id => *sum += part.amount,
            _ => sums.push((part.payment_id, part.amount)),
        }
    }
    let mut rest = over;
    let mut rows = Vec::new();
    for (payment_id, sum) in sums {
        let back = sum.min(rest);
        if back <= 0 {
            continue;
        }
        rest -= back;
        let there = (Some(bill.id), None, -back);
        for (bill_id, payer_id, amount) in [there, (None, Some(bill.payer_id), back)] {
            rows.push(payment_part::ActiveModel {
                payment_id: Set(payment_id),
                compound_id: Set(bill.compound_id),
                bill_id: Set(bill_id),
                payer_id: Set(payer_id),
                amount: Set(amount),
                created_at: Set(tx.now()),
                ..Default::default()
            });
        }
    }
    if rest > 0 {
        return Err(Fault::internal("a bill is paid by more than its payments"));
    }
    payment_part::Entity::insert_many(rows)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn book(
    tx: &mut Tx,
    actor: &Actor,
    line: &bill_line::Model,
    stored: &bill_line::Model,
    over: i64,
) -> Result<(), Fault> {
    let account = Account::parse(&line.account)
        .ok_or_else(|| Fault::internal("a line of a bill names no account of the books"))?;
    let amount = -stored.amount;
    let transfer = |credit: Account, amount: i64| Transfer {
        debit: account,
        credit,
        amount,
    };
    let draft = Draft {
        compound_id: line.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("credit:{}", stored.id),
        kind: EntryKind::Credit,
        memo: format!("更正账单：{}", line.name),
        reverses: None,
        transfers: vec![
            transfer(Account::Receivable, amount - over),
            transfer(Account::Advance, over),
        ],
    };
    post(tx, actor.person_id(), &[draft]).await?;
    Ok(())
}
