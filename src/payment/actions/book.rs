//! What a payment that is paid pays: its parts, the bills, what is kept ahead, the books and the
//! receipt, all in the caller's transaction. Locks go in one order: payment, the home's bills by key,
//! what is kept, the compound's counter of receipts. Called by `settle`, `take`, `refund` and `waive`.

use entity::money::{EntryKind, PayWay};
use entity::{bill, payment, payment_part, receipt, receipt_counter};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, QueryTrait};

use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::fee::advance;
use crate::fee::bill::{Growth, grow, left, lock_home};
use crate::fee::load::next_owner;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::actions::meant;
use crate::payment::allocate::{Lies, Owed, Split, split, surplus};
use crate::payment::way_says;
use crate::person::queries as people;
use crate::store::Tx;
use crate::wechat::crypto::hex;

/// The account that the money lies on.
pub(super) const fn account_of(way: PayWay) -> Account {
    match way {
        PayWay::Wechat => Account::Wechat,
        PayWay::Cash => Account::Cash,
        PayWay::Transfer => Account::Bank,
        PayWay::Advance => Account::Advance,
    }
}

/// The bills that a payment may go to, locked: those that are meant, and what else the same people owe
/// for the home, the oldest first.
pub(super) async fn payable(tx: &Tx, row: &payment::Model) -> Result<Vec<bill::Model>, Fault> {
    let meant = meant(row);
    let mut bills = lock_home(tx, row.home_id, &meant).await?;
    // An earlier owner's debts are not paid with a later one's money: it goes to those whose bills are meant,
    // or else to whoever lives there now.
    let payers: Vec<i64> = if meant.is_empty() {
        let now = people::residents(tx.db(), row.home_id).await?;
        let now = now.iter().map(|person| person.id);
        now.chain(row.payer_id).chain([0]).collect()
    } else {
        let meant = bills.iter().filter(|bill| meant.contains(&bill.id));
        meant.map(|bill| bill.payer_id).collect()
    };
    bills.retain(|bill| payers.contains(&bill.payer_id));
    bills.sort_by_key(|bill| (bill.month, bill.id));
    Ok(bills)
}

/// What is left of each.
pub(super) fn owed(bills: &[bill::Model]) -> Vec<Owed> {
    let one = |bill: &bill::Model| Owed {
        bill_id: bill.id,
        left: left(bill),
    };
    bills.iter().map(one).collect()
}

/// What of a payment goes back, since others have paid bills that were meant after it was ordered.
pub(super) fn paid_by_others(row: &payment::Model, bills: &[bill::Model]) -> i64 {
    let Some(before) = row.paid_before else {
        return 0;
    };
    let meant = meant(row);
    let own = bills.iter().filter(|bill| meant.contains(&bill.id));
    let (there, paid) = own.fold((0, 0), |(there, paid), bill| {
        (there + left(bill), paid + bill.paid)
    });
    surplus(row.amount, there, before, paid)
}

/// Puts a paid payment where it belongs, without what goes back of it. Returns the receipt.
pub(super) async fn book(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    bills: &[bill::Model],
    back: i64,
) -> Result<receipt::Model, Fault> {
    let split = split(row.amount - back, &meant(row), &owed(bills));
    for (id, part) in &split.parts {
        if let Some(bill) = bills.iter().find(|bill| bill.id == *id) {
            let by = Growth {
                paid: *part,
                ..Growth::default()
            };
            grow(tx, bill, by).await?;
        }
    }
    let parts = split
        .parts
        .iter()
        .map(|(id, part)| (Lies::OnBill(*id), *part));
    let ahead = keep_ahead(tx, row, bills, split.advance).await?;
    put_parts(tx, row, parts.chain(ahead));
    post(tx, row.recorded_by, &[entry(tx, row, &split)]).await?;
    give_receipt(tx, dice, row).await
}

/// Keeps what is over, for whoever owes the bills that were meant, or else for the payer, if it is one who owed
/// something, or for whoever will owe the home's next bill; the part that says so.
async fn keep_ahead(
    tx: &Tx,
    row: &payment::Model,
    bills: &[bill::Model],
    amount: i64,
) -> Result<Option<(Lies, i64)>, Fault> {
    if amount <= 0 {
        return Ok(None);
    }
    let meant = meant(row);
    let theirs = |bill: &&bill::Model| match meant.is_empty() {
        true => Some(bill.payer_id) == row.payer_id,
        false => meant.contains(&bill.id),
    };
    let whose = match bills.iter().find(theirs) {
        Some(bill) => bill.payer_id,
        None => next_owner(tx.db(), row.home_id, tx.now()).await?,
    };
    advance::give(tx, row.compound_id, row.home_id, whose, amount).await?;
    Ok(Some((Lies::Kept(whose), amount)))
}

fn entry(tx: &Tx, row: &payment::Model, split: &Split) -> Draft {
    let from = account_of(row.way);
    let to_bills: i64 = split.parts.iter().map(|(_, part)| part).sum();
    let to = [
        (Account::Receivable, to_bills),
        (Account::Advance, split.advance),
    ];
    let transfers = to.into_iter().filter(|(_, amount)| *amount > 0);
    Draft {
        compound_id: row.compound_id,
        day: day_of(tx, row),
        cause: format!("payment:{}:paid", row.id),
        kind: EntryKind::Payment,
        memo: format!("缴费 #{} {}", row.id, way_says(row.way)),
        reverses: None,
        transfers: transfers
            .map(|(credit, amount)| Transfer {
                debit: from,
                credit,
                amount,
            })
            .collect(),
    }
}

/// The business day of a payment.
pub(super) fn day_of(tx: &Tx, row: &payment::Model) -> chrono::NaiveDate {
    let today = || crate::base::clock::china(tx.now()).date_naive();
    row.day.unwrap_or_else(today)
}

/// Writes down where money went, at the end of the transaction; less than 0 takes it back.
pub(super) fn put_parts(tx: &Tx, row: &payment::Model, parts: impl Iterator<Item = (Lies, i64)>) {
    let rows: Vec<_> = parts
        .map(|(lies, amount)| payment_part::ActiveModel {
            payment_id: Set(row.id),
            compound_id: Set(row.compound_id),
            bill_id: Set(lies.bill()),
            payer_id: Set(lies.payer()),
            amount: Set(amount),
            created_at: Set(tx.now()),
            ..Default::default()
        })
        .collect();
    if !rows.is_empty() {
        tx.at_end(payment_part::Entity::insert_many(rows).into_query());
    }
}

/// The next number of the compound: taken in the transaction of what it numbers, so that none is left
/// out.
pub(super) async fn give_receipt(
    tx: &Tx,
    dice: &Dice,
    row: &payment::Model,
) -> Result<receipt::Model, Fault> {
    let first = receipt_counter::ActiveModel {
        compound_id: Set(row.compound_id),
        last: Set(1),
    };
    let next = Expr::col((receipt_counter::Entity, receipt_counter::Column::Last)).add(1);
    let counter = receipt_counter::Entity::insert(first)
        .on_conflict(
            OnConflict::column(receipt_counter::Column::CompoundId)
                .value(receipt_counter::Column::Last, next)
                .to_owned(),
        )
        .exec_with_returning(tx.db())
        .await?;
    let receipt = receipt::ActiveModel {
        compound_id: Set(row.compound_id),
        number: Set(counter.last),
        payment_id: Set(row.id),
        token: Set(hex(&dice.bytes::<16>())),
        amount: Set(row.amount),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(receipt::Entity::insert(receipt)
        .exec_with_returning(tx.db())
        .await?)
}
