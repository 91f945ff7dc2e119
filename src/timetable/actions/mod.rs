//! What can be done with a timetable: one function is one use case, inside the caller's transaction.

mod read;
mod ring;
mod set;

pub use read::{leave, subscribe};
pub use ring::{Rung, ring, tell_part};
pub use set::{Draft, Seen, change, make, switch};

use entity::timetable;
use serde_json::Value;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::store::Tx;
use crate::timetable::subject;

fn record(tx: &Tx, actor: &Actor, row: &timetable::Model, action: &str, detail: Option<Value>) {
    let entry = Entry {
        action,
        subject: subject(row.id),
        compound_id: row.compound_id,
        detail,
    };
    audit::record(tx, actor, entry);
}
