//! That somebody else has paid what a donor promised: the donor is told, too. Called by `payment`, which knows of it;
//! `giving` composes what is said.

use serde_json::json;

use crate::base::fault::Fault;
use crate::fund::rows::by_id;
use crate::fund::subject;
use crate::person::queries as people;
use crate::reminder::NewReminder;
use crate::store::Tx;

/// To the donor: what became of the donation, what it was used for, that the drive is over.
pub const TOLD: &str = "giving.told";
/// In its payload: somebody else has paid.
pub const PAID: &str = "paid";

/// Tells the donor that the money is there, if one is known who has an account and did not pay it themselves.
///
/// # Errors
/// The database's.
pub async fn paid_by_another(
    tx: &Tx,
    id: i64,
    payer: Option<i64>,
) -> Result<Option<NewReminder>, Fault> {
    let Some(row) = by_id(tx.db(), id).await? else {
        return Ok(None);
    };
    let Some(donor) = row.donor_id.filter(|donor| Some(*donor) != payer) else {
        return Ok(None);
    };
    let reached = people::with_account(tx.db(), &[donor]).await?;
    let told = |person: i64| NewReminder {
        kind: TOLD,
        dedupe_key: format!("donation:{id}:{PAID}"),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: subject(id),
        payload: json!({ "what": PAID, "donation": id }),
        due_at: tx.now(),
    };
    Ok(reached.into_iter().next().map(told))
}
