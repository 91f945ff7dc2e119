//! The use cases of fees, one file each. Whoever keeps a compound's fees may; the clock and the command
//! line may as well.

pub mod credit;
pub mod entries;
pub mod items;
pub mod merchant;
pub mod run;
pub mod sale;
mod write;

use entity::kinds::{ActorKind, PlaceKind};
use entity::place;
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::Value;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::fault::Fault;
use crate::base::threat::harmless;
use crate::base::worded::Asks;
use crate::store::Tx;

/// Most characters of what a bill calls something.
pub const MOST_NAME: usize = 40;
/// Most characters of a reason, a basis, a note.
pub const MOST_NOTE: usize = 200;

/// The compound, locked: what a run counts on is changed before it begins or after, never meanwhile.
async fn locked(tx: &Tx, actor: &Actor, compound_id: i64) -> Result<place::Model, Fault> {
    let row = place::Entity::find_by_id(compound_id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    kept(actor, row)
}

/// The compound, if its fees are kept by the actor.
fn kept(actor: &Actor, row: Option<place::Model>) -> Result<place::Model, Fault> {
    let none = || Fault::not_found("没有找到这个小区。");
    let row = row
        .filter(|row| row.kind == PlaceKind::Compound)
        .ok_or_else(none)?;
    if matches!(actor.kind, ActorKind::System | ActorKind::Operator) {
        return Ok(row);
    }
    if may(actor, Deed::KeepFees, &row.path) {
        Ok(row)
    } else if may(actor, Deed::SeeMoney, &row.path) {
        Err(Fault::forbidden("您可以看账单，但没有权限改收费。"))
    } else {
        Err(none())
    }
}

/// Words that must be there, on one line. They stand on bills, and nobody can erase them: no threat, no number of
/// anybody.
fn worded(
    field: &'static str,
    text: &str,
    most: usize,
    missing: &'static str,
) -> Result<String, Fault> {
    let asks = Asks {
        field,
        most,
        missing,
        number: "这里写的会一直留在账单上，请不要写手机号、证件号。",
    };
    harmless(field, crate::base::worded::worded(text, asks)?)
}

fn record(tx: &Tx, actor: &Actor, action: &str, subject: String, compound_id: i64, detail: Value) {
    let entry = audit::Entry {
        action,
        subject,
        compound_id: Some(compound_id),
        detail: Some(detail),
    };
    audit::record(tx, actor, entry);
}
