//! What a payment pays that is for a donation: the donation, the books and the receipt, all in the caller's
//! transaction. What is given is not income yet: it is kept for its use (`liabilities:donated`). Locks go in
//! one order: payment, donation, the compound's counter of receipts. Called by `order`, `settle`, `take` and
//! `refund`.

use entity::kinds::{ActorKind, DonationKind, DonationState};
use entity::money::{EntryKind, RefundCause};
use entity::{donation, payment, receipt};

use super::book::{account_of, day_of, give_receipt};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::fund::rows::{self, no_such};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::way_says;
use crate::store::Tx;

/// Whether it can be ordered: promised, not there, and so much.
pub(super) async fn check(tx: &Tx, id: i64, compound_id: i64, amount: i64) -> Result<(), Fault> {
    let row = rows::payable(tx.db(), id).await?;
    fits(&row, compound_id, amount)
}

/// Whether the counter takes in just this donation.
pub(super) async fn is_of(tx: &Tx, id: i64, compound_id: i64, amount: i64) -> Result<(), Fault> {
    let row = rows::by_id(tx.db(), id).await?;
    let row = row.filter(|row| row.kind == DonationKind::Money);
    fits(&row.ok_or_else(|| no_such(id))?, compound_id, amount)
}

fn fits(row: &donation::Model, compound_id: i64, amount: i64) -> Result<(), Fault> {
    match (row.compound_id, row.amount) == (compound_id, amount) {
        true => Ok(()),
        false => Err(no_such(row.id)),
    }
}

/// Puts a paid payment on its donation. Returns the receipt; none when the donation is there already or is
/// not promised any more: then nothing has happened.
pub(super) async fn credit(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    donation_id: i64,
) -> Result<Option<receipt::Model>, Fault> {
    let by = match row.recorded_by {
        Some(person) => (ActorKind::Staff, Some(person)),
        None => (ActorKind::System, None),
    };
    let at = row.paid_at.unwrap_or_else(|| tx.now());
    if !rows::receive(tx, donation_id, by, at).await? {
        return Ok(None);
    }
    let entry = Draft {
        compound_id: row.compound_id,
        day: day_of(tx, row),
        cause: format!("payment:{}:paid", row.id),
        kind: EntryKind::Payment,
        memo: format!("捐款 #{donation_id} {}", way_says(row.way)),
        reverses: None,
        transfers: vec![Transfer {
            debit: account_of(row.way),
            credit: Account::Donated,
            amount: row.amount,
        }],
    };
    post(tx, row.recorded_by, &[entry]).await?;
    give_receipt(tx, dice, row).await.map(Some)
}

/// Why money for a donation goes back: it is there already, or it was given up.
pub(super) async fn why_not(tx: &Tx, id: i64) -> Result<RefundCause, Fault> {
    let row = rows::by_id(tx.db(), id).await?;
    let there = row.is_some_and(|row| row.state == DonationState::Received);
    Ok(match there {
        true => RefundCause::Duplicate,
        false => RefundCause::Late,
    })
}

/// Takes so much off a donation, by the word of a second person; what was used does not go back.
pub(super) async fn give_back(
    tx: &Tx,
    donation_id: i64,
    amount: i64,
    by: i64,
) -> Result<(), Fault> {
    rows::take_back(tx, donation_id, amount, (ActorKind::Staff, Some(by))).await
}
