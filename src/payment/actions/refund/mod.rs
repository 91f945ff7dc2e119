//! Money that goes back (退款). What came too much is owed at once and sent by itself; what a person asks
//! for needs a second one; what people pay out needs two and a slip. At the platform a refund has one number,
//! however often it is asked for. Called by the faces, by `settle` and by the clocks of `payment::remind`.
//!
//! | file | what it does |
//! |---|---|
//! | `begin` | money is owed back because too much came, or somebody asks for it |
//! | `ahead` | somebody asks that what is kept for a person goes back to them |
//! | `decide` | the second person's word |
//! | `unbook` | takes what was granted off what it paid, or off what is kept |
//! | `send` | sends it to the platform, and asks how it stands |
//! | `hear` | what the platform says of it |
//! | `by_hand` | what the platform does not do is given to people |
//! | `pay_out` | somebody has paid it out |

mod ahead;
mod begin;
mod by_hand;
mod decide;
mod hear;
mod pay_out;
mod send;
mod unbook;

pub use ahead::ask_ahead;
pub use begin::ask;
pub(super) use begin::owe;
pub use by_hand::by_hand;
pub use decide::decide;
pub use hear::{heard, paid_by_people};
pub use pay_out::pay_out;
pub use send::send;

use entity::money::EntryKind;
use entity::{payment, place, refund};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{allowed, home_of, locked};
use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer};
use crate::store::Tx;

/// How a refund is named as a subject.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("refund:{id}")
}

/// Whoever pays it out must not be this person: who gave it to people, or else who asked for it.
#[must_use]
pub fn first(row: &refund::Model) -> Option<i64> {
    row.handed_by.or(row.asked_by)
}

/// A refund with the payment that it is of, which is locked, and its home, for whoever keeps the money there.
async fn kept(
    tx: &Tx,
    actor: &Actor,
    id: i64,
) -> Result<(refund::Model, Option<payment::Model>, place::Model), Fault> {
    let none = || Fault::not_found("没有找到这笔退款。");
    let row = refund::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let paid = match row.payment_id {
        Some(id) => Some(locked(tx, id).await?),
        None => None,
    };
    let home_id = paid.as_ref().map(|paid| paid.home_id).or(row.home_id);
    let home = home_of(tx, home_id.ok_or_else(none)?).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    Ok((row, paid, home))
}

/// Whether somebody else keeps the money there, too: what one of them begins another one ends.
async fn another_keeper(tx: &Tx, path: &str, by: i64) -> Result<(), Fault> {
    let all = holders(tx.db(), path, roles(Deed::KeepMoney), tx.now()).await?;
    match all.iter().any(|one| one.person_id != by) {
        true => Ok(()),
        false => Err(Fault::wrong_step(
            "这里管账的只有您一个人，没有第二个人能确认和付款。请社区先任命另一位，例如业委会主任。",
        )),
    }
}

/// An entry of the books about a refund, still without its transfers.
fn draft(tx: &Tx, row: &refund::Model, what: &str, memo: String) -> Draft {
    Draft {
        compound_id: row.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("refund:{}:{what}", row.id),
        kind: EntryKind::Refund,
        memo,
        reverses: None,
        transfers: Vec::new(),
    }
}

/// The money is out of the house, from this account.
fn handed_out(tx: &Tx, row: &refund::Model, from: Account) -> Draft {
    Draft {
        transfers: vec![Transfer {
            debit: Account::Refund,
            credit: from,
            amount: row.amount,
        }],
        ..draft(tx, row, "done", format!("退款 #{} 已退", row.id))
    }
}

fn record(tx: &Tx, actor: &Actor, action: &str, row: &refund::Model) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(detail(row)),
    };
    audit::record(tx, actor, entry);
}

/// What stands on record: of which payment, or for which home it was kept; how much; and from where it was paid out.
fn detail(row: &refund::Model) -> Value {
    let mut detail = match row.payment_id {
        Some(id) => json!({ "payment": id, "fen": row.amount }),
        None => json!({ "home": row.home_id, "fen": row.amount }),
    };
    if let (Some(all), Some(from)) = (detail.as_object_mut(), &row.paid_from) {
        all.insert("from".to_owned(), json!(from));
    }
    detail
}
