//! Takes a granted refund off what its payment paid: the bills and what is kept for the home, or a
//! donation; or off what is kept for somebody. Called by `decide`.

use entity::{bill, payment, payment_part, refund};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::draft;
use crate::base::fault::{Code, Fault};
use crate::fee::advance;
use crate::fee::bill::{Growth, grow};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::actions::{book, donated};
use crate::payment::allocate::{Lies, take_back};
use crate::store::Tx;

/// Takes the amount off where it lies, and books that it goes back.
pub(super) async fn unbook(
    tx: &mut Tx,
    paid: Option<&payment::Model>,
    row: &refund::Model,
    by: i64,
) -> Result<(), Fault> {
    let entry = match (paid, paid.and_then(|paid| paid.donation_id)) {
        (Some(paid), Some(id)) => ungive(tx, paid, row, id, by).await?,
        (Some(paid), None) => unpay(tx, paid, row).await?,
        (None, _) => unkeep(tx, row).await?,
    };
    post(tx, Some(by), &[entry]).await.map(drop)
}

/// Takes the amount off what is kept for somebody.
async fn unkeep(tx: &Tx, row: &refund::Model) -> Result<Draft, Fault> {
    let (Some(home_id), Some(payer_id)) = (row.home_id, row.payer_id) else {
        return Err(Fault::internal("a refund of nothing"));
    };
    let taken = advance::take(tx, home_id, payer_id, row.amount).await;
    taken.map_err(|fault| match fault.code {
        Code::Conflict => Fault::wrong_step(
            "预存的钱已经抵了账单，没有这么多了。请不同意这份，减少金额后再申请。",
        ),
        _ => fault,
    })?;
    Ok(Draft {
        transfers: vec![Transfer {
            debit: Account::Advance,
            credit: Account::Refund,
            amount: row.amount,
        }],
        ..draft(tx, row, "approved", format!("退款 #{}（预存）", row.id))
    })
}

/// Takes the amount off the bills that were paid and off what is kept for the home.
async fn unpay(tx: &Tx, paid: &payment::Model, row: &refund::Model) -> Result<Draft, Fault> {
    let bills = locked_bills(tx, paid.id).await?;
    // A credit moves parts under the lock of their bill: as they are now that we have it.
    let parts = parts_of(tx, paid.id).await?;
    let kept = advance::kept(tx.db(), [paid.home_id]).await?;
    let kept: Vec<(i64, i64)> = kept.iter().map(|one| (one.payer_id, one.balance)).collect();
    let taken = take_back(row.amount, &parts, &kept).ok_or_else(|| {
        Fault::wrong_step("预存的钱已经抵了后来的账单，不能退这么多。请减少金额后再申请。")
    })?;
    for (lies, amount) in &taken {
        match lies {
            Lies::OnBill(id) => {
                let bill = bills.iter().find(|bill| bill.id == *id);
                let bill = bill.ok_or_else(|| Fault::internal("a paid bill is gone"))?;
                let by = Growth {
                    paid: -amount,
                    ..Growth::default()
                };
                grow(tx, bill, by).await?;
            }
            Lies::Kept(whose) => advance::take(tx, paid.home_id, *whose, *amount).await?,
        }
    }
    let back = taken.iter().map(|(lies, amount)| (*lies, -amount));
    book::put_parts(tx, paid, back);
    let memo = format!("退款 #{}（缴费 #{}）", row.id, paid.id);
    Ok(Draft {
        transfers: transfers(&taken),
        ..draft(tx, row, "approved", memo)
    })
}

/// The bills that a payment has paid, locked by key.
async fn locked_bills(tx: &Tx, payment_id: i64) -> Result<Vec<bill::Model>, Fault> {
    let parts = parts_of(tx, payment_id).await?;
    let ids = parts.iter().filter_map(|(lies, _)| lies.bill());
    Ok(bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids))
        .order_by_asc(bill::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?)
}

/// What the bills give back, and what was kept for the home.
fn transfers(taken: &[(Lies, i64)]) -> Vec<Transfer> {
    let sum = |of_bills: bool| -> i64 {
        let of = taken
            .iter()
            .filter(|(lies, _)| lies.bill().is_some() == of_bills);
        of.map(|(_, amount)| amount).sum()
    };
    let of = [
        (Account::Receivable, sum(true)),
        (Account::Advance, sum(false)),
    ];
    let moved = of.into_iter().filter(|(_, amount)| *amount > 0);
    moved
        .map(|(debit, amount)| Transfer {
            debit,
            credit: Account::Refund,
            amount,
        })
        .collect()
}

/// Takes the amount off the donation that was paid.
async fn ungive(
    tx: &Tx,
    paid: &payment::Model,
    row: &refund::Model,
    donation_id: i64,
    by: i64,
) -> Result<Draft, Fault> {
    donated::give_back(tx, donation_id, row.amount, by).await?;
    let memo = format!("退款 #{}（捐款 #{donation_id}，缴费 #{}）", row.id, paid.id);
    Ok(Draft {
        transfers: vec![Transfer {
            debit: Account::Donated,
            credit: Account::Refund,
            amount: row.amount,
        }],
        ..draft(tx, row, "approved", memo)
    })
}

/// A payment's parts, each place once, in the order in which they were paid; what went back is out.
async fn parts_of(tx: &Tx, payment_id: i64) -> Result<Vec<(Lies, i64)>, Fault> {
    let rows = payment_part::Entity::find()
        .filter(payment_part::COLUMN.payment_id.eq(payment_id))
        .order_by_asc(payment_part::COLUMN.id)
        .all(tx.db())
        .await?;
    let mut parts: Vec<(Lies, i64)> = Vec::new();
    for row in rows {
        let lies = match row.bill_id {
            Some(id) => Lies::OnBill(id),
            None => Lies::Kept(row.payer_id.unwrap_or(advance::NOBODY)),
        };
        match parts.iter_mut().find(|(known, _)| *known == lies) {
            Some((_, amount)) => *amount += row.amount,
            None => parts.push((lies, row.amount)),
        }
    }
    parts.retain(|(_, amount)| *amount > 0);
    Ok(parts)
}
