//! Money that goes back (退款). What came too much is owed at once and sent by itself; what a person asks
//! for needs a second one. At the platform a refund has one number, however often it is asked for. Called
//! by the faces, by `settle` and by the clocks of `payment::remind`.
//!
//! | file | what it does |
//! |---|---|
//! | `begin` | money is owed back because too much came, or somebody asks for it |
//! | `decide` | the second person's word |
//! | `unbook` | takes what was granted off what it paid |
//! | `send` | sends it to the platform, and asks how it stands |
//! | `hear` | what the platform says of it |
//! | `by_hand` | somebody gave it back outside of this program |

mod begin;
mod by_hand;
mod decide;
mod hear;
mod send;
mod unbook;

pub use begin::ask;
pub(super) use begin::owe;
pub use by_hand::by_hand;
pub use decide::decide;
pub use hear::heard;
pub use send::send;

use entity::money::EntryKind;
use entity::{payment, refund};
use serde_json::json;

use super::book;
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer};
use crate::store::Tx;

/// How a refund is named as a subject.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("refund:{id}")
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

/// The money is out of the house.
fn handed_out(tx: &Tx, row: &refund::Model, paid: &payment::Model) -> Draft {
    Draft {
        transfers: vec![Transfer {
            debit: Account::Refund,
            credit: book::account_of(paid.way),
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
        detail: Some(json!({ "payment": row.payment_id, "fen": row.amount })),
    };
    audit::record(tx, actor, entry);
}
